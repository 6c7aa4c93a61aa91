"""Expressions of integers, computed exactly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import floor, prod
from types import MappingProxyType

import sympy

_RULES: Mapping[type[sympy.Basic], Callable[[list[Fraction]], Fraction]] = MappingProxyType(
    {
        sympy.Add: lambda terms: sum(terms, Fraction(0)),
        sympy.Mul: lambda factors: prod(factors, start=Fraction(1)),
        sympy.Pow: lambda pair: pair[0] ** int(pair[1]),
        sympy.floor: lambda values: Fraction(floor(values[0])),
        sympy.Mod: lambda pair: pair[0] % pair[1],
        sympy.Min: min,
        sympy.Max: max,
    }
)


def evaluate(expression: sympy.Basic, values: Mapping[str, int]) -> Fraction:
    """Compute an expression at integers; nothing is rounded.

    Raises: KeyError for a symbol without a value; ZeroDivisionError.
    """
    match expression:
        case sympy.Symbol():
            return Fraction(values[expression.name])
        case sympy.Rational():
            return Fraction(int(expression.p), int(expression.q))
    for kind, compute in _RULES.items():
        if isinstance(expression, kind):
            return compute([evaluate(argument, values) for argument in expression.args])
    raise TypeError(f"no rule computes {type(expression).__name__}")


def holds(condition: sympy.Basic, values: Mapping[str, int]) -> bool:
    """Decide a condition at integers."""
    if isinstance(condition, sympy.logic.boolalg.BooleanAtom):
        return bool(condition)
    left, right = (evaluate(side, values) for side in condition.args)
    match condition:
        case sympy.Ge():
            return left >= right
        case sympy.Gt():
            return left > right
        case sympy.Le():
            return left <= right
        case sympy.Lt():
            return left < right
        case sympy.Eq():
            return left == right
        case sympy.Ne():
            return left != right
    raise TypeError(f"no rule decides {type(condition).__name__}")
