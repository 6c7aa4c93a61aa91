"""Operators that there is no rule for, let through on purpose: what they cost is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Uncounted(AbstractLayer):
    """Give an output of a stated shape; every total that it is part of is "at least".

    ``operator`` is what its author calls it. A batch of 0 is that of the first input. Its
    parameters and its work are unknown: the zeros here are what is known of them.

    Shapes: inputs any; output ``shape``.
    Raises: ShapeError if an extent but the batch is below 1.
    """

    kind: ClassVar[str] = "uncounted"
    label: ClassVar[str] = "uncounted"
    joins: ClassVar[bool] = True
    least_inputs: ClassVar[int] = 1
    counted: ClassVar[bool] = False

    operator: str
    shape: Extents

    def __post_init__(self) -> None:
        if not self.shape:
            raise ShapeError("shape must have the batch at least")
        batch, *extents = self.shape
        require(batch >= 0, "shape has a batch of 0 or more, got {}", batch)
        for extent in extents:
            require(extent >= 1, "shape has extents of 1 or more, got {}", extent)

    def output_shape(self, x: Tensor, *others: Tensor) -> Tensor:
        """Return the stated shape."""
        del others
        batch, *extents = self.shape
        return tensor((x.n if batch == 0 else batch, *extents))

    def work(self, *inputs: Tensor) -> Work:
        """Return nothing, for want of a rule."""
        del inputs
        return Work()
