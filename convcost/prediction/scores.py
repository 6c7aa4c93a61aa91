"""How right predictions are: figures over many networks, with bootstrap intervals."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, median

RESAMPLES = 2000
WITHIN = (0.05, 0.10, 0.20)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A network at a batch, run one way: what was measured and what was predicted.

    ``low`` and ``high`` are the 90% interval, ``noise`` is how far apart two halves of the
    measurement are, as a part. ``outside`` is how many operations were outside of what was
    calibrated. ``baselines`` are other predictions, by name. Units: seconds.
    """

    network: str
    family: str
    batch: int
    way: str
    measured: float
    predicted: float
    low: float
    high: float
    noise: float
    outside: int
    baselines: Mapping[str, float]

    @property
    def error(self) -> float:
        """The prediction over what was measured, less 1."""
        return self.predicted / self.measured - 1

    @property
    def covered(self) -> bool:
        """Whether the interval holds what was measured."""
        return self.low <= self.measured <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure and its 95% bootstrap interval over the networks."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How right predictions of some networks are. Errors are parts of what was measured.

    ``within`` are the shares of networks within 5, 10 and 20%; ``rank_correlation`` is
    Spearman's, ``coverage`` the share of networks inside the stated 90% interval.
    """

    networks: int
    mean_error: Estimate
    median_error: Estimate
    bias: Estimate
    within: tuple[Estimate, ...]
    rank_correlation: Estimate
    coverage: Estimate | None
    noise: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """The mean error of networks by a calibration of so many seconds."""

    way: str
    seconds: float
    rows: int
    mean_error: float


Pairs = Sequence[tuple[float, float]]  # measured, predicted


def figures(
    scores: Sequence[Score],
    baseline: str | None = None,
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Figures:
    """Return the figures of the predictions, or of a baseline's, which has no intervals."""

    def estimated(function: Callable[[Sequence[Score]], float]) -> Estimate:
        return estimate(scores, function, seed=seed, resamples=resamples)

    def pair(score: Score) -> tuple[float, float]:
        return score.measured, score.predicted if baseline is None else score.baselines[baseline]

    def of_pairs(function: Callable[[Pairs], float]) -> Estimate:
        return estimated(lambda some: function([pair(each) for each in some]))

    def covered(some: Sequence[Score]) -> float:
        return fmean(each.covered for each in some)

    return Figures(
        networks=len(scores),
        mean_error=of_pairs(lambda pairs: fmean(map(_error, pairs))),
        median_error=of_pairs(lambda pairs: median(map(_error, pairs))),
        bias=of_pairs(lambda pairs: fmean(p / m - 1 for m, p in pairs)),
        within=tuple(of_pairs(_share_within(most)) for most in WITHIN),
        rank_correlation=of_pairs(rank_correlation),
        coverage=None if baseline is not None else estimated(covered),
        noise=fmean(each.noise for each in scores),
    )


def estimate(
    scores: Sequence[Score],
    function: Callable[[Sequence[Score]], float],
    *,
    seed: int,
    resamples: int,
) -> Estimate:
    """Return a figure with its percentile bootstrap interval.

    Source: Efron & Tibshirani, An Introduction to the Bootstrap, chapter 13.
    """
    generator = random.Random(seed)  # noqa: S311 - of statistics, not of secrets
    found = sorted(function(generator.choices(scores, k=len(scores))) for _ in range(resamples))
    low, high = found[round(0.025 * resamples)], found[round(0.975 * resamples) - 1]
    return Estimate(value=function(scores), low=low, high=high)


def rank_correlation(pairs: Pairs) -> float:
    """Return Spearman's rank correlation; 0 where all are alike."""
    measured, predicted = zip(*pairs, strict=True)
    try:
        return correlation(_ranks(measured), _ranks(predicted))
    except StatisticsError:
        return 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """Return the ranks; equal values share the mean of theirs."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    start = 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for index in order[start:end]:
            ranks[index] = (start + end - 1) / 2
        start = end
    return ranks


def _error(pair: tuple[float, float]) -> float:
    measured, predicted = pair
    return abs(predicted / measured - 1)


def _share_within(most: float) -> Callable[[Pairs], float]:
    return lambda pairs: fmean(_error(pair) <= most for pair in pairs)
