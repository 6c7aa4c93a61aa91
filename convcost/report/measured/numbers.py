"""Measured numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.report import units

SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
DECIMAL = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "K"), (1.0, ""))
BINARY = ((2.0**40, "TiB"), (2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
UNKNOWN = "-"
"""What stands where nothing was measured."""


def seconds(value: float | None) -> str:
    """Write three digits and the unit that suits them."""
    if value is None:
        return UNKNOWN
    part, unit = _scale(value, SECONDS)
    return f"{_three_digits(value / part)} {unit}"


def signed_seconds(value: float) -> str:
    """Write three digits, the unit that suits them, and a sign."""
    sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{seconds(abs(value))}"


def rate(value: float | None, unit: str = "/s") -> str:
    """Write three digits, a decimal prefix, and what it is a second."""
    if value is None:
        return UNKNOWN
    part, prefix = _scale(value, DECIMAL)
    return f"{_three_digits(value / part)} {prefix}{unit}"


def brief(value: float, scale: Sequence[tuple[float, str]]) -> str:
    """Write a round number, with no more digits than it needs."""
    part, unit = _scale(value, scale)
    return f"{value / part:g} {unit}".rstrip() if value > 0 else "0"


def share(value: float | None) -> str:
    """Write a part of one in percent."""
    return UNKNOWN if value is None else f"{100 * value:.1f}%"


def intensity(value: float | None) -> str:
    """Write three digits, without an exponent."""
    return UNKNOWN if value is None else _three_digits(value)


def times(value: float | None) -> str:
    """Write how many times as much something is."""
    return UNKNOWN if value is None else f"{_three_digits(value)}×"


def count(value: int | None) -> str:
    """Write four digits and a decimal prefix."""
    return UNKNOWN if value is None else units.short(value)


def size(value: int | None) -> str:
    """Write bytes with a binary prefix."""
    return UNKNOWN if value is None else units.size(value)


def planned(value: int | None) -> str:
    """Write what a framework says in whole MB of 2**20, rounded down."""
    if value is None:
        return "is not known"
    return f"{value // 2**20:,} MiB, rounded down" if value else "less than 1 MiB"


def found(value: int | tuple[int, ...] | None) -> str:
    """Write a count or a shape."""
    if value is None:
        return "nothing"
    return units.exact(value) if isinstance(value, int) else "×".join(map(str, value))


def _scale(value: float, scale: Sequence[tuple[float, str]]) -> tuple[float, str]:
    """Return the largest unit that is not more than the value, or the smallest."""
    return next((each for each in scale if value >= each[0]), scale[-1])


def _three_digits(value: float) -> str:
    if not value:
        return "0"
    whole = len(str(int(value)))
    return f"{value:,.{max(0, 3 - whole)}f}"
