"""Operators on constants, element by element, also where dynamic axes are among the numbers.

An array of symbols has ``dtype=object``; what stands in it are whole numbers, fractions and
SymPy expressions, never floats.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convcost import dims
from convcost.importers.onnx.extents import as_fraction
from convcost.importers.onnx.operator import UnsupportedError

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]


def is_symbolic(*arrays: Array) -> bool:
    """Whether there may be symbols in one of these arrays."""
    return any(array.dtype == object for array in arrays)


def exact(array: Array) -> Array:
    """Return an array of floats as one of fractions."""
    if array.dtype.kind != "f":
        return array
    if not np.isfinite(array).all():
        raise UnsupportedError("calculates with infinity and the size of an input")
    fractions = np.frompyfunc(lambda value: as_fraction(float(value)), 1, 1)(array)
    return np.asarray(fractions, object)


def plain(array: Array, floating: bool) -> Array:  # noqa: FBT001 - as `constant_of` keeps it
    """Return an array of objects as one of numbers, if no symbol is left in it."""
    values = array.ravel().tolist()
    if all(isinstance(value, bool) for value in values):
        return array.astype(bool)
    if not all(isinstance(value, int | Fraction) for value in values):
        return array
    return array.astype(np.float64 if floating else np.int64)


def _quotient(left: Any, right: Any) -> Any:
    if right == 0:
        raise UnsupportedError("divides by zero")
    if isinstance(left, int | Fraction) and isinstance(right, int | Fraction):
        return Fraction(left) / right
    return left / right


def floor(value: Any) -> Any:
    """Round down."""
    if isinstance(value, int | Fraction):
        return math.floor(value)
    import sympy

    above, below = sympy.together(value).as_numer_denom()
    return dims.floor_div(above, int(below) if below.is_Integer else below)


def _half_even(value: Any) -> Any:
    if isinstance(value, int | Fraction):
        return round(value)
    raise UnsupportedError("rounds the size of an input")


def _decided(relation: Callable[[Any, Any], Any]) -> Callable[[Any, Any], bool]:
    def decide(left: Any, right: Any) -> bool:
        try:
            return bool(relation(left, right))
        except TypeError:
            raise UnsupportedError("asks what the size of an input decides") from None

    return decide


# For arrays of numbers, and for objects one by one. Whole numbers are divided towards zero:
# sizes are not negative, so that this is rounding down.
BINARY: Mapping[str, tuple[Callable[..., Any], Callable[[Any, Any], Any]]] = MappingProxyType(
    {
        "Add": (np.add, operator.add),
        "Sub": (np.subtract, operator.sub),
        "Mul": (np.multiply, operator.mul),
        "Max": (np.maximum, dims.maximum),
        "Min": (np.minimum, dims.minimum),
        "Pow": (np.power, operator.pow),
        "Mod": (np.mod, dims.modulo),
        "Equal": (np.equal, operator.eq),
        "Less": (np.less, _decided(operator.lt)),
        "LessOrEqual": (np.less_equal, _decided(operator.le)),
        "Greater": (np.greater, _decided(operator.gt)),
        "GreaterOrEqual": (np.greater_equal, _decided(operator.ge)),
        "And": (np.logical_and, _decided(lambda left, right: left and right)),
        "Or": (np.logical_or, _decided(lambda left, right: left or right)),
        "Xor": (np.logical_xor, _decided(operator.xor)),
    }
)
UNARY: Mapping[str, tuple[Callable[..., Any], Callable[[Any], Any]]] = MappingProxyType(
    {
        "Neg": (np.negative, operator.neg),
        "Abs": (np.abs, abs),
        "Floor": (np.floor, floor),
        "Ceil": (np.ceil, lambda value: -floor(-value)),
        "Round": (np.round, _half_even),
        "Not": (np.logical_not, operator.not_),
        "Sqrt": (np.sqrt, _half_even),
        "Exp": (np.exp, _half_even),
        "Log": (np.log, _half_even),
        "Reciprocal": (np.reciprocal, lambda value: _quotient(1, value)),
        "Sign": (np.sign, _half_even),
        "Sin": (np.sin, _half_even),
        "Cos": (np.cos, _half_even),
    }
)


def combine(kind: str, arrays: list[Array], *, floating: bool) -> Array:
    """Apply an operator of two arrays, or one after the other of more."""
    return reduce(lambda left, right: _pair(kind, left, right, floating), arrays)


def _pair(kind: str, left: Array, right: Array, floating: bool) -> Array:  # noqa: FBT001
    symbolic = is_symbolic(left, right)
    if symbolic:
        left, right = exact(left), exact(right)
    if kind == "Div":
        return _divided(left, right, floating=floating, symbolic=symbolic)
    numeric, single = BINARY[kind]
    if symbolic:
        return plain(np.asarray(np.frompyfunc(single, 2, 1)(left, right), object), floating)
    with np.errstate(all="ignore"):
        return np.asarray(numeric(left, right))


def _divided(left: Array, right: Array, *, floating: bool, symbolic: bool) -> Array:
    if symbolic:
        how = _quotient if floating else lambda a, b: floor(_quotient(a, b))
        return plain(np.asarray(np.frompyfunc(how, 2, 1)(left, right), object), floating)
    if floating:
        with np.errstate(all="ignore"):
            return np.asarray(left / right)
    if not np.all(right):
        raise UnsupportedError("divides by zero")
    return np.asarray(np.sign(left) * np.sign(right) * (np.abs(left) // np.abs(right)))


def apply(kind: str, array: Array, *, floating: bool) -> Array:
    """Apply an operator of one array."""
    numeric, single = UNARY[kind]
    if array.dtype == object:
        return plain(np.asarray(np.frompyfunc(single, 1, 1)(array), object), floating)
    with np.errstate(all="ignore"):
        return np.asarray(numeric(array))
