"""In which layout MXNet 1.9.1 with oneDNN keeps every tensor: plain, or in blocks of channels.

oneDNN's fast kernels take and give blocks of 8 channels. A convolution whose channels do not
divide runs as a product of matrices, on the plain layout; what stands between convolutions
works in the layout it finds; what oneDNN has no kernel for is computed on the plain one.
Wherever two layouts meet, a tensor is laid out anew, and whoever reads it pays.
Source: oneDNN 2.0, src/cpu/x64: jit_avx2_conv_kernel_f32.cpp (init_conf) and
    jit_uni_dw_conv_kernel_utils.hpp; checked against its log.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim, equal, floor_div, modulo, require
from convcost.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dropout,
    GlobalPool2d,
    Identity,
    Lrn,
    Multiply,
    Pool2d,
)
from convcost.layers.window import Window
from convcost.tensors import FeatureMap, Tensor

BLOCK = 8
"""Channels in a block."""

_KEEPING = (BatchNorm, Pool2d, GlobalPool2d, Lrn, Dropout, Identity, Multiply)
_FUNCTIONS = frozenset({"relu", "sigmoid", "tanh", "softplus", "swish", "hard_swish"})
_WIDE = 7  # taps: a wider kernel is only direct without padding, or without a stride
_DIRECT, _DEPTHWISE = 3, 4  # columns of padding at most, and no more than outputs in a row


@dataclass(frozen=True, slots=True)
class Layout:
    """Whether a layer works on blocks of channels, and whether it gives them."""

    takes: bool
    gives: bool


def layouts(cost: NetworkCost, groups: Iterable[tuple[LayerCost, ...]]) -> dict[str, bool]:
    """Return which tensors are in blocks, by the layers that give them.

    ``groups`` are the layers that run as one: all work in the layout of the first.
    """
    first = {each.name: group[0].name for group in groups for each in group[1:]}
    found: dict[str, bool] = {}
    for layer in cost.layers:
        if layer.name in first:
            found[layer.name] = found[first[layer.name]]
        else:
            found[layer.name] = layout(
                layer, [found.get(each, False) for each in layer.inputs]
            ).gives
    return found


def layout(layer: LayerCost, inputs: Sequence[bool]) -> Layout:
    """Return a layer's layout; ``inputs`` says which of its inputs are in blocks."""
    kind, x = layer.layer, layer.input_shapes[0]
    if not isinstance(x, FeatureMap) or not isinstance(layer.output, FeatureMap):
        return Layout(takes=False, gives=False)
    if isinstance(kind, Conv2d):
        direct = _is_direct(kind, x)
        return Layout(takes=direct and not is_flat(kind, x), gives=direct)
    if isinstance(kind, ConvTranspose2d):
        direct = kind.groups == 1 and _divides(x.c) and _divides(kind.filters)
        return Layout(takes=direct, gives=direct)
    keeps = isinstance(kind, _KEEPING) or (
        isinstance(kind, Activation) and kind.function in _FUNCTIONS
    )
    if isinstance(kind, Concat):  # of both layouts, too
        blocked = any(inputs) and all(_divides(each.channels) for each in layer.input_shapes)
        return Layout(takes=blocked, gives=blocked)
    if isinstance(kind, Add):
        keeps = all(each == layer.output for each in layer.input_shapes)
    blocked = keeps and inputs[0]
    return Layout(takes=blocked, gives=blocked)


def fills_blocks(x: Tensor) -> bool:
    """Whether a tensor can be laid out in blocks."""
    return isinstance(x, FeatureMap) and _divides(x.c)


def is_flat(layer: Conv2d, x: FeatureMap) -> bool:
    """Whether there are fewer channels than a block has: then the plain layout is read."""
    if isinstance(x.c, int):
        return layer.groups == 1 and x.c < BLOCK
    require(x.c >= BLOCK, "{} are few channels", x.c)
    return False


def _is_direct(layer: Conv2d, x: FeatureMap) -> bool:
    """Whether a kernel for this very convolution runs, not a product of matrices."""
    of_one = floor_div(x.c, layer.groups)
    filters = floor_div(layer.filters, layer.groups)
    if of_one == 1 and filters == 1 and layer.groups != 1:
        return _divides(x.c) and _fits_rows(layer, x, _DEPTHWISE)
    fits = _divides(filters) and (is_flat(layer, x) or _divides(of_one))
    return fits and (is_pointwise(layer, x) or _is_jitted(layer, x))


def is_pointwise(layer: Conv2d, x: FeatureMap) -> bool:
    """Whether oneDNN's kernel for 1x1 convolutions takes it: no padding, strides that divide.

    Source: oneDNN 2.0, src/cpu/x64/jit_uni_1x1_conv_utils.hpp (rtus_prepare).
    """
    if layer.taps != 1:
        return False
    sides = zip(layer.windows, (x.h, x.w), strict=True)
    return all(_strides_evenly(window, extent) for window, extent in sides)


def _strides_evenly(window: Window, extent: Dim) -> bool:
    """Whether the strides of one tap divide an extent, without padding; a symbol must."""
    even = equal(window.positions(extent, axis="") * window.stride, extent)
    if isinstance(even, bool):
        return even
    require(even, "{} does not divide by a stride of {}", extent, window.stride)
    return True


def _is_jitted(layer: Conv2d, x: FeatureMap) -> bool:
    """Whether oneDNN makes a kernel for such a window."""
    rows, columns = layer.windows
    above, left = rows.margins(x.h)[0], columns.margins(x.w)[0]
    sides = _known(above, left, *layer.stride, *layer.kernel)
    if sides is None:
        return True
    above, left, *stride, _, width = sides
    if width > _WIDE and (above or left) and stride != [1, 1]:
        return False
    return _fits_rows(layer, x, _DIRECT)


def _fits_rows(layer: Conv2d, x: FeatureMap, most: int) -> bool:
    """Whether no row begins with more padding than a kernel has outputs at once."""
    columns = layer.windows[1]
    left, width = columns.margins(x.w)[0], columns.positions(x.w, axis="width")
    at_once = min(most, width) if isinstance(width, int) else most
    return not isinstance(left, int) or left <= at_once


def _known(*values: Dim) -> list[int] | None:
    """Return values that are all numbers."""
    numbers = [value for value in values if isinstance(value, int)]
    return numbers if len(numbers) == len(values) else None


def _divides(channels: Dim) -> bool:
    """Whether channels fill blocks; a symbol must."""
    if isinstance(channels, int):
        return channels % BLOCK == 0
    require(equal(modulo(channels, BLOCK), 0), "{} channels do not fill blocks", channels)
    return True
