"""What each operator becomes: from an operator's values to layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.rules import (
    dense,
    elementwise,
    layout,
    norms,
    parts,
    reductions,
    resizing,
    windows,
)
from convcost.importers.onnx.values import Value

Result = Value | tuple[Value | None, ...]

RULES: Mapping[str, Callable[[Call], Result]] = MappingProxyType(
    {name: elementwise.function(word) for name, word in elementwise.FUNCTIONS.items()}
    | {name: elementwise.join(word) for name, word in elementwise.JOINS.items()}
    | {
        "AveragePool": windows.average_pool,
        "BatchNormalization": norms.batch_norm,
        "Cast": elementwise.alias,
        "CastLike": elementwise.alias,
        "Clip": elementwise.clip,
        "Concat": parts.concat,
        "Conv": windows.conv,
        "ConvTranspose": windows.conv_transpose,
        "DepthToSpace": layout.depth_to_space,
        "Dropout": norms.dropout,
        "Expand": layout.expand,
        "Flatten": layout.flatten,
        "Gather": parts.gather,
        "Gelu": elementwise.gelu,
        "Gemm": dense.gemm,
        "GlobalAveragePool": windows.global_pool("average"),
        "GlobalMaxPool": windows.global_pool("max"),
        "GroupNormalization": norms.group_norm,
        "Identity": elementwise.alias,
        "InstanceNormalization": norms.instance_norm,
        "LRN": norms.lrn,
        "LayerNormalization": norms.layer_norm,
        "LogSoftmax": elementwise.softmax("log_softmax"),
        "MatMul": dense.matmul,
        "MaxPool": windows.max_pool,
        "Mean": elementwise.mean,
        "PRelu": elementwise.prelu,
        "Pad": parts.pad,
        "Pow": elementwise.power,
        "ReduceL1": reductions.reduction("sum", before="abs"),
        "ReduceL2": reductions.reduction("sum", before="square", after="sqrt"),
        "ReduceMax": reductions.reduction("max"),
        "ReduceMean": reductions.reduction("mean"),
        "ReduceMin": reductions.reduction("min"),
        "ReduceSum": reductions.reduction("sum"),
        "ReduceSumSquare": reductions.reduction("sum", before="square"),
        "Reshape": layout.reshape,
        "Resize": resizing.resize,
        "Slice": parts.slice_,
        "Softmax": elementwise.softmax("softmax"),
        "SpaceToDepth": layout.space_to_depth,
        "Split": parts.split,
        "Squeeze": layout.squeeze,
        "Tile": layout.tile,
        "Transpose": layout.transpose,
        "Unsqueeze": layout.unsqueeze,
        "Upsample": resizing.resize,
        "com.microsoft.FusedConv": windows.fused_conv,
        "com.microsoft.Gelu": elementwise.gelu,
    }
)
