"""Budgets: the most there may be of some quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convcost.counts import COUNTS
from convcost.errors import UsageError, nearest

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}
_BYTES = {"": 1, **{f"{prefix}B": factor for prefix, factor in _FACTORS.items()}} | {
    f"{prefix}iB": 1024**power for power, prefix in enumerate(_FACTORS) if prefix
}

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def parse_amount(what: str, text: str) -> int:
    """Read ``4G`` or ``25.5M``.

    Raises: UsageError if it is neither.
    """
    return _scaled(what, text, _FACTORS, "4G or 25.5M")


def parse_bytes(what: str, text: str) -> int:
    """Read ``8GiB``, ``512MiB`` or ``16GB``; without a unit it is bytes.

    Raises: UsageError if it is none of these.
    """
    return _scaled(what, text, _BYTES, "8GiB or 512MiB")


def parse_seconds(what: str, text: str) -> int:
    """Read ``5m``, ``90s`` or ``1h``; without a unit it is seconds.

    Raises: UsageError if it is none of these.
    """
    return _scaled(what, text, _SECONDS, "5m or 90s")


def _scaled(what: str, text: str, factors: Mapping[str, int], example: str) -> int:
    number = text.rstrip("".join(factors))
    whole, _, decimals = number.strip().partition(".")
    factor = factors.get(text.removeprefix(number))
    if factor is None or not (whole + decimals).isdecimal() or not text.isascii():
        raise UsageError(f"{what}: expected such as {example}, got {text!r}")
    return int(whole + decimals) * factor // int(10 ** len(decimals))


def parse_budget(texts: Iterable[str]) -> dict[str, int]:
    """Read ``macs=4G``: a quantity and the most there may be of it.

    Raises: UsageError if it is not understood.
    """
    budget: dict[str, int] = {}
    for text in texts:
        name, _, most = text.partition("=")
        if name not in COUNTS:
            raise UsageError(f"--max: unknown quantity {name!r}; {nearest(name, COUNTS)}")
        budget[name] = parse_amount(f"--max {name}", most)
    if not budget:
        raise UsageError("--max: a budget is missing, such as --max macs=4G")
    return budget


def excess(costs: Mapping[str, int], budget: Mapping[str, int]) -> dict[str, int]:
    """Return by how much each quantity is over its budget, if it is."""
    return {name: costs[name] - most for name, most in budget.items() if costs[name] > most}
