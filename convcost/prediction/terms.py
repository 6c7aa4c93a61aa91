"""What a layer's time is made of: which kernel runs, and the physical terms it pays for.

All is computed from the layer's own cost, by plain ``+ - * //``: in symbols it is a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from convcost.cost import LayerCost
from convcost.dims import Dim, add_up, exceeds
from convcost.prediction.kernels import Setting, kernel_of
from convcost.prediction.layouts import Layout, fills_blocks, layout
from convcost.prediction.machine import Machine

ARITHMETIC, OVERHEAD = "arithmetic", "overhead"


@dataclass(frozen=True, slots=True)
class Term:
    """What a term is counted in, and what binds a layer that spends most of its time on it."""

    unit: str
    binds: str


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "multiply_adds": Term("multiply-add in vectors", ARITHMETIC),
        "window_elements": Term("element of a window", ARITHMETIC),
        "operations": Term("scalar operation", ARITHMETIC),
        "exponentials": Term("exponential", ARITHMETIC),
        "patch_elements": Term("element of a patch written out", "patches"),
        "packed_bytes": Term("byte of weights packed for a product", "weights"),
        "elements_alone": Term("element copied by itself", ARITHMETIC),
        "products": Term("matrix product", OVERHEAD),
        "bytes_l2": Term("byte in the L2 cache", "L2 cache"),
        "bytes_l3": Term("byte in the L3 cache", "L3 cache"),
        "bytes_memory": Term("byte in memory", "memory"),
        "reordered_bytes": Term("byte laid out anew", "layout"),
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
    kernel, own = kernel_of(layer, Setting(machine.lanes, laid_out.gives))
    weight_bytes = (layer.parameters.count + layer.statistics) * layer.element_bytes
    moved = moved_bytes(layer)
    values: dict[str, Dim] = {
        **own,
        **levels(moved, moved + weight_bytes, machine),
        "reordered_bytes": 0 if inputs is None else reordered_bytes(layer, inputs, laid_out),
        "weight_bytes": weight_bytes,
        "launches": 1,
    }
    return Terms(kernel, {name: value for name, value in values.items() if value != 0})


def reordered_bytes(layer: LayerCost, inputs: Sequence[bool], laid_out: Layout) -> Dim:
    """Return the bytes read and written to lay out anew what is not as the layer takes it."""
    known = dict(zip(layer.inputs, zip(layer.input_shapes, inputs, strict=True), strict=True))
    other = [x.elements for x, blocked in known.values() if blocked != laid_out.takes]
    return 2 * layer.element_bytes * add_up(other)


def moved_bytes(layer: LayerCost) -> Dim:
    """Return the bytes of all inputs, each once, and of the output."""
    inputs = dict(zip(layer.inputs, layer.input_shapes, strict=True)).values()
    return add_up(x.elements for x in inputs) * layer.element_bytes + layer.activation_bytes


def levels(moved: Dim, working: Dim, machine: Machine) -> dict[str, Dim]:
    """Return the bytes moved at the level of cache that holds the working set."""
    beyond_l2 = exceeds(working, machine.l2_bytes)
    beyond_l3 = exceeds(working, machine.l3_bytes) if machine.l3_bytes else beyond_l2
    return {
        "bytes_l2": moved * (1 - beyond_l2),
        "bytes_l3": moved * (beyond_l2 - beyond_l3),
        "bytes_memory": moved * beyond_l3,
    }
