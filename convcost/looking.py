"""What every kind looks through at an axis of its input, and where that axis is in its output."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace

from convcost.cost import LayerCost
from convcost.dims import Dim, product
from convcost.errors import ConvcostError
from convcost.finer import laid, resized
from convcost.layers import (
    AbstractLayer,
    Activation,
    Arithmetic,
    BatchNorm,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Dropout,
    Expand,
    Flatten,
    Gather,
    GlobalPool2d,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    Lrn,
    Matmul,
    Pad,
    Prelu,
    Reduce,
    Reshape,
    Resize,
    Slice,
    Squeeze,
    Transpose,
    Unsqueeze,
)
from convcost.layers.activation import ALONG_AN_AXIS
from convcost.layers.axes import axes_of, axis_of
from convcost.layers.broadcast import AbstractBroadcast
from convcost.layers.group_normalization import AbstractGroupNormalization
from convcost.layers.window import AbstractWindowLayer, Window

POINT = Window(kernel=1, stride=1, padding=(0, 0), dilation=1)
"""Every output looks at one position, its own."""

_CHANNELS, _ROWS, _COLUMNS = 1, 2, 3

Look = tuple[Window, int | None]
"""A window along an axis, and the axis of the output that moves it; None if none does."""


def look(layer: LayerCost, which: int, axis: int) -> Look:
    """Return what a layer looks through at an axis of one of its inputs, by its number.

    Raises: ConvcostError for a layer of a kind of which that is not known.
    """
    shape, output = layer.input_shapes[which].shape, layer.output.shape
    mixed, stays = _mixed(layer.layer, len(shape))
    if axis in mixed:
        return whole(shape[axis]), axis if stays else None
    match layer.layer:
        case AbstractWindowLayer() | ConvTranspose2d() | Resize():
            return _slid(layer, shape, axis)
        case BatchNorm() | Dropout() | Identity() | Prelu():
            return POINT, axis
        case Matmul():
            return _multiplied(which, shape, output, axis)
        case AbstractBroadcast() | Arithmetic() | Expand():
            return _broadcast(shape, output, axis)
    return _moved(layer, shape, axis)


def _mixed(layer: AbstractLayer, rank: int) -> tuple[Container[int], bool]:
    """Return the axes of which every output sees all, and whether they stay axes."""
    mixed: Container[int] = ()
    match layer:
        case GlobalPool2d() | InstanceNorm():
            mixed = range(_ROWS, rank)
        case Flatten() | Dense(flatten=True):
            mixed = range(rank)
        case Dense():
            mixed = {rank - 1}
        case Activation(function=function, axis=axis) if function in ALONG_AN_AXIS:
            mixed = {axis_of(axis, rank)}
        case Gather(axis=axis) | Concat(axis=axis):
            mixed = {axis_of(axis, rank)}
        case Reduce(axes=axes):
            mixed = axes_of(axes, rank)
        case LayerNorm(dimensions=dimensions):
            mixed = range(rank - int(dimensions), rank)
        case GroupNorm():
            mixed = range(_CHANNELS, rank)
        case Lrn():
            mixed = {_CHANNELS}
    stays = not isinstance(layer, Flatten | Dense | Concat | Reduce)
    return mixed, stays or (isinstance(layer, Reduce) and layer.keep)


def whole(extent: Dim) -> Window:
    """Return a window over all of an axis: it has one position, and does not move."""
    return replace(POINT, kernel=extent, stride=0)


def _slid(layer: LayerCost, shape: Sequence[Dim], axis: int) -> Look:
    """Slide along rows and columns; a convolution sees all channels besides."""
    if axis not in {_ROWS, _COLUMNS}:
        mixes = isinstance(layer.layer, Conv2d | ConvTranspose2d) and axis == _CHANNELS
        return (whole(shape[axis]), None) if mixes else (POINT, axis)
    match layer.layer:
        case AbstractWindowLayer() as sliding:
            return sliding.windows[axis - _ROWS], axis
        case ConvTranspose2d() as laying:
            return laid(laying, axis - _ROWS), axis
        case Resize(mode=mode):
            return resized(mode, shape[axis], layer.output.shape[axis]), axis
    raise AssertionError(layer)


def _broadcast(shape: Sequence[Dim], output: Sequence[Dim], axis: int) -> Look:
    """Find the axis again, counted from the last; one position is read again and again."""
    behind = axis + len(output) - len(shape)
    read_again = shape[axis] == 1 and output[behind] != 1
    return replace(POINT, stride=0) if read_again else POINT, behind


def _multiplied(which: int, shape: Sequence[Dim], output: Sequence[Dim], axis: int) -> Look:
    """See the rows of the left matrix where they are, the columns of the right, all between."""
    between = len(shape) - (1 if which == 0 else 2)
    return (whole(shape[axis]), None) if axis == between else _broadcast(shape, output, axis)


def _moved(layer: LayerCost, shape: Sequence[Dim], axis: int) -> Look:
    """Look through what moves axes, or the positions on them; else they stay where they are."""
    match layer.layer:
        case Reshape():
            return _reshaped(shape, layer.output.shape, axis)
        case Transpose() | Squeeze() | Unsqueeze() | Reduce():
            return POINT, _behind(layer.layer, len(shape), axis)
        case Slice() as slice_ if axis == axis_of(slice_.axis, len(shape)):
            start, _ = slice_.bounds(shape[axis])
            return replace(POINT, stride=slice_.step, padding=(-start, 0)), axis
        case Pad() as pad:
            return replace(POINT, padding=(pad.before[axis], pad.after[axis])), axis
        case Slice() | Gather() | GlobalPool2d() | Dense() | Activation() | Lrn() | Concat():
            return POINT, axis
        case AbstractGroupNormalization():
            return POINT, axis
    message = f"layer {layer.name!r}: what {layer.kind} sees of its input is not known"
    raise ConvcostError(message)


def _behind(layer: Transpose | Squeeze | Unsqueeze | Reduce, rank: int, axis: int) -> int | None:
    """Return which axis of the output an axis is."""
    match layer:
        case Transpose():
            return layer.order(rank).index(axis)
        case Squeeze(axes=axes):
            left_out = axes_of(axes, rank)
            return None if axis in left_out else axis - sum(each < axis for each in left_out)
        case Unsqueeze(axes=axes):
            put_in = axes_of(axes, rank + len(axes))
            return [each for each in range(rank + len(axes)) if each not in put_in][axis]
        case Reduce(axes=axes, keep=keep):
            return axis if keep else axis - sum(each < axis for each in axes_of(axes, rank))


def _reshaped(shape: Sequence[Dim], output: Sequence[Dim], axis: int) -> Look:
    """Find the axis again if it is there as it was; if it is mixed with others it is seen whole."""
    for behind, extent in enumerate(output):
        if extent == shape[axis] and product(output[:behind]) == product(shape[:axis]):
            return POINT, behind
    return whole(shape[axis]), None
