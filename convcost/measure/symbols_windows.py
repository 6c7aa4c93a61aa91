"""Layers that slide a window, as MXNet's operators."""

from __future__ import annotations

from dataclasses import replace

import mxnet as mx
from mxnet.symbol import Symbol

from convcost.cost import LayerCost
from convcost.dims import Dim
from convcost.errors import MeasurementError
from convcost.layers import Conv2d, GlobalPool2d, Pool2d
from convcost.layers.window import AbstractWindowLayer, Rounding, Window
from convcost.tensors import FeatureMap

_LOWEST = -3.0e38  # of float32: what max pooling never takes
_MODES = {"max": "max", "average": "avg"}
Margins = tuple[tuple[int, int], tuple[int, int]]


def _margins(layer: AbstractWindowLayer, cost: LayerCost) -> Margins:
    """Return the padding before and after the rows and the columns."""
    (x,) = cost.input_shapes
    assert isinstance(x, FeatureMap)  # noqa: S101 - all that windows accept
    rows, columns = layer.windows
    return rows.margins(x.h), columns.margins(x.w)  # type: ignore[return-value]  # of numbers


def _padded(
    layer: AbstractWindowLayer, cost: LayerCost, x: Symbol, value: float
) -> tuple[Symbol, tuple[int, int]]:
    """Return the input, padded beforehand if uneven, and what the operator is to pad."""
    rows, columns = _margins(layer, cost)
    if rows[0] == rows[1] and columns[0] == columns[1]:
        return x, (rows[0], columns[0])
    padded = mx.sym.pad(
        x,
        mode="constant",
        pad_width=(0, 0, 0, 0, *rows, *columns),
        constant_value=value,
        name=f"{cost.name}_pad",
    )
    return padded, (0, 0)


def conv2d(layer: Conv2d, cost: LayerCost, x: Symbol) -> Symbol:
    """Convolve."""
    x, pad = _padded(layer, cost, x, 0)
    return mx.sym.Convolution(
        x,
        num_filter=layer.filters,
        kernel=layer.kernel,
        stride=layer.stride,
        pad=pad,
        dilate=layer.dilation,
        num_group=layer.groups,
        no_bias=not layer.bias,
        name=cost.name,
    )


def _conventions(layer: Pool2d, cost: LayerCost) -> list[Rounding]:
    """Return the roundings that MXNet has and that give as many positions as the layer's."""
    (x,) = cost.input_shapes
    assert isinstance(x, FeatureMap)  # noqa: S101 - all that windows accept
    axes = list(zip(layer.windows, (x.h, x.w), strict=True))

    def alike(window: Window, extent: Dim, rounding: Rounding) -> bool:
        other = replace(window, padding=window.margins(extent), rounding=rounding)
        return other.positions(extent, axis="") == window.positions(extent, axis="")

    roundings: tuple[Rounding, ...] = ("valid", "full")
    return [rounding for rounding in roundings if all(alike(*axis, rounding) for axis in axes)]


def pool2d(layer: Pool2d, cost: LayerCost, x: Symbol) -> Symbol:
    """Pool; clamped rounding where it comes to the same as valid or full.

    Raises: MeasurementError for what MXNet's pooling has not.
    """
    conventions = _conventions(layer, cost)
    if layer.dilation != (1, 1) or not conventions:
        what = "clamped rounding that is neither valid nor full" if not conventions else "dilation"
        raise MeasurementError(f"layer {cost.name!r}: MXNet's pooling has no {what}")
    margins = _margins(layer, cost)
    x, pad = _padded(layer, cost, x, _LOWEST if layer.mode == "max" else 0)
    if (
        layer.mode == "average"
        and not layer.count_padding
        and margins != tuple((p, p) for p in pad)
    ):
        raise MeasurementError(
            f"layer {cost.name!r}: MXNet cannot leave uneven padding out of a mean"
        )
    return mx.sym.Pooling(
        x,
        kernel=layer.kernel,
        stride=layer.stride,
        pad=pad,
        pool_type=_MODES[layer.mode],
        pooling_convention=conventions[0],
        count_include_pad=layer.count_padding,
        name=cost.name,
    )


def global_pool2d(layer: GlobalPool2d, cost: LayerCost, x: Symbol) -> Symbol:
    """Pool over all positions."""
    return mx.sym.Pooling(
        x, global_pool=True, kernel=(1, 1), pool_type=_MODES[layer.mode], name=cost.name
    )
