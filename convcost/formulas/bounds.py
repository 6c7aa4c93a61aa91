"""Up to which sizes 64 bits hold every value on the way to a result."""

from __future__ import annotations

from typing import Any

import sympy

from convcost.formulas.exact import evaluate
from convcost.formulas.floors import FloorDiv, whole
from convcost.formulas.formula import Formula

LARGEST_INT64 = 2**63 - 1


def safe_size(formula: Formula) -> int:
    """Return up to which size of all arguments no value on the way exceeds 64 bits."""
    largest = _dominating(whole(formula.expr))
    names = [what.name for what in formula.symbols]
    low, high = 0, LARGEST_INT64
    while high - low > 1:
        middle = (low + high) // 2
        fits = evaluate(largest, dict.fromkeys(names, middle)) <= LARGEST_INT64
        low, high = (middle, high) if fits else (low, middle)
    return low


def _dominating(expression: Any) -> Any:
    """Return a sum of products that no part of an expression exceeds."""
    if expression.is_Integer:
        return abs(expression)
    if isinstance(expression, FloorDiv | sympy.Mod | sympy.Min | sympy.Max):
        return 2 * sympy.Add(*map(_dominating, expression.args))  # as the helpers need
    if expression.is_Atom or isinstance(expression, sympy.Pow):
        return expression
    return expression.func(*map(_dominating, expression.args))
