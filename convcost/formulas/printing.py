"""Formulas as text, LaTeX and MathML."""

from __future__ import annotations

import sympy
from sympy.printing.latex import LatexPrinter
from sympy.printing.str import StrPrinter

from convcost.formulas.floors import FloorDiv, as_divisions


class _Text(StrPrinter):
    """SymPy's own text, but for floors and remainders."""

    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        numerator, denominator = (self._print(argument) for argument in expr.args)
        if denominator == "1":
            return f"floor({numerator})"
        top = f"({numerator})" if expr.args[0].is_Add else numerator
        bottom = denominator if expr.args[1].is_Atom else f"({denominator})"
        return f"floor({top}/{bottom})"

    def _print_Mod(self, expr: sympy.Mod) -> str:
        left, right = (self._print(argument) for argument in expr.args)
        return f"{left if expr.args[0].is_Atom else f'({left})'} % {right}"

    def _print_Piecewise(self, expr: sympy.Piecewise) -> str:
        """Write what is 1 under a condition, else 0, as the condition in brackets."""
        value, condition = expr.args[0].args
        assert value == 1  # noqa: S101 - `dims.exceeds` makes no others
        return f"[{self._print(condition)}]"


class _Latex(LatexPrinter):
    """SymPy's own LaTeX, but for floors and for names longer than a letter."""

    def _print_Symbol(self, expr: sympy.Symbol, style: str = "plain") -> str:
        base, _, index = expr.name.partition("_")
        if len(base) == 1:
            return str(super()._print_Symbol(expr, style=style))
        if index.isdecimal():
            return rf"\mathit{{{base}}}_{{{index}}}"
        return rf"\mathit{{{expr.name}}}".replace("_", r"\_")

    def _print_FloorDiv(self, expr: FloorDiv, exp: str | None = None) -> str:
        numerator, denominator = (self._print(argument) for argument in expr.args)
        shown = rf"\left\lfloor \frac{{{numerator}}}{{{denominator}}} \right\rfloor"
        return shown if exp is None else f"{shown}^{{{exp}}}"


def text(expression: sympy.Basic) -> str:
    """Write an expression as text."""
    return str(_Text().doprint(as_divisions(expression)))


def latex(expression: sympy.Basic) -> str:
    """Write an expression as LaTeX, without dollars."""
    return str(_Latex().doprint(as_divisions(expression)))


def mathml(expression: sympy.Basic) -> str:
    """Write an expression as presentation MathML."""
    from sympy import mathml as print_mathml

    body = print_mathml(expression, printer="presentation")
    body = body.replace("&InvisibleTimes;", "&#8290;")  # an entity that plain XML does not know
    return f'<math xmlns="http://www.w3.org/1998/Math/MathML">{body}</math>'


def condition_text(condition: sympy.Basic) -> str:
    """Write a condition: ``H >= 32``, ``C % 2 == 0``."""
    left, right = (text(side) for side in condition.args)
    return f"{left} {getattr(condition, 'rel_op', '?')} {right}"
