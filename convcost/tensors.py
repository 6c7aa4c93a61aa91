"""The shapes that flow along the edges of a network."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from convcost.dims import Dim, product
from convcost.errors import ShapeError

Extents = tuple[Dim, ...]
"""How long some axes are, in their order."""

_FEATURE_MAP, _VECTOR = 4, 2  # axes


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A batch of feature maps: (n, c, h, w), the axes N C H W."""

    n: Dim
    c: Dim
    h: Dim
    w: Dim

    @property
    def shape(self) -> Extents:
        """All extents, the batch first."""
        return (self.n, self.c, self.h, self.w)

    @property
    def channels(self) -> Dim:
        """The extent of the axis that holds features."""
        return self.c

    @property
    def positions(self) -> Dim:
        """The number of feature vectors: n times h times w."""
        return self.n * self.h * self.w

    @property
    def elements(self) -> Dim:
        """The number of scalars."""
        return self.n * self.c * self.h * self.w

    def with_channels(self, channels: Dim) -> FeatureMap:
        """Return the same shape with another number of channels."""
        return replace(self, c=channels)


@dataclass(frozen=True, slots=True)
class Vector:
    """A batch of feature vectors: (n, features)."""

    n: Dim
    features: Dim

    @property
    def shape(self) -> Extents:
        """All extents, the batch first."""
        return (self.n, self.features)

    @property
    def channels(self) -> Dim:
        """The extent of the axis that holds features."""
        return self.features

    @property
    def positions(self) -> Dim:
        """The number of feature vectors: n."""
        return self.n

    @property
    def elements(self) -> Dim:
        """The number of scalars."""
        return self.n * self.features

    def with_channels(self, channels: Dim) -> Vector:
        """Return the same shape with another number of features."""
        return replace(self, features=channels)


@dataclass(frozen=True, slots=True)
class Array:
    """A tensor of any other rank; the first axis is the batch, the second one the channels."""

    extents: Extents

    @property
    def shape(self) -> Extents:
        """All extents, the batch first."""
        return self.extents

    @property
    def n(self) -> Dim:
        """The extent of the batch."""
        return self.extents[0]

    @property
    def channels(self) -> Dim:
        """The extent of the axis that holds features.

        Raises: ShapeError if there is none.
        """
        if len(self.extents) == 1:
            raise ShapeError(f"expected channels, got a tensor without any: {self.extents}")
        return self.extents[1]

    @property
    def positions(self) -> Dim:
        """The number of feature vectors."""
        return self.n * product(self.extents[2:])

    @property
    def elements(self) -> Dim:
        """The number of scalars."""
        return product(self.extents)

    def with_channels(self, channels: Dim) -> Array:
        """Return the same shape with another number of channels."""
        return Array((self.n, channels, *self.extents[2:]))


Tensor = FeatureMap | Vector | Array


def tensor(shape: Iterable[Dim]) -> Tensor:
    """Return the sort of tensor that has this shape, the batch first.

    Raises: ShapeError if there is no axis at all.
    """
    extents = tuple(shape)
    if len(extents) == _FEATURE_MAP:
        return FeatureMap(*extents)
    if len(extents) == _VECTOR:
        return Vector(*extents)
    if not extents:
        raise ShapeError("a tensor without any axis: the batch is one")
    return Array(extents)
