"""Layers that lay branches behind one another; those that compute are in ``broadcast``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, equal, require
from convcost.errors import ShapeError
from convcost.layers.axes import axis_of
from convcost.layers.base import AbstractLayer
from convcost.tensors import Tensor, tensor
from convcost.work import Work


def _require_like(inputs: tuple[Tensor, ...], *, skip: int) -> None:
    """Require inputs of one rank whose extents agree on every axis but ``skip``."""
    first, *others = inputs
    for other in others:
        if type(other) is not type(first):
            raise ShapeError(f"inputs of unlike rank: {first.shape} and {other.shape}")
        for axis, extents in enumerate(zip(first.shape, other.shape, strict=True)):
            if axis != skip:
                message = "inputs of unlike shape: {} and {}"
                require(equal(*extents), message, first.shape, other.shape)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Concat(AbstractLayer):
    """Lay tensors behind one another along an axis, the channels; nothing is computed.

    Shapes: inputs alike but for that axis; output with the sum of their extents there.
    Raises: ShapeError if another extent differs, or there is no such axis.
    Source: Szegedy et al., Going deeper with convolutions, arXiv:1409.4842, figure 2.
    """

    kind: ClassVar[str] = "concat"
    label: ClassVar[str] = "concat"
    joins: ClassVar[bool] = True

    axis: Dim = 1

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the common shape, with all extents of the axis together."""
        first, *others = inputs
        axis = axis_of(self.axis, len(first.shape))
        _require_like(inputs, skip=axis)
        extent = first.shape[axis]
        for other in others:
            extent = extent + other.shape[axis]
        return tensor((*first.shape[:axis], extent, *first.shape[axis + 1 :]))

    def work(self, *inputs: Tensor) -> Work:
        """Return nothing: elements are moved, not computed."""
        del inputs
        return Work()
