"""Fitting: rows that were measured become a time model. Needs SciPy.

Coefficients are not negative and make the relative errors small: every row is divided by
its time. A fit of least squares to ratios comes out low, for it is cheaper to be too low; so
rows are divided again, by the geometric mean of what was measured and what was fitted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import log, sqrt
from statistics import fmean, median
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from convcost.prediction.machine import Machine
from convcost.prediction.model import UNSURE, Coefficient, HeldOut, KernelModel, TimeModel
from convcost.prediction.predict import Z90, Operation, predict
from convcost.prediction.rows import Row
from convcost.prediction.terms import TERMS, Terms

if TYPE_CHECKING:
    from convcost.dims import Dim

FOLDS = 5
RESAMPLES = 200
ROUNDS = 3  # of dividing again
FEWEST = 5  # rows that reach a level of cache, for it to have a cost of its own
LEVELS = ("bytes_l2", "bytes_l3", "bytes_memory")

_Vector = NDArray[np.float64]
_Pairs = list[tuple[float, float]]  # measured, predicted


def fit(rows: Sequence[Row], machine: Machine, *, seed: int = 0) -> TimeModel:
    """Fit every kernel's coefficients by itself, then see how far whole blocks are off.

    Standard errors are those of a bootstrap over the rows.
    Source: Lawson & Hanson, Solving Least Squares Problems, chapter 23; Efron & Tibshirani,
        An Introduction to the Bootstrap, chapter 9.
    """
    by_kernel: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_kernel[row.kernel].append(row)
    models: dict[str, KernelModel] = {}
    every: list[tuple[Row, tuple[float, float]]] = []
    for kernel, own in sorted(by_kernel.items()):
        pairs = held_out_pairs(own, seed)
        models[kernel] = _kernel(own, pairs, seed)
        every += zip(own, pairs, strict=True)
    held_out = errors([pair for _, pair in every])
    model = TimeModel(kernels=models, rows=len(rows), held_out=held_out)
    return replace(model, network_spread=_network_spread(every, model, machine))


def held_out_pairs(rows: Sequence[Row], seed: int = 0) -> _Pairs:
    """Return what was measured of every row, and what a fit without its fold predicts."""
    names = _names(rows)
    matrix, seconds = _matrix(rows, names), _seconds(rows)
    predicted = np.zeros(len(rows))
    for fold in _folds(rows, seed):
        out = np.isin(np.arange(len(rows)), list(fold))
        found = np.zeros(len(names))
        if not out.all():
            found = _fitted(matrix[~out], seconds[~out], names)
        predicted[out] = matrix[out] @ found
    return list(zip(seconds.tolist(), predicted.tolist(), strict=True))


def errors(pairs: _Pairs) -> HeldOut:
    """Return how far predictions are off."""
    relative = [predicted / measured - 1 for measured, predicted in pairs]
    return HeldOut(
        mean_error=fmean(map(abs, relative)),
        median_error=median(map(abs, relative)),
        bias=fmean(relative),
    )


def coefficients(rows: Sequence[Row], names: Sequence[str]) -> _Vector:
    """Return the seconds for a unit of each term that fit the rows best."""
    return _fitted(_matrix(rows, names), _seconds(rows), names)


def _fitted(matrix: _Vector, seconds: _Vector, names: Sequence[str]) -> _Vector:
    """Fit what each level of cache costs over the one before, so that none is quicker.

    A level that hardly any row reaches costs what the one before does.
    """
    levels = [names.index(name) for name in LEVELS if name in names]
    steps = np.eye(len(names))
    for position, level in enumerate(levels):
        steps[level, levels[:position]] = 1
    amounts = matrix @ steps
    for level in levels[1:]:
        if np.count_nonzero(amounts[:, level]) < FEWEST:
            amounts[:, level] = 0
    weights = 1 / seconds
    for _ in range(1 + ROUNDS):
        found = _solved(amounts * weights[:, None], seconds * weights)
        fitted = amounts @ found
        weights = 1 / np.sqrt(seconds * np.maximum(fitted, seconds / 100))
    of_levels: _Vector = steps @ found
    return of_levels


def _solved(matrix: _Vector, target: _Vector) -> _Vector:
    """Solve least squares without negative numbers, each column first scaled to length 1.

    The solver's tolerance goes by the largest column: else overheads would be lost beside
    multiply-adds.
    """
    lengths = np.linalg.norm(matrix, axis=0)
    lengths[lengths == 0] = 1
    found: _Vector = nnls(matrix / lengths, target)[0] / lengths
    return found


def _kernel(rows: Sequence[Row], pairs: _Pairs, seed: int) -> KernelModel:
    names = _names(rows)
    matrix, measured = _matrix(rows, names), _seconds(rows)
    seconds = _fitted(matrix, measured, names)
    covariance = _covariance(matrix, measured, names, seed)
    return KernelModel(
        coefficients={
            name: Coefficient(
                seconds=float(seconds[i]),
                error=float(covariance[i, i]) ** 0.5,
                lowest=float(matrix[:, i].min()),
                highest=float(matrix[:, i].max()),
            )
            for i, name in enumerate(names)
        },
        covariance=tuple(map(tuple, covariance.tolist())),
        spread=_spread(pairs),
        rows=len(rows),
        held_out=errors(pairs),
    )


def _covariance(matrix: _Vector, seconds: _Vector, names: Sequence[str], seed: int) -> _Vector:
    """Return the covariance of the coefficients of resampled rows."""
    generator, count = np.random.default_rng(seed), len(seconds)
    samples = (generator.integers(count, size=count) for _ in range(RESAMPLES))
    found = [_fitted(matrix[sample], seconds[sample], names) for sample in samples]
    covariance: _Vector = np.atleast_2d(np.cov(np.array(found), rowvar=False))
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


def _seconds(rows: Sequence[Row]) -> _Vector:
    return np.array([row.seconds for row in rows])


def _matrix(rows: Sequence[Row], names: Sequence[str]) -> _Vector:
    return np.array([[row.terms.get(name, 0) for name in names] for row in rows], dtype=float)
