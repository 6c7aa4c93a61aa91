"""Whole networks as ONNX models, as exporters write them, with counts that onnx's shapes give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import onnx
from onnx import shape_inference
from onnx_models import Array, Model, integers, node, number, weights

IMAGE = ("N", 3, 32, 32)
MACS = {"Conv": 1, "ConvTranspose": 0, "Gemm": 1, "MatMul": 1}
"""The input or output whose elements each meet a column of weights: 1 for the output."""


@dataclass
class Builder:
    """Nodes one behind the other; each method returns the name of what it gives."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    arrays: dict[str, Array] = field(default_factory=dict)
    statistics: set[str] = field(default_factory=set)

    def add(self, kind: str, *inputs: str | Array, scope: str = "", **attributes: Any) -> str:
        """Place a node; an array becomes an initializer named after its place."""
        count = sum(each.op_type == kind for each in self.nodes)
        place = f"{scope}/{kind}" if scope else kind
        name = f"/{place}_{count}" if scope else f"{kind}_{count}"
        names = []
        for index, each in enumerate(inputs):
            if isinstance(each, str):
                names.append(each)
            else:
                names.append(f"{name}.{index}")
                self.arrays[names[-1]] = each
        self.nodes.append(node(kind, " ".join(names), f"{name}_out", name=name, **attributes))
        return f"{name}_out"

    def conv(self, x: str, shape: tuple[int, ...], scope: str = "", **attributes: Any) -> str:
        """Place a convolution without bias, and batch norm."""
        x = self.add("Conv", x, weights(*shape), scope=scope, **attributes)
        return self.norm(x, shape[0], scope)

    def norm(self, x: str, channels: int, scope: str = "") -> str:
        """Place batch norm."""
        given = [weights(channels) for _ in range(4)]
        made = self.add("BatchNormalization", x, *given, scope=scope)
        self.statistics |= {*self.nodes[-1].input[3:]}
        return made

    def model(self, *outputs: str, opset: int = 17, **inputs: Sequence[int | str]) -> Model:
        """Return the model; its input is an image unless inputs are given."""
        return Model(self.nodes, self.arrays, inputs or {"x": IMAGE}, outputs, opset)

    def learned(self) -> int:
        """Count what is learned: floats that are no statistics and no single number."""
        floats = {n: a for n, a in self.arrays.items() if a.dtype == np.float32 and a.ndim}
        return sum(array.size for name, array in floats.items() if name not in self.statistics)


