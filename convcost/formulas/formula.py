"""A closed form: its expression, its symbols, and where it is valid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from convcost.errors import ConvcostError, nearest
from convcost.formulas.exact import evaluate, holds
from convcost.formulas.printing import condition_text, latex, text


@dataclass(frozen=True, slots=True, repr=False)
class Formula:
    """The exact value of a quantity as an expression of symbols, all positive integers.

    It is of a network or a layer kind, ``of``, or of one ``layer`` in it. ``symbols`` are the
    arguments, in the order they were asked for; ``domain`` the conditions under which it
    holds; ``example`` sizes to try it with; ``fixed`` what N, H and W are if they are not
    among the symbols. ``remark`` says that it is a lower bound, and of what nothing is known.
    """

    quantity: str
    of: str
    layer: str
    source: str
    unit: str
    expr: sympy.Basic
    symbols: tuple[sympy.Symbol, ...]
    domain: tuple[sympy.Basic, ...]
    example: Mapping[str, int]
    fixed: Mapping[str, int]
    remark: str = ""

    @property
    def subject(self) -> str:
        """What it is of, in words."""
        return f"{self.of}, layer {self.layer}" if self.layer else self.of

    @property
    def latex(self) -> str:
        """The expression in LaTeX, without dollars."""
        return latex(self.expr)

    def evaluate(self, **values: int) -> int:
        """Return the value at these sizes.

        Raises: ConvcostError if a symbol has no value, the sizes are not in the domain, or
            it is a shape.
        """
        if isinstance(self.expr, sympy.Tuple):
            raise ConvcostError("a shape is no number: choose another quantity")
        least = {what.name: 1 if what.is_positive else 0 for what in self.symbols}
        names = list(least)
        for name in names:
            if name not in values:
                raise ConvcostError(f"{self.quantity}: a value for {name!r} is missing")
        for name, value in values.items():
            if name not in names:
                raise ConvcostError(
                    f"{self.quantity} has no symbol {name!r}; {nearest(name, names)}"
                )
            if value < least[name]:
                raise ConvcostError(f"{name} must be {least[name]} or more, got {value}")
        for condition in self._decidable():
            if not holds(condition, values):
                raise ConvcostError(
                    f"{self.quantity} is valid for {condition_text(condition)} only"
                )
        return int(evaluate(self.expr, values))

    @property
    def conditions(self) -> list[str]:
        """What it holds for, in words: what is fixed, and the domain."""
        fixed = [f"{name} == {size}" for name, size in self.fixed.items()]
        return [*fixed, *map(condition_text, self.domain), *filter(None, [self.remark])]

    def numpy(self) -> Callable[..., Any]:
        """Return it as a function of arrays of whole numbers, in the order of ``symbols``.

        Shapes: arrays that broadcast; an array of int64 of their common shape.
        Raises: MissingDependencyError without numpy. The function raises OverflowError where
            int64 is too small, ConvcostError where a size is not in the domain.
        """
        from convcost.formulas.arrays import vectorized  # numpy is not part of the core

        conditions = list(self._decidable())
        return vectorized(self.quantity, self.expr, self.symbols, conditions)

    def is_valid(self, **values: int) -> bool:
        """Return whether these sizes are in the domain."""
        return all(holds(condition, values) for condition in self._decidable())

    def _decidable(self) -> Iterator[sympy.Basic]:
        """Yield the conditions on the formula's own symbols; others say what was put in."""
        own = set(self.symbols)
        yield from (condition for condition in self.domain if condition.free_symbols <= own)

    def __str__(self) -> str:
        return text(self.expr)

    def __repr__(self) -> str:
        return f"{self.quantity} of {self.subject} = {self}"

    def _repr_latex_(self) -> str:
        return f"${self.latex}$"
