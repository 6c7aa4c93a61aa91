"""The shapes that flow along the edges of a network."""

from __future__ import annotations

from dataclasses import dataclass, replace

from convcost.dims import Dim


@dataclass(frozen=True, slots=True)
class FeatureMap:
    """A batch of feature maps: (n, c, h, w), the axes N C H W."""

    n: Dim
    c: Dim
    h: Dim
    w: Dim

    @property
    def shape(self) -> tuple[Dim, ...]:
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
    def shape(self) -> tuple[Dim, ...]:
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


Tensor = FeatureMap | Vector
