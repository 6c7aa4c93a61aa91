"""Which kernel runs a layer, and what of its time is the kernel's own: arithmetic above all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.dims import Dim, ceil_div, exceeds, floor_div, modulo, product
from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Divide,
    GlobalPool2d,
    Lrn,
    Matmul,
    Maximum,
    Minimum,
    Multiply,
    Pool2d,
    Subtract,
)
from convcost.prediction.layouts import is_flat, is_pointwise
from convcost.prediction.machine import Machine
from convcost.prediction.taps import along, taps_inside
from convcost.tensors import FeatureMap

_CALIBRATED = frozenset(
    {"relu", "relu6", "leaky_relu", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish"}
)
"""The activation functions that calibrating runs, each by itself."""

DEPTHWISE = "conv2d depthwise"
PRODUCTS = ("conv2d 1x1 as a product", "conv2d as a product")
"""The kernels of convolutions that run as a product of matrices: by one tap, and by several."""

_PLAIN = " in plain layout"
_VECTORS = 4  # of filters, at most, that a convolution computes together
_FEWEST_NORMALIZED = 16  # channels, for oneDNN's own local response normalization


@dataclass(frozen=True, slots=True)
class Setting:
    """The machine, and whether a layer works on blocks of channels."""

    machine: Machine
    blocked: bool

    def vectors(self, channels: Dim) -> Dim:
        """Return the vectors that hold so many channels."""
        return ceil_div(channels, self.machine.lanes)

    def rounded(self, channels: Dim) -> Dim:
        """Return the channels that whole vectors hold."""
        return self.vectors(channels) * self.machine.lanes


Rule = Callable[[Any, LayerCost, Setting], tuple[str, dict[str, Dim]]]


def kernel_of(layer: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Return the kernel that runs a layer, and the terms that are its own."""
    return _RULES.get(type(layer.layer), _other)(layer.layer, layer, setting)


