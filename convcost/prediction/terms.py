"""What a layer's time is made of: which kernel runs, and the physical terms it pays for.

All is computed from the layer's own cost, by plain ``+ - * //``: in symbols it is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from convcost.cost import LayerCost
from convcost.dims import Dim, add_up, exceeds
from convcost.prediction.kernels import kernel_of
from convcost.prediction.layouts import Layout, fills_blocks, layout
from convcost.prediction.machine import Machine
from convcost.prediction.setting import Setting

ARITHMETIC, OVERHEAD = "arithmetic", "overhead"


@dataclass(frozen=True, slots=True)
class Term:
    """What a term is counted in, and what binds a layer that spends most of its time on it."""

    unit: str
    binds: str


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "multiply_adds": Term("multiply-add in vectors", ARITHMETIC),
        "waits": Term("multiply-add that waits for the one before", ARITHMETIC),
        "weight_loads": Term("vector of weights loaded for a row of outputs", ARITHMETIC),
        "row_starts": Term("weight at the start of a row", "weights"),
        "window_elements": Term("element of a window", ARITHMETIC),
        "operations": Term("scalar operation", ARITHMETIC),
        "exponentials": Term("exponential", ARITHMETIC),
        "tangents": Term("hyperbolic tangent of a fused operation", ARITHMETIC),
        "patch_elements": Term("element of a patch written out", "patches"),
        "packed_bytes": Term("byte of weights packed for a product", "weights"),
        "elements_alone": Term("element by itself", ARITHMETIC),
        "products": Term("matrix product", OVERHEAD),
        "calls": Term("call of a kernel for a row of outputs", OVERHEAD),
        "bytes_l2": Term("byte in the L2 cache", "L2 cache"),
        "bytes_l3": Term("byte in the L3 cache", "L3 cache"),
        "bytes_memory": Term("byte in memory", "memory"),
        "reordered_bytes": Term("byte laid out anew", "layout"),
        "reorders": Term("tensor laid out anew", "layout"),
        "weight_bytes": Term("byte of parameters", "weights"),
        "launches": Term("operation launched", OVERHEAD),
    }
)
"""Every term, by its name."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The kernel that runs, and how much of each term; a term that is not there is 0."""

    kernel: str
    values: Mapping[str, Dim]


def terms(layer: LayerCost, machine: Machine, inputs: Sequence[bool] | None = None) -> Terms:
    """Return what a layer's forward pass is made of.

    ``inputs`` says which of its inputs are laid out in blocks of channels; without it all are
    as the layer takes them, and in blocks if their channels fill some.

    Units: of every term, as :data:`TERMS` says.
    """
    found = inputs if inputs is not None else [fills_blocks(x) for x in layer.input_shapes]
    laid_out = layout(layer, found)
    kernel, own = kernel_of(layer, Setting(machine, laid_out.gives))
    weight_bytes = (layer.parameters.count + layer.statistics) * layer.element_bytes
    other = [] if inputs is None else _in_other_layout(layer, inputs, laid_out)
    values: dict[str, Dim] = {
        **own,
        **levels(moved_bytes(layer), machine),
        **reordered(other),
        "weight_bytes": weight_bytes,
        "launches": 1,
    }
    return Terms(kernel, {name: value for name, value in values.items() if value != 0})


def reordered(tensors: Sequence[Dim]) -> dict[str, Dim]:
    """Return what it takes to lay out anew tensors of so many bytes: all is read and written."""
    return {"reordered_bytes": 2 * add_up(tensors), "reorders": len(tensors)}


def _in_other_layout(layer: LayerCost, inputs: Sequence[bool], laid_out: Layout) -> list[Dim]:
    """Return the bytes of every input that is not laid out as the layer takes it."""
    known = dict(zip(layer.inputs, zip(layer.input_shapes, inputs, strict=True), strict=True))
    return [
        x.elements * layer.element_bytes
        for x, blocked in known.values()
        if blocked != laid_out.takes
    ]


def moved_bytes(layer: LayerCost) -> Dim:
    """Return the bytes of all inputs, each once, and of the output."""
    inputs = dict(zip(layer.inputs, layer.input_shapes, strict=True)).values()
    return add_up(x.elements for x in inputs) * layer.element_bytes + layer.activation_bytes


def levels(moved: Dim, machine: Machine) -> dict[str, Dim]:
    """Return where the bytes moved are found: as many as a cache holds, the rest farther off.

    Half of the L3 cache is left to what comes before and after.
    """
    beyond_l2 = _beyond(moved, machine.l2_bytes)
    in_memory = _beyond(moved, max(machine.l2_bytes, machine.l3_bytes // 2))
    return {
        "bytes_l2": moved - beyond_l2,
        "bytes_l3": beyond_l2 - in_memory,
        "bytes_memory": in_memory,
    }


def _beyond(value: Dim, limit: int) -> Dim:
    """Return what a value has over a limit."""
    return (value - limit) * exceeds(value, limit)
