"""Layers that take a part of a tensor, or put something around it: nothing is computed.

Backward, a gradient is put where its element was: where an element is read several times,
its gradients are added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, ceil_div, equal, require, require_at_least
from convcost.errors import ShapeError
from convcost.layers.axes import axis_of
from convcost.layers.shapes import AbstractView
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import Backward, Work


def _replaced(x: Tensor, axis: int, extent: Dim) -> Tensor:
    return tensor((*x.shape[:axis], extent, *x.shape[axis + 1 :]))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Slice(AbstractView):
    """Take every ``step``-th position along an axis, from ``start`` up to, and without, ``stop``.

    A negative start or stop counts from the end; a stop of 0 is the end.

    Shapes: input any; output with an extent of ``ceil((stop - start) / step)``.
    Raises: ShapeError if nothing is taken, or what the axis does not have.
    Source: NumPy's basic slicing, but that nothing is cut off silently.
    """

    kind: ClassVar[str] = "slice"
    label: ClassVar[str] = "slice"

    axis: Dim
    start: Dim = 0
    stop: Dim = 0
    step: Dim = 1

    def __post_init__(self) -> None:
        require_at_least(1, step=self.step)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape with what is taken."""
        axis = axis_of(self.axis, len(x.shape))
        start, stop = self.bounds(x.shape[axis])
        return _replaced(x, axis, ceil_div(stop - start, self.step))

    def bounds(self, extent: Dim) -> tuple[Dim, Dim]:
        """Return start and stop on an axis of this extent, both counted from 0.

        Raises: ShapeError if they are not in this order on the axis.
        """
        start = self.start + extent if _is_negative(self.start) else self.start
        stop = self.stop + extent if _is_negative(self.stop) else self.stop
        stop = extent if self.stop == 0 else stop
        message = "from {} up to {} takes nothing that an axis of {} has"
        for holds in (start >= 0, stop > start, stop <= extent):
            require(holds, message, self.start, self.stop, extent)
        return start, stop


def _is_negative(bound: Dim) -> bool:
    """Whether a bound counts from the end: a symbol does not, nor does what depends on one."""
    return bool(bound < 0) if isinstance(bound, int) else bound.is_negative is True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Gather(AbstractView):
    """Take ``count`` positions along an axis by indices that are constants, in any order.

    Backward, as a position may be taken several times, every gradient is added into zeros.

    Shapes: input any; output with an extent of ``count``.
    Raises: ShapeError if there is no such axis.
    Source: ONNX's Gather, with one axis of indices.
    """

    kind: ClassVar[str] = "gather"
    label: ClassVar[str] = "gather"

    axis: Dim
    count: Dim

    def __post_init__(self) -> None:
        require_at_least(1, count=self.count)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape with as many positions as are taken."""
        return _replaced(x, axis_of(self.axis, len(x.shape)), self.count)

    def backward_work(self, x: Tensor) -> Backward:
        """Return an add for every output."""
        return Backward(inputs=Work(adds=self.output_shape(x).elements))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pad(AbstractView):
    """Put constants before and after the elements of every axis; a negative number crops.

    Shapes: input any; output with ``before + extent + after`` on every axis.
    Raises: ShapeError if there is not a number for every axis, or nothing is left.
    Source: ONNX's Pad, mode constant.
    """

    kind: ClassVar[str] = "pad"
    label: ClassVar[str] = "pad"

    before: Extents
    after: Extents

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the extents with what is put around them."""
        for name, margins in (("before", self.before), ("after", self.after)):
            if len(margins) != len(x.shape):
                message = f"{name} must have a number for each of {len(x.shape)} axes"
                raise ShapeError(f"{message}, got {list(margins)}")
        padded = [sum(parts) for parts in zip(self.before, x.shape, self.after, strict=True)]
        for axis, extent in enumerate(padded):
            require(extent >= 1, "nothing is left of axis {}", axis)
        return tensor(padded)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Expand(AbstractView):
    """Repeat what has an extent of 1 along an axis; an extent of 0 or 1 keeps the input's.

    Backward, the gradients of what was repeated are added up: one add fewer than there are.

    Shapes: input any; output ``shape``, of as many axes.
    Raises: ShapeError if an extent is neither 1 nor the one that is asked for.
    Source: ONNX's Expand.
    """

    kind: ClassVar[str] = "expand"
    label: ClassVar[str] = "expand"

    shape: Extents

    def __post_init__(self) -> None:
        for extent in self.shape:
            require(extent >= 0, "shape has extents of 0 or more, got {}", extent)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the larger extents."""
        if len(self.shape) != len(x.shape):
            message = f"shape must have an extent for each of {len(x.shape)} axes"
            raise ShapeError(f"{message}, got {list(self.shape)}")
        return tensor(map(_expanded, x.shape, self.shape))

    def backward_work(self, x: Tensor) -> Backward:
        """Return a sum over the repetitions for every input."""
        return Backward(inputs=Work(adds=self.output_shape(x).elements - x.elements))


def _expanded(extent: Dim, wanted: Dim) -> Dim:
    if wanted in (0, 1):
        return extent
    if extent != 1:
        require(equal(extent, wanted), "an extent of {} does not become {}", extent, wanted)
    return wanted
