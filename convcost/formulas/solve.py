"""The largest size that keeps within a budget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convcost.budget import excess
from convcost.errors import ConvcostError
from convcost.formulas.closed import SymbolicNetwork
from convcost.search import largest_within


@dataclass(frozen=True, slots=True)
class Solution:
    """The largest size within a budget with its costs, and what the next one costs."""

    size: int
    costs: Mapping[str, int]
    next_costs: Mapping[str, int]


def solve(network: SymbolicNetwork, budget: Mapping[str, int], names: Sequence[str]) -> Solution:
    """Return the largest size, the same for all ``names``, that keeps within a budget.

    A cost never falls when a size grows: the largest is found by halving, on the exact
    formulas.

    Raises: ConvcostError if even the smallest possible size costs too much, or the budget
        sets no limit.
    """
    formulas = {quantity: network.formula(quantity) for quantity in budget}

    def costs(size: int) -> dict[str, int] | None:
        """Return what a size costs; None where it is too small for the network."""
        values = dict.fromkeys(names, size)
        if not all(formula.is_valid(**values) for formula in formulas.values()):
            return None
        return {name: formula.evaluate(**values) for name, formula in formulas.items()}

    def within(size: int) -> bool:
        found = costs(size)
        return found is None or not excess(found, budget)

    size = largest_within(within)
    if size is None:
        raise ConvcostError(f"the budget sets no limit to {' and '.join(names)}")
    beyond, found = costs(size + 1), costs(size) if size else None
    assert beyond is not None  # noqa: S101 - what is over has a cost
    if found is None:
        over = ", ".join(f"{name} {beyond[name]:,}" for name in excess(beyond, budget))
        raise ConvcostError(
            f"no {' = '.join(names)} keeps within the budget: the smallest possible, {size + 1:,},"
            f" takes {over}"
        )
    return Solution(size, found, beyond)
