"""The largest of some values, of which symbols may decide."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from convcost.dims import Dim

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

        return sympy.Max(*candidates)
    return candidates[0] if candidates else 0


def _never_exceeds(small: Dim, large: Dim) -> bool:
    """Whether ``large - small`` is a polynomial without a negative coefficient.

    It is one in what its symbols are above 1, and in its floors.
    """
    import sympy

    difference = sympy.expand(sympy.sympify(large) - small)
    if difference.is_number:
        return bool(difference >= 0)
    above = {what: what + 1 for what in difference.free_symbols if what.is_positive}
    floors = {floor: sympy.Dummy() for floor in difference.atoms(sympy.floor)}
    shifted = difference.xreplace(floors).xreplace(above)
    if not shifted.is_polynomial():
        return False
    return all(coefficient >= 0 for coefficient in sympy.Poly(shifted).coeffs())
