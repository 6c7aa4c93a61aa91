"""Sizes out of a low-discrepancy sequence: they cover the space that real networks use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isqrt
from typing import TypeVar

_Option = TypeVar("_Option")

COORDINATES = 12
"""The most that one block draws."""
_POINTS = 10  # as a power of 2, of the sequence at once
_GRAINS = (16, 16, 16, 32, 8, 8, 4, 1)  # what numbers of channels are multiples of
_REGULAR = (16, 16, 32, 8)


class Draw:
    """One point of the unit cube: each decision takes the next coordinate."""

    def __init__(self, point: Sequence[float]) -> None:
        self._left = iter(point)

    def one_of(self, options: Sequence[_Option]) -> _Option:
        """Choose; an option that stands twice is twice as likely."""
        return options[min(int(next(self._left) * len(options)), len(options) - 1)]

    def between(self, low: int, high: int) -> int:
        """Return a whole number, its logarithm uniform."""
        return min(high, int(low * ((high + 1) / low) ** next(self._left)))

    def channels(self, low: int, high: int, *, regular: bool = False) -> int:
        """Return a number of channels: most are multiples of 8 or 16; all are if regular."""
        grain = self.one_of(_REGULAR if regular else _GRAINS)
        return max(1, round(self.between(low, high) / grain)) * grain

    def extent(self, low: int, high: int, *, most: int) -> int:
        """Return the side of a square of at most so many positions, if that can be."""
        bound = max(1, isqrt(most))
        return self.between(min(low, bound), min(high, bound))


def draws(seed: int, *, skip: int = 0) -> Iterator[Draw]:
    """Yield points of a scrambled Sobol sequence, but for the first ones.

    Source: Joe & Kuo, Constructing Sobol sequences with better two-dimensional projections,
        SIAM J. Sci. Comput. 30 (2008); Owen, ACM TOMACS 8 (1998), for the scrambling.
    """
    from scipy.stats import qmc  # only calibrating needs it

    sequence = qmc.Sobol(COORDINATES, rng=seed)
    points: list[Sequence[float]] = []
    number = skip
    while True:
        while number >= len(points):
            more = sequence.random_base2(_POINTS) if not points else sequence.random(len(points))
            points.extend(more.tolist())
        yield Draw(points[number])
        number += 1
