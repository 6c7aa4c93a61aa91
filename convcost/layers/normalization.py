"""Normalization: by the batch's statistics, and by neighbouring channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, require_at_least
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import FeatureMap, Tensor
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(AbstractLayer):
    """Bring every channel to mean 0 and variance 1, then scale and shift it.

    ``y = scale * (x - mean) / sqrt(variance + epsilon) + shift``, term by term: for every
    element a subtraction, a division, a multiply by the scale and an add of the shift; for
    every channel one add of epsilon and one square root. In training the batch's mean and
    variance come first, over the m elements of a channel (m - 1 adds and a division; m
    multiplies, m - 1 adds and a division, the deviations being used again), and each of the
    two running statistics is moved (two multiplies and an add).

    Backward, with ``x_hat = (x - mean) / root`` computed again and m elements in a channel:
    ``d_shift = sum(dy)``, ``d_scale = sum(dy * x_hat)`` and
    ``dx = scale/root * (dy - d_shift/m - x_hat * d_scale/m)``. What dx needs of the first two
    is counted with the parameters if they are learned.

    Shapes: input (N, C, ...), of two axes or more; scale, shift, mean and variance (C,);
        output as input.
    Units: scalar operations per batch.
    Source: Ioffe & Szegedy, arXiv:1502.03167v3, algorithms 1 and 2.
    """

    kind: ClassVar[str] = "batch_norm"
    label: ClassVar[str] = "bn"
    sharing: ClassVar[Sharing] = "in place"

    scale: bool = True
    shift: bool = True

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape, which has channels."""
        return x.with_channels(x.channels)

    def parameters(self, x: Tensor) -> Parameters:
        """Return a scale and a shift for every channel, if they are learned."""
        return Parameters(
            scales=x.channels if self.scale else 0, shifts=x.channels if self.shift else 0
        )

    def statistics(self, x: Tensor) -> Dim:
        """Return a running mean and a running variance for every channel."""
        return 2 * x.channels

    def work(self, x: Tensor) -> Work:
        """Return the normalization by the running statistics."""
        elements, channels = x.elements, x.channels
        return Work(
            multiplies=elements if self.scale else 0,
            adds=elements + channels + (elements if self.shift else 0),
            divisions=elements,
            square_roots=channels,
        )

    def training_work(self, x: Tensor) -> Work:
        """Return the batch's statistics, the normalization by them, and the running ones."""
        elements, channels = x.elements, x.channels
        return self.work(x) + Work(
            multiplies=elements + 4 * channels,
            adds=2 * (elements - channels) + 2 * channels,
            divisions=2 * channels,
        )

    def saved(self, x: Tensor) -> Saved:
        """Keep the input, and the mean and the root of every channel."""
        return Saved(inputs=True, elements=2 * x.channels)

    def backward_work(self, x: Tensor) -> Backward:
        """Return the two sums over every channel, and what they take from every element."""
        elements, channels = x.elements, x.channels
        scales = Work(multiplies=elements, adds=2 * elements - channels, divisions=elements)
        shifts = Work(adds=elements - channels)
        slopes = Work(multiplies=2 * elements, adds=2 * elements, divisions=3 * channels)
        return Backward(
            inputs=slopes + scales * int(not self.scale) + shifts * int(not self.shift),
            parameters=scales * int(self.scale) + shifts * int(self.shift),
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lrn(AbstractLayer):
    """Divide every element by a power of the squares in ``size`` channels around it.

    ``y = x / (k + alpha/size * sum of squares) ** beta``, computed for every element by
    itself: ``size`` multiplies for the squares (channels beyond the first and the last
    count as padding), ``size - 1`` adds, a multiply by alpha/size, an add of k, a power
    and a division.

    Shapes: input (N, C, H, W); output as input.
    Units: scalar operations per batch.
    Source: Krizhevsky, Sutskever & Hinton 2012, section 3.3; Caffe's LRN across channels.
    """

    kind: ClassVar[str] = "lrn"
    label: ClassVar[str] = "lrn"
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap,)

    size: Dim

    def __post_init__(self) -> None:
        require_at_least(1, size=self.size)

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return the input's shape."""
        return x

    def work(self, x: FeatureMap) -> Work:
        """Return the sum of squares, the power and the division for every element."""
        return (
            Work(multiplies=self.size + 1, adds=self.size, exponentials=1, divisions=1) * x.elements
        )

    def saved(self, x: FeatureMap) -> Saved:
        """Keep the input, the output, and what every element was divided by a power of."""
        return Saved(inputs=True, output=True, elements=x.elements)

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return the element's own part, and a sum over the windows it is in.

        With the denominators d: ``dy * d**-beta - 2*alpha*beta/size * x * sum(dy * y / d)``.
        """
        return Backward(
            inputs=Work(multiplies=4, adds=self.size, divisions=1, exponentials=1) * x.elements
        )
