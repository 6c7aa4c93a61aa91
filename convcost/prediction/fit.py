"""Fitting: rows that were measured become a time model. Needs SciPy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import log, sqrt
from statistics import fmean, median
from types import MappingProxyType
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from convcost.prediction.least_squares import FEWEST, Observed, Vector, fitted, solved
from convcost.prediction.machine import Machine
from convcost.prediction.model import UNSURE, Coefficient, HeldOut, KernelModel, TimeModel
from convcost.prediction.predict import Z90, Operation, predict
from convcost.prediction.rows import Row
from convcost.prediction.terms import TERMS, Terms

if TYPE_CHECKING:
    from convcost.dims import Dim

FOLDS = 5
RESAMPLES = 200
REORDERS = ("reordered_bytes", "reorders")
"""Terms that cost the same in every kernel."""
NOTHING: Mapping[str, float] = MappingProxyType({})

_Indices = NDArray[np.int64]
_Pairs = list[tuple[float, float]]  # measured, predicted


@dataclass(frozen=True, slots=True)
class _Reordering:
    """What laying tensors out anew takes, by rows of all kernels; all is divided by their time."""

    amounts: Vector
    times: Vector

    def coefficients(self, rows: slice | _Indices = slice(None)) -> Mapping[str, float]:
        """Return the seconds for a unit of ``REORDERS``, by all rows or some."""
        if len(self.times) < FEWEST:
            return NOTHING
        return dict(zip(REORDERS, solved(self.amounts[rows], self.times[rows]), strict=True))


def fit(rows: Sequence[Row], machine: Machine, *, seed: int = 0) -> TimeModel:
    """Fit every kernel's coefficients, then see how far whole blocks are off.

    Each kernel is fitted by itself, but for what laying tensors out anew costs.

    Standard errors are those of a bootstrap over the rows.
    Source: Lawson & Hanson, Solving Least Squares Problems, chapter 23; Efron & Tibshirani,
        An Introduction to the Bootstrap, chapter 9.
    """
    by_kernel: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kernel[row.kernel].append(row)
    reordering = _reordering(by_kernel.values())
    shared = reordering.coefficients()
    models: dict[str, KernelModel] = {}
    every: list[tuple[Row, tuple[float, float]]] = []
    for kernel, own in sorted(by_kernel.items()):
        pairs = held_out_pairs(own, shared, seed)
        models[kernel] = _kernel(own, pairs, reordering, seed)
        every += zip(own, pairs, strict=True)
    held_out = errors([pair for _, pair in every])
    model = TimeModel(kernels=models, rows=len(rows), held_out=held_out)
    return replace(model, network_spread=_network_spread(every, model, machine))


def held_out_pairs(
    rows: Sequence[Row], shared: Mapping[str, float] = NOTHING, seed: int = 0
) -> _Pairs:
    """Return what was measured of every row, and what a fit without its fold predicts.

    ``shared`` are coefficients that are known already.
    """
    observed = _observed(rows, _names(rows))
    predicted = np.zeros(len(rows))
    for fold in _folds(rows, seed):
        out = np.isin(np.arange(len(rows)), list(fold))
        found = np.zeros(len(observed.names))
        if not out.all():
            found = fitted(observed.at(~out), shared)
        predicted[out] = observed.at(out).predicted(found)
    return list(zip(observed.seconds.tolist(), predicted.tolist(), strict=True))


def errors(pairs: _Pairs) -> HeldOut:
    """Return how far predictions are off."""
    relative = [predicted / measured - 1 for measured, predicted in pairs]
    return HeldOut(
        mean_error=fmean(map(abs, relative)),
        median_error=median(map(abs, relative)),
        bias=fmean(relative),
    )


def coefficients(rows: Sequence[Row], names: Sequence[str]) -> Vector:
    """Return the seconds for a unit of each term that fit the rows best."""
    return fitted(_observed(rows, names), NOTHING)


def _reordering(by_kernel: Iterable[Sequence[Row]]) -> _Reordering:
    """Collect what rows that lay tensors out anew take beyond what their kernels' others say."""
    found: list[Row] = []
    beyond: list[float] = []
    for rows in by_kernel:
        others = [row for row in rows if not row.terms.get(REORDERS[0])]
        names = _names(others)
        if len(others) > 2 * len(names):
            own = coefficients(others, names)
            laid_out = [row for row in rows if row.terms.get(REORDERS[0])]
            observed = _observed(laid_out, names)
            beyond += np.maximum(observed.seconds - observed.predicted(own), 0).tolist()
            found += laid_out
    observed = _observed(found, REORDERS)
    seconds = observed.seconds
    return _Reordering(observed.amounts / seconds[:, None], np.array(beyond) / seconds)


