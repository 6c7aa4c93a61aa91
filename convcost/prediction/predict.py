"""Predictions: a layer's time, a network's, and between which bounds nine in ten should lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log1p, sqrt
from typing import cast

from convcost.prediction.machine import Machine
from convcost.prediction.model import UNSURE, TimeModel
from convcost.prediction.terms import ARITHMETIC, TERMS, Terms

Z90 = 1.645
"""Standard deviations on either side that hold nine in ten of a normal distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTime:
    """How long one operation takes.

    ``parts`` are the seconds of its terms, ``spread`` is the standard deviation of its
    logarithm but for the coefficients' errors, ``outside`` names the terms that lie outside
    what the profile was calibrated on. Not ``calibrated`` is what the profile has no kernel
    for: its time is what the machine's ceilings allow at best.

    Units: seconds; 90% intervals.
    """

    name: str
    kernel: str
    layers: tuple[str, ...]
    seconds: float
    low: float
    high: float
    binds: str
    parts: dict[str, float]
    spread: float
    outside: tuple[str, ...]
    calibrated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkTime:
    """How long a network takes, and each of its operations. Units: seconds; 90% interval."""

    seconds: float
    low: float
    high: float
    operations: tuple[LayerTime, ...]

    @property
    def by_bound(self) -> dict[str, float]:
        """The seconds of everything that can bind an operation, the most first."""
        sums: dict[str, float] = defaultdict(float)
        for each in self.operations:
            for what, seconds in _by_bound(each.parts).items():
                sums[what] += seconds
        return dict(sorted(sums.items(), key=lambda pair: -pair[1]))

    @property
    def uncalibrated(self) -> tuple[str, ...]:
        """The operations that the profile has no kernel for."""
        return tuple(each.name for each in self.operations if not each.calibrated)

    @property
    def outside(self) -> tuple[str, ...]:
        """The operations with a term outside what the profile was calibrated on."""
        return tuple(each.name for each in self.operations if each.outside)


@dataclass(frozen=True, slots=True)
class Operation:
    """What runs as one: the layers it computes, and its terms, all of them numbers."""

    name: str
    layers: tuple[str, ...]
    terms: Terms


def predict(operations: Sequence[Operation], model: TimeModel, machine: Machine) -> NetworkTime:
    """Return the time of operations that run one after the other.

    How the interval of the sum comes to be: operations of one kernel share the errors of its
    coefficients; operations that are alike share their own error in full, unlike ones are
    independent; what whole networks were off besides comes on top.
    """
    layers = tuple(predict_operation(each, model, machine) for each in operations)
    seconds = sum(each.seconds for each in layers)
    if not seconds:
        return NetworkTime(seconds=0.0, low=0.0, high=0.0, operations=layers)
    variance = _of_coefficients(operations, model) + _of_layers(operations, layers)
    spread = sqrt(log1p(variance / seconds**2) + model.network_spread**2)
    return NetworkTime(
        seconds=seconds,
        low=seconds * exp(-Z90 * spread),
        high=seconds * exp(Z90 * spread),
        operations=layers,
    )


def predict_operation(operation: Operation, model: TimeModel, machine: Machine) -> LayerTime:
    """Return the time of one operation."""
    amounts = _numbers(operation.terms)
    kernel = model.kernels.get(operation.terms.kernel)
    outside: dict[str, float] = {}
    if kernel is None:
        parts, spread, shared = ceiling_seconds(amounts, machine), UNSURE, 0.0
        arithmetic = _by_bound(parts).get(ARITHMETIC, 0.0)
        seconds = max(arithmetic, sum(parts.values()) - arithmetic)
    else:
        parts, outside = kernel.parts(amounts), kernel.outside(amounts)
        seconds = sum(parts.values())
        spread = sqrt(kernel.spread**2 + sum(each**2 for each in outside.values()))
        shared = log1p(kernel.variance(amounts) / seconds**2) if seconds else 0.0
    wide = Z90 * sqrt(shared + spread**2)
    return LayerTime(
        name=operation.name,
        kernel=operation.terms.kernel,
        layers=operation.layers,
        seconds=seconds,
        low=seconds * exp(-wide),
        high=seconds * exp(wide),
        binds=_binds(parts),
        parts=parts,
        spread=spread,
        outside=tuple(outside),
        calibrated=kernel is not None,
    )


def ceiling_seconds(amounts: Mapping[str, float], machine: Machine) -> dict[str, float]:
    """Return the seconds of every term if the machine reaches its ceilings."""
    rates = {True: machine.multiply_adds_per_second, False: machine.bytes_per_second}
    return {
        name: amount / rates[TERMS[name].binds == ARITHMETIC]
        for name, amount in amounts.items()
        if name != "launches"
    }


def _by_bound(parts: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds of everything that can bind an operation."""
    sums: dict[str, float] = defaultdict(float)
    for name, seconds in parts.items():
        sums[TERMS[name].binds] += seconds
    return dict(sums)


def _binds(parts: Mapping[str, float]) -> str:
    """Return what takes the largest part of the time."""
    sums = _by_bound(parts)
    return max(sums, key=lambda what: sums[what]) if any(sums.values()) else ""


def _of_coefficients(operations: Iterable[Operation], model: TimeModel) -> float:
    """Return the variance that the coefficients' errors make of the sum."""
    sums: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for each in operations:
        for name, amount in _numbers(each.terms).items():
            sums[each.terms.kernel][name] += amount
    return sum(
        model.kernels[kernel].variance(amounts)
        for kernel, amounts in sums.items()
        if kernel in model.kernels
    )


def _of_layers(operations: Sequence[Operation], times: Sequence[LayerTime]) -> float:
    """Return the variance that the operations' own errors make of the sum."""
    alike: dict[tuple[object, ...], float] = defaultdict(float)
    for operation, time in zip(operations, times, strict=True):
        key = (operation.terms.kernel, *sorted(operation.terms.values.items()))
        alike[key] += time.seconds * time.spread
    return sum(deviation**2 for deviation in alike.values())


def _numbers(terms: Terms) -> dict[str, float]:
    return {name: cast("float", amount) for name, amount in terms.values.items()}
