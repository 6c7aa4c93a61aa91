"""Reshapes: where the batch goes, and how a spec says it without naming the batch.

A reshape keeps the order of the elements. So the batch, which is one factor of the
extents, stays behind as many others as before: what is around it in the input is around it
in the output. That tells which axis it is in where a file has a number for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.dims import Dim, exact_div, product
from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import BATCH, batch_axis, of_sample, shown
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Data

Shape = tuple[Dim, ...]


def resolved(call: Call, x: Data, target: Sequence[Any], *, allows_zero: bool) -> Shape:
    """Return the shape that a target means: 0 copies an axis, -1 is what is left.

    Raises: ImportFormatError if the elements do not come out even.
    """
    batch = call.assembly.batch
    written = any(isinstance(e, int) and (e == 0 or of_sample(e) is not None) for e in target)
    if batch is None or (written and _is_consistent(x, target, allows_zero)):
        return _filled(call, x.shape, target, allows_zero=allows_zero)
    known = tuple(call.at_batch(extent) for extent in x.shape)
    return _with_batch(x, _filled(call, known, target, allows_zero=allows_zero), batch)


def _is_consistent(x: Data, target: Sequence[Any], allows_zero: bool) -> bool:  # noqa: FBT001
    """Whether a target that names or copies axes has the batch where the input has it."""
    axis = batch_axis(x.shape)
    if any(of_sample(extent) is not None for extent in target):
        return True
    return axis is not None and not allows_zero and axis < len(target) and target[axis] == 0


def _filled(call: Call, shape: Shape, target: Sequence[Any], *, allows_zero: bool) -> Shape:
    filled = list(target)
    for axis, extent in enumerate(filled):
        if extent == 0 and not allows_zero:
            if axis >= len(shape):
                raise call.operator.error(f"its target {list(target)} copies an axis too many")
            filled[axis] = shape[axis]
    unknown = [axis for axis, extent in enumerate(filled) if extent == -1]
    if len(unknown) > 1 or any(isinstance(e, int) and e < -1 for e in filled):
        raise call.operator.error(f"its target {list(target)} is no shape")
    elements = product(shape)
    rest = product(extent for extent in filled if extent != -1)
    if rest == 0:
        raise UnsupportedError("of nothing")
    numeric = isinstance(elements, int) and isinstance(rest, int)
    if numeric and (elements % rest if unknown else elements != rest):
        raise call.operator.error(f"{shown(shape)} does not fit into {shown(list(target))}")
    if unknown:
        filled[unknown[0]] = exact_div(elements, rest, what="elements")
    return tuple(filled)


def _with_batch(x: Data, shape: Shape, batch: int) -> Shape:
    """Put the batch, for which the file has a number, into the axis where it is."""
    axis = batch_axis(x.shape)
    if axis is None:
        return shape
    around, before = product(x.shape[:axis]) * x.outside, 1
    for index, extent in enumerate(shape):
        if not isinstance(extent, int) or not isinstance(around, int):
            break
        if before <= around < before * extent or before == around:
            # A batch of 1 may as well be the last factor of the axis before: so it is in a
            # matrix, where axes are merged into rows.
            merged = batch == 1 and before == around and index and len(shape) == 2  # noqa: PLR2004
            place = index - 1 if merged else index
            return (*shape[:place], shape[place] // batch * BATCH, *shape[place + 1 :])
        before *= extent
    raise UnsupportedError("of the batch")


def reshaped(call: Call, x: Data, shape: Shape, *, part: str = "") -> Data:
    """Place the layer that sees a tensor in this shape."""
    if shape == x.shape:
        return x
    if len(shape) == 2 and shape[0] == x.shape[0]:  # noqa: PLR2004 - the batch and all else
        return call.add("flatten", x, part=part)
    written: list[Dim] = []
    batch = batch_axis(shape)
    for axis, extent in enumerate(shape):
        copied = axis < len(x.shape) and x.shape[axis] == extent
        if axis == batch:
            written.append(0 if copied else -1)
        else:
            written.append(extent if isinstance(extent, int) or not copied else 0)
    open_ = [axis for axis, extent in enumerate(written) if not isinstance(extent, int)]
    if open_ and -1 not in written:
        written[open_[0]] = -1
    made = call.add("reshape", x, part=part, shape=tuple(written))
    return _around(x, made)


def _around(x: Data, made: Data) -> Data:
    """Note what is around the batch in the axis that it is merged into now."""
    from dataclasses import replace

    axis, before = batch_axis(made.shape), batch_axis(x.shape)
    if axis is None or before is None:
        return made
    around = product(x.shape[:before]) * x.outside
    ahead = product(made.shape[:axis])
    if isinstance(around, int) and isinstance(ahead, int) and around % ahead == 0:
        return replace(made, outside=around // ahead)
    return made
