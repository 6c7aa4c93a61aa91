"""Layers that compute nothing at inference: input, flatten, identity and dropout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, product, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import FeatureMap, Tensor, Vector
from convcost.work import Backward, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Input(AbstractLayer):
    """Where the data comes in. It is the one layer without inputs, and no part of any total.

    Shapes: output (batch, channels, height, width).
    """

    kind: ClassVar[str] = "input"
    label: ClassVar[str] = "input"

    channels: Dim
    height: Dim
    width: Dim
    batch: Dim = 1

    def __post_init__(self) -> None:
        require_at_least(1, channels=self.channels, height=self.height, width=self.width)
        require_at_least(1, batch=self.batch)

    def output_shape(self) -> FeatureMap:
        """Return (batch, channels, height, width)."""
        return FeatureMap(self.batch, self.channels, self.height, self.width)

    def work(self) -> Work:
        """Return nothing."""
        return Work()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flatten(AbstractLayer):
    """See a feature map as a vector, as dense layers take it.

    Shapes: input (N, C, H, W) or (N, C); output (N, C * H * W) or (N, C).
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
