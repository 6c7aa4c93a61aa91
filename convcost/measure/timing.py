"""Times: warm-up, rounds, and what to make of them.

A machine is never quiet. Minima say what it can do, medians what it did, a bootstrap how
sure that is, and a kernel that is always the same whether it was the machine that changed.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from statistics import fmean, median
from time import perf_counter

from convcost.measure.result import Reference, Timing

TOLERANCE = 0.15  # a round is marked if its reference is this far from the median
_RESAMPLES = 1000
_SETTLED = 1.1  # times the fastest pass so far
_WARM_UPS = (2, 12)  # at least, at most
_ROUND_SECONDS = 0.05  # short passes are repeated for so long in a round
_MOST_PASSES = 50
FEWEST_ROUNDS = 3


def timed(function: Callable[[], None]) -> float:
    """Return how long a call takes, in seconds."""
    start = perf_counter()
    function()
    return perf_counter() - start


def warm_up(function: Callable[[], None], deadline: float) -> float:
    """Call until a call takes about as long as the fastest; return how long that is."""
    fewest, most = _WARM_UPS
    best = timed(function)
    for count in range(2, most + 1):
        seconds = timed(function)
        best = min(best, seconds)
        if (count >= fewest and seconds <= _SETTLED * best) or perf_counter() > deadline:
            break
    return best


def passes_in_a_round(seconds: float) -> int:
    """Return how often to repeat what takes so long."""
    return max(1, min(_MOST_PASSES, round(_ROUND_SECONDS / max(seconds, 1e-9))))


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """Return the 95% percentile bootstrap interval of the median.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13.
    """
    generator = random.Random(seed)  # noqa: S311 - of statistics, not of secrets
    medians = sorted(median(generator.choices(values, k=len(values))) for _ in range(_RESAMPLES))
    return medians[round(0.025 * _RESAMPLES)], medians[round(0.975 * _RESAMPLES) - 1]


def summary(times: Sequence[Sequence[float]]) -> Timing:
    """Return the median of the rounds' medians, its interval, and the minimum of all."""
    medians = [median(each) for each in times]
    low, high = interval(medians)
    return Timing(
        forward_seconds=median(medians),
        low=low,
        high=high,
        minimum_seconds=min(map(min, times)),
        rounds=len(times),
    )


def reference(times: Sequence[Sequence[float]]) -> Reference:
    """Return what the fixed kernel took, and in how many rounds it was off.

    A round's mean counts: it is short, and shows pauses only between its repetitions.
    """
    means = [fmean(each) for each in times]
    middle = median(means)
    low, high = interval(means)
    marked = sum(abs(each - middle) > TOLERANCE * middle for each in means)
    return Reference(median_seconds=middle, low=low, high=high, marked_rounds=marked)
