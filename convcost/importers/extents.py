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
        return " % ".join(map(_part, value.args))
    if isinstance(value, sympy.Min | sympy.Max):
        return _chosen("<" if isinstance(value, sympy.Min) else ">", value.args)
    if sympy.fraction(sympy.together(value))[1] != 1:
        return _quotient(value)
    if isinstance(value, sympy.Add):
        return _sum(value)
    if isinstance(value, sympy.Mul):
        return "*".join(map(_part, value.as_ordered_factors()))
    if isinstance(value, sympy.Pow) and value.exp.is_Integer:
        return "*".join([_part(value.base)] * int(value.exp))
    raise ImportFormatError(f"a spec cannot say {value}")


def _part(value: Any) -> str:
    """Write a formula as a part of another one."""
    text = _text(value)
    return text if text.isalnum() else f"({text})"


def _sum(value: sympy.Expr) -> str:
    first, *others = value.as_ordered_terms()
    text = _text(first)
    for term in others:
        sign, size = ("-", -term) if term.could_extract_minus_sign() else ("+", term)
        text += f" {sign} {_text(size)}"
    return text


def _quotient(value: sympy.Expr) -> str:
    import sympy

    numerator, denominator = sympy.fraction(sympy.together(value))
    if denominator == 1:
        return _text(numerator)
    return f"{_part(sympy.expand(numerator))}//{_part(denominator)}"


def _chosen(compare: str, values: Sequence[Any]) -> str:
    """Write the smallest or the largest of some values."""
    text = _part(values[0])
    for other in values[1:]:
        that = _part(other)
        text = f"({text} if {text} {compare} {that} else {that})"
    return text
