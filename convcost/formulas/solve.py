"""The largest size that keeps within a budget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from convcost.budget import excess
from convcost.errors import ConvcostError
from convcost.formulas.closed import SymbolicNetwork
from convcost.search import largest_within

_PERIOD = 1024  # every so many sizes there is a valid one, once there is any


@dataclass(frozen=True, slots=True)
class Solution:
    """The largest size within a budget with its costs, and the next possible size with its."""

    size: int
    costs: Mapping[str, int]
    next_size: int
    next_costs: Mapping[str, int]


def solve(network: SymbolicNetwork, budget: Mapping[str, int], names: Sequence[str]) -> Solution:
    """Return the largest size, the same for all ``names``, that keeps within a budget.

    A cost never falls when a size grows: the largest is found by halving, on the exact
    formulas. Sizes that are not in their domain (not divisible, too small) are passed over.

    Raises: ConvcostError if even the smallest possible size costs too much, or the budget
        sets no limit, or a name stands for a list.
    """
    formulas = {quantity: network.formula(quantity) for quantity in budget}
    own = {what.name for formula in formulas.values() for what in formula.symbols}
    for name in names:
        if name not in own:
            raise ConvcostError(f"{name!r} is a list: there is no one size to look for")

    def possible(sizes: Iterable[int]) -> int | None:
        """Return the first of some sizes that is in the domain."""
        for size in sizes:
            values = dict.fromkeys(names, size)
            if all(formula.is_valid(**values) for formula in formulas.values()):
                return size
        return None

    def up_to(size: int) -> int | None:
        return possible(range(size, max(0, size - _PERIOD), -1))

    def costs(size: int) -> dict[str, int]:
        values = dict.fromkeys(names, size)
        return {name: formula.evaluate(**values) for name, formula in formulas.items()}

    def within(size: int) -> bool:
        found = up_to(size)
        return found is None or not excess(costs(found), budget)

    size = largest_within(within)
    if size is None:
        raise ConvcostError(f"the budget sets no limit to {' and '.join(names)}")
    found, beyond = up_to(size), possible(range(size + 1, size + 1 + _PERIOD))
    assert beyond is not None  # noqa: S101 - what is over the budget is possible
    if found is None:
        taken = costs(beyond)
        over = ", ".join(f"{name} {taken[name]:,}" for name in excess(taken, budget))
        raise ConvcostError(
            f"no {' = '.join(names)} keeps within the budget: the smallest possible, {beyond:,},"
            f" takes {over}"
        )
    return Solution(found, costs(found), beyond, costs(beyond))
