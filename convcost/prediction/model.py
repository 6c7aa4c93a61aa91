"""The time model: for every kernel, seconds for each unit of a few terms, and how sure that is.

A layer's seconds are the sum of its terms, each times its coefficient. The error of a
prediction is a factor, so intervals are on the scale of logarithms and never below 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.dims import Dim

if TYPE_CHECKING:
    import sympy

UNSURE = 1.0
"""The spread, as a logarithm, of what nothing was calibrated for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coefficient:
    """Seconds for a unit of a term, its standard error, and the amounts it was calibrated on."""

    seconds: float
    error: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """How far predictions of rows kept out of the fit were off, as parts of what was measured.

    ``bias`` is the mean of predicted over measured, less 1.
    """

    mean_error: float
    median_error: float
    bias: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelModel:
    """One kernel. ``covariance`` is that of the coefficients, in their order.

    ``spread`` is on the scale of logarithms: nine in ten rows that were kept out of the fit
    are within 1.645 times as much.
    """

    coefficients: Mapping[str, Coefficient]
    covariance: tuple[tuple[float, ...], ...]
    spread: float
    rows: int
    held_out: HeldOut

    def parts(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Return the seconds of every term."""
        return {
            name: self.coefficients[name].seconds * amount
            for name, amount in terms.items()
            if name in self.coefficients
        }

    def seconds(self, terms: Mapping[str, Dim]) -> float | sympy.Expr:
        """Return the seconds of an operation: of symbols, a formula."""
        total: float | sympy.Expr = 0.0
        for name, amount in terms.items():
            if name in self.coefficients:
                total = total + self.coefficients[name].seconds * amount
        return total

    def variance(self, terms: Mapping[str, float]) -> float:
        """Return the variance, in seconds squared, that the coefficients' errors make."""
        amounts = [terms.get(name, 0) for name in self.coefficients]
        return sum(
            amount * sum(each * other for each, other in zip(row, amounts, strict=True))
            for amount, row in zip(amounts, self.covariance, strict=True)
        )

    def outside(self, terms: Mapping[str, float]) -> dict[str, float]:
        """Return by how much terms lie outside what was calibrated, as logarithms of a factor.

        A term that the kernel was never calibrated with is as unsure as can be.
        """
        found: dict[str, float] = {}
        for name, amount in terms.items():
            known = self.coefficients.get(name)
            distance = UNSURE if known is None else _distance(amount, known)
            if amount and distance > 0:
                found[name] = distance
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeModel:
    """All kernels of one way to run; ``network_spread`` is what whole networks are off besides.

    It is on the scale of logarithms, as a kernel's ``spread``.
    """

    kernels: Mapping[str, KernelModel]
    rows: int
    held_out: HeldOut
    network_spread: float = 0.0


def _distance(amount: float, known: Coefficient) -> float:
    from math import log

    tolerance = 1e-9
    if amount > known.highest * (1 + tolerance):
        return log(amount / known.highest) if known.highest else UNSURE
    if 0 < amount < known.lowest * (1 - tolerance):
        return log(known.lowest / amount)
    return 0.0
