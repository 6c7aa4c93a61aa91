"""What a layer or a network costs, as records.

Units: scalar operations for the forward pass of the whole batch; elements; bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING

from convcost.dims import Dim, add_up
from convcost.tensors import Tensor
from convcost.work import PARAMETER_FIELDS, WORK_FIELDS, Parameters, Work

if TYPE_CHECKING:
    from convcost.layers.base import AbstractLayer

ELEMENT_BYTES = {"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8}


@dataclass(frozen=True, slots=True)
class LayerCost:
    """One layer of a network: what it takes, what it gives, what it costs."""

    name: str
    block: tuple[str, ...]
    layer: AbstractLayer
    inputs: tuple[str, ...]
    input_shapes: tuple[Tensor, ...]
    output: Tensor
    parameters: Parameters
    statistics: Dim
    work: Work
    element_bytes: int

    @property
    def kind(self) -> str:
        """The name of the layer's kind."""
        return self.layer.kind

    @property
    def macs(self) -> Dim:
        """Multiplies, if this is a convolution or a dense layer."""
        return self.work.multiplies if self.layer.multiplies_are_macs else 0

    @property
    def activations(self) -> Dim:
        """Elements of the output."""
        return self.output.elements

    @property
    def activation_bytes(self) -> Dim:
        """Bytes of the output."""
        return self.output.elements * self.element_bytes


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over some layers."""

    label: str
    layers: int
    parameters: Parameters
    statistics: Dim
    work: Work
    macs: Dim
    activations: Dim
    activation_bytes: Dim
    parameter_bytes: Dim


def total(label: str, layers: Iterable[LayerCost]) -> Total:
    """Sum over layers."""
    every = tuple(layers)
    return Total(
        label,
        layers=len(every),
        parameters=Parameters(
            *(add_up(getattr(each.parameters, name) for each in every) for name in PARAMETER_FIELDS)
        ),
        statistics=add_up(layer.statistics for layer in every),
        work=Work(*(add_up(getattr(each.work, name) for each in every) for name in WORK_FIELDS)),
        macs=add_up(layer.macs for layer in every),
        activations=add_up(layer.activations for layer in every),
        activation_bytes=add_up(layer.activation_bytes for layer in every),
        parameter_bytes=add_up(layer.parameters.count * layer.element_bytes for layer in every),
    )


@dataclass(frozen=True, slots=True)
class Note:
    """Something a careful reviewer would remark: which rule, about which layer, and what."""

    rule: str
    layer: str
    message: str


@dataclass(frozen=True, slots=True, repr=False)
class NetworkCost:
    """A network at one input size: its layers in the order they run, and remarks.

    ``inputs`` are those beside the first one, by name. ``outputs`` names the layers whose
    outputs are the network's. ``uncounted`` names the
    layers for which there is no rule; it is empty unless they were let through on purpose,
    and then every total is a lower bound.
    """

    network: str
    input: Tensor
    layers: tuple[LayerCost, ...]
    outputs: tuple[str, ...]
    dtype: str
    training: bool
    notes: tuple[Note, ...] = ()
    uncounted: tuple[str, ...] = ()
    inputs: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def operators(self) -> dict[str, int]:
        """How often each operator is there that there is no rule for."""
        missing = set(self.uncounted)
        found = [layer.layer for layer in self.layers if layer.name in missing]
        return dict(Counter(str(getattr(layer, "operator", layer.kind)) for layer in found))

    @property
    def remark(self) -> str:
        """What every total is if something is uncounted: ``at least (uncounted: 2 x FFT)``."""
        listed = ", ".join(f"{count} x {name}" for name, count in self.operators.items())
        return f"at least (uncounted: {listed})" if listed else ""

    def total(self) -> Total:
        """Sum over all layers."""
        return total(self.network, self.layers)

    def by_kind(self) -> tuple[Total, ...]:
        """Sum over the layers of each kind, in order of first appearance."""
        return self._grouped(lambda layer: (layer.kind, True))

    def by_block(self, depth: int = 1) -> tuple[Total, ...]:
        """Sum over the layers of each block; a layer outside any block stands by itself.

        Blocks within ``depth`` levels of the network are kept apart.
        """
        return self._grouped(
            lambda layer: (".".join(layer.block[:depth]) or layer.name, bool(layer.block))
        )

    def _grouped(self, key: Callable[[LayerCost], tuple[str, bool]]) -> tuple[Total, ...]:
        """Sum over the layers of one label; a block and a layer beside it may share one."""
        groups: dict[tuple[str, bool], list[LayerCost]] = {}
        for layer in self.layers:
            groups.setdefault(key(layer), []).append(layer)
        return tuple(total(label, layers) for (label, _), layers in groups.items())

    def __str__(self) -> str:
        rows = self._summary()
        widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
            for row in rows
        ]
        return "\n".join([self._title(), *lines])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = self._summary()
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in body
        )
        heads = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        caption = escape(self._title())
        return (
            f"<table><caption>{caption}</caption><thead><tr>{heads}</tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    def _title(self) -> str:
        return ", ".join(filter(None, (f"{self.network} at {self.input.shape}", self.remark)))

    def _summary(self) -> list[tuple[str, ...]]:
        """Return a head, a row for each outermost block, and a row of totals, as text."""
        head = ("", "layers", "parameters", "multiplies", "adds", "activation bytes")
        body = [
            (
                sums.label,
                *map(
                    "{:,}".format if isinstance(sums.macs, int) else str,
                    (
                        sums.layers,
                        sums.parameters.count,
                        sums.work.multiplies,
                        sums.work.adds,
                        sums.activation_bytes,
                    ),
                ),
            )
            for sums in (*self.by_block(), total("total", self.layers))
        ]
        return [head, *body]
