"""Layers that compute nothing at inference: input, flatten, identity and dropout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, product, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Extents, Tensor, Vector, tensor
from convcost.work import Backward, Saved, Work

IMAGE = ("channels", "height", "width")
"""What the extents of an input are called, if there are three."""


def names_of(extents: Sequence[object]) -> tuple[str, ...]:
    """Return what the extents of an input are called."""
    if len(extents) == len(IMAGE):
        return IMAGE
    return tuple(f"extent {position}" for position in range(1, len(extents) + 1))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Input(AbstractLayer):
    """Where the data comes in. It is the one layer without inputs, and no part of any total.

    ``extents`` are those of one example: channels, height and width of an image.

    Shapes: output (batch, *extents).
    Raises: ShapeError if there is no extent, or one is below 1.
    """

    kind: ClassVar[str] = "input"
    label: ClassVar[str] = "input"

    extents: Extents
    batch: Dim = 1

    def __post_init__(self) -> None:
        if not self.extents:
            raise ShapeError("extents must be one or more, such as [channels, height, width]")
        for name, extent in zip(names_of(self.extents), self.extents, strict=True):
            require_at_least(1, **{name: extent})
        require_at_least(1, batch=self.batch)

    def output_shape(self) -> Tensor:
        """Return (batch, *extents)."""
        return tensor((self.batch, *self.extents))

    def work(self) -> Work:
        """Return nothing."""
        return Work()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(AbstractLayer):
    """See a feature map, or any tensor, as a vector, as dense layers take it.

    Shapes: input (N, C, H, W) or any other; output (N, C * H * W).
    """

    kind: ClassVar[str] = "flatten"
    label: ClassVar[str] = "flatten"
    sharing: ClassVar[Sharing] = "view"

    def output_shape(self, x: Tensor) -> Vector:
        """Return (N, C * H * W)."""
        return Vector(x.n, product(x.shape[1:]))

    def work(self, x: Tensor) -> Work:
        """Return nothing."""
        del x
        return Work()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity(AbstractLayer):
    """Hand the input on.

    Shapes: output as input.
    """

    kind: ClassVar[str] = "identity"
    label: ClassVar[str] = "identity"
    sharing: ClassVar[Sharing] = "view"

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        return x

    def work(self, x: Tensor) -> Work:
        """Return nothing."""
        del x
        return Work()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dropout(AbstractLayer):
    """Drop elements at random while training; at inference hand the input on.

    In training every element is kept if a random number (drawing it is not counted) is
    below ``1 - rate``: a comparison, and a multiply by 0 or ``1/(1 - rate)``.

    Shapes: output as input.
    Units: scalar operations per batch.
    Raises: ShapeError if the rate is not from 0 to below 1.
    Source: Srivastava et al. 2014, inverted as in MXNet and PyTorch.
    """

    kind: ClassVar[str] = "dropout"
    label: ClassVar[str] = "dropout"
    sharing: ClassVar[Sharing] = "in place"

    rate: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise ShapeError(f"rate must be 0 or more and below 1, got {self.rate}")

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        return x

    def work(self, x: Tensor) -> Work:
        """Return nothing."""
        del x
        return Work()

    def training_work(self, x: Tensor) -> Work:
        """Return the mask and its application."""
        return Work(comparisons=x.elements, multiplies=x.elements)

    def saved(self, x: Tensor) -> Saved:
        """Keep which elements are left, a byte each."""
        return Saved(mask_bytes=x.elements)

    def backward_work(self, x: Tensor) -> Backward:
        """Return a multiply by the mask for every element."""
        return Backward(inputs=Work(multiplies=x.elements))
