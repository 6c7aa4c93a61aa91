"""MXNet symbols for what only moves elements."""

from __future__ import annotations

import mxnet as mx
from mxnet.symbol import Symbol

from convcost.cost import LayerCost
from convcost.errors import MeasurementError
from convcost.layers import (
    AbstractLayer,
    Constant,
    Expand,
    Gather,
    Pad,
    Slice,
    Transpose,
    Uncounted,
)
from convcost.layers.axes import axis_of
from convcost.measure.symbols_elementwise import CONSTANT
from convcost.memory.mxnet.shapes import cropped

_PADDED_RANKS = (4, 5)


def reshape(_: AbstractLayer, cost: LayerCost, x: Symbol) -> Symbol:
    """See the elements in the output's shape; with or without axes of extent 1 as well."""
    return mx.sym.reshape(x, shape=cost.output.shape, name=cost.name)


def transpose(layer: Transpose, cost: LayerCost, x: Symbol) -> Symbol:
    """Put the axes in their order."""
    return mx.sym.transpose(x, axes=layer.order(len(cost.output.shape)), name=cost.name)


def slice_(layer: Slice, cost: LayerCost, x: Symbol) -> Symbol:
    """Take positions along an axis."""
    (shape,) = cost.input_shapes
    axis = axis_of(layer.axis, len(shape.shape))
    start, stop = layer.bounds(shape.shape[axis])
    return _sliced(x, axis, (start, stop, layer.step), cost.name)


def _sliced(x: Symbol, axis: int, bounds: tuple[object, ...], name: str) -> Symbol:
    begin, end, step = ((*[None] * axis, bound) for bound in bounds)
    return mx.sym.slice(x, begin=begin, end=end, step=step, name=name)


def gather(layer: Gather, cost: LayerCost, x: Symbol) -> Symbol:
    """Take what constants point at."""
    indices = mx.sym.Variable(f"{cost.name}_{CONSTANT}", shape=(layer.count,))
    axis = axis_of(layer.axis, len(cost.output.shape))
    return mx.sym.take(x, indices, axis=axis, name=cost.name)


def pad(layer: Pad, cost: LayerCost, x: Symbol) -> Symbol:
    """Crop, then pad.

    Raises: MeasurementError but for rows and columns, and what is before them in 3-D.
    """
    (shape,) = cost.input_shapes
    widths = [max(0, int(e)) for pair in zip(layer.before, layer.after, strict=True) for e in pair]
    if any(widths) and (len(shape.shape) not in _PADDED_RANKS or any(widths[:4])):
        raise MeasurementError(
            f"layer {cost.name!r}: MXNet pads tensors of 4 or 5 axes, behind the channels"
        )
    crops = list(cropped(layer, shape.shape))
    for position, (axis, start, stop) in enumerate(crops, 1):
        last = position == len(crops) and not any(widths)
        name = cost.name if last else f"{cost.name}_crop{position}"
        x = _sliced(x, axis, (start, stop, 1), name)
    if not any(widths):
        return x if crops else mx.sym.identity(x, name=cost.name)
    return mx.sym.pad(x, mode="constant", pad_width=widths, constant_value=0, name=cost.name)


def expand(_: Expand, cost: LayerCost, x: Symbol) -> Symbol:
    """Repeat along axes of extent 1."""
    return mx.sym.broadcast_to(x, shape=cost.output.shape, name=cost.name)


def constant(layer: Constant, cost: LayerCost, x: Symbol) -> Symbol:
    """Repeat a tensor of its own; nothing is read of the input."""
    del x
    suffix = "weight" if layer.learned else CONSTANT
    own = mx.sym.Variable(f"{cost.name}_{suffix}", shape=layer.own)
    return mx.sym.broadcast_to(own, shape=cost.output.shape, name=cost.name)


def uncounted(layer: Uncounted, cost: LayerCost, *inputs: Symbol) -> Symbol:
    """Refuse: nobody said what it computes."""
    del inputs
    raise MeasurementError(f"layer {cost.name!r}: {layer.operator} is uncounted and cannot be run")
