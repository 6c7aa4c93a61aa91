"""Integer arithmetic in specs and on the command line: text becomes a checked tree.

Allowed are whole numbers, declared names, ``true`` and ``false``, ``+ - * // %``,
comparisons, ``and or not``, ``a if b else c`` and parentheses. The text is parsed by
Python's own parser and then walked by an allow-list; it is never run.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost import dims
from convcost.dims import Dim
from convcost.errors import Location, SpecError, nearest

LONGEST = 200  # characters: keeps the tree shallow enough to walk by recursion
LARGEST_BITS = 256  # of any value, so that repeated products cannot grow without end

_CONSTANTS = MappingProxyType({"true": True, "false": False})

_BINARY: Mapping[type[ast.operator], Callable[[Dim, Dim], Dim]] = MappingProxyType(
    {
        ast.Add: operator.add,
        ast.Sub: operator.sub,
        ast.Mult: operator.mul,
        ast.FloorDiv: dims.floor_div,
        ast.Mod: dims.modulo,
    }
)
_UNARY: Mapping[type[ast.unaryop], Callable[[Any], Any]] = MappingProxyType(
    {ast.USub: operator.neg, ast.UAdd: operator.pos}
)
_COMPARISONS: Mapping[type[ast.cmpop], Callable[[Any, Any], Any]] = MappingProxyType(
    {
        ast.Eq: operator.eq,
        ast.NotEq: operator.ne,
        ast.Lt: operator.lt,
        ast.LtE: operator.le,
        ast.Gt: operator.gt,
        ast.GtE: operator.ge,
    }
)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression, and where it was written."""

    text: str
    tree: ast.expr
    location: Location | None = None

    def __str__(self) -> str:
        return self.text

    @property
    def names(self) -> frozenset[str]:
        """The names that it depends on."""
        found = {node.id for node in ast.walk(self.tree) if isinstance(node, ast.Name)}
        return frozenset(found - _CONSTANTS.keys())

    def value(self, names: Mapping[str, Any]) -> Any:
        """Return its value: an integer, a bool, or a symbolic expression if a name is one.

        Raises: SpecError if it cannot be computed with these values.
        """
        return self._computed(_value, names)

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Return whether it is true.

        Raises: SpecError if it cannot be computed, or a symbol leaves it open.
        """
        return bool(self._computed(_truth, names))

    def _computed(self, how: Callable[..., Any], names: Mapping[str, Any]) -> Any:
        try:
            return how(self.tree, names)
        except ZeroDivisionError:
            message = f"{self.text!r} divides by zero"
        except KeyError as error:
            message = f"{self.text!r}: {error.args[0]!r} is declared later"
        except (OverflowError, TypeError) as error:
            message = f"{self.text!r}: {error.args[0]}"
        raise SpecError(message, location=self.location)


def parse(text: str, names: Iterable[str], location: Location | None = None) -> Expression:
    """Check a text in which the ``names`` may occur.

    Raises: SpecError if it is no expression, or names something else.
    """
    if len(text) > LONGEST:
        raise SpecError(f"an expression has at most {LONGEST} characters", location=location)
    text = text.strip()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what Python thinks of `1if a else b`
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise SpecError(
            f"expected a whole number or an expression, got {text!r}", location=location
        ) from None
    known = {*names, *_CONSTANTS}
    for node in ast.walk(tree):
        _check(node, known, text, location)
    return Expression(text, tree, location)


def _check(node: ast.AST, names: set[str], text: str, location: Location | None) -> None:
    """Raise SpecError unless this node is allowed."""
    place = _part(node, text, location)
    match node:
        case ast.Constant(value=int() as value) if not isinstance(value, bool):
            if value.bit_length() > LARGEST_BITS:
                raise SpecError("the number is too large", location=place)
        case ast.Name(id=name):
            written = ast.get_source_segment(text, node) or name
            if written not in names:  # Python reads letters of full width as plain ones
                raise SpecError(
                    f"unknown name {written!r}; {nearest(written, names - set(_CONSTANTS))}",
                    location=place,
                )
        case ast.BinOp(op=op) if type(op) not in _BINARY:
            hint = "; use // for whole numbers" if isinstance(op, ast.Div) else ""
            raise SpecError(f"only + - * // % are allowed{hint}", location=place)
        case ast.Compare(ops=ops) if not all(type(op) in _COMPARISONS for op in ops):
            raise SpecError("only == != < <= > >= compare", location=place)
        case ast.UnaryOp(op=op) if type(op) not in _UNARY and not isinstance(op, ast.Not):
            raise SpecError("only -, + and not stand before a value", location=place)
        case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.BoolOp() | ast.IfExp():
            pass
        case ast.operator() | ast.unaryop() | ast.cmpop() | ast.boolop() | ast.expr_context():
            pass
        case _:
            raise SpecError(
                "expected whole numbers, names and + - * // % and comparisons of them",
                location=place,
            )


def _part(node: ast.AST, text: str, location: Location | None) -> Location | None:
    """Return where a node stands, as well as that can be told."""
    if location is None or not isinstance(node, ast.expr) or "\n" in text:
        return location
    encoded = text.encode()  # Python counts columns in bytes
    start = len(encoded[: node.col_offset].decode())
    end = len(encoded[: node.end_col_offset].decode())
    return location.part(text, start, end - start)


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """Compute a checked tree."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name(id=name):
            return _CONSTANTS[name] if name in _CONSTANTS else names[name]
        case ast.BinOp(left=left, op=op, right=right):
            operands = (_number(left, names), _number(right, names))
            return _bounded(_BINARY[type(op)](*operands))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _truth(operand, names)
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_number(operand, names))
        case ast.BoolOp(op=op, values=values):
            decided = (_truth(value, names) for value in values)
            return all(decided) if isinstance(op, ast.And) else any(decided)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return _value(body if _truth(test, names) else orelse, names)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            values = [_number(value, names) for value in (left, *comparators)]
            pairs = zip(ops, values, values[1:], strict=False)
            results = [_COMPARISONS[type(op)](a, b) for op, a, b in pairs]
            return results[0] if len(results) == 1 else all(map(_decided, results))
    raise AssertionError(node)


def _number(node: ast.expr, names: Mapping[str, Any]) -> Any:
    value = _value(node, names)
    if not dims.is_dim(value):
        what = "a list" if isinstance(value, tuple) else "what a symbol leaves open"
        raise TypeError(f"{what} cannot be calculated with")
    return value


def _truth(node: ast.expr, names: Mapping[str, Any]) -> bool:
    return _decided(_value(node, names))


def _decided(value: Any) -> bool:
    if not isinstance(value, int):
        what = "a list" if isinstance(value, tuple) else "a symbol"
        raise TypeError(f"needs numbers to be true or false, got {what}")
    return bool(value)


def _bounded(value: Dim) -> Dim:
    if isinstance(value, int) and value.bit_length() > LARGEST_BITS:
        raise OverflowError("the number becomes too large")
    return value
