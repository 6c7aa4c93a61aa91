"""MXNet symbols for what works on axes of a tensor, and for what lays a map out anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import mxnet as mx
from mxnet.symbol import Symbol

from convcost.cost import LayerCost
from convcost.errors import MeasurementError
from convcost.layers import (
    ConvTranspose2d,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Matmul,
    Prelu,
    Reduce,
    Resize,
)
from convcost.tensors import FeatureMap

_MATRIX, _STACK = 2, 3


def _cannot(cost: LayerCost, what: str) -> MeasurementError:
    return MeasurementError(f"layer {cost.name!r}: MXNet {what}")


def conv_transpose2d(layer: ConvTranspose2d, cost: LayerCost, x: Symbol) -> Symbol:
    """Lay kernels down; padding that is uneven is cut off afterwards."""
    if any(more >= step for more, step in zip(layer.output_padding, layer.stride, strict=True)):
        raise _cannot(cost, "pads a transposed convolution's output by less than the stride")
    pad = tuple(min(sides) for sides in layer.margins)
    uneven = any(before != after for before, after in layer.margins)
    laid = mx.sym.Deconvolution(
        x,
        num_filter=layer.filters,
        kernel=layer.kernel,
        stride=layer.stride,
        pad=pad,
        adj=layer.output_padding,
        dilate=layer.dilation,
        num_group=layer.groups,
        no_bias=not layer.bias,
        name=f"{cost.name}_whole" if uneven else cost.name,
        **_arrays(layer, cost) if uneven else {},
    )
    if not uneven:
        return laid
    starts = [before - even for (before, _), even in zip(layer.margins, pad, strict=True)]
    ends = [start + extent for start, extent in zip(starts, cost.output.shape[2:], strict=True)]
    return mx.sym.slice(laid, (None, None, *starts), (None, None, *ends), name=cost.name)


def _arrays(layer: ConvTranspose2d, cost: LayerCost) -> dict[str, Symbol]:
    """Return what is learned, called after the layer and not after the operator."""
    names = ("weight", "bias") if layer.bias else ("weight",)
    return {name: mx.sym.Variable(f"{cost.name}_{name}") for name in names}


def resize(layer: Resize, cost: LayerCost, x: Symbol) -> Symbol:
    """Repeat elements a whole number of times, or interpolate linearly.

    Raises: MeasurementError for other factors, and for cubic interpolation.
    """
    (given,), made = cost.input_shapes, cost.output
    assert isinstance(given, FeatureMap)  # noqa: S101 - all that it accepts
    assert isinstance(made, FeatureMap)  # noqa: S101
    if layer.mode == "cubic":
        raise _cannot(cost, "has no cubic interpolation")
    if layer.mode == "linear":
        return mx.sym.contrib.BilinearResize2D(x, height=made.h, width=made.w, name=cost.name)
    times = made.h // given.h
    if (given.h * times, given.w * times) != (made.h, made.w):
        raise _cannot(cost, "repeats rows and columns by one whole number alone")
    return mx.sym.UpSampling(x, scale=times, sample_type="nearest", name=cost.name)


REDUCTIONS: Mapping[str, Callable[..., Symbol]] = MappingProxyType(
    {"mean": mx.sym.mean, "sum": mx.sym.sum, "max": mx.sym.max, "min": mx.sym.min}
)


def reduce(layer: Reduce, cost: LayerCost, x: Symbol) -> Symbol:
    """Reduce the axes."""
    return REDUCTIONS[layer.function](x, axis=layer.axes, keepdims=layer.keep, name=cost.name)


def matmul(_: Matmul, cost: LayerCost, a: Symbol, b: Symbol) -> Symbol:
    """Multiply two matrices, or two stacks with as many of them."""
    left, right = (x.shape for x in cost.input_shapes)
    if left[:-2] != right[:-2]:
        raise _cannot(cost, "does not read a matrix again for several others")
    if len(left) == _MATRIX:
        return mx.sym.dot(a, b, name=cost.name)
    if len(left) == _STACK:
        return mx.sym.batch_dot(a, b, name=cost.name)
    return mx.sym.linalg_gemm2(a, b, name=cost.name)


def layer_norm(layer: LayerNorm, cost: LayerCost, x: Symbol) -> Symbol:
    """Normalize the last axis."""
    if layer.dimensions != 1:
        raise _cannot(cost, "normalizes over one axis alone")
    return mx.sym.LayerNorm(x, axis=-1, eps=1e-5, name=cost.name)


def instance_norm(_: InstanceNorm, cost: LayerCost, x: Symbol) -> Symbol:
    """Normalize every channel."""
    return mx.sym.InstanceNorm(x, eps=1e-5, name=cost.name)


def group_norm(layer: GroupNorm, cost: LayerCost, x: Symbol) -> Symbol:
    """Normalize groups of channels."""
    if (layer.scale or layer.shift) and layer.groups != cost.output.channels:
        raise _cannot(cost, "has a scale and a shift for every group, not for every channel")
    return mx.sym.GroupNorm(x, num_groups=layer.groups, eps=1e-5, name=cost.name)


def prelu(_: Prelu, cost: LayerCost, x: Symbol) -> Symbol:
    """Rectify, with a slope that is learned."""
    slopes = mx.sym.Variable(f"{cost.name}_weight", shape=(cost.parameters.weights,))
    return mx.sym.LeakyReLU(x, slopes, act_type="prelu", name=cost.name)
