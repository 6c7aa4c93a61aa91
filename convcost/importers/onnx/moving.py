"""Operators that move the numbers of a constant around: reshape, slice, gather, split.

They work on arrays, and on arrays of a shape that stand for numbers nobody has read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from convcost.importers.onnx.operator import Operator, UnsupportedError

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

MOST_ELEMENTS = 1 << 20
FAR = 1 << 30  # what exporters write for the end of an axis is larger


class StandIn(np.ndarray[Any, Any]):
    """An array of a shape, for numbers that nobody has read: it takes no memory."""


def stand_in(shape: Sequence[int]) -> Array:
    """Return an array of any size that stands for numbers nobody has read."""
    return np.broadcast_to(np.zeros((), np.float32).view(StandIn), shape, subok=True)


def is_unread(*arrays: Array) -> bool:
    """Whether one of these stands for numbers nobody has read, or all are too many."""
    unread = any(isinstance(array, StandIn) for array in arrays)
    return unread or sum(array.size for array in arrays) > MOST_ELEMENTS


def numbers(array: Array | None) -> list[int]:
    """Return the whole numbers that say what an operator does.

    Raises: UnsupportedError if a symbol is among them.
    """
    if array is None or array.dtype.kind not in "iu":
        raise UnsupportedError("what it does depends on the size of an input")
    return [int(value) for value in array.ravel()]


def axes_of(operator: Operator, given: Array | None) -> list[int] | None:
    """Return the axes that an attribute, or an input in newer versions, names; None for all."""
    if "axes" in operator.attributes:
        return list(operator.integers("axes"))
    return None if given is None else numbers(given)


def _reshape(operator: Operator, x: Array, target: Array) -> Array:
    shape = numbers(target)
    if not operator.attributes.get("allowzero") or not operator.integer("allowzero"):
        shape = [extent or x.shape[axis] for axis, extent in enumerate(shape)]
    return x.reshape(shape)


def _transpose(operator: Operator, x: Array) -> Array:
    return x.transpose(operator.integers("perm", tuple(reversed(range(x.ndim)))))


def _squeeze(operator: Operator, x: Array, axes: Array | None = None) -> Array:
    named = axes_of(operator, axes)
    return x.squeeze() if named is None else x.squeeze(tuple(named))


def _unsqueeze(operator: Operator, x: Array, axes: Array | None = None) -> Array:
    return np.expand_dims(x, tuple(axes_of(operator, axes) or ()))


def _flatten(operator: Operator, x: Array) -> Array:
    axis = operator.integer("axis", 1)
    return x.reshape(prod(x.shape[:axis]), prod(x.shape[axis:]))


def _slice(operator: Operator, x: Array, *limits: Array | None) -> Array:
    for axis, start, stop, step in slices(operator, x.ndim, *limits):
        if not isinstance(start, int) or not isinstance(stop, int):
            raise UnsupportedError("of a part that depends on the size of an input")
        last = None if step < 0 and stop < -FAR else stop
        x = x[(slice(None),) * axis + (slice(start, last, step),)]
    return x


def slices(operator: Operator, rank: int, *limits: Array | None) -> list[tuple[int, Any, Any, int]]:
    """Return the axis, start, stop and step of what a Slice takes.

    They are attributes before opset 10; starts and stops may be symbols.
    """
    starts, ends, axes, steps = (*limits, None, None, None, None)[:4]
    if "starts" in operator.attributes:
        first, last = list(operator.integers("starts")), list(operator.integers("ends"))
    elif starts is None or ends is None:
        raise operator.error("expected starts and ends")
    else:
        first, last = starts.ravel().tolist(), ends.ravel().tolist()
    named = axes_of(operator, axes)
    places = list(range(len(first))) if named is None else named
    strides = [1] * len(first) if steps is None else numbers(steps)
    if not len(first) == len(last) == len(places) == len(strides) or 0 in strides:
        raise operator.error("expected as many starts as ends, axes and steps, none of them 0")
    if any(not -rank <= axis < rank for axis in places):
        raise operator.error(f"there are no axes {places} among {rank}")
    places = [axis % rank for axis in places]
    return list(zip(places, first, last, strides, strict=True))


def _gather(operator: Operator, x: Array, indices: Array) -> Array:
    axis = operator.integer("axis", 0) % max(x.ndim, 1)
    shape = x.shape[:axis] + indices.shape + x.shape[axis + 1 :]
    if is_unread(x, indices) or prod(shape) > MOST_ELEMENTS:
        return stand_in(shape)
    return np.asarray(x.take(numbers(indices), axis)).reshape(shape)


def _concat(operator: Operator, *parts: Array) -> Array:
    axis = operator.integer("axis")
    if not is_unread(*parts):
        return np.concatenate(parts, axis)
    shape = list(parts[0].shape)
    shape[axis] = sum(part.shape[axis] for part in parts)
    return stand_in(shape)


def _split(operator: Operator, x: Array, sizes: Array | None = None) -> tuple[Array, ...]:
    axis = operator.integer("axis", 0)
    lengths = split_sizes(operator, x.shape[axis], sizes)
    places = np.cumsum(lengths)[:-1].tolist()
    return tuple(np.split(x, places, axis))


def split_sizes(operator: Operator, extent: int, sizes: Array | None) -> list[int]:
    """Return the extents of the parts that an axis is split into."""
    if "split" in operator.attributes:
        return list(operator.integers("split"))
    if sizes is not None:
        return numbers(sizes)
    parts = operator.integer("num_outputs", len(operator.outputs))
    if not 0 < parts <= max(extent, 1):
        raise operator.error(f"an axis of {extent} cannot be split into {parts}")
    each = -(-extent // parts)
    return [each] * (parts - 1) + [extent - each * (parts - 1)]


def _tile(operator: Operator, x: Array, repeats: Array) -> Array:
    del operator
    times = numbers(repeats)
    shape = [extent * count for extent, count in zip(x.shape, times, strict=True)]
    if is_unread(x) or prod(shape) > MOST_ELEMENTS:
        return stand_in(shape)
    return np.tile(x, times)


MOVES: Mapping[str, Callable[..., Array | tuple[Array, ...]]] = MappingProxyType(
    {
        "Reshape": _reshape,
        "Transpose": _transpose,
        "Squeeze": _squeeze,
        "Unsqueeze": _unsqueeze,
        "Flatten": _flatten,
        "Slice": _slice,
        "Gather": _gather,
        "Concat": _concat,
        "Split": _split,
        "Tile": _tile,
        "Identity": lambda operator, x: x,  # noqa: ARG005
        "Dropout": lambda operator, x, *rest: x,  # noqa: ARG005
    }
)
