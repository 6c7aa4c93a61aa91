"""Formulas as functions in programming languages, exact in integers.

Every export is a whole function (or file), named after the quantity, with the symbols as
arguments in their order and a comment that says what they mean. SymPy's printers write
the arithmetic; here stand what they would do in floating point (floors, remainders, the
smaller and the larger of two) and the frames.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from types import MappingProxyType
from typing import Any

import sympy
from sympy.printing.c import C99CodePrinter
from sympy.printing.codeprinter import CodePrinter
from sympy.printing.jscode import JavascriptCodePrinter
from sympy.printing.pycode import PythonCodePrinter

from convcost.errors import ConvcostError
from convcost.formulas.bounds import LARGEST_INT64, safe_size
from convcost.formulas.floors import FloorDiv, whole
from convcost.formulas.formula import Formula

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
_LARGEST_EXACT_NUMBER = 2**53 - 1


class _Nesting(CodePrinter):
    """Writes functions of two arguments, also where there are more."""

    def _nested(self, name: str, expr: sympy.Expr) -> str:
        return reduce(lambda left, right: f"{name}({left}, {right})", map(self._print, expr.args))


class _Python(_Nesting, PythonCodePrinter):
    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        return "(({}) // ({}))".format(*map(self._print, expr.args))

    def _print_Mod(self, expr: sympy.Mod) -> str:
        return "(({}) % ({}))".format(*map(self._print, expr.args))


class ArrayPrinter(_Python):
    """Python for numpy's arrays."""

    def _print_Min(self, expr: sympy.Min) -> str:
        return self._nested("np.minimum", expr)

    def _print_Max(self, expr: sympy.Max) -> str:
        return self._nested("np.maximum", expr)


class _Helped(_Nesting):
    """Calls functions of :data:`_HELPERS` for what the language lacks."""

    def _print_FloorDiv(self, expr: FloorDiv) -> str:
        return self._nested("floor_div", expr)

    def _print_Mod(self, expr: sympy.Mod) -> str:
        return self._nested("modulo", expr)

    def _print_Min(self, expr: sympy.Min) -> str:
        return self._nested("smaller", expr)

    def _print_Max(self, expr: sympy.Max) -> str:
        return self._nested("larger", expr)

    def _print_Pow(self, expr: sympy.Pow, rational: Any = None) -> str:
        base, exponent = expr.args
        if not exponent.is_Integer or exponent < 0:
            raise ConvcostError(f"no integer code for {expr}")
        return "(" + "*".join([self.parenthesize(base, 100)] * int(exponent)) + ")"


class _C(_Helped, C99CodePrinter):
    """Arithmetic of int64_t."""

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return f"INT64_C({expr})" if abs(int(expr)) > 2**31 - 1 else str(expr)


class _Javascript(_Helped, JavascriptCodePrinter):
    """Arithmetic of BigInt, exact at any size."""

    def _print_Integer(self, expr: sympy.Integer) -> str:
        return f"{expr}n"


_HELPERS: Mapping[str, str] = MappingProxyType(
    {
        # The division of C and of BigInt rounds towards 0.
        "floor_div": "(a - (a % b + b) % b) / b",
        "modulo": "(a % b + b) % b",
        "smaller": "a < b ? a : b",
        "larger": "a < b ? b : a",
    }
)
"""What C and JavaScript lack for integers, of a and a positive b."""


def python(*formulas: Formula) -> str:
    """Write a Python function for each formula; its integers have any size."""
    return "\n\n".join(
        f"def {name}({', '.join(names)}):\n"
        f'    """{_about(formula, names, "    ")}\n    """\n'
        f"    return {body}\n"
        for formula, name, names, body in _written(formulas, _Python(), keyword.kwlist)
    )


def numpy(*formulas: Formula) -> str:
    """Write functions of arrays of int64 that raise where that is too small."""
    functions = []
    for formula, name, names, body in _written(
        formulas, ArrayPrinter(), [*keyword.kwlist, "np", "exact"]
    ):
        objects = "".join(f"    {each} = np.asarray({each}, dtype=object)\n" for each in names)
        functions.append(
            f"def {name}({', '.join(names)}):\n"
            f'    """{_about(formula, names, "    ")}\n\n'
            "    Exact; raises OverflowError where int64 is too small.\n"
            '    """\n'
            f"{objects}    exact = np.asarray({body}, dtype=object)\n"
            "    return exact.astype(np.int64)\n"
        )
    return "import numpy as np\n\n\n" + "\n\n".join(functions)


