"""Axes reduced to one element each, or taken away.

One output is the sum of the elements it stands for (one add fewer), their mean (a division
more) or the largest or smallest (one comparison fewer). Backward, a sum's gradient is copied
to all elements, a mean's divided first, an extreme's copied to the element chosen, whose
place is saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from convcost.dims import Dim, product
from convcost.errors import ShapeError
from convcost.layers.axes import axes_of
from convcost.layers.base import AbstractLayer
from convcost.layers.pooling import place_bytes
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import Backward, Saved, Work

Reduction = Literal["mean", "sum", "max", "min"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reduce(AbstractLayer):
    """Reduce the axes named to their mean, sum, largest or smallest element.

    Negative axes count from the last. ``keep`` leaves them with extent 1.

    Shapes: input (N, ...); output the same with 1 along the axes, or without them.
    Units: scalar operations per batch.
    Raises: ShapeError if there is no such axis, none is named, or none would be left.
    Source: ONNX, ReduceMean, ReduceSum, ReduceMax and ReduceMin.
    """

    kind: ClassVar[str] = "reduce"
    label: ClassVar[str] = "reduce"

    function: Reduction
    axes: Extents
    keep: bool = True

    def __post_init__(self) -> None:
        if not self.axes:
            raise ShapeError("axes must name one axis or more")

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the extents with 1 along the axes, or without them."""
        axes = axes_of(self.axes, len(x.shape))
        if not self.keep:
            return tensor(extent for at, extent in enumerate(x.shape) if at not in axes)
        return tensor(1 if at in axes else extent for at, extent in enumerate(x.shape))

    def work(self, x: Tensor) -> Work:
        """Return a reduction for every output."""
        outputs = self.output_shape(x).elements
        rest = x.elements - outputs
        if self.function in {"max", "min"}:
            return Work(comparisons=rest)
        return Work(adds=rest, divisions=outputs if self.function == "mean" else 0)

    def saved(self, x: Tensor) -> Saved:
        """Keep which element is the largest or smallest."""
        if self.function in {"mean", "sum"}:
            return Saved()
        return Saved(mask_bytes=self.output_shape(x).elements * place_bytes(self.reduced(x)))

    def backward_work(self, x: Tensor) -> Backward:
        """Return a division for every mean."""
        outputs = self.output_shape(x).elements
        return Backward(inputs=Work(divisions=outputs if self.function == "mean" else 0))

    def reduced(self, x: Tensor) -> Dim:
        """Return how many elements one output stands for."""
        return product(x.shape[axis] for axis in axes_of(self.axes, len(x.shape)))
