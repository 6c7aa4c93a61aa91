"""The largest of some values, of which symbols may decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from convcost.dims import Dim

if TYPE_CHECKING:
    import sympy

if TYPE_CHECKING:
    pass


def largest(values: Iterable[Dim]) -> Dim:
    """Return the largest value; of none it is 0.

    Of expressions it is the maximum of the few that can be the largest: one that another
    exceeds for all positive integers is left out.
    """
    candidates: list[Dim] = []
    for value in dict.fromkeys(values):
        if isinstance(value, int) and all(isinstance(other, int) for other in candidates):
            candidates = [max(value, *candidates)] if candidates else [value]
        elif not any(_never_exceeds(value, other) for other in candidates):
            candidates = [other for other in candidates if not _never_exceeds(other, value)]
            candidates.append(value)
    if len(candidates) > 1:
        import sympy

        return sympy.Max(*candidates, evaluate=False)  # which would compare them all again
    return candidates[0] if candidates else 0


def _never_exceeds(small: Dim, large: Dim) -> bool:
    """Whether ``large - small`` is a polynomial without a negative coefficient.

    It is one as it stands, in products of extents; or multiplied out, in its symbols or in
    what they are above 1, and in its floors.
    """
    import sympy

    difference = sympy.sympify(large) - small
    if difference.has(sympy.Min, sympy.Max, sympy.Mod):
        return False  # which may be anything
    if _without_negative(difference) or _without_negative(difference := sympy.expand(difference)):
        return True
    floors = {floor: sympy.Dummy() for floor in difference.atoms(sympy.floor)}
    above = {what: what + 1 for what in difference.free_symbols if what.is_positive}
    return _without_negative(sympy.expand(difference.xreplace(floors).xreplace(above)))


def _without_negative(expression: sympy.Expr) -> bool:
    return all(number >= 0 for number in expression.as_coefficients_dict().values())
