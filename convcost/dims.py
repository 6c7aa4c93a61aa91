"""Sizes that are integers, or SymPy expressions that stand for integers.

Every rule of convcost is written once, over ``Dim``. Given integers it is exact
integer arithmetic, and SymPy is never imported; given symbols it builds the closed
form. What only a symbol's value could decide is recorded as a condition (see
:func:`recording`), never taken for false.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING

from convcost.errors import ShapeError

if TYPE_CHECKING:
    import sympy
    from sympy.logic.boolalg import Boolean

    Dim = int | sympy.Expr
    Condition = bool | Boolean
else:  # SymPy is imported when a symbol is made, not before
    Dim = int

_recorded: ContextVar[list[Boolean] | None] = ContextVar("recorded", default=None)


def symbol(name: str, *, positive: bool = True) -> sympy.Symbol:
    """Return the symbol of that name, a positive integer, or one that may be 0 as well.

    There is no other symbol factory.
    """
    import sympy

    sign = {"positive": True} if positive else {"nonnegative": True}
    return sympy.Symbol(name, integer=True, **sign)


def is_dim(value: object) -> bool:
    """Whether a value is a whole number, or an expression that stands for one."""
    return isinstance(value, int) or getattr(value, "is_integer", None) is True


@contextmanager
def recording() -> Iterator[list[Boolean]]:
    """Collect the conditions that the rules called inside could not decide."""
    conditions: list[Boolean] = []
    token = _recorded.set(conditions)
    try:
        yield conditions
    finally:
        _recorded.reset(token)


def require(condition: Condition, message: str, *values: object) -> None:
    """Raise ShapeError if provably wrong; record what cannot be decided.

    ``message`` is a format for the values, filled in only when it is needed.
    """
    if isinstance(condition, bool):
        holds = condition
    elif condition.is_Boolean and condition in (True, False):
        holds = bool(condition)
    else:
        conditions = _recorded.get()
        if conditions is not None and condition not in conditions:
            conditions.append(condition)
        return
    if not holds:
        raise ShapeError(message.format(*values))


def require_at_least(minimum: int, **values: Dim) -> None:
    """Require every named value to be ``minimum`` or more."""
    for name, value in values.items():
        require(value >= minimum, "{} must be {} or more, got {}", name, minimum, value)


def product(factors: Iterable[Dim]) -> Dim:
    """Multiply; of nothing it is 1."""
    result: Dim = 1
    for factor in factors:
        result = result * factor
    return result


def add_up(values: Iterable[Dim]) -> Dim:
    """Add; of nothing it is 0. Expressions are added all at once, which takes less time."""
    terms = list(values)
    if all(isinstance(term, int) for term in terms):
        return sum(terms)
    import sympy

    return _plain(sympy.Add(*terms))


def floor_div(dividend: Dim, divisor: Dim) -> Dim:
    """Divide and round down, folding nested floors as they are built.

    For integers ``floor((floor(q) + r)/d)`` equals ``floor((q + r)/d)`` when ``r`` is an
    integer and ``d`` a positive one, so an extent stays one floor however many strided
    windows are stacked.

    Source: Graham, Knuth & Patashnik, Concrete Mathematics, equation 3.11.
    """
    if isinstance(dividend, int) and isinstance(divisor, int):
        return dividend // divisor
    if divisor == 0:
        raise ZeroDivisionError
    return folded_floor(dividend, divisor)


@lru_cache(maxsize=4096)  # the same few extents come again in every layer of a deep network
def folded_floor(dividend: Dim, divisor: Dim) -> Dim:
    """Return ``floor(dividend/divisor)`` as one floor; :func:`floor_div` is what calls it."""
    import sympy

    numerator = _expression(dividend)
    inner = [term for term in sympy.Add.make_args(numerator) if isinstance(term, sympy.floor)]
    if len(inner) == 1:
        numerator = numerator - inner[0] + inner[0].args[0]
    quotient = sympy.expand(numerator / divisor)
    if (whole := quotient + sympy.Integer(1) / divisor).is_integer:
        return _plain(whole - 1)  # just below a whole number
    return _plain(sympy.floor(quotient))


def ceil_div(dividend: Dim, divisor: Dim) -> Dim:
    """Divide and round up."""
    return floor_div(dividend + divisor - 1, divisor)


def modulo(dividend: Dim, divisor: Dim) -> Dim:
    """Return what :func:`floor_div` leaves over."""
    if isinstance(dividend, int) and isinstance(divisor, int):
        return dividend % divisor
    import sympy

    if divisor == 0:
        raise ZeroDivisionError

    return _plain(sympy.Mod(dividend, divisor))


def exact_div(dividend: Dim, divisor: Dim, *, what: str) -> Dim:
    """Divide where nothing may be left over; ``what`` names the quotient in the error."""
    rest = modulo(dividend, divisor)
    require(equal(rest, 0), "{}: {} is not divisible by {}", what, dividend, divisor)
    if isinstance(dividend, int) and isinstance(divisor, int):
        return dividend // divisor
    return _plain(_expression(dividend) / divisor)


def equal(left: Dim, right: Dim) -> Condition:
    """Return whether two values are the same, as a condition where a symbol decides it."""
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    import sympy

    return sympy.Eq(left, right)


def minimum(left: Dim, right: Dim) -> Dim:
    """Return the smaller one."""
    if isinstance(left, int) and isinstance(right, int):
        return min(left, right)
    import sympy

    return _plain(sympy.Min(left, right))


def maximum(left: Dim, right: Dim) -> Dim:
    """Return the larger one."""
    if isinstance(left, int) and isinstance(right, int):
        return max(left, right)
    import sympy

    return _plain(sympy.Max(left, right))


def exceeds(value: Dim, limit: Dim) -> Dim:
    """Return 1 if a value is larger than a limit, else 0: Iverson's bracket."""
    larger = value > limit
    if isinstance(larger, bool):
        return int(larger)
    import sympy

    if larger in (sympy.true, sympy.false):
        return int(bool(larger))
    return sympy.Piecewise((1, larger), (0, True), evaluate=False)


def _expression(value: Dim) -> sympy.Expr:
    """Return a Python integer as a SymPy one, anything else as it is."""
    import sympy

    return sympy.Integer(value) if isinstance(value, int) else value


def _plain(value: sympy.Expr) -> Dim:
    """Return a SymPy integer as a Python one, anything else as it is."""
    return int(value) if value.is_Integer else value