def _conv2d(layer: Conv2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    if not setting.blocked:
        return _by_matrix_product(layer, cost)
    taps = x.n * taps_inside(layer, x)
    if layer.groups != 1 and floor_div(x.c, layer.groups) == 1:  # every channel by itself
        products = taps * setting.rounded(layer.filters)
        return DEPTHWISE, {"multiply_adds": products, "calls": _calls(cost, setting)}
    if is_pointwise(layer, x):
        products = taps * setting.rounded(x.c) * setting.rounded(layer.filters)
        return "conv2d 1x1", {"multiply_adds": products}
    kernel = "conv2d few channels" if is_flat(layer, x) else "conv2d"
    return kernel, _in_tiles(layer, cost, setting)


def _in_tiles(layer: Conv2d, cost: LayerCost, setting: Setting) -> dict[str, Dim]:
    """Call a kernel for every row of outputs, block of channels and few vectors of filters.

    It loads the weights of them all, and a single vector of filters waits: what is added to a
    sum is not there when the next is to be added.
    Source: oneDNN 2.0, src/cpu/x64/jit_avx2_convolution.cpp and jit_avx2_conv_kernel_f32.cpp.
    """
    x, output = _feature_map(cost), cost.output
    assert isinstance(output, FeatureMap)  # noqa: S101 - of a convolution
    channels, filters = floor_div(x.c, layer.groups), floor_div(layer.filters, layer.groups)
    blocks: Dim = 1
    if not is_flat(layer, x):
        blocks, channels = setting.vectors(channels), setting.rounded(channels)
    vectors = setting.vectors(filters)
    rows, columns = layer.windows
    products = x.n * taps_inside(layer, x) * channels * layer.groups * setting.machine.lanes
    alone = modulo(vectors, _VECTORS)
    return {
        "multiply_adds": products * vectors,
        "waits": products * (exceeds(alone, 0) - exceeds(alone, 1)),
        "weight_loads": x.n * along(rows, x.h) * columns.kernel * channels * layer.groups * vectors,
        "calls": x.n * output.h * layer.groups * blocks * ceil_div(vectors, _VECTORS),
    }


def _calls(cost: LayerCost, setting: Setting) -> Dim:
    """Return the calls of a kernel that makes a row of outputs, of one vector of channels."""
    output = cost.output
    assert isinstance(output, FeatureMap)  # noqa: S101 - of what has rows
    return output.n * setting.vectors(output.c) * output.h


def _by_matrix_product(layer: Conv2d, cost: LayerCost) -> tuple[str, dict[str, Dim]]:
    """Write out the patch of every output, padding and all, unless it is one element.

    It is a product for every image and group, and each lays the weights out for itself.
    """
    x = _feature_map(cost)
    values: dict[str, Dim] = {
        "multiply_adds": cost.work.multiplies,
        "packed_bytes": x.n * cost.parameters.weights * cost.element_bytes,
        "products": x.n * layer.groups,
    }
    if layer.taps == 1 and layer.stride == (1, 1):
        return PRODUCTS[0], values
    values["patch_elements"] = cost.output.positions * x.c * layer.taps
    return PRODUCTS[1], values


def _conv_transpose2d(
    layer: ConvTranspose2d, cost: LayerCost, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    of_one = setting.rounded(floor_div(x.c, layer.groups))
    filters = setting.rounded(floor_div(layer.filters, layer.groups))
    products = x.n * x.h * x.w * layer.taps * layer.groups * of_one * filters
    return "conv_transpose2d", {"multiply_adds": products}


def _matmul(layer: Matmul, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    del layer, setting
    return "matmul", {"multiply_adds": cost.work.multiplies}


def _dense(layer: Dense, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Of one image it is a matrix by a vector; of more, weights are packed for a product."""
    (x,) = cost.input_shapes
    features = product(x.shape[1:])
    several = exceeds(x.n, 1)
    return "dense", {
        "multiply_adds": x.n * features * setting.rounded(layer.units),
        "dot_products": layer.units * (1 - several),
        "packed_bytes": cost.parameters.weights * cost.element_bytes * several,
        "products": several,
    }


def _pool2d(layer: Pool2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    return _pooled(f"{layer.mode} pool2d", cost, taps_inside(layer, x), setting)


def _global_pool2d(
    layer: GlobalPool2d, cost: LayerCost, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    return _pooled(f"global {layer.mode} pool2d", cost, x.h * x.w, setting)


def _pooled(
    kernel: str, cost: LayerCost, taps: Dim, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    if not setting.blocked:
        return f"{kernel}{_PLAIN}", {"window_elements": x.n * x.c * taps}
    elements = x.n * setting.rounded(x.c) * taps
    return kernel, {"window_elements": elements, "calls": _calls(cost, setting)}


def _batch_norm(_: BatchNorm, __: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    return "batch_norm" if setting.blocked else f"batch_norm{_PLAIN}", {}


def _concat(_: Concat, cost: LayerCost, __: Setting) -> tuple[str, dict[str, Dim]]:
    """Of one image elements are copied one by one, of more in runs."""
    alone = 1 - exceeds(cost.output.n, 1)
    return "concat", {"elements_alone": cost.activations * alone}


def _lrn(layer: Lrn, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    elements = cost.activations
    values = {"window_elements": elements * layer.size, "exponentials": elements}
    x = _feature_map(cost)
    few = isinstance(x.c, int) and x.c < _FEWEST_NORMALIZED
    return f"lrn{_PLAIN}" if few or not setting.blocked else "lrn", values


def _activation(layer: Activation, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Every function that is calibrated has a kernel of its own, the rest two together."""
    del setting
    exponentials, function = cost.work.exponentials, layer.function
    if function.endswith("softmax"):
        return "softmax", {"exponentials": exponentials}
    if function in _CALIBRATED:
        return f"activation {function}", {}
    if exponentials != 0:
        return "activation transcendental", {"exponentials": exponentials}
    return "activation other", {"operations": cost.work.operations}


def _named(kernel: str) -> Rule:
    """Return the rule of a kind that only moves bytes."""
    return lambda _layer, _cost, _setting: (kernel, {})


def _other(layer: AbstractLayer, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Take a kind without a rule of its own by its operations; a view is the same for all."""
    del setting
    work = cost.work
    if layer.sharing == "view" or work.operations == 0:
        return "view or copy", {}
    return layer.kind, {
        "operations": work.operations - work.exponentials,
        "exponentials": work.exponentials,
    }


_RULES: Mapping[type[AbstractLayer], Rule] = MappingProxyType(
    {
        Conv2d: _conv2d,
        ConvTranspose2d: _conv_transpose2d,
        Dense: _dense,
        Matmul: _matmul,
        Pool2d: _pool2d,
        GlobalPool2d: _global_pool2d,
        Lrn: _lrn,
        Activation: _activation,
        BatchNorm: _batch_norm,
        Add: _named("add"),
        **dict.fromkeys(
            (Subtract, Multiply, Divide, Maximum, Minimum, Arithmetic), _named("elementwise")
        ),
        Concat: _concat,
    }
)


def _feature_map(cost: LayerCost) -> FeatureMap:
    (x,) = cost.input_shapes
    assert isinstance(x, FeatureMap)  # noqa: S101 - all that these kinds accept
    return x
