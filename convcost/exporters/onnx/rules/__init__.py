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
from convcost.exporters.onnx.rules import dense, elementwise, moving, norms, windows
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
    Dropout,
    Expand,
    Flatten,
    Gather,
    GlobalPool2d,
    GroupNorm,
    Identity,
    InstanceNorm,
    LayerNorm,
    Lrn,
    Matmul,
    Maximum,
    Minimum,
    Multiply,
    Pad,
    Pool2d,
    Prelu,
    Reduce,
    Reshape,
    Resize,
    Slice,
    Squeeze,
    Subtract,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.layers.constant import Constant

Rule = Callable[[Any, NodeMaker], None]

RULES: Mapping[type[AbstractLayer], Rule] = MappingProxyType(
    {
        Activation: elementwise.activation,
        Add: elementwise.join("Add"),
        Arithmetic: elementwise.arithmetic,
        BatchNorm: norms.batch_norm,
        Concat: lambda layer, node: node.last("Concat", axis=layer.axis),
        Conv2d: windows.conv2d,
        ConvTranspose2d: windows.conv_transpose2d,
        Dense: dense.dense,
        Divide: elementwise.join("Div"),
        Dropout: elementwise.dropout,
        Expand: moving.expand,
        Flatten: lambda _, node: node.last("Flatten", axis=1),
        Gather: moving.gather,
        GlobalPool2d: windows.global_pool2d,
        GroupNorm: norms.group_norm,
        Identity: lambda _, node: node.last("Identity"),
        InstanceNorm: norms.instance_norm,
        LayerNorm: norms.layer_norm,
        Lrn: lambda layer, node: node.last("LRN", size=layer.size),
        Matmul: lambda _, node: node.last("MatMul"),
        Maximum: elementwise.join("Max"),
        Minimum: elementwise.join("Min"),
        Multiply: elementwise.join("Mul"),
        Pad: moving.pad,
        Pool2d: windows.pool2d,
        Prelu: elementwise.prelu,
        Reduce: elementwise.reduce,
        Reshape: moving.reshape,
        Resize: windows.resize,
        Slice: moving.slice_,
        Squeeze: moving.squeeze,
        Subtract: elementwise.join("Sub"),
        Transpose: moving.transpose,
        Uncounted: moving.uncounted,
        Constant: moving.constant,
        Unsqueeze: moving.unsqueeze,
    }
)


def rule_of(cost: LayerCost) -> Rule:
    """Return how a layer is written.

    Raises: ExportError if its kind has no ONNX form.
    """
    rule = RULES.get(type(cost.layer))
    if rule is None:
        raise ExportError("this kind has no ONNX form")
    return rule