def macs(model: Model, batch: int = 1) -> int:
    """Count multiply-accumulates by the shapes that onnx infers."""
    proto = model.proto()
    for value in proto.graph.input:
        for dim in value.type.tensor_type.shape.dim:
            dim.dim_value = dim.dim_value or batch
    inferred = shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True).graph
    shapes = {
        value.name: [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        for value in (*inferred.input, *inferred.value_info, *inferred.output)
    }
    total = 0
    for each in proto.graph.node:
        if each.op_type not in MACS or each.input[1] not in model.initializers:
            continue
        shape = model.initializers[each.input[1]].shape
        met = shapes[each.output[0] if MACS[each.op_type] else each.input[0]]
        transposed = each.op_type == "Gemm" and any(a.name == "transB" for a in each.attribute)
        column = shape[0] if each.op_type in {"MatMul", "Gemm"} and not transposed else 0
        total += prod(met) * (column or prod(shape[1:]))
    return total


def resnet() -> Builder:
    """Residual units: a stem, two stages, the second one with a projection."""
    b = Builder()
    x = b.add("Relu", b.conv("x", (8, 3, 7, 7), "conv1", strides=[2, 2], pads=[3] * 4))
    x = b.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    for stage, (width, stride) in enumerate(((8, 1), (16, 2))):
        scope = f"layer{stage + 1}/layer{stage + 1}.0"
        y = b.conv(x, (width, 8, 3, 3), f"{scope}/conv1", strides=[stride] * 2, pads=[1] * 4)
        y = b.add("Relu", y, scope=scope)
        y = b.conv(y, (width, width, 3, 3), f"{scope}/conv2", pads=[1] * 4)
        if stride > 1:
            x = b.conv(x, (width, 8, 1, 1), f"{scope}/downsample", strides=[stride] * 2)
        x = b.add("Relu", b.add("Add", y, x, scope=scope), scope=scope)
    x = b.add("Flatten", b.add("GlobalAveragePool", x))
    b.add("Gemm", x, weights(10, 16), weights(10), transB=1)
    return b


def mobilenet() -> Builder:
    """Inverted residuals: Clip from 0 to 6, depthwise convolutions, ReduceMean at the end."""
    b = Builder()
    bounds = (number(0), number(6))

    def clipped(x: str) -> str:
        return b.add("Clip", x, *bounds)

    x = clipped(b.conv("x", (8, 3, 3, 3), strides=[2, 2], pads=[1] * 4))
    for _ in range(2):
        y = clipped(b.conv(x, (24, 8, 1, 1)))
        y = clipped(b.conv(y, (24, 1, 3, 3), group=24, pads=[1] * 4))
        x = b.add("Add", x, b.conv(y, (8, 24, 1, 1)))
    x = b.add("ReduceMean", x, axes=[2, 3], keepdims=0)
    b.add("Add", b.add("MatMul", x, weights(8, 10)), weights(10))
    return b


def unet() -> Builder:
    """Down and up again: ConvTranspose, and Resize to what the skipped map is as large as."""
    b = Builder()
    high = b.add("Relu", b.conv("x", (4, 3, 3, 3), "down1", pads=[1] * 4))
    middle = b.add("MaxPool", high, kernel_shape=[2, 2], strides=[2, 2], scope="down2")
    middle = b.add("Relu", b.conv(middle, (8, 4, 3, 3), "down2", pads=[1] * 4))
    low = b.add("MaxPool", middle, kernel_shape=[2, 2], strides=[2, 2], scope="down3")
    low = b.add("LeakyRelu", b.conv(low, (8, 8, 3, 3), "down3", pads=[1] * 4), alpha=0.1)
    up = b.add("ConvTranspose", low, weights(8, 4, 2, 2), weights(4), strides=[2, 2], scope="up2")
    x = b.add("Concat", up, middle, axis=1, scope="up2")
    x = b.add("Relu", b.conv(x, (4, 12, 3, 3), "up2", pads=[1] * 4))
    size = b.add("Slice", b.add("Shape", high), integers(2), integers(4))
    channels = b.add("Slice", b.add("Shape", x), integers(0), integers(2))
    target = b.add("Concat", channels, size, axis=0)
    up = b.add("Resize", x, "_", "_", target, mode="linear", scope="up1")
    x = b.add("Concat", up, high, axis=1, scope="up1")
    b.add("Sigmoid", b.add("Conv", x, weights(1, 8, 1, 1), weights(1), scope="head"))
    return b


def shufflenet() -> Builder:
    """Channels split in two, one half convolved, both concatenated and shuffled."""
    b = Builder()
    x = b.conv("x", (8, 3, 3, 3), strides=[2, 2], pads=[1] * 4)
    for _ in range(2):
        left = b.add("Split", x, integers(4, 4), axis=1)
        b.nodes[-1].output.append(right := f"{left}_right")
        y = b.add("Relu", b.conv(right, (4, 4, 1, 1)))
        y = b.conv(y, (4, 1, 3, 3), group=4, pads=[1] * 4)
        x = b.add("Concat", left, y, axis=1)
        shape = b.add("Shape", x)
        n, h, w = (b.add("Gather", shape, integers(i)) for i in (0, 2, 3))
        split = b.add("Concat", n, integers(2, 4), h, w, axis=0)
        x = b.add("Transpose", b.add("Reshape", x, split), perm=[0, 2, 1, 3, 4])
        x = b.add("Reshape", x, b.add("Concat", n, integers(-1), h, w, axis=0))
    b.add("GlobalMaxPool", x)
    return b


def vision_transformer(width: int = 16, heads: int = 2) -> Builder:
    """Patches, a class token for every image, one block: attention by two heads, Gelu by Erf."""
    b = Builder()
    patches = b.add("Conv", "x", weights(width, 3, 8, 8), weights(width), strides=[8, 8])
    n = b.add("Slice", b.add("Shape", patches), integers(0), integers(1))
    x = b.add("Reshape", patches, integers(0, width, -1))
    x = b.add("Transpose", x, perm=[0, 2, 1])
    token = b.add("Expand", weights(1, 1, width), b.add("Concat", n, integers(1, 1), axis=0))
    x = b.add("Concat", token, x, axis=1)
    x = b.add("Add", x, weights(1, 17, width))
    y = b.add("LayerNormalization", x, weights(width), weights(width), axis=-1, scope="attention")
    y = b.add("MatMul", y, weights(width, 3 * width), scope="attention")
    y = b.add("Add", weights(3 * width), y, scope="attention")
    y = b.add("Reshape", y, integers(0, 17, 3, heads, -1), scope="attention")
    y = b.add("Transpose", y, perm=[2, 0, 3, 1, 4], scope="attention")
    q, k, v = (b.add("Gather", y, np.asarray(i), axis=0, scope="attention") for i in range(3))
    k = b.add("Transpose", k, perm=[0, 1, 3, 2], scope="attention")
    scores = b.add("Div", b.add("MatMul", q, k, scope="attention"), number(2.0))
    y = b.add("MatMul", b.add("Softmax", scores, axis=-1), v, scope="attention")
    y = b.add("Reshape", b.add("Transpose", y, perm=[0, 2, 1, 3]), integers(0, 17, width))
    x = b.add("Add", x, b.add("Add", b.add("MatMul", y, weights(width, width)), weights(width)))
    y = b.add("MatMul", x, weights(width, 2 * width), scope="mlp")
    half = b.add("Div", y, number(1.41421), scope="mlp")
    gate = b.add("Add", b.add("Erf", half, scope="mlp"), number(1), scope="mlp")
    y = b.add("Mul", b.add("Mul", y, gate, scope="mlp"), number(0.5), scope="mlp")
    x = b.add("Add", x, b.add("MatMul", y, weights(2 * width, width), scope="mlp"))
    b.add("Gemm", b.add("Gather", x, np.asarray(0), axis=1), weights(width, 10), weights(10))
    return b


NETWORKS = {
    each.__name__: each for each in (resnet, mobilenet, unet, shufflenet, vision_transformer)
}