def _kernel(rows: Sequence[Row], pairs: _Pairs, reordering: _Reordering, seed: int) -> KernelModel:
    observed = _observed(rows, _names(rows))
    seconds = fitted(observed, reordering.coefficients())
    covariance = _covariance(observed, reordering, seed)
    return KernelModel(
        coefficients={
            name: Coefficient(
                seconds=float(seconds[i]),
                error=float(covariance[i, i]) ** 0.5,
                lowest=float(observed.amounts[:, i].min()),
                highest=float(observed.amounts[:, i].max()),
            )
            for i, name in enumerate(observed.names)
        },
        covariance=tuple(map(tuple, covariance.tolist())),
        spread=_spread(pairs),
        rows=len(rows),
        held_out=errors(pairs),
    )


def _covariance(observed: Observed, reordering: _Reordering, seed: int) -> Vector:
    """Return the covariance of the coefficients of resampled rows."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(RESAMPLES):
        own, others = (
            generator.integers(max(count, 1), size=count)
            for count in (len(observed.seconds), len(reordering.times))
        )
        found.append(fitted(observed.at(own), reordering.coefficients(others)))
    covariance: Vector = np.atleast_2d(np.cov(np.array(found), rowvar=False))
    return covariance


def _spread(pairs: _Pairs) -> float:
    """Return the spread that nine in ten of the held-out rows say."""
    if len(pairs) < FOLDS:
        return UNSURE
    off = [abs(log(measured / max(predicted, measured / 1000))) for measured, predicted in pairs]
    return float(np.quantile(off, 0.9)) / Z90


def _network_spread(
    every: Iterable[tuple[Row, tuple[float, float]]], model: TimeModel, machine: Machine
) -> float:
    """Return what nine in ten blocks are off at most, besides what their operations say.

    A network has much of one kind of block, and shares its error.
    """
    blocks: dict[str, list[tuple[Row, tuple[float, float]]]] = defaultdict(list)
    for row, pair in every:
        if row.group:
            blocks[row.group].append((row, pair))
    if len(blocks) < FOLDS:
        return UNSURE
    besides = []
    for block in blocks.values():
        operations = [
            Operation(row.kernel, (), Terms(row.kernel, cast("Mapping[str, Dim]", row.terms)))
            for row, _ in block
        ]
        found = predict(operations, model, machine)
        own = log(found.high / found.seconds) if found.seconds else 0.0
        measured, predicted = (sum(of_one) for of_one in zip(*(p for _, p in block), strict=True))
        off = log(measured / max(predicted, measured / 1000))
        besides.append((off**2 - own**2) / Z90**2)
    return sqrt(max(0.0, float(np.quantile(besides, 0.9))))


def _folds(rows: Sequence[Row], seed: int) -> list[set[int]]:
    """Deal the groups out at random; a row without a group is one by itself."""
    groups: dict[str, list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[row.group or f"row {index}"].append(index)
    names = sorted(groups)
    np.random.default_rng(seed).shuffle(names)
    count = min(FOLDS, len(names))
    return [{index for name in names[k::count] for index in groups[name]} for k in range(count)]


def _names(rows: Sequence[Row]) -> list[str]:
    """Return the terms that occur, in the order of ``TERMS``, others behind them."""
    present = {name for row in rows for name, amount in row.terms.items() if amount}
    return sorted(present, key=lambda name: ([*TERMS, name].index(name), name))


def _observed(rows: Sequence[Row], names: Sequence[str]) -> Observed:
    amounts = [[row.terms.get(name, 0) for name in names] for row in rows]
    return Observed(
        names=names,
        amounts=np.array(amounts, dtype=float).reshape(len(rows), len(names)),
        seconds=np.array([row.seconds for row in rows]),
        besides=np.array([row.listening for row in rows]),
    )
