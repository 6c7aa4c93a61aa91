"""Tensors that a network brings along: class tokens, positions, grids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, product, require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import Backward, Parameters, Work

REPEATED = 0
"""What stands in a shape for an axis that is as long as the input's."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Constant(AbstractLayer):
    """Give out a tensor of its own, learned perhaps; of the input it takes extents alone.

    ``shape`` has all axes, the batch first. On an axis of 0 the tensor has one element, which
    is repeated as often as the input is long: ``[0, 1, 768]`` is one vector for every example.
    Backward, the gradients of all copies of a learned element are added up.

    Shapes: input any; output ``shape``.
    Units: elements | scalar operations per batch.
    Raises: ShapeError if the input has no such axis.
    Source: Dosovitskiy et al., arXiv:2010.11929v2, equation 1: the class token, and the
        embeddings of positions.
    """

    kind: ClassVar[str] = "constant"
    label: ClassVar[str] = "constant"

    shape: Extents
    learned: bool = True

    def __post_init__(self) -> None:
        if not self.shape:
            raise ShapeError("shape must have the batch at least")
        for extent in self.shape:
            require(extent >= 0, "shape has extents of 0 or more, got {}", extent)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the shape, with the input's extents where it is repeated."""
        repeated = [axis for axis, extent in enumerate(self.shape) if extent == REPEATED]
        if repeated and repeated[-1] >= len(x.shape):
            raise ShapeError(f"axis {repeated[-1]} is not among the input's {len(x.shape)}")
        return tensor(
            x.shape[axis] if axis in repeated else extent for axis, extent in enumerate(self.shape)
        )

    def parameters(self, x: Tensor) -> Parameters:
        """Return its elements, not counting copies, if they are learned."""
        del x
        return Parameters(weights=self.elements if self.learned else 0)

    def work(self, x: Tensor) -> Work:
        """Return nothing: elements are copied."""
        del x
        return Work()

    def backward_work(self, x: Tensor) -> Backward:
        """Return an add for every copy but one of each learned element."""
        if not self.learned:
            return Backward()
        copies = self.output_shape(x).elements
        return Backward(parameters=Work(adds=copies - self.elements))

    @property
    def elements(self) -> Dim:
        """The number of its own elements."""
        return product(extent for extent in self.shape if extent != REPEATED)

    @property
    def own(self) -> Extents:
        """Its extents before it is repeated."""
        return tuple([1 if extent == REPEATED else extent for extent in self.shape])
