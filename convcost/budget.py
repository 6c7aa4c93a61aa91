"""Budgets: the most there may be of some quantities."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from convcost.counts import COUNTS
from convcost.errors import ConvcostError, nearest

_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}


def parse_budget(texts: Iterable[str]) -> dict[str, int]:
    """Read ``macs=4G``: a quantity and the most there may be of it.

    Raises: ConvcostError if it is not understood.
    """
    budget: dict[str, int] = {}
    for text in texts:
        name, _, most = text.partition("=")
        if name not in COUNTS:
            raise ConvcostError(f"--max: unknown quantity {name!r}; {nearest(name, COUNTS)}")
        number = most.rstrip("".join(_FACTORS))
        whole, _, decimals = number.partition(".")
        factor = _FACTORS.get(most.removeprefix(number))
        if factor is None or not (whole + decimals).isdecimal() or not most.isascii():
            raise ConvcostError(f"--max {name}: expected such as 4G or 25.5M, got {most!r}")
        budget[name] = int(whole + decimals) * factor // 10 ** len(decimals)
    if not budget:
        raise ConvcostError("--max: a budget is missing, such as --max macs=4G")
    return budget


def excess(costs: Mapping[str, int], budget: Mapping[str, int]) -> dict[str, int]:
    """Return by how much each quantity is over its budget, if it is."""
    return {name: costs[name] - most for name, most in budget.items() if costs[name] > most}
