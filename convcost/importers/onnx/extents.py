"""Extents while a file is read: the batch is in them as a factor, dynamic axes as symbols.

A spec's layers never name the batch. So that what a file computes from shapes can be told
from it, the batch is a prime number here: an extent that it divides goes with the batch.
Other dynamic axes are symbols, which become parameters of the spec.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from convcost import dims
from convcost.dims import Dim
from convcost.errors import ImportFormatError
from convcost.importers.network import number

if TYPE_CHECKING:
    import sympy

BATCH = 1_000_003
LARGEST_EXTENT = 1 << 62

_TAKEN = frozenset({"N", "C", "H", "W", "name", "when", "true", "false", "input"})


def of_sample(extent: Dim) -> Dim | None:
    """Return how much of an extent there is for every sample of the batch; None if not so."""
    if isinstance(extent, int):
        return extent // BATCH if extent and extent % BATCH == 0 else None
    share = (extent / BATCH).expand()
    coefficients = share.as_coefficients_dict().values()
    return share if all(number.is_Integer for number in coefficients) else None


def batch_axis(shape: Sequence[Dim]) -> int | None:
    """Return the axis that the batch is in, if it is in one."""
    return next((i for i, extent in enumerate(shape) if of_sample(extent) is not None), None)


def at_batch(extent: Dim, batch: int) -> Dim:
    """Return an extent for a batch of this size."""
    share = of_sample(extent)
    return extent if share is None else share * batch


def broadcast(shapes: Sequence[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """Return the shape that these are broadcast to, as NumPy does it.

    Raises: ValueError if they do not go together.
    """
    rank = max(map(len, shapes), default=0)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(_common(extents) for extents in zip(*padded, strict=True))


def _common(extents: Sequence[Dim]) -> Dim:
    others = [extent for extent in extents if extent != 1]
    if any(other != others[0] for other in others):
        raise ValueError(f"extents of {' and '.join(map(str, extents))}")
    return others[0] if others else 1


def shown(shape: Sequence[Dim]) -> str:
    """Write a shape with N for the batch."""
    return "(" + ", ".join(map(_shown, shape)) + ")"


def _shown(extent: Dim) -> str:
    share = of_sample(extent)
    if share is None:
        return str(extent)
    return "N" if share == 1 else f"{share}*N"


class Parameters:
    """The dynamic axes of a file: symbols while it is read, parameters of the spec."""

    def __init__(self) -> None:
        self._symbols: dict[str, sympy.Symbol] = {}

    @property
    def names(self) -> list[str]:
        """What they are called in the spec."""
        return [symbol.name for symbol in self._symbols.values()]

    def symbol(self, name: str) -> Dim:
        """Return the symbol of what the file calls so."""
        if name not in self._symbols:
            legal = _legal(name)
            taken, found, count = set(self.names), legal, 1
            while found in taken:
                count += 1
                found = f"{legal}_{count}"
            self._symbols[name] = dims.symbol(found)
        return self._symbols[name]

    def known(self, name: str) -> Dim | None:
        """Return the symbol of that name, if an input has it."""
        return self._symbols.get(name)

    def written(self, value: Any) -> Any:
        """Return an attribute's value as a spec writes it.

        Raises: ImportFormatError if it depends on something that no spec can write.
        """
        if isinstance(value, tuple):
            return tuple(map(self.written, value))
        if isinstance(value, int) and of_sample(value) is not None and value is not True:
            raise ImportFormatError("what a layer does depends on the batch")
        if isinstance(value, bool | int | float | str):
            return value
        return number(text_of(value), self.names)


def _legal(name: str) -> str:
    """Return a name that expressions of a spec may use, and formulas have no other use for."""
    legal = re.sub(r"\W", "_", name, flags=re.ASCII)[:60].strip("_")
    if not legal or legal[0].isdigit() or legal in _TAKEN or iskeyword(legal):
        return f"axis_{legal}"
    return legal


def text_of(value: Dim) -> str:
    """Write an extent as an expression of a spec: + - * // and %.

    Raises: ImportFormatError if it needs something else.
    """
    import sympy

    expression = sympy.together(value)
    numerator, denominator = expression.as_numer_denom()
    if denominator != 1:
        return f"({text_of(numerator)}) // {_factor(denominator)}"
    match expression:
        case sympy.Integer() | sympy.Symbol():
            return str(expression)
        case sympy.Add():
            return " + ".join(map(_factor, expression.as_ordered_terms()))
        case sympy.Mul():
            return " * ".join(map(_factor, expression.as_ordered_factors()))
        case sympy.Pow(args=(base, sympy.Integer() as power)) if power > 0:
            return " * ".join([_factor(base)] * int(power))
        case sympy.floor(args=(inner,)):
            above, below = sympy.together(inner).as_numer_denom()
            return f"({text_of(above)}) // {_factor(below)}"
        case sympy.Mod(args=(above, below)):
            return f"{_factor(above)} % {_factor(below)}"
    raise ImportFormatError(f"a spec cannot write {expression}")


def _factor(value: Any) -> str:
    text = text_of(value)
    return text if text.isidentifier() or text.isdecimal() else f"({text})"


def as_fraction(value: float) -> Fraction:
    """Return the simplest fraction that is this number in single precision."""
    import struct

    def single(number: float) -> bytes:
        return struct.pack("f", number)

    exact = Fraction(value)
    for most in (1, 16, 1_000, 1_000_000):
        near = exact.limit_denominator(most)
        if single(float(near)) == single(value):
            return near
    return exact
