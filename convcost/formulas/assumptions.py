"""What a user lets a formula assume: ``H % 32 == 0``, ``p_h == k_h - 1``, ``H >= 224``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sympy

from convcost.dims import Dim, symbol
from convcost.errors import SpecError
from convcost.expressions import Expression, parse


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What to calculate with in place of symbols, and how to write it with them again.

    A divisibility is built in, not simplified afterwards: ``H`` enters the rules as
    ``32 * q``, the floors never come to be, and ``q`` is written ``H/32`` at the end.
    """

    values: dict[str, Dim] = field(default_factory=dict)
    restored: dict[sympy.Symbol, sympy.Expr] = field(default_factory=dict)
    conditions: list[sympy.Basic] = field(default_factory=list)

    def restore(self, expression: sympy.Basic) -> sympy.Basic:
        """Return an expression in the symbols that the user knows."""
        return expression.xreplace(self.restored) if self.restored else expression


def read(texts: Iterable[str], symbols: Mapping[str, sympy.Symbol]) -> Assumptions:
    """Read assumptions about these symbols.

    Raises: SpecError for what is not understood, or says two things of one symbol.
    """
    assumptions = Assumptions()
    for text in texts:
        try:
            _add(assumptions, parse(text, symbols), symbols)
        except SpecError as error:
            raise error.at("--assume", None) from None
    return assumptions


def _add(
    assumptions: Assumptions, expression: Expression, known: Mapping[str, sympy.Symbol]
) -> None:
    match expression.tree:
        case ast.Compare(
            left=ast.BinOp(left=ast.Name(id=name), op=ast.Mod(), right=divisor),
            ops=[ast.Eq()],
            comparators=[remainder],
        ):
            _divisible(
                assumptions, known[name], _part(divisor, known), _part(remainder, known), expression
            )
        case ast.Compare(left=ast.Name(id=name), ops=[ast.Eq()], comparators=[value]):
            _require_new(assumptions, name, expression)
            assumptions.values[name] = _part(value, known)
            assumptions.conditions.append(
                sympy.Eq(known[name], _part(value, known), evaluate=False)
            )
        case ast.Compare(ops=[ast.GtE() | ast.Gt() | ast.LtE() | ast.Lt()]):
            condition = expression.value(known)
            if not isinstance(condition, bool):
                assumptions.conditions.append(condition)
        case _:
            raise SpecError(
                f"cannot use {expression.text!r}: expected such as 'H % 32 == 0',"
                " 'p_h == k_h - 1' or 'H >= 224'"
            )


def _divisible(
    assumptions: Assumptions,
    what: sympy.Symbol,
    divisor: Dim,
    remainder: Dim,
    expression: Expression,
) -> None:
    """Let a symbol be ``divisor * q`` less what is missing to a whole divisor."""
    _require_new(assumptions, what.name, expression)
    if isinstance(divisor, int) and divisor < 1:
        raise SpecError(f"cannot use {expression.text!r}: nothing is divisible by {divisor}")
    if remainder != 0 and not (
        isinstance(divisor, int) and isinstance(remainder, int) and 0 < remainder < divisor
    ):
        raise SpecError(f"cannot use {expression.text!r}: {remainder} is no such remainder")
    missing = divisor - remainder if remainder != 0 else 0
    quotient = symbol(f"{what.name} over {divisor}")  # no name a user can write
    assumptions.values[what.name] = divisor * quotient - missing
    assumptions.restored[quotient] = (what + missing) / divisor
    assumptions.conditions.append(sympy.Eq(sympy.Mod(what, divisor), remainder, evaluate=False))


def _require_new(assumptions: Assumptions, name: str, expression: Expression) -> None:
    if name in assumptions.values:
        raise SpecError(f"cannot use {expression.text!r}: {name} is assumed about already")


def _part(tree: ast.expr, known: Mapping[str, sympy.Symbol]) -> Dim:
    value: Dim = Expression(ast.unparse(tree), tree).value(known)
    return value