def c(*formulas: Formula) -> str:
    """Write C99 functions of 64-bit integers, and say up to where they suffice."""
    functions = []
    for formula, name, names, body in _written(
        formulas, _C(), [*_C_WORDS.split(), *_HELPERS, "int64_t", "INT64_C"]
    ):
        arguments = ", ".join(f"int64_t {each}" for each in names) or "void"
        used = set(re.findall(r"\w+", body))
        unused = "".join(f"    (void){each};\n" for each in names if each not in used)
        functions.append(
            f"/*\n * {_about(formula, names, ' * ')}\n *\n"
            f" * No value on the way exceeds {LARGEST_INT64}\n"
            f" * while no argument exceeds {safe_size(formula)}.\n */\n"
            f"int64_t {name}({arguments})\n{{\n{unused}    return {body};\n}}\n"
        )
    helper = "static int64_t {}(int64_t a, int64_t b) {{ return {}; }}\n"
    return "#include <stdint.h>\n\n" + _with_helpers(functions, helper)


def javascript(*formulas: Formula) -> str:
    """Write JavaScript functions; they calculate in BigInt, and take numbers as well."""
    functions = []
    for formula, name, names, body in _written(
        formulas, _Javascript(), [*_JS_WORDS.split(), *_HELPERS, "BigInt"]
    ):
        converted = "".join(f"  {each} = BigInt({each});\n" for each in names)
        functions.append(
            f"/*\n * {_about(formula, names, ' * ')}\n *\n"
            f" * Returns a BigInt: a number is exact up to {_LARGEST_EXACT_NUMBER} only.\n */\n"
            f"function {name}({', '.join(names)}) {{\n{converted}  return {body};\n}}\n"
        )
    return _with_helpers(functions, "const {} = (a, b) => {};\n")


EXPORTS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {"python": python, "numpy": numpy, "c": c, "javascript": javascript}
)


def _with_helpers(functions: list[str], frame: str) -> str:
    """Return the helpers that functions call, each in a frame, and the functions."""
    text = "\n".join(functions)
    called = [frame.format(*helper) for helper in _HELPERS.items() if f"{helper[0]}(" in text]
    return "".join([*called, "\n"]) + text if called else text


def _written(
    formulas: Sequence[Formula], printer: CodePrinter, words: Iterable[str]
) -> Iterator[tuple[Formula, str, list[str], str]]:
    """Yield each formula, its function's name and arguments, and its arithmetic.

    A function is called after the quantity; of several, each after its layer too. No name is
    one of the language's words, or stands for two things.
    """
    reserved = set(words)
    functions: set[str] = set()
    for formula in formulas:
        if isinstance(formula.expr, sympy.Tuple):
            raise ConvcostError("a shape is no number: choose another quantity, or text")
        layer = re.sub(r"\W", "_", f"_{formula.layer}") if len(formulas) > 1 else ""
        name = _unused(formula.quantity + layer, reserved | functions)
        functions.add(name)
        taken = {name, *reserved}
        renamed: dict[sympy.Symbol, sympy.Symbol] = {}
        for what in formula.symbols:
            argument = _unused(what.name, taken)
            taken.add(argument)
            renamed[what] = sympy.Symbol(argument)
        names = [each.name for each in renamed.values()]
        yield formula, name, names, printer.doprint(whole(formula.expr).xreplace(renamed))


def _unused(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _about(formula: Formula, names: Iterable[str], margin: str) -> str:
    """Return what a reader must know, every line but the first behind a margin."""
    domain = ", ".join(formula.conditions) or "all positive integers"
    lines = [
        f"{formula.quantity} of {formula.subject}, in {formula.unit}.",
        "",
        f"Arguments: {', '.join(names) or 'none'}; positive integers.",
        f"Domain: {domain}.",
        *([f"Source: {formula.source}."] if formula.source else []),
    ]
    return "\n".join(f"{margin}{line}".rstrip() for line in lines).removeprefix(margin)
