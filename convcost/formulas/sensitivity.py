"""Which symbol moves a cost how much."""

from __future__ import annotations

from fractions import Fraction

import sympy

from convcost.errors import ConvcostError
from convcost.formulas.exact import evaluate
from convcost.formulas.floors import unrounded
from convcost.formulas.formula import Formula


def elasticities(formula: Formula) -> dict[str, Fraction]:
    """Return by how many percent a cost grows when a symbol grows by one, for each symbol.

    That is ``x/f * df/dx``, at the formula's example and of the formula without its floors:
    in the extents it is a polynomial with an exact derivative.

    Raises: ConvcostError if nothing is counted, or the formula has a corner (a minimum).
    """
    smooth = unrounded(formula.expr)
    value = evaluate(smooth, formula.example)
    if not value:
        raise ConvcostError(f"{formula.quantity} of {formula.subject} is 0: nothing moves it")
    found = {}
    for what in formula.symbols:
        slope = sympy.diff(smooth, what)
        if slope.has(sympy.Heaviside, sympy.Derivative):
            raise ConvcostError(f"{formula.quantity} has no derivative by {what}")
        found[what.name] = formula.example[what.name] * evaluate(slope, formula.example) / value
    return found
