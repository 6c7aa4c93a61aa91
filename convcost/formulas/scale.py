"""What a cost is multiplied by when a size is: exactly, in the limit, and at given numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from convcost.errors import ConvcostError, nearest
from convcost.formulas.floors import as_divisions, unrounded
from convcost.formulas.formula import Formula
from convcost.formulas.printing import text

_EXTENTS = {"H", "W", "n_h", "n_w"}


@dataclass(frozen=True, slots=True)
class Change:
    """Symbols that are multiplied, and symbols that are set to a number."""

    times: Mapping[str, int]
    values: Mapping[str, int]

    def numbers(self, sizes: Mapping[str, int]) -> dict[str, int]:
        """Return sizes with the change made."""
        return {
            name: self.values.get(name, size * self.times.get(name, 1))
            for name, size in sizes.items()
        }

    def symbols(self, formula: Formula) -> dict[sympy.Symbol, sympy.Expr]:
        """Return what stands for a formula's symbols with the change made."""
        changed = {}
        for what in formula.symbols:
            if what.name in self.values:
                changed[what] = sympy.Integer(self.values[what.name])
            elif what.name in self.times:
                changed[what] = self.times[what.name] * what
        return changed


@dataclass(frozen=True, slots=True)
class Ratio:
    """The new cost over the old.

    ``exact`` holds for all sizes; ``limit`` is what it comes to as the extents, and the
    multiplied sizes but for paddings, grow; ``example`` is its value at the formula's example.
    """

    quantity: str
    exact: Any
    limit: Any
    example: Fraction | None

    def __str__(self) -> str:
        return text(self.exact)


def scale(formula: Formula, change: Change) -> Ratio:
    """Return what a change of sizes does to a cost.

    Raises: ConvcostError if the change names no symbol of the formula, or nothing is
        counted.
    """
    names = [what.name for what in formula.symbols]
    for name in (*change.times, *change.values):
        if name not in names:
            raise ConvcostError(
                f"{formula.quantity} has no symbol {name!r}; {nearest(name, names)}"
            )
    if formula.expr == 0:
        raise ConvcostError(f"{formula.quantity} of {formula.subject} is 0: it has no ratio")
    new = formula.expr.xreplace(change.symbols(formula))
    grown = change.numbers(formula.example)
    example = None
    if formula.is_valid(**formula.example) and formula.is_valid(**grown):
        old_value = formula.evaluate(**formula.example)
        example = Fraction(formula.evaluate(**grown), old_value) if old_value else None
    exact = sympy.cancel(as_divisions(new) / as_divisions(formula.expr))
    return Ratio(formula.quantity, exact, _limit(new, formula, change), example)


def _limit(new: sympy.Basic, formula: Formula, change: Change) -> Any:
    """Divide the leading terms in what grows; a floor is in the end what it rounds."""
    t = sympy.Dummy("t", positive=True)
    swollen = {
        what: t * what
        for what in formula.symbols
        if what.name in _EXTENTS or (what.name in change.times and what.is_positive)
    }
    top, bottom = (
        sympy.fraction(sympy.together(unrounded(each).xreplace(swollen)))
        for each in (new, formula.expr)
    )
    leading = [sympy.Poly(each, t) for each in (top[0] * bottom[1], top[1] * bottom[0])]
    if leading[0].degree() != leading[1].degree():
        return sympy.oo if leading[0].degree() > leading[1].degree() else sympy.Integer(0)
    return sympy.cancel(leading[0].LC() / leading[1].LC())
