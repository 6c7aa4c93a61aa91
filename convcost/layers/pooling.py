"""Pooling over windows and over whole feature maps.

One output is the largest element of its window (one comparison fewer than it has
elements) or the mean (one add fewer, and a division). A window costs its full size
wherever it lies, as with convolution: padded positions, and those of a last window that
hangs over the edge, are compared or added like the others. Leaving padding out of a mean
(``count_padding: false``) changes its divisor, not the number of operations.

Backward, the gradient of an output goes to the largest element, whose place is saved, or in
equal parts to all: windows overlap, so it is added there; a whole map is one window, so it
is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from convcost.dims import Dim
from convcost.layers.base import AbstractLayer
from convcost.layers.window import NO_PADDING, AbstractWindowLayer, Padding, Pair, Rounding
from convcost.tensors import FeatureMap, Tensor
from convcost.work import Backward, Saved, Work

Mode = Literal["max", "average"]


def _reduction(mode: Mode, outputs: Dim, elements: Dim) -> Work:
    """Reduce ``elements`` to one, ``outputs`` times."""
    if mode == "max":
        return Work(comparisons=outputs * (elements - 1))
    return Work(adds=outputs * (elements - 1), divisions=outputs)


def place_bytes(elements: Dim) -> int:
    """Return the bytes that hold which of so many elements it is, of a byte or an int32."""
    return 1 if isinstance(elements, int) and elements <= 256 else 4  # noqa: PLR2004


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Pool2d(AbstractWindowLayer):
    """Reduce every window of every channel to its maximum or mean.

    Shapes: input (N, C, H, W); output (N, C, H', W').
    Units: scalar operations per batch.
    Raises: ShapeError if the window fits nowhere.
    Source: MXNet's ``pooling_convention`` for valid and full; PyTorch's
        ``pooling_output_shape`` for clamped.
    """

    kind: ClassVar[str] = "pool2d"
    label: ClassVar[str] = "pool"

    mode: Mode
    kernel: Pair
    stride: Pair  # no default: Gluon's and PyTorch's is the kernel, MXNet's operator's is 1
    padding: Padding = NO_PADDING
    dilation: Pair = (1, 1)
    rounding: Rounding = "valid"
    count_padding: bool = True

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return (N, C, H', W')."""
        return self.slide(x, x.c)

    def work(self, x: FeatureMap) -> Work:
        """Return a reduction of a window for every output."""
        return _reduction(self.mode, self.output_shape(x).elements, self.taps)

    def saved(self, x: FeatureMap) -> Saved:
        """Keep which tap of every window is the largest."""
        if self.mode == "average":
            return Saved()
        return Saved(mask_bytes=self.output_shape(x).elements * place_bytes(self.taps))

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return an add at the largest tap, or a division and an add at every tap."""
        outputs = self.output_shape(x).elements
        if self.mode == "max":
            return Backward(inputs=Work(adds=outputs))
        return Backward(inputs=Work(adds=outputs * self.taps, divisions=outputs))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GlobalPool2d(AbstractLayer):
    """Reduce every channel to its maximum or mean.

    Shapes: input (N, C, H, W); output (N, C, 1, 1).
    Units: scalar operations per batch.
    Source: Lin, Chen & Yan, Network in Network, arXiv:1312.4400, section 3.2.
    """

    kind: ClassVar[str] = "global_pool2d"
    label: ClassVar[str] = "global_pool"
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap,)

    mode: Mode

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return (N, C, 1, 1)."""
        return FeatureMap(x.n, x.c, 1, 1)

    def work(self, x: FeatureMap) -> Work:
        """Return a reduction of the whole map for every channel."""
        return _reduction(self.mode, x.n * x.c, x.h * x.w)

    def saved(self, x: FeatureMap) -> Saved:
        """Keep which element of every channel is the largest."""
        if self.mode == "average":
            return Saved()
        return Saved(mask_bytes=x.n * x.c * place_bytes(x.h * x.w))

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return a division for every mean."""
        return Backward(inputs=Work(divisions=x.n * x.c if self.mode == "average" else 0))
