"""Layers that slide windows, and pooling of whole maps."""

from __future__ import annotations

from math import gcd
from types import MappingProxyType
from typing import Any

from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import Conv2d, ConvTranspose2d, GlobalPool2d, Pool2d, Resize
from convcost.layers.window import AbstractWindowLayer, Window

_MODES = MappingProxyType({"max": "Max", "average": "Average"})
_ROWS_AND_COLUMNS = (2, 3)


def conv2d(layer: Conv2d, node: NodeMaker) -> None:
    """Write a convolution."""
    _, channels, *_ = node.shapes[0]
    weight = node.weight("weight", layer.filters, channels // int(layer.groups), *layer.kernel)
    bias = (node.weight("bias", layer.filters),) if layer.bias else ()
    node.last(
        "Conv",
        *node.inputs,
        weight,
        *bias,
        kernel_shape=layer.kernel,
        strides=layer.stride,
        dilations=layer.dilation,
        group=layer.groups,
        pads=_pads([window.margins(extent) for window, extent in _windows(layer, node)]),
    )


def conv_transpose2d(layer: ConvTranspose2d, node: NodeMaker) -> None:
    """Write a transposed convolution."""
    _, channels, *_ = node.shapes[0]
    filters = int(layer.filters) // int(layer.groups)
    weight = node.weight("weight", channels, filters, *layer.kernel)
    bias = (node.weight("bias", layer.filters),) if layer.bias else ()
    node.last(
        "ConvTranspose",
        *node.inputs,
        weight,
        *bias,
        kernel_shape=layer.kernel,
        strides=layer.stride,
        dilations=layer.dilation,
        group=layer.groups,
        pads=_pads(list(layer.margins)),
        output_padding=layer.output_padding,
    )


def pool2d(layer: Pool2d, node: NodeMaker) -> None:
    """Write pooling; a last window that hangs over the edge hangs over padding."""
    margins = []
    for window, extent in _windows(layer, node):
        before, behind = window.margins(extent)
        if layer.rounding == "full":
            taken = (window.positions(extent, axis="") - 1) * window.stride + window.reach
            behind = max(behind, taken - extent - before)
        margins.append((before, behind))
    counted = {"count_include_pad": int(layer.count_padding)} if layer.mode == "average" else {}
    node.last(
        f"{_MODES[layer.mode]}Pool",
        kernel_shape=layer.kernel,
        strides=layer.stride,
        dilations=layer.dilation,
        pads=_pads(margins),
        ceil_mode=int(layer.rounding == "clamped"),
        **counted,
    )


def global_pool2d(layer: GlobalPool2d, node: NodeMaker) -> None:
    """Write pooling of whole maps."""
    node.last(f"Global{_MODES[layer.mode]}Pool")


def resize(layer: Resize, node: NodeMaker) -> None:
    """Write a resize: by scales where they are exact in binary, else to sizes."""
    (x,) = node.inputs
    factors = list(zip(layer.scale, layer.divisor, strict=True))
    if layer.size or not all(_is_exact(int(up), int(down)) for up, down in factors):
        sizes = node.integers("sizes", node.cost.output.shape[2:])
        return node.last("Resize", x, "", "", sizes, mode=layer.mode, axes=_ROWS_AND_COLUMNS)
    scales = node.decimals("scales", [up / down for up, down in factors])
    return node.last("Resize", x, "", scales, mode=layer.mode, axes=_ROWS_AND_COLUMNS)


def _is_exact(numerator: int, denominator: int) -> bool:
    whole = denominator // gcd(numerator, denominator)
    return whole & (whole - 1) == 0


def _windows(layer: AbstractWindowLayer, node: NodeMaker) -> list[tuple[Window, int]]:
    """Return the windows on the rows and the columns, with the extents they slide over."""
    return list(zip(layer.windows, node.shapes[0][2:], strict=True))


def _pads(margins: list[tuple[Any, Any]]) -> list[int]:
    """Return the padding as ONNX has it: before all axes, then behind them."""
    return [*(int(before) for before, _ in margins), *(int(behind) for _, behind in margins)]
