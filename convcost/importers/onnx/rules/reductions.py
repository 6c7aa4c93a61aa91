"""Sums, means and maxima along axes."""

from __future__ import annotations

from typing import Any

from convcost.importers.onnx import moving
from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import batch_axis
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Data

_POSITIONS = (2, 3)  # the axes of an image's rows and columns
_MODES = {"mean": "average", "max": "max"}


def reduction(function: str, before: str = "", after: str = "") -> Any:
    """Return the rule of a reduction; of something of every element, and something after it."""

    def rule(call: Call) -> Data:
        x = call.data()
        axes = _axes(call, x)
        if axes is None:
            return x
        keep = bool(call.operator.integer("keepdims", 1))
        if before:
            x = call.add("activation", x, part=before, function=before)
        made = _reduced(call, x, function, axes, keep=keep)
        return call.add("activation", made, part=after, function=after) if after else made

    return rule


def _axes(call: Call, x: Data) -> tuple[int, ...] | None:
    """Return the axes to reduce; None if there are none."""
    given = call.optional(1)
    named = moving.axes_of(call.operator, None if given is None else given.numbers())
    if not named:
        if call.operator.integer("noop_with_empty_axes", 0):
            return None
        named = list(range(len(x.shape)))
    axes = tuple(sorted(call.axis(axis, len(x.shape)) for axis in named))
    if batch_axis(x.shape) in axes:
        raise UnsupportedError("of the batch")
    return axes


def _reduced(call: Call, x: Data, function: str, axes: tuple[int, ...], *, keep: bool) -> Data:
    if axes == _POSITIONS and len(x.shape) == 4 and function in _MODES:  # noqa: PLR2004
        made = call.add("global_pool2d", x, mode=_MODES[function])
        return made if keep else call.add("flatten", made, part="flatten")
    return call.add("reduce", x, function=function, axes=axes, keep=keep)
