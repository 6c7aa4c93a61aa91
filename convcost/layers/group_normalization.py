"""Normalization of groups of elements within every example: layer, instance and group norm.

``y = scale * (x - mean) / sqrt(variance + epsilon) + shift``, term by term, at inference as
in training: for every group of m elements its mean (m - 1 adds and a division), its variance
(m multiplies, m - 1 adds and a division, the deviations being used again), one add of epsilon
and one square root; for every element a subtraction and a division, a multiply by the scale
and an add of the shift.

Backward, with ``x_hat = (x - mean) / root`` computed again and ``g = dy * scale``:
``dx = (g - sum(g)/m - x_hat * sum(g * x_hat)/m) * (1/root)``, the sums over the group;
``d_shift = sum(dy)`` and ``d_scale = sum(dy * x_hat)`` over all elements with that shift or
scale. x_hat is counted with the parameters if a scale is learned.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, final

from convcost.dims import Dim, exact_div, product, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Array, FeatureMap, Tensor
from convcost.work import Backward, Parameters, Saved, Work


class AbstractGroupNormalization(AbstractLayer):
    """Bring every group of elements to mean 0 and variance 1, then scale and shift it."""

    __slots__ = ()

    sharing: ClassVar[Sharing] = "in place"

    scale: bool
    shift: bool

    @abstractmethod
    def groups_in(self, x: Any) -> Dim:
        """Return how many groups are normalized."""

    @abstractmethod
    def scales(self, x: Any) -> Dim:
        """Return how many scales, or shifts, there are."""

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        self.groups_in(x)
        return x

    def parameters(self, x: Tensor) -> Parameters:
        """Return the scales and the shifts that are learned."""
        count = self.scales(x)
        return Parameters(scales=count if self.scale else 0, shifts=count if self.shift else 0)

    def work(self, x: Tensor) -> Work:
        """Return the statistics of every group, and the normalization by them."""
        elements, groups = x.elements, self.groups_in(x)
        return Work(
            multiplies=elements * (2 if self.scale else 1),
            adds=elements * (4 if self.shift else 3) - groups,
            divisions=elements + 2 * groups,
            square_roots=groups,
        )

    def saved(self, x: Tensor) -> Saved:
        """Keep the input, and the mean and the root of every group."""
        return Saved(inputs=True, elements=2 * self.groups_in(x))

    def backward_work(self, x: Tensor) -> Backward:
        """Return the two sums over every group, and what they take from every element."""
        elements, groups, learned = x.elements, self.groups_in(x), self.scales(x)
        normal = Work(adds=elements, divisions=elements)
        inputs = Work(
            multiplies=elements * (4 if self.scale else 3),
            adds=4 * elements - 2 * groups,
            divisions=3 * groups,
        )
        shifts = Work(adds=elements - learned) * int(self.shift)
        if not self.scale:
            return Backward(inputs=inputs + normal, parameters=shifts)
        scales = Work(multiplies=elements, adds=elements - learned)
        return Backward(inputs=inputs, parameters=normal + scales + shifts)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(AbstractGroupNormalization):
    """Normalize over the last axes, as many as ``dimensions``, at every place before them.

    Shapes: input (N, ..., M), with M for the extents of the last axes; scale and shift (M);
        output as input.
    Units: scalar operations per batch.
    Raises: ShapeError if there are not so many axes behind the batch.
    Source: Ba, Kiros & Hinton, arXiv:1607.06450, equations 3 and 4; ONNX, LayerNormalization.
    """

    kind: ClassVar[str] = "layer_norm"
    label: ClassVar[str] = "ln"

    dimensions: Dim = 1
    scale: bool = True
    shift: bool = True

    def groups_in(self, x: Tensor) -> Dim:
        """Return the number of places before the last axes."""
        return product(x.shape[: self._first(x)])

    def scales(self, x: Tensor) -> Dim:
        """Return the number of elements on the last axes."""
        return product(x.shape[self._first(x) :])

    def _first(self, x: Tensor) -> int:
        rank, dimensions = len(x.shape), self.dimensions
        if not isinstance(dimensions, int) or not 1 <= dimensions < rank:
            raise ShapeError(f"dimensions must be from 1 to {rank - 1}, got {dimensions}")
        return rank - dimensions


class _AbstractOfChannels(AbstractGroupNormalization):
    """A scale and a shift for every channel."""

    __slots__ = ()

    def scales(self, x: Tensor) -> Dim:
        """Return the number of channels."""
        return x.channels


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceNorm(_AbstractOfChannels):
    """Normalize every channel of every example by itself.

    Shapes: input (N, C, ...) with an axis more at least; scale and shift (C,); output as input.
    Units: scalar operations per batch.
    Raises: ShapeError if a channel is a single element.
    Source: Ulyanov, Vedaldi & Lempitsky, arXiv:1607.08022, equation 4.
    """

    kind: ClassVar[str] = "instance_norm"
    label: ClassVar[str] = "in"
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap, Array)

    scale: bool = True
    shift: bool = True

    def groups_in(self, x: Tensor) -> Dim:
        """Return the number of channels in the batch."""
        if len(x.shape) <= 2:  # noqa: PLR2004 - N and C
            raise ShapeError(f"expected (N, C, ...), got {x.shape}")
        return x.n * x.channels


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm(_AbstractOfChannels):
    """Normalize the channels of every example in groups.

    Shapes: input (N, C, ...); scale and shift (C,); output as input.
    Units: scalar operations per batch.
    Raises: ShapeError if groups does not divide the channels.
    Source: Wu & He, arXiv:1803.08494, equations 1, 2 and 7.
    """

    kind: ClassVar[str] = "group_norm"
    label: ClassVar[str] = "gn"

    groups: Dim
    scale: bool = True
    shift: bool = True

    def __post_init__(self) -> None:
        require_at_least(1, groups=self.groups)

    def groups_in(self, x: Tensor) -> Dim:
        """Return the number of groups in the batch."""
        exact_div(x.channels, self.groups, what="channels per group")
        return x.n * self.groups
