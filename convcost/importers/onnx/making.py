"""Operators that make constants, or numbers of another sort from them: range, cast, where."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convcost.dims import ceil_div, is_dim
from convcost.importers.onnx.arithmetic import combine, floor
from convcost.importers.onnx.extents import broadcast
from convcost.importers.onnx.moving import (
    MOST_ELEMENTS,
    axes_of,
    is_unread,
    numbers,
    stand_in,
)
from convcost.importers.onnx.operator import Operator, UnsupportedError
from convcost.importers.onnx.values import Constant, constant_in, constant_of

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

SIZED = frozenset({"Expand", "ConstantOfShape"})
_FLOATS = frozenset({1, 10, 11, 16})
_INTEGERS = {2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 12: "u4", 13: "u8"}


def sized(operator: Operator, made: Constant, shape: Constant) -> Constant:
    """Return what is repeated to a shape; there may be symbols in that."""
    target = tuple(shape.numbers().ravel().tolist())
    if operator.kind == "Expand":
        target = broadcast([made.shape, target])
    elif "value" in operator.attributes:
        made = constant_in(operator.tensor("value"), initializer=False)
    else:
        made = constant_of(np.zeros(1, np.float32))
    single = made.known if made.elements == 1 else None
    if single is None or prod(target) > MOST_ELEMENTS or single.dtype == object:
        return made.like(target)
    return constant_of(
        np.broadcast_to(single.ravel()[0], target),
        floating=made.floating,
        sources=made.sources,
    )


def counted(start: Constant, limit: Constant, step: Constant) -> Constant | None:
    """Return numbers that count to the size of an input; None if it is no input's."""
    given = [each.known for each in (start, limit, step)]
    if any(array is None or array.size != 1 for array in given):
        return None
    first, last, by = (array.ravel().tolist()[0] for array in given if array is not None)
    plain = all(isinstance(each, int | float) for each in (first, last, by))
    if plain or not all(map(is_dim, (first, last, by))) or by == 0:
        return None
    return Constant((ceil_div(last - first, by),), floating=start.floating)


def floating(operator: Operator, given: Sequence[Constant]) -> bool:
    """Whether the results are no whole numbers."""
    if operator.kind == "Cast":
        return operator.integer("to") in _FLOATS
    if operator.kind in {"Shape", "Size"}:
        return False
    return any(each.floating for each in given)


def _cast(operator: Operator, x: Array) -> Array:
    to = operator.integer("to")
    if is_unread(x):
        return x
    if x.dtype == object and to in _FLOATS:
        return x
    if x.dtype == object:
        return np.asarray(np.frompyfunc(floor, 1, 1)(x), object)
    if to in _FLOATS:
        return x.astype(np.float64 if to == 11 else np.float32)  # noqa: PLR2004 - DOUBLE
    if to not in _INTEGERS:
        raise UnsupportedError("casts to what is no number")
    with np.errstate(all="ignore"):
        return x.astype(_INTEGERS[to])


def _range(operator: Operator, start: Array, limit: Array, delta: Array) -> Array:
    del operator
    first, last, step = start.ravel()[0], limit.ravel()[0], delta.ravel()[0]
    if step == 0 or not abs((last - first) / step) <= MOST_ELEMENTS:
        raise UnsupportedError("a range that is too long")
    return np.arange(first, last, step, start.dtype)


def _where(operator: Operator, condition: Array, left: Array, right: Array) -> Array:
    del operator
    if is_unread(condition, left, right):
        return stand_in(np.broadcast_shapes(condition.shape, left.shape, right.shape))
    return np.where(condition.astype(bool), left, right)


def _clip(operator: Operator, x: Array, *bounds: Array | None) -> Array:
    low, high = (*bounds, None, None)[:2]
    for bound, kind, name in ((low, "Max", "min"), (high, "Min", "max")):
        if name in operator.attributes:
            bound = np.asarray(operator.decimal(name), x.dtype)  # noqa: PLW2901
        if bound is not None and not is_unread(x):
            x = combine(kind, [x, bound], floating=x.dtype.kind == "f")
    return x


def _scatter(operator: Operator, x: Array, indices: Array, updates: Array) -> Array:
    if is_unread(x, indices, updates):
        return stand_in(x.shape)
    if operator.word("reduction", "none") != "none":
        raise UnsupportedError("that combines")
    places = np.asarray(numbers(indices), np.int64).reshape(indices.shape)
    result = x.copy()
    result[tuple(np.moveaxis(places, -1, 0))] = updates
    return result


def _shape(operator: Operator, x: Array) -> Array:
    return np.asarray(shape_part(operator, x.shape), np.int64)


def shape_part(operator: Operator, shape: Sequence[Any]) -> Sequence[Any]:
    """Return the extents that Shape gives; newer versions of it may ask for a part."""
    start = operator.integer("start", 0)
    end = operator.integer("end", len(shape))
    return shape[start:end]


def _reduction(how: Callable[..., Array]) -> Callable[..., Array]:
    def reduce(operator: Operator, x: Array, axes: Array | None = None) -> Array:
        named = axes_of(operator, axes)
        if named is None and operator.integer("noop_with_empty_axes", 0):
            return x
        keep, along = bool(operator.integer("keepdims", 1)), tuple(named) if named else None
        if is_unread(x):
            return stand_in(np.sum(_thin(x, along), along, keepdims=keep).shape)
        return np.asarray(how(x, along, keepdims=keep))

    return reduce


def _thin(x: Array, axes: tuple[int, ...] | None) -> Array:
    """Return one element of every axis that is reduced, so that little is computed."""
    reduced = range(x.ndim) if axes is None else [axis % x.ndim for axis in axes]
    kept = tuple(slice(0, 1) if axis in reduced else slice(None) for axis in range(x.ndim))
    return x[kept]


def _mean(x: Array, axis: Any, *, keepdims: bool) -> Array:
    return np.asarray(np.mean(x, axis, keepdims=keepdims), x.dtype)


def _matmul(operator: Operator, left: Array, right: Array) -> Array:
    del operator
    if not is_unread(left, right):
        return np.asarray(np.matmul(left, right))
    if left.ndim != 2 or right.ndim != 2 or left.shape[1] != right.shape[0]:  # noqa: PLR2004
        raise UnsupportedError("a product of constants")
    return stand_in((left.shape[0], right.shape[1]))


def _euclidean(x: Array, axis: Any, *, keepdims: bool) -> Array:
    return np.asarray(np.sqrt(np.sum(x * x, axis, keepdims=keepdims)))


MAKES: Mapping[str, Callable[..., Array]] = MappingProxyType(
    {
        "Cast": _cast,
        "Clip": _clip,
        "Range": _range,
        "ScatterND": _scatter,
        "Where": _where,
        "MatMul": _matmul,
        "Shape": _shape,
        "Size": lambda operator, x: np.asarray(x.size, np.int64),  # noqa: ARG005
        "ReduceProd": _reduction(np.prod),
        "ReduceSum": _reduction(np.sum),
        "ReduceMax": _reduction(np.max),
        "ReduceMin": _reduction(np.min),
        "ReduceMean": _reduction(_mean),
        "ReduceL2": _reduction(_euclidean),
    }
)
