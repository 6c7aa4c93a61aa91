"""Layers that see the same elements in another shape or order: nothing is computed.

Axes are counted from 0, the batch; with a minus from the last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, equal, exact_div, product, require
from convcost.errors import ShapeError
from convcost.layers.axes import axes_of
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import Work

COPIED, INFERRED = 0, -1
"""What stands in a shape for an extent of the input, and for what is left over."""


class AbstractView(AbstractLayer):
    """A layer that computes nothing, neither forward nor backward."""

    __slots__ = ()

    def work(self, x: Tensor) -> Work:
        """Return nothing: elements stay what they are."""
        del x
        return Work()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(AbstractView):
    """See the elements, in their order, in another shape.

    ``shape`` has all axes, the batch first. 0 takes the input's extent on this axis; -1, once
    at most, takes what is left over.

    Shapes: input any; output ``shape``.
    Raises: ShapeError if the number of elements is not the same.
    Source: ONNX's Reshape, with ``allowzero=0``.
    """

    kind: ClassVar[str] = "reshape"
    label: ClassVar[str] = "reshape"
    sharing: ClassVar[Sharing] = "view"

    shape: Extents

    def __post_init__(self) -> None:
        if sum(extent == INFERRED for extent in self.shape) > 1:
            raise ShapeError(f"shape has -1 once at most, got {list(self.shape)}")
        for extent in self.shape:
            require(extent >= INFERRED, "shape has extents of -1 or more, got {}", extent)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the shape, with the extents that follow from the input's."""
        shape = [
            self._copied(x, axis) if extent == COPIED else extent
            for axis, extent in enumerate(self.shape)
        ]
        if INFERRED in shape:
            known = [extent for extent in shape if extent != INFERRED]
            rest = exact_div(*_without_common(x.shape, known), what="what is left over for -1")
            return tensor(rest if extent == INFERRED else extent for extent in shape)
        message = "{} elements do not fit into a shape of {}"
        require(equal(*_without_common(x.shape, shape)), message, x.elements, shape)
        return tensor(shape)

    def _copied(self, x: Tensor, axis: int) -> Dim:
        if axis >= len(x.shape):
            raise ShapeError(f"shape copies axis {axis}, which a tensor of {len(x.shape)} lacks")
        return x.shape[axis]


def _without_common(left: Iterable[Dim], right: Iterable[Dim]) -> tuple[Dim, Dim]:
    """Return both products without the factors that stand in both."""
    kept, rest = [], list(right)
    for factor in left:
        if factor in rest:
            rest.remove(factor)
        else:
            kept.append(factor)
    return product(kept), product(rest)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Transpose(AbstractView):
    """Put the axes in another order; the elements are moved.

    Shapes: input any; axis i of the output is axis ``permutation[i]`` of the input.
    Raises: ShapeError if ``permutation`` is not one of all axes.
    Source: NumPy's transpose; ONNX's Transpose.
    """

    kind: ClassVar[str] = "transpose"
    label: ClassVar[str] = "transpose"

    permutation: Extents

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the extents in their new order."""
        order = self.order(len(x.shape))
        return tensor(x.shape[axis] for axis in order)

    def order(self, rank: int) -> tuple[int, ...]:
        """Return the axes of the input in the order of the output's."""
        if axes_of(self.permutation, rank) != tuple(range(rank)):
            raise ShapeError(f"{list(self.permutation)} does not name all {rank} axes")
        return tuple([int(axis) % rank for axis in self.permutation])


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Squeeze(AbstractView):
    """Leave out axes of extent 1.

    Shapes: input any, with extents of 1 on ``axes``; output without these.
    Raises: ShapeError if an extent is not 1, or no axis is left.
    Source: ONNX's Squeeze.
    """

    kind: ClassVar[str] = "squeeze"
    label: ClassVar[str] = "squeeze"
    sharing: ClassVar[Sharing] = "view"

    axes: Extents

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the other extents."""
        left_out = axes_of(self.axes, len(x.shape))
        for axis in left_out:
            message = "axis {} has an extent of {}, not 1"
            require(equal(x.shape[axis], 1), message, axis, x.shape[axis])
        return tensor(e for axis, e in enumerate(x.shape) if axis not in left_out)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Unsqueeze(AbstractView):
    """Put in axes of extent 1.

    Shapes: input any; output with extents of 1 on ``axes``, as they are numbered there.
    Raises: ShapeError if an axis is named twice or there is none such.
    Source: ONNX's Unsqueeze.
    """

    kind: ClassVar[str] = "unsqueeze"
    label: ClassVar[str] = "unsqueeze"
    sharing: ClassVar[Sharing] = "view"

    axes: Extents

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the extents with ones between."""
        rank = len(x.shape) + len(self.axes)
        put_in = axes_of(self.axes, rank)
        rest = iter(x.shape)
        return tensor(1 if axis in put_in else next(rest) for axis in range(rank))
