"""GPUs by their datasheets: not how long a network takes there, but how long at least.

No GPU was calibrated. What a datasheet promises bounds the time from below: a layer's
multiply-adds at the peak of float32 arithmetic, and the bytes that its caches cannot hold at
the full bandwidth, whichever takes longer. Work in the padding and what fusing saves is left
out. It bounds the direct algorithm in float32: Winograd's, or tensor cores, can be faster.
Source: Williams, Waterman & Patterson, Roofline, CACM 2009.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import add_up
from convcost.prediction.fusion import fused
from convcost.prediction.machine import Machine
from convcost.prediction.terms import ARITHMETIC, terms
from convcost.strict import read


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU's datasheet; ``peak_flops`` are float32 multiplies and adds, each counted."""

    name: str
    title: str
    peak_flops: float
    bytes_per_second: float
    memory_bytes: float
    l2_bytes: int
    compute_capability: str
    source: str

    @property
    def machine(self) -> Machine:
        """What the terms need to know of it: it computes single numbers, not whole vectors."""
        return Machine(
            processor=self.title,
            device="gpu",
            threads=1,
            lanes=1,
            l2_bytes=self.l2_bytes,
            l3_bytes=0,
            multiply_adds_per_second=self.peak_flops / 2,
            bytes_per_second=self.bytes_per_second,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationBound:
    """How long one operation takes at least, and what of: arithmetic or memory."""

    name: str
    layers: tuple[str, ...]
    seconds: float
    binds: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """How long a network takes at least. Units: seconds."""

    seconds: float
    operations: tuple[OperationBound, ...]


@cache
def gpus() -> dict[str, Gpu]:
    """Return the datasheets by name."""
    path = Path(__file__).with_name("gpus.json")
    records = json.loads(path.read_text(encoding="utf-8"))
    return {gpu.name: gpu for gpu in (read(Gpu, record) for record in records)}


def bound(cost: NetworkCost, gpu: Gpu) -> Bound:
    """Return how long the forward pass of a network takes at least."""
    groups = [group for group in fused(cost) if group[0].name not in cost.uncounted]
    found = tuple(_bound(group, gpu) for group in groups)
    return Bound(seconds=sum(each.seconds for each in found), operations=found)


def _bound(group: tuple[LayerCost, ...], gpu: Gpu) -> OperationBound:
    """Return an operation's bound: none of its bytes counts that a cache may have held."""
    machine = gpu.machine
    products = sum(terms(each, machine).values.get("multiply_adds", 0) for each in group)
    read_bytes, written_bytes = _traffic(group)
    moved = max(0, read_bytes - gpu.l2_bytes) + max(0, written_bytes - gpu.l2_bytes)
    seconds = {
        ARITHMETIC: float(products) / machine.multiply_adds_per_second,
        "memory": moved / gpu.bytes_per_second,
    }
    binds = max(seconds, key=lambda what: seconds[what])
    return OperationBound(
        name=group[0].name,
        layers=tuple(each.name for each in group),
        seconds=seconds[binds],
        binds=binds if seconds[binds] else "",
    )


def _traffic(group: Sequence[LayerCost]) -> tuple[int, int]:
    """Return the bytes that layers which run as one read and write."""
    inside = {each.name for each in group}
    read_from = {
        name: x.elements
        for each in group
        for name, x in zip(each.inputs, each.input_shapes, strict=True)
        if name not in inside
    }
    learned = add_up(each.parameters.count + each.statistics for each in group)
    size = group[0].element_bytes
    if group[0].layer.sharing == "view":
        return 0, 0
    return int((add_up(read_from.values()) + learned) * size), int(group[-1].activation_bytes)
