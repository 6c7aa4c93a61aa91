"""Operators whose inputs are all constants: they give constants, and make no layers.

What shapes are computed from is small, and computed. Of weights, which are not read, only
the shape is followed: moving them around or combining them gives a constant of some shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from convcost.dims import Dim
from convcost.importers.onnx import arithmetic, making, moving
from convcost.importers.onnx.extents import broadcast
from convcost.importers.onnx.operator import Operator, UnsupportedError
from convcost.importers.onnx.values import Constant, constant_in, constant_of, merged

_FUNCTIONS = {**moving.MOVES, **making.MAKES}
# The inputs whose numbers need not be known, where it is not the first alone.
_UNREAD = {
    "Concat": range(1 << 30),
    "Gather": (0, 1),
    "Where": (0, 1, 2),
    "MatMul": (0, 1),
    "ScatterND": (0, 1, 2),
    "Range": (),
}
_KEEPING = frozenset({"BatchNormalization", "Softmax", "Sigmoid", "Tanh", "Relu", "Erf"})
"""Operators on weights that give them their own shape."""
MOST_ELEMENTS = 1 << 18  # of a result that is computed; of what is larger only the shape is kept


def fold(operator: Operator, inputs: Sequence[Constant | None]) -> tuple[Constant, ...]:
    """Return what an operator makes of constants.

    Raises: UnsupportedError if no rule is known for it.
    """
    kind = operator.kind
    given = [each for each in inputs if each is not None]
    if kind == "Constant":
        return (_constant(operator),)
    if operator.domain or not given:
        raise UnsupportedError
    try:
        if kind in arithmetic.BINARY or kind in arithmetic.UNARY or kind == "Div":
            return (_elementwise(operator, given),)
        if kind in making.SIZED:
            return (making.sized(operator, given[0], given[-1]),)
        if kind == "Range" and (numbers := making.counted(*given)) is not None:
            return (numbers,)
        if kind in _FUNCTIONS:
            return _moved(operator, inputs, given)
        if kind in _KEEPING:
            return (_made_from(given, given[0].shape),)
    except (ValueError, TypeError, IndexError, OverflowError, MemoryError) as error:
        raise operator.error(f"its constant inputs do not go together: {error}") from None
    raise UnsupportedError


def _constant(operator: Operator) -> Constant:
    """Return the value of a Constant node, in whichever attribute it is."""
    for name in operator.attributes:
        if name == "value":
            return constant_in(operator.tensor(name), initializer=False)
        if name in {"value_int", "value_ints"}:
            value = operator.integer(name) if name == "value_int" else operator.integers(name)
            return constant_of(np.asarray(value, np.int64))
        if name in {"value_float", "value_floats"}:
            number = operator.decimal(name) if name == "value_float" else operator.decimals(name)
            return constant_of(np.asarray(number, np.float32))
    raise UnsupportedError


def _elementwise(operator: Operator, given: Sequence[Constant]) -> Constant:
    kind, floating = operator.kind, any(each.floating for each in given)
    shape = broadcast([each.shape for each in given])
    arrays = [each.known for each in given]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or prod(shape) > MOST_ELEMENTS:
        return _made_from(given, shape)
    if kind in arithmetic.UNARY:
        result = arithmetic.apply(kind, known[0], floating=floating)
    else:
        result = arithmetic.combine(kind, known, floating=floating)
    return constant_of(result, floating=floating, sources=merged(given))


def _moved(
    operator: Operator, inputs: Sequence[Constant | None], given: Sequence[Constant]
) -> tuple[Constant, ...]:
    """Apply an operator to arrays, or to arrays of the same shapes that take no memory."""
    unread = _UNREAD.get(operator.kind, (0,))
    arrays: list[Any] = []
    for index, each in enumerate(inputs):
        known = each.known if each is not None else None
        if each is not None and known is None:
            known = moving.stand_in(_plain(each)) if index in unread else each.numbers()
        arrays.append(known)
    results = _FUNCTIONS[operator.kind](operator, *arrays)
    floating = making.floating(operator, given)
    return tuple(
        _made_from(given, result.shape)
        if isinstance(result, moving.StandIn)
        else constant_of(result, floating=floating, sources=merged(given))
        for result in (results if isinstance(results, tuple) else (results,))
    )


def _plain(constant: Constant) -> tuple[int, ...]:
    """Return a shape of numbers."""
    if not all(isinstance(extent, int) for extent in constant.shape):
        raise UnsupportedError("of a constant as long as an input")
    return constant.shape  # type: ignore[return-value]


def _made_from(given: Sequence[Constant], shape: Sequence[Dim]) -> Constant:
    """Return the constant of a shape that others make, its numbers not known."""
    floating = any(each.floating for each in given)
    return Constant(tuple(shape), floating, merged(given))
