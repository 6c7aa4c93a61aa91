"""Operators that take parts of a tensor, or put parts together: nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.dims import Dim
from convcost.importers.onnx import moving
from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import BATCH, batch_axis, of_sample
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.reshaping import reshaped
from convcost.importers.onnx.values import Constant, Data


def slice_(call: Call) -> Data:
    """Slice: one layer for every axis of which only a part is taken."""
    x = call.data()
    limits = [None if each is None else each.numbers() for each in map(call.optional, range(1, 5))]
    for axis, start, stop, step in moving.slices(call.operator, len(x.shape), *limits):
        if _is_whole(call, x, axis, (start, stop, step)):
            continue
        if axis == batch_axis(x.shape):
            raise UnsupportedError("of the batch")
        if step < 1:
            x = _backwards(call, x, axis, slice(start, stop, step))
            continue
        last = 0 if _is_end(call, x.shape[axis], stop) else stop
        x = call.add("slice", x, axis=axis, start=start, stop=last, step=step)
    return x


def _is_whole(call: Call, x: Data, axis: int, part: tuple[Any, Any, int]) -> bool:
    """Whether a part of an axis is all of it."""
    start, stop, step = part
    extent = x.shape[axis]
    first = start == 0 or (isinstance(start, int) and start <= -moving.FAR)
    if isinstance(extent, int) and isinstance(start, int):
        first = first or start <= -call.at_batch(extent)
    return first and step == 1 and _is_end(call, extent, stop)


def _is_end(call: Call, extent: Dim, stop: Any) -> bool:
    if isinstance(stop, int) and (stop >= moving.FAR or of_sample(stop) is not None):
        return stop >= moving.FAR or stop == extent
    known = call.at_batch(extent)
    return bool(
        stop == known or (isinstance(known, int) and isinstance(stop, int) and stop > known)
    )


def _backwards(call: Call, x: Data, axis: int, part: slice) -> Data:
    extent = x.shape[axis]
    if not isinstance(extent, int):
        raise UnsupportedError("backwards")
    last = None if part.stop < -moving.FAR else part.stop
    taken = range(extent)[slice(part.start, last, part.step)]
    return call.add("gather", x, axis=axis, count=len(taken))


def split(call: Call) -> tuple[Data | None, ...]:
    """Split: a slice for every part that something reads."""
    x = call.data()
    axis = call.axis(call.operator.integer("axis", 0), len(x.shape))
    if axis == batch_axis(x.shape):
        raise UnsupportedError("of the batch")
    given = call.optional(1)
    sizes = _sizes(call, x.shape[axis], given)
    made: list[Data | None] = []
    start: Dim = 0
    for index, (size, wanted) in enumerate(zip(sizes, call.wanted, strict=False)):
        last = index == len(sizes) - 1
        first, start = start, start + size
        if wanted:
            stop = 0 if last else start
            part = call.add("slice", x, part=f"{index + 1}", axis=axis, start=first, stop=stop)
        made.append(part if wanted else None)
    if isinstance(start, int) and isinstance(x.shape[axis], int) and start != x.shape[axis]:
        raise call.operator.error(f"splits {start} of {x.shape[axis]}")
    return tuple(made)


def _sizes(call: Call, extent: Dim, given: Constant | None) -> Sequence[Any]:
    if given is not None:
        return call.whole(1)
    if not isinstance(extent, int) and "split" not in call.operator.attributes:
        raise UnsupportedError("of an axis whose size is not known")
    known = extent if isinstance(extent, int) else 0
    return moving.split_sizes(call.operator, known, None)


def gather(call: Call) -> Data:
    """Gather, at places that are known."""
    x, indices = call.data(0), call.constant(1)
    axis = call.axis(call.operator.integer("axis", 0), len(x.shape))
    if axis == batch_axis(x.shape):
        return _from_sample(call, x, indices)
    if not all(isinstance(extent, int) for extent in indices.shape):
        raise UnsupportedError("at as many places as an input is long")
    made = call.add("gather", x, axis=axis, count=indices.elements)
    if not indices.shape:
        return call.add("squeeze", made, part="squeeze", axes=(axis,))
    if len(indices.shape) == 1:
        return made
    target = (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])
    return reshaped(call, made, target, part="reshape")


def _from_sample(call: Call, x: Data, indices: Constant) -> Data:
    """Gather from a tensor seen as one axis: from every sample, if the file is for one."""
    if call.assembly.batch != 1 or len(x.shape) != 1 or indices.shape[:1] != (1,):
        raise UnsupportedError("from the batch")
    rows = reshaped(call, x, (BATCH, of_sample(x.shape[0]) or 1), part="rows")
    made = call.add("gather", rows, axis=1, count=indices.elements)
    return reshaped(call, made, (BATCH, *indices.shape[1:]), part="reshape")


def concat(call: Call) -> Data:
    """Concat; constants among the inputs become layers."""
    tensors = [value for value in call.values if isinstance(value, Data)]
    rank = len(tensors[0].shape)
    axis = call.axis(call.operator.integer("axis", 1), rank)
    if axis == batch_axis(tensors[0].shape):
        raise UnsupportedError("of batches")
    inputs = []
    for value in call.values:
        if isinstance(value, Constant):
            if 0 in value.shape:
                continue
            inputs.append(call.given(value, tensors[0]))
        elif value is not None:
            inputs.append(value)
    if len(inputs) == 1:
        return inputs[0]
    if axis == 1:
        return call.add("concat", *inputs)
    return call.add("concat", *inputs, axis=axis)


def pad(call: Call) -> Data:
    """Pad, on both ends of every axis; by less than nothing it cuts off."""
    x, rank = call.data(), len(call.data().shape)
    if "pads" in call.operator.attributes:
        pads: list[Any] = list(call.operator.integers("pads"))
    else:
        pads = call.whole(1)
    named = range(rank) if call.value(3) is None else call.whole(3)
    axes = [call.axis(axis, rank) for axis in named]
    if len(pads) != 2 * len(axes):
        raise call.operator.error(f"pads: expected {2 * len(axes)} numbers, got {len(pads)}")
    before, after = [0] * rank, [0] * rank
    for index, axis in enumerate(axes):
        before[axis], after[axis] = pads[index], pads[index + len(axes)]
    if all(extent == 0 for extent in pads):
        return x
    return call.add("pad", x, before=tuple(before), after=tuple(after))
