"""Layers that lay branches behind one another; those that compute are in ``broadcast``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import equal, require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.tensors import Tensor
from convcost.work import Work


def _require_like(inputs: tuple[Tensor, ...], *, skip: int | None = None) -> None:
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
    """Lay tensors behind one another along the channels; nothing is computed.

    Shapes: inputs alike but for their channels; output with the sum of them.
    Raises: ShapeError if another extent differs.
    Source: Szegedy et al., Going deeper with convolutions, arXiv:1409.4842, figure 2.
    """

    kind: ClassVar[str] = "concat"
    label: ClassVar[str] = "concat"
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the common shape with all channels."""
        _require_like(inputs, skip=1)
        first, *others = inputs
        channels = first.channels
        for other in others:
            channels = channels + other.channels
        return first.with_channels(channels)

    def work(self, *inputs: Tensor) -> Work:
        """Return nothing: elements are moved, not computed."""
        del inputs
        return Work()
