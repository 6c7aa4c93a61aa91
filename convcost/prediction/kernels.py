"""Which kernel runs a layer, and what of its time is the kernel's own: arithmetic above all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.dims import Dim, exceeds, minimum, product
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
from convcost.prediction.convolutions import conv2d, conv_transpose2d
from convcost.prediction.setting import Setting, calls, feature_map
from convcost.prediction.taps import taps_inside

_CALIBRATED = frozenset(
    {"relu", "relu6", "leaky_relu", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish"}
)
"""The activation functions that calibrating runs, each by itself."""

_PLAIN = " in plain layout"
_START = 512  # weights of a row that are read before the processor sees that there are more
_FEWEST_NORMALIZED = 16  # channels, for oneDNN's own local response normalization

Rule = Callable[[Any, LayerCost, Setting], tuple[str, dict[str, Dim]]]


def kernel_of(layer: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Return the kernel that runs a layer, and the terms that are its own."""
    return _RULES.get(type(layer.layer), _other)(layer.layer, layer, setting)


def _matmul(layer: Matmul, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    del layer, setting
    return "matmul", {"multiply_adds": cost.work.multiplies}


def _dense(layer: Dense, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Of one image it only reads weights; of more, weights are packed for a product."""
    (x,) = cost.input_shapes
    features = product(x.shape[1:])
    several = exceeds(x.n, 1)
    return "dense", {
        "multiply_adds": x.n * features * setting.rounded(layer.units) * several,
        "row_starts": layer.units * minimum(features, _START) * (1 - several),
        "packed_bytes": cost.parameters.weights * cost.element_bytes * several,
        "products": several,
    }


def _pool2d(layer: Pool2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    x = feature_map(cost)
    return _pooled(f"{layer.mode} pool2d", cost, taps_inside(layer, x), setting)


def _global_pool2d(
    layer: GlobalPool2d, cost: LayerCost, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = feature_map(cost)
    return _pooled(f"global {layer.mode} pool2d", cost, x.h * x.w, setting)


def _pooled(
    kernel: str, cost: LayerCost, taps: Dim, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    x = feature_map(cost)
    if not setting.blocked:
        return f"{kernel}{_PLAIN}", {"window_elements": x.n * x.c * taps}
    elements = x.n * setting.rounded(x.c) * taps
    return kernel, {"window_elements": elements, "calls": calls(cost, setting)}


def _batch_norm(_: BatchNorm, __: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    return "batch_norm" if setting.blocked else f"batch_norm{_PLAIN}", {}


def _concat(_: Concat, cost: LayerCost, __: Setting) -> tuple[str, dict[str, Dim]]:
    """Of one image elements are copied one by one, of more in runs."""
    alone = 1 - exceeds(cost.output.n, 1)
    return "concat", {"elements_alone": cost.activations * alone}


def _lrn(layer: Lrn, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    elements = cost.activations
    values = {"window_elements": elements * layer.size, "exponentials": elements}
    x = feature_map(cost)
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
        Conv2d: conv2d,
        ConvTranspose2d: conv_transpose2d,
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
