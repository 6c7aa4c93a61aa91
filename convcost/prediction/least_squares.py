"""Least squares without negative numbers: what a unit of each term costs. Needs SciPy.

Coefficients make the relative errors small: every row is divided by its time. A fit of least
squares to ratios comes out low, for it is cheaper to be too low; so rows are divided again, by
the geometric mean of what was measured and what was fitted. Rows that are far off count less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Vector = NDArray[np.float64]

FEWEST = 5  # rows that reach a level of cache, for it to have a cost of its own
_ROUNDS = 3  # of dividing again
_OUTLYING = 0.2  # as a logarithm: what is farther off counts less
_LEVELS = ("bytes_l2", "bytes_l3", "bytes_memory")


@dataclass(frozen=True, slots=True)
class Observed:
    """Rows: how much each has of every term, its seconds, and those of them that no term tells."""

    names: Sequence[str]
    amounts: Vector
    seconds: Vector
    besides: Vector

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Observed:
        """Return some of the rows."""
        return Observed(self.names, self.amounts[rows], self.seconds[rows], self.besides[rows])

    def predicted(self, seconds: Vector) -> Vector:
        """Return the seconds of every row, with those of a unit of every term."""
        predicted: Vector = self.amounts @ seconds + self.besides
        return predicted


def fitted(observed: Observed, shared: Mapping[str, float]) -> Vector:
    """Fit what each level of cache costs over the one before, so that none is quicker.

    A level that hardly any row reaches costs what the one before does. What is shared is left
    as it is.
    """
    names, seconds = observed.names, observed.seconds
    known = np.array([shared.get(name, 0.0) for name in names])
    levels = [names.index(name) for name in _LEVELS if name in names]
    steps = np.eye(len(names))
    for position, level in enumerate(levels):
        steps[level, levels[:position]] = 1
    amounts = observed.amounts @ steps
    for level in levels[1:]:
        if np.count_nonzero(amounts[:, level]) < FEWEST:
            amounts[:, level] = 0
    amounts[:, [name in shared for name in names]] = 0
    weights, before = 1 / seconds, observed.predicted(known)
    for _ in range(1 + _ROUNDS):
        found = solved(amounts * weights[:, None], np.maximum(seconds - before, 0) * weights)
        estimate = np.maximum(amounts @ found + before, seconds / 100)
        off = np.abs(np.log(seconds / estimate))
        weights = 1 / np.sqrt(seconds * estimate * np.maximum(1, off / _OUTLYING))
    of_levels: Vector = steps @ found + known
    return of_levels


def solved(matrix: Vector, target: Vector) -> Vector:
    """Solve least squares without negative numbers, each column first scaled to length 1.

    The solver's tolerance goes by the largest column: else overheads would be lost beside
    multiply-adds.
    """
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1
    found: Vector = nnls(matrix / lengths, target)[0] / lengths
    return found
