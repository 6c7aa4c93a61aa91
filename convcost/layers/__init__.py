"""The layer kinds, one room each: attributes, shape rule, work, parameters."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args

from convcost.layers.activation import ALONG_AN_AXIS, Activation, Function
from convcost.layers.arithmetic import Arithmetic
from convcost.layers.base import AbstractLayer
from convcost.layers.broadcast import Add, Divide, Maximum, Minimum, Multiply, Subtract
from convcost.layers.constant import Constant
from convcost.layers.convolution import Conv2d
from convcost.layers.dense import Dense
from convcost.layers.group_normalization import GroupNorm, InstanceNorm, LayerNorm
from convcost.layers.joins import Concat
from convcost.layers.matmul import Matmul
from convcost.layers.normalization import BatchNorm, Lrn
from convcost.layers.parts import Expand, Gather, Pad, Slice
from convcost.layers.pooling import GlobalPool2d, Pool2d
from convcost.layers.prelu import Prelu
from convcost.layers.reduce import Reduce
from convcost.layers.resize import Resize
from convcost.layers.shapes import Reshape, Squeeze, Transpose, Unsqueeze
from convcost.layers.structure import Dropout, Flatten, Identity, Input
from convcost.layers.transposed import ConvTranspose2d
from convcost.layers.uncounted import Uncounted

KINDS: tuple[type[AbstractLayer], ...] = (
    Input,
    Conv2d,
    ConvTranspose2d,
    Pool2d,
    GlobalPool2d,
    Reduce,
    Resize,
    Dense,
    BatchNorm,
    LayerNorm,
    InstanceNorm,
    GroupNorm,
    Activation,
    Prelu,
    Lrn,
    Dropout,
    Flatten,
    Add,
    Subtract,
    Multiply,
    Divide,
    Maximum,
    Minimum,
    Arithmetic,
    Matmul,
    Concat,
    Reshape,
    Transpose,
    Squeeze,
    Unsqueeze,
    Slice,
    Gather,
    Pad,
    Expand,
    Identity,
    Constant,
    Uncounted,
)

SHORTHANDS: Mapping[str, tuple[type[AbstractLayer], Mapping[str, Any]]] = MappingProxyType(
    {
        "max_pool2d": (Pool2d, {"mode": "max"}),
        "average_pool2d": (Pool2d, {"mode": "average"}),
        "global_max_pool2d": (GlobalPool2d, {"mode": "max"}),
        "global_average_pool2d": (GlobalPool2d, {"mode": "average"}),
    }
    | {
        name: (Activation, {"function": name} | ({} if name in ALONG_AN_AXIS else {"axis": 1}))
        for name in get_args(Function)
    }
)
"""Names a spec may use for a kind with some attributes already given."""

__all__ = [
    "KINDS",
    "SHORTHANDS",
    "AbstractLayer",
    "Activation",
    "Add",
    "Arithmetic",
    "BatchNorm",
    "Concat",
    "Constant",
    "Conv2d",
    "ConvTranspose2d",
    "Dense",
    "Divide",
    "Dropout",
    "Expand",
    "Flatten",
    "Gather",
    "GlobalPool2d",
    "GroupNorm",
    "Identity",
    "Input",
    "InstanceNorm",
    "LayerNorm",
    "Lrn",
    "Matmul",
    "Maximum",
    "Minimum",
    "Multiply",
    "Pad",
    "Pool2d",
    "Prelu",
    "Reduce",
    "Reshape",
    "Resize",
    "Slice",
    "Squeeze",
    "Subtract",
    "Transpose",
    "Uncounted",
    "Unsqueeze",
]
