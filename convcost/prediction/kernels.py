"""Which kernel runs a layer, and what of its time is the kernel's own: arithmetic above all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.dims import Dim, ceil_div, exceeds, floor_div, product
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
from convcost.prediction.layouts import is_flat
from convcost.prediction.taps import taps_inside
from convcost.tensors import FeatureMap

_CALIBRATED = frozenset({"relu", "relu6", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish"})
"""The activation functions that calibrating runs, each by itself."""

_PLAIN = " in plain layout"
PRODUCTS = ("conv2d 1x1 as a product", "conv2d as a product")
"""The kernels of convolutions that run as a product of matrices: by one tap, and by several."""


@dataclass(frozen=True, slots=True)
class Setting:
    """Channels as a machine's vectors take them, and whether a layer works on blocks of them."""

    lanes: int
    blocked: bool

    def rounded(self, channels: Dim) -> Dim:
        """Return the channels that whole vectors hold."""
        return ceil_div(channels, self.lanes) * self.lanes


Rule = Callable[[Any, LayerCost, Setting], tuple[str, dict[str, Dim]]]


def kernel_of(layer: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Return the kernel that runs a layer, and the terms that are its own."""
    return _RULES.get(type(layer.layer), _other)(layer.layer, layer, setting)


def _conv2d(layer: Conv2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    if not setting.blocked:
        return _by_matrix_product(layer, cost)
    taps = x.n * taps_inside(layer, x)
    filters = layer.filters
    if layer.groups != 1:
        of_one = floor_div(x.c, layer.groups)
        if of_one == 1:  # every channel by itself
            return "conv2d depthwise", {"multiply_adds": taps * setting.rounded(filters)}
        each = setting.rounded(of_one) * setting.rounded(floor_div(filters, layer.groups))
        return "conv2d grouped", {"multiply_adds": taps * layer.groups * each}
    if is_flat(layer, x):
        products = taps * x.c * setting.rounded(filters)
        return "conv2d few channels", {"multiply_adds": products}
    products = taps * setting.rounded(x.c) * setting.rounded(filters)
    return "conv2d 1x1" if layer.taps == 1 else "conv2d", {"multiply_adds": products}


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
    (x,) = cost.input_shapes
    features = product(x.shape[1:])
    return "dense", {"multiply_adds": x.n * features * setting.rounded(layer.units)}


def _pool2d(layer: Pool2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    return _pooled(f"{layer.mode} pool2d", x, taps_inside(layer, x), setting)


def _global_pool2d(
    layer: GlobalPool2d, cost: LayerCost, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    return _pooled(f"global {layer.mode} pool2d", x, x.h * x.w, setting)


def _pooled(kernel: str, x: FeatureMap, taps: Dim, setting: Setting) -> tuple[str, dict[str, Dim]]:
    if not setting.blocked:
        return f"{kernel}{_PLAIN}", {"window_elements": x.n * x.c * taps}
    return kernel, {"window_elements": x.n * setting.rounded(x.c) * taps}


def _batch_norm(_: BatchNorm, __: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    return "batch_norm" if setting.blocked else f"batch_norm{_PLAIN}", {}


def _concat(_: Concat, cost: LayerCost, __: Setting) -> tuple[str, dict[str, Dim]]:
    """Of one image elements are copied one by one, of more in runs."""
    alone = 1 - exceeds(cost.output.n, 1)
    return "concat", {"elements_alone": cost.activations * alone}


def _lrn(layer: Lrn, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    del setting
    elements = cost.activations
    return "lrn", {"window_elements": elements * layer.size, "exponentials": elements}


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
