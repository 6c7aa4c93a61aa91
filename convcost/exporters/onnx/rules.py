"""How each layer kind is written in ONNX: one rule each.

Source: ONNX's operator documentation, github.com/onnx/onnx/blob/main/docs/Operators.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from convcost.cost import LayerCost
from convcost.errors import ExportError
from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalPool2d,
    Identity,
    Lrn,
    Multiply,
    Pool2d,
)
from convcost.layers.window import AbstractWindowLayer, Window

Rule = Callable[[Any, NodeMaker], None]

_MODES = MappingProxyType({"max": "Max", "average": "Average"})
_EPSILON = 1e-5


def rule_of(cost: LayerCost) -> Rule:
    """Return how a layer is written.

    Raises: ExportError if its kind has no ONNX form.
    """
    rule = RULES.get(type(cost.layer))
    if rule is None:
        raise ExportError("this kind has no ONNX form")
    return rule


def _windows(layer: AbstractWindowLayer, node: NodeMaker) -> list[tuple[Window, int]]:
    """Return the windows on the rows and the columns, with the extents they slide over."""
    return list(zip(layer.windows, node.shapes[0][2:], strict=True))


def _pads(margins: list[tuple[Any, Any]]) -> list[int]:
    """Return the padding as ONNX has it: before all axes, then behind them."""
    return [*(int(before) for before, _ in margins), *(int(behind) for _, behind in margins)]


def _conv2d(layer: Conv2d, node: NodeMaker) -> None:
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


def _pool2d(layer: Pool2d, node: NodeMaker) -> None:
    margins = []
    for window, extent in _windows(layer, node):
        before, behind = window.margins(extent)
        if layer.rounding == "full":  # a last window that hangs over hangs over padding
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


def _global_pool2d(layer: GlobalPool2d, node: NodeMaker) -> None:
    node.last(f"Global{_MODES[layer.mode]}Pool")


def _dense(layer: Dense, node: NodeMaker) -> None:
    (x,), (shape,) = node.inputs, node.shapes
    features = 1
    for extent in shape[1:]:
        features *= extent
    if len(shape) != 2:  # noqa: PLR2004 - the batch and the features
        x = node.before("flat", "Flatten", x, axis=1)
    weight = node.weight("weight", layer.units, features)
    bias = (node.weight("bias", layer.units),) if layer.bias else ()
    node.last("Gemm", x, weight, *bias, transB=1)


def _batch_norm(_: BatchNorm, node: NodeMaker) -> None:
    """Normalize; ONNX has a scale and a shift always: what is not learned is 1 and 0."""
    channels = node.shapes[0][1]
    ones, zeros = ("scale", "var"), ("bias", "mean")
    made = {role: node.weight(role, channels, value=1) for role in ones}
    made |= {role: node.weight(role, channels) for role in zeros}
    order = (made[role] for role in ("scale", "bias", "mean", "var"))
    node.last("BatchNormalization", *node.inputs, *order, epsilon=_EPSILON)


def _lrn(layer: Lrn, node: NodeMaker) -> None:
    node.last("LRN", size=layer.size)


def _dropout(layer: Dropout, node: NodeMaker) -> None:
    node.last("Dropout", *node.inputs, node.number("ratio", layer.rate))


def _swish(node: NodeMaker) -> None:
    (x,) = node.inputs
    node.last("Mul", x, node.before("sigmoid", "Sigmoid", x))


def _relu6(node: NodeMaker) -> None:
    node.last("Clip", *node.inputs, node.number("min", 0), node.number("max", 6))


def _plain(operator: str, **attributes: Any) -> Callable[[NodeMaker], None]:
    return lambda node: node.last(operator, **attributes)


FUNCTIONS: Mapping[str, Callable[[NodeMaker], None]] = MappingProxyType(
    {
        "relu": _plain("Relu"),
        "relu6": _relu6,
        "sigmoid": _plain("Sigmoid"),
        "tanh": _plain("Tanh"),
        "softmax": _plain("Softmax", axis=1),
        "hard_sigmoid": _plain("HardSigmoid", alpha=1 / 6, beta=0.5),
        "hard_swish": _plain("HardSwish"),
        "swish": _swish,
    }
)


def _activation(layer: Activation, node: NodeMaker) -> None:
    FUNCTIONS[layer.function](node)


def _from_the_left(operator: str) -> Rule:
    """Return the rule of a join whose operator takes two: each behind the one before it."""

    def rule(_: AbstractLayer, node: NodeMaker) -> None:
        result, *others, end = node.inputs
        for position, other in enumerate(others, 1):
            result = node.before(str(position), operator, result, other)
        node.last(operator, result, end)

    return rule


RULES: Mapping[type[AbstractLayer], Rule] = MappingProxyType(
    {
        Conv2d: _conv2d,
        Pool2d: _pool2d,
        GlobalPool2d: _global_pool2d,
        Dense: _dense,
        BatchNorm: _batch_norm,
        Activation: _activation,
        Lrn: _lrn,
        Dropout: _dropout,
        Flatten: lambda _, node: node.last("Flatten", axis=1),
        Add: _from_the_left("Add"),
        Multiply: _from_the_left("Mul"),
        Concat: lambda _, node: node.last("Concat", axis=1),
        Identity: lambda _, node: node.last("Identity"),
    }
)
