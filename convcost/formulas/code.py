"""Formulas as functions in programming languages, exact in integers.

Every export is a whole function (or file), named after the quantity, with the symbols as
arguments in their order and a comment that says what they mean. SymPy's printers write
the arithmetic; here stand only floors, which are integer divisions, and the frames.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import sympy
from sympy.printing.c import C99CodePrinter
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.pycode import PythonCodePrinter

from convcost.errors import ConvcostError
from convcost.formulas.exact import evaluate
from convcost.formulas.floors import FloorDiv, as_divisions
from convcost.formulas.formula import Formula
from convcost.formulas.printing import condition_text

_C_WORDS = (
    "auto break case char const continue default do double else enum extern float for goto if"
    " inline int long register restrict return short signed sizeof static struct switch typedef"
    " union unsigned void volatile while main"
)
_JS_WORDS = (
    "arguments await break case catch class const continue debugger default delete do else enum"
    " eval export extends false finally for function if implements import in instanceof interface"
    " let new null package private protected public return static super switch this throw true try"
    " typeof var void while with yield"
)
_LARGEST_INT64 = 2**63 - 1
_LARGEST_EXACT_NUMBER = 2**53 - 1


class _Python(PythonCodePrinter):
    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        return "(({}) // ({}))".format(*map(self._print, expr.args))

    def _print_Mod(self, expr: sympy.Mod) -> str:
        return "(({}) % ({}))".format(*map(self._print, expr.args))


class _C(C99CodePrinter):
    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        # In the domain both are positive, so C's division rounds down as well.
        return "(({})/({}))".format(*map(self._print, expr.args))

    def _print_Pow(self, expr: sympy.Pow, rational: Any = None) -> str:
        return _power(self, expr)

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return f"INT64_C({expr})" if abs(int(expr)) > 2**31 - 1 else str(expr)


class _Javascript(JavascriptCodePrinter):
    """Arithmetic of BigInt: exact at any size, and its division rounds towards 0."""

    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        return "(({})/({}))".format(*map(self._print, expr.args))

    def _print_Pow(self, expr: sympy.Pow, rational: Any = None) -> str:
        return _power(self, expr)

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return f"{expr}n"


def _power(printer: CodePrinter, expr: sympy.Pow) -> str:
    base, exponent = expr.args
    if not exponent.is_Integer or exponent < 0:
        raise ConvcostError(f"no integer code for {expr}")
    return "(" + "*".join([printer.parenthesize(base, 100)] * int(exponent)) + ")"


def python(formula: Formula) -> str:
    """Write a Python function; its integers have any size."""
    names, body = _written(formula, _Python(), keyword.kwlist)
    return (
        f"def {formula.quantity}({', '.join(names)}):\n"
        f'    """{_about(formula, names, "    ")}\n    """\n'
        f"    return {body}\n"
    )


def numpy(formula: Formula) -> str:
    """Write a Python function of arrays of int64 that raises where that is too small."""
    names, body = _written(formula, _Python(), [*keyword.kwlist, "np", "exact", "value"])
    objects = "".join(f"    {name} = np.asarray({name}, dtype=object)\n" for name in names)
    return (
        f"import numpy as np\n\n\ndef {formula.quantity}({', '.join(names)}):\n"
        f'    """{_about(formula, names, "    ")}\n\n'
        "    Exact; raises OverflowError where int64 is too small.\n"
        '    """\n'
        f"{objects}    exact = np.asarray({body}, dtype=object)\n"
        f"    if exact.size and max(abs(value) for value in exact.flat) > {_LARGEST_INT64}:\n"
        f'        raise OverflowError("{formula.quantity}: larger than int64")\n'
        "    return exact.astype(np.int64)\n"
    )


def c(formula: Formula) -> str:
    """Write a C99 function of 64-bit integers, and say up to where they suffice."""
    names, body = _written(formula, _C(), _C_WORDS.split())
    arguments = ", ".join(f"int64_t {name}" for name in names) or "void"
    return (
        f"#include <stdint.h>\n\n/*\n * {_about(formula, names, ' * ')}\n *\n"
        f" * No value on the way exceeds {_LARGEST_INT64}\n"
        f" * while no argument exceeds {_safe_size(formula)}.\n */\n"
        f"int64_t {formula.quantity}({arguments})\n{{\n    return {body};\n}}\n"
    )


def javascript(formula: Formula) -> str:
    """Write a JavaScript function; it calculates in BigInt, and takes numbers as well."""
    names, body = _written(formula, _Javascript(), _JS_WORDS.split())
    converted = "".join(f"  {name} = BigInt({name});\n" for name in names)
    return (
        f"/*\n * {_about(formula, names, ' * ')}\n *\n"
        f" * Returns a BigInt: a number is exact up to {_LARGEST_EXACT_NUMBER} only.\n */\n"
        f"function {formula.quantity}({', '.join(names)}) {{\n{converted}  return {body};\n}}\n"
    )


EXPORTS: Mapping[str, Callable[[Formula], str]] = MappingProxyType(
    {"python": python, "numpy": numpy, "c": c, "javascript": javascript}
)


def _written(formula: Formula, printer: CodePrinter, words: Iterable[str]) -> tuple[list[str], str]:
    """Return the names of the arguments and the arithmetic, in a language with these words."""
    if isinstance(formula.expr, sympy.Tuple):
        raise ConvcostError("a shape is no number: choose another quantity, or text")
    taken = {formula.quantity, *words}
    renamed: dict[sympy.Symbol, sympy.Symbol] = {}
    for what in formula.symbols:
        name = what.name
        while name in taken:
            name += "_"
        taken.add(name)
        renamed[what] = sympy.Symbol(name)
    names = [each.name for each in renamed.values()]
    return names, printer.doprint(_whole(formula).xreplace(renamed))


def _whole(formula: Formula) -> Any:
    """Return the expression with one division, which leaves nothing over, around it all."""
    top, bottom = sympy.fraction(sympy.together(as_divisions(formula.expr)))
    return top if bottom == 1 else FloorDiv(top, bottom)


def _about(formula: Formula, names: Iterable[str], margin: str) -> str:
    """Return what a reader must know, every line but the first behind a margin."""
    domain = ", ".join(map(condition_text, formula.domain)) or "all positive integers"
    lines = [
        f"{formula.quantity} of {formula.subject}, in {formula.unit}.",
        "",
        f"Arguments: {', '.join(names) or 'none'}; positive integers.",
        f"Domain: {domain}.",
        *([f"Source: {formula.source}."] if formula.source else []),
    ]
    return "\n".join(f"{margin}{line}".rstrip() for line in lines).removeprefix(margin)


def _safe_size(formula: Formula) -> int:
    """Return up to which size of all arguments no value on the way exceeds 64 bits."""
    largest = _dominating(_whole(formula))
    names = [what.name for what in formula.symbols]
    low, high = 0, _LARGEST_INT64
    while high - low > 1:
        middle = (low + high) // 2
        fits = evaluate(largest, dict.fromkeys(names, middle)) <= _LARGEST_INT64
        low, high = (middle, high) if fits else (low, middle)
    return low


def _dominating(expression: Any) -> Any:
    """Return a sum of products that no part of an expression exceeds."""
    if expression.is_Integer:
        return abs(expression)
    if isinstance(expression, FloorDiv):
        return _dominating(expression.args[0])
    if expression.is_Atom or isinstance(expression, sympy.Pow):
        return expression
    return expression.func(*map(_dominating, expression.args))
