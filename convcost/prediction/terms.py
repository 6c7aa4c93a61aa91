"""What a layer's time is made of: which kernel runs, and the physical terms it pays for.

All is computed from the layer's own cost, by plain ``+ - * //``: in symbols it is a formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.dims import Dim, add_up, ceil_div, exceeds, floor_div, product, require
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
from convcost.prediction.machine import Machine
from convcost.prediction.taps import taps_inside
from convcost.tensors import FeatureMap

FEW_CHANNELS = 4
"""Up to so many input channels a convolution runs a kernel of its own: images have 1 or 3."""

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
        "bytes_l2": Term("byte in the L2 cache", "L2 cache"),
        "bytes_l3": Term("byte in the L3 cache", "L3 cache"),
        "bytes_memory": Term("byte in memory", "memory"),
        "weight_bytes": Term("byte of parameters", "weights"),
        "convolution_seconds": Term("forward second of convolutions", "convolutions"),
        "dense_seconds": Term("forward second of dense layers", "dense layers"),
        "batch_norm_seconds": Term("forward second of batch norms", "batch norms"),
        "other_seconds": Term("forward second of other layers", "other layers"),
        "parameter_bytes": Term("byte of parameters to update", "update"),
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
class Vectors:
    """Channels as a machine's vectors take them."""

    lanes: int

    def rounded(self, channels: Dim) -> Dim:
        """Return the channels that whole vectors hold."""
        return ceil_div(channels, self.lanes) * self.lanes


def terms(layer: LayerCost, machine: Machine) -> Terms:
    """Return what a layer's forward pass is made of.

    Units: of every term, as :data:`TERMS` says.
    """
    rule = _RULES.get(type(layer.layer), _other)
    kernel, arithmetic = rule(layer.layer, layer, Vectors(machine.lanes))
    weight_bytes = (layer.parameters.count + layer.statistics) * layer.element_bytes
    moved = moved_bytes(layer)
    values: dict[str, Dim] = {
        **arithmetic,
        **levels(moved, moved + weight_bytes, machine),
        "weight_bytes": weight_bytes,
        "launches": 1,
    }
    return Terms(kernel, {name: value for name, value in values.items() if value != 0})


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


Rule = Callable[[Any, LayerCost, Vectors], tuple[str, dict[str, Dim]]]


def _conv2d(layer: Conv2d, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    taps = x.n * taps_inside(layer, x)
    filters = layer.filters
    if layer.groups != 1:
        of_one = floor_div(x.c, layer.groups)
        if of_one == 1:  # every channel by itself
            return "conv2d depthwise", {"multiply_adds": taps * vectors.rounded(filters)}
        each = vectors.rounded(of_one) * vectors.rounded(floor_div(filters, layer.groups))
        return "conv2d grouped", {"multiply_adds": taps * layer.groups * each}
    if _few(x.c):
        products = taps * x.c * vectors.rounded(filters)
        return "conv2d few channels", {"multiply_adds": products}
    products = taps * vectors.rounded(x.c) * vectors.rounded(filters)
    return "conv2d 1x1" if layer.taps == 1 else "conv2d", {"multiply_adds": products}


def _conv_transpose2d(
    layer: ConvTranspose2d, cost: LayerCost, vectors: Vectors
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    of_one = vectors.rounded(floor_div(x.c, layer.groups))
    filters = vectors.rounded(floor_div(layer.filters, layer.groups))
    products = x.n * x.h * x.w * layer.taps * layer.groups * of_one * filters
    return "conv_transpose2d", {"multiply_adds": products}


def _matmul(layer: Matmul, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    del layer, vectors
    return "matmul", {"multiply_adds": cost.work.multiplies}


def _few(channels: Dim) -> bool:
    """Whether there are few channels; if they are a symbol, there must be more."""
    if isinstance(channels, int):
        return channels <= FEW_CHANNELS
    require(channels > FEW_CHANNELS, "{} are few channels", channels)
    return False


def _dense(layer: Dense, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    (x,) = cost.input_shapes
    features = product(x.shape[1:])
    return "dense", {"multiply_adds": x.n * features * vectors.rounded(layer.units)}


def _pool2d(layer: Pool2d, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    elements = x.n * vectors.rounded(x.c) * taps_inside(layer, x)
    return f"{layer.mode} pool2d", {"window_elements": elements}


def _global_pool2d(
    layer: GlobalPool2d, cost: LayerCost, vectors: Vectors
) -> tuple[str, dict[str, Dim]]:
    x = _feature_map(cost)
    return f"global {layer.mode} pool2d", {
        "window_elements": x.n * vectors.rounded(x.c) * x.h * x.w
    }


def _lrn(layer: Lrn, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    del vectors
    elements = cost.activations
    return "lrn", {"window_elements": elements * layer.size, "exponentials": elements}


def _activation(layer: Activation, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    """Tell apart relu, what leaves oneDNN's layout, and what computes exponentials."""
    del vectors
    exponentials = cost.work.exponentials
    if layer.function == "relu":
        return "activation relu", {}
    if layer.function.endswith("softmax"):
        return "softmax", {"exponentials": exponentials}
    if exponentials != 0:
        return "activation transcendental", {"exponentials": exponentials}
    return "activation clipped", {"operations": cost.work.operations}


def _named(kernel: str) -> Rule:
    """Return the rule of a kind that only moves bytes."""
    return lambda _layer, _cost, _vectors: (kernel, {})


def _other(layer: AbstractLayer, cost: LayerCost, vectors: Vectors) -> tuple[str, dict[str, Dim]]:
    """Take a kind without a rule of its own by its operations; a view is the same for all."""
    del vectors
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
        BatchNorm: _named("batch_norm"),
        Add: _named("add"),
        **dict.fromkeys(
            (Subtract, Multiply, Divide, Maximum, Minimum, Arithmetic), _named("elementwise")
        ),
        Concat: _named("concat"),
    }
)


def _feature_map(cost: LayerCost) -> FeatureMap:
    (x,) = cost.input_shapes
    assert isinstance(x, FeatureMap)  # noqa: S101 - all that these kinds accept
    return x
