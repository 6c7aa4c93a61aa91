"""An extent that was computed from parameters, as the expression that a spec has for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convcost.dims import Dim
from convcost.errors import ImportFormatError, SpecError
from convcost.expressions import parse
from convcost.spec import Written

if TYPE_CHECKING:
    import sympy


def written(extent: Dim) -> Written:
    """Return a whole number as it is, a formula as an expression of the parameters in it.

    Raises: ImportFormatError if a spec cannot say it.
    """
    if isinstance(extent, int):
        return extent
    names = [str(symbol) for symbol in extent.free_symbols]
    try:
        return parse(_text(extent), names)
    except SpecError as error:
        raise ImportFormatError(*error.problems) from None


def _text(value: sympy.Expr) -> str:
    """Write a formula of whole numbers; a fraction is one that leaves nothing over."""
    import sympy

    if isinstance(value, sympy.Integer | sympy.Symbol):
        return str(value)
    if isinstance(value, sympy.floor):
        return _quotient(value.args[0])
    if isinstance(value, sympy.Mod):
        return f"(({_text(value.args[0])}) % ({_text(value.args[1])}))"
    if isinstance(value, sympy.Min | sympy.Max):
        return _chosen("<" if isinstance(value, sympy.Min) else ">", value.args)
    if isinstance(value, sympy.Pow) and value.exp.is_Integer and value.exp > 0:
        return "*".join([f"({_text(value.base)})"] * int(value.exp))
    if sympy.fraction(sympy.together(value))[1] != 1:
        return _quotient(value)
    if isinstance(value, sympy.Add):
        return " + ".join(_text(term) for term in value.args)
    if isinstance(value, sympy.Mul):
        return "*".join(f"({_text(factor)})" for factor in value.args)
    raise ImportFormatError(f"a spec cannot say {value}")


def _quotient(value: sympy.Expr) -> str:
    import sympy

    numerator, denominator = sympy.fraction(sympy.together(value))
    if denominator == 1:
        return _text(numerator)
    return f"(({_text(sympy.expand(numerator))})//({_text(denominator)}))"


def _chosen(compare: str, values: Sequence[Any]) -> str:
    """Write the smallest or the largest of some values."""
    first, *others = values
    text = _text(first)
    for other in others:
        that = _text(other)
        text = f"(({text}) if ({text}) {compare} ({that}) else ({that}))"
    return text
