"""What a layer must move to and from memory, and how much it computes for that."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from convcost.cost import LayerCost
from convcost.dims import Dim, add_up


@dataclass(frozen=True, slots=True)
class Traffic:
    """The least bytes that a layer reads and writes, and its scalar operations."""

    bytes_read: Dim
    bytes_written: Dim
    operations: Dim

    @property
    def intensity(self) -> Fraction | None:
        """Operations for every byte moved; none where nothing is moved, or a symbol decides.

        Source: Williams, Waterman & Patterson, Roofline, CACM 2009.
        """
        moved = self.bytes_read + self.bytes_written
        if not isinstance(moved, int) or not isinstance(self.operations, int) or not moved:
            return None
        return Fraction(self.operations, moved)


def traffic(layer: LayerCost) -> Traffic:
    """Return what a layer moves if it reads every tensor once; a view moves nothing."""
    if layer.layer.sharing == "view":
        return Traffic(0, 0, layer.work.operations)
    inputs = dict(zip(layer.inputs, layer.input_shapes, strict=True)).values()
    kept = layer.parameters.count + layer.statistics
    read = add_up(x.elements for x in inputs) + kept
    return Traffic(
        read * layer.element_bytes,
        layer.activation_bytes,
        layer.work.operations,
    )
