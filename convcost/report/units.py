"""Numbers as people read them."""

from __future__ import annotations

from numbers import Rational

from convcost.dims import Dim

_PREFIXES = ("", " K", " M", " G", " T", " P", " E", " Z", " Y", " R", " Q")
_BINARY = (" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB", " ZiB", " YiB")


def exact(value: Dim | Rational) -> str:
    """Write every digit, in groups of three; a half keeps its decimal."""
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Rational):
        return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,}"
    return str(value)


def short(value: Dim | Rational) -> str:
    """Write four digits and a decimal prefix; small numbers as they are."""
    if not isinstance(value, Rational):
        return str(value)
    return exact(value) if value < 10_000 else _scaled(value, 1000, _PREFIXES)  # noqa: PLR2004


def size(value: Dim) -> str:
    """Write bytes with a binary prefix."""
    return _scaled(value, 1024, _BINARY) if isinstance(value, int) else str(value)


def ratio(value: Dim | Rational, base: Dim | Rational) -> str:
    """Write how many times the base a value is; nothing if that makes no sense."""
    if not isinstance(value, Rational) or not isinstance(base, Rational) or not base:
        return ""
    times = float(value) / float(base)
    return f"{times:.3g}×" if times < 1000 else f"{times:,.0f}×"  # noqa: PLR2004


def shape(extents: tuple[Dim, ...]) -> str:
    """Write a shape without its batch: ``64×112×112``."""
    return "×".join(map(str, extents[1:]))


def _scaled(value: Dim | Rational, base: int, prefixes: tuple[str, ...]) -> str:
    power = 0
    while power + 1 < len(prefixes) and value >= base ** (power + 1):
        power += 1
    if power == 0:
        return f"{value}{prefixes[0]}"
    number = float(value / base**power)
    digits = max(0, 3 - len(str(int(number)))) + 1 if number < 1000 else 0  # noqa: PLR2004
    return f"{number:.{digits}f}{prefixes[power]}"
