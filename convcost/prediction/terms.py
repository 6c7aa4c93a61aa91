"""What a layer's time is made of: which kernel runs, and the physical terms it pays for.

All is computed from the layer's own cost, by plain ``+ - * //``: in symbols it is a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.dims import Dim, add_up, ceil_div, exceeds, floor_div, product
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
from convcost.prediction.layouts import Layout, fills_blocks, is_flat, layout
from convcost.prediction.machine import Machine
from convcost.prediction.taps import taps_inside
from convcost.tensors import FeatureMap

CALIBRATED = frozenset({"relu", "relu6", "sigmoid", "tanh", "hard_sigmoid", "hard_swish", "swish"})
"""The activation functions that calibrating runs, each by itself."""

_PLAIN = " in plain layout"

ARITHMETIC, OVERHEAD = "arithmetic", "overhead"


@dataclass(frozen=True, slots=True)
class Term:
    """What a term is counted in, and what binds a layer that spends most of its time on it."""

    unit: str
    binds: str


TERMS: Mapping[str, Term] = MappingProxyType(
    {
        "multiply_adds": Term("multiply-add in vectors", ARITHMETIC),
        "window_elements": Term("element of a window", ARITHMETIC),
        "operations": Term("scalar operation", ARITHMETIC),
        "exponentials": Term("exponential", ARITHMETIC),
        "patch_elements": Term("element of a patch written out", "patches"),
        "packed_bytes": Term("byte of weights packed for a product", "weights"),
        "elements_alone": Term("element copied by itself", ARITHMETIC),
        "products": Term("matrix product", OVERHEAD),
        "bytes_l2": Term("byte in the L2 cache", "L2 cache"),
        "bytes_l3": Term("byte in the L3 cache", "L3 cache"),
        "bytes_memory": Term("byte in memory", "memory"),
        "reordered_bytes": Term("byte laid out anew", "layout"),
        "weight_bytes": Term("byte of parameters", "weights"),
        "launches": Term("operation launched", OVERHEAD),
    }
)
"""Every term, by its name."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The kernel that runs, and how much of each term; a term that is not there is 0."""

    kernel: str
    values: Mapping[str, Dim]


@dataclass(frozen=True, slots=True)
class Setting:
    """Channels as a machine's vectors take them, and whether a layer works on blocks of them."""

    lanes: int
    blocked: bool

    def rounded(self, channels: Dim) -> Dim:
        """Return the channels that whole vectors hold."""
        return ceil_div(channels, self.lanes) * self.lanes


def terms(layer: LayerCost, machine: Machine, inputs: Sequence[bool] | None = None) -> Terms:
    """Return what a layer's forward pass is made of.

    ``inputs`` says which of its inputs are laid out in blocks of channels; without it all are
    as the layer takes them, and in blocks if their channels fill some.

    Units: of every term, as :data:`TERMS` says.
    """
    found = inputs if inputs is not None else [fills_blocks(x) for x in layer.input_shapes]
    laid_out = layout(layer, found)
    rule = _RULES.get(type(layer.layer), _other)
    kernel, own = rule(layer.layer, layer, Setting(machine.lanes, laid_out.gives))
    weight_bytes = (layer.parameters.count + layer.statistics) * layer.element_bytes
    moved = moved_bytes(layer)
    values: dict[str, Dim] = {
        **own,
        **levels(moved, moved + weight_bytes, machine),
        "reordered_bytes": 0 if inputs is None else reordered_bytes(layer, inputs, laid_out),
        "weight_bytes": weight_bytes,
        "launches": 1,
    }
    return Terms(kernel, {name: value for name, value in values.items() if value != 0})


def reordered_bytes(layer: LayerCost, inputs: Sequence[bool], laid_out: Layout) -> Dim:
    """Return the bytes read and written to lay out anew what is not as the layer takes it."""
    known = dict(zip(layer.inputs, zip(layer.input_shapes, inputs, strict=True), strict=True))
    other = [x.elements for x, blocked in known.values() if blocked != laid_out.takes]
    return 2 * layer.element_bytes * add_up(other)


def moved_bytes(layer: LayerCost) -> Dim:
    """Return the bytes of all inputs, each once, and of the output."""
    inputs = dict(zip(layer.inputs, layer.input_shapes, strict=True)).values()
    return add_up(x.elements for x in inputs) * layer.element_bytes + layer.activation_bytes


def levels(moved: Dim, working: Dim, machine: Machine) -> dict[str, Dim]:
    """Return the bytes moved at the level of cache that holds the working set."""
    beyond_l2 = exceeds(working, machine.l2_bytes)
    beyond_l3 = exceeds(working, machine.l3_bytes) if machine.l3_bytes else beyond_l2
    return {
        "bytes_l2": moved * (1 - beyond_l2),
        "bytes_l3": moved * (beyond_l2 - beyond_l3),
        "bytes_memory": moved * beyond_l3,
    }


Rule = Callable[[Any, LayerCost, Setting], tuple[str, dict[str, Dim]]]


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
        return "conv2d 1x1 as a product", values
    values["patch_elements"] = cost.output.positions * x.c * layer.taps
    return "conv2d as a product", values


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
    if function in CALIBRATED:
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
