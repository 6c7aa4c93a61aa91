"""Where a formula is valid: the conditions that the rules recorded, in few words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import sympy

from convcost.dims import symbol
from convcost.errors import ConvcostError
from convcost.formulas.exact import holds
from convcost.formulas.printing import condition_text

_LARGEST = 2**40


def simplified(
    conditions: Iterable[sympy.Basic], assumed: Iterable[sympy.Basic]
) -> tuple[sympy.Basic, ...]:
    """Return what is assumed, and what must hold besides.

    A condition on one symbol which holds from some size on (as those of windows do, an
    extent never shrinks when its input grows) becomes that size.

    Raises: ConvcostError if no size is left.
    """
    least: dict[str, int] = {}
    others: list[sympy.Basic] = []
    for condition in conditions:
        size = _threshold(condition)
        if size is None:
            if condition not in others:
                others.append(condition)
        else:
            (name,) = map(str, condition.free_symbols)
            least[name] = max(least.get(name, 1), size)
    given = list(assumed)
    _require_some(given, least)
    for condition in given:
        size = _threshold(condition)
        name = "".join(map(str, condition.free_symbols)) if size else ""
        if size and least.get(name, 1) <= size:
            least.pop(name, None)  # what is assumed says more
    sizes = [sympy.Ge(symbol(name), size) for name, size in least.items() if size > 1]
    return (*given, *sizes, *(other for other in others if other not in given))


def _require_some(assumed: Iterable[sympy.Basic], least: Mapping[str, int]) -> None:
    """Refuse an assumed upper limit that lies below what must be at least."""
    lowest = dict(least)
    for condition in assumed:
        size = _threshold(condition)
        if size:
            (name,) = map(str, condition.free_symbols)
            lowest[name] = max(lowest.get(name, 1), size)
    for condition in assumed:
        if isinstance(condition, sympy.Le | sympy.Lt) and len(condition.free_symbols) == 1:
            (name,) = map(str, condition.free_symbols)
            if not holds(condition, {name: lowest.get(name, 1)}):
                needed = f"{name} must be {lowest.get(name, 1)} or more"
                raise ConvcostError(f"nothing is left of {condition_text(condition)}: {needed}")


def _threshold(condition: sympy.Basic) -> int | None:
    """Return the size from which an inequality in one symbol holds; None if it is not that."""
    if not isinstance(condition, sympy.Ge | sympy.Gt) or len(condition.free_symbols) != 1:
        return None
    (name,) = map(str, condition.free_symbols)
    high = 1
    while not holds(condition, {name: high}):
        high *= 2
        if high > _LARGEST:
            return None
    low = high // 2  # too small, or 0
    while high - low > 1:
        middle = (low + high) // 2
        if holds(condition, {name: middle}):
            high = middle
        else:
            low = middle
    return high
