"""Floors as divisions: ``floor(H/2 + 1/2)`` is written ``floor((H + 1)/2)``."""

from __future__ import annotations

from typing import Any

import sympy


class FloorDiv(sympy.Function):
    """``floor(numerator / denominator)`` of two integers, for printers: it computes nothing."""

    nargs = 2


def as_divisions(expression: sympy.Basic) -> Any:
    """Return the expression with a :class:`FloorDiv` for every floor.

    A whole number beside a floor goes inside, as the convolution arithmetic writes it:
    ``floor((H - k)/s) + 1`` becomes ``floor((H - k + s)/s)``.
    """
    if not expression.has(sympy.floor):
        return expression
    arguments = [as_divisions(argument) for argument in expression.args]
    if isinstance(expression, sympy.Max):
        return sympy.Max(*arguments, evaluate=False)  # the few that can be it are found already
    if isinstance(expression, sympy.floor):
        return _division(sympy.together(arguments[0]))
    if isinstance(expression, sympy.Add):
        floors = [argument for argument in arguments if isinstance(_factor(argument)[1], FloorDiv)]
        constant = sum(argument for argument in arguments if argument.is_Integer)
        if len(floors) == 1 and constant and (constant / _factor(floors[0])[0]).is_Integer:
            # `16*floor(H/4) - 48` is 16 times the floor with -3 inside.
            times, floor = _factor(floors[0])
            numerator, denominator = floor.args
            moved = sympy.expand(numerator + constant / times * denominator)
            others = [a for a in arguments if a is not floors[0] and not a.is_Integer]
            return sympy.Add(times * FloorDiv(moved, denominator), *others)
    return expression.func(*arguments)


def _factor(term: sympy.Expr) -> tuple[Any, Any]:
    """Return a term's number, and what it stands before."""
    return term.as_coeff_Mul()


def _division(quotient: sympy.Expr) -> Any:
    numerator, denominator = quotient.as_numer_denom()
    return FloorDiv(sympy.expand(numerator), denominator)


def collected(expression: sympy.Basic) -> Any:
    """Multiply out, but for the floors, and collect what is left by them."""
    if isinstance(expression, sympy.Tuple):
        return expression
    if isinstance(expression, sympy.Max):
        return sympy.Max(*map(collected, expression.args), evaluate=False)
    multiplied = sympy.expand(as_divisions(expression))
    return multiplied.replace(FloorDiv, lambda top, bottom: sympy.floor(top / bottom))


def whole(expression: sympy.Basic) -> Any:
    """Return an expression that is an integer in integers, its floors as divisions.

    One division, which leaves nothing over, stands around it all where one is needed.
    """
    if isinstance(expression, sympy.Max):
        return sympy.Max(*map(whole, expression.args), evaluate=False)
    top, bottom = sympy.fraction(sympy.together(as_divisions(expression)))
    return top if bottom == 1 else FloorDiv(top, bottom)


def unrounded(expression: sympy.Basic) -> Any:
    """Return the expression with what its floors round in place of them."""
    return expression.replace(sympy.floor, lambda inside: inside)
