"""Layers as MXNet's operators: what each becomes, and how large its results are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from convcost.cost import LayerCost, NetworkCost
from convcost.graph import INPUT
from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Constant,
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
from convcost.memory.mxnet import arrays, elementwise, shapes
from convcost.memory.mxnet.graph import Entry, Node, blocks_of
from convcost.memory.mxnet.sizes import ELEMENT, Make, bytes_of, one
from convcost.tensors import FeatureMap


def _batch_norm(_: BatchNorm, cost: LayerCost, x: Entry) -> Node:
    """Give the mean and the variance of the batch too."""
    channels = int(cost.output.channels) * ELEMENT
    return Node("BatchNorm", (x,), (bytes_of(cost.output), channels, channels))


def _padded(layer: Conv2d | Pool2d, cost: LayerCost, x: Entry) -> Entry:
    """Pad beforehand what MXNet's operators cannot pad, uneven margins."""
    (shape,), (rows, columns) = cost.input_shapes, layer.windows
    assert isinstance(shape, FeatureMap)  # noqa: S101 - all that these kinds accept
    above, below = rows.margins(shape.h)
    left, right = columns.margins(shape.w)
    if (above, left) == (below, right):
        return x
    padded = replace(shape, h=shape.h + above + below, w=shape.w + left + right)
    return Node("Pad", (x,), (bytes_of(padded),)), 0


def _conv2d(layer: Conv2d, cost: LayerCost, x: Entry) -> Node:
    return Node("Convolution", (_padded(layer, cost, x),), (bytes_of(cost.output),))


def _pool2d(layer: Pool2d, cost: LayerCost, x: Entry) -> Node:
    return _pool(layer, cost, _padded(layer, cost, x))


def _pool(layer: Pool2d | GlobalPool2d, cost: LayerCost, x: Entry) -> Node:
    """Give the workspace of max pooling too: where each maximum was."""
    results = 2 if layer.mode == "max" else 1
    return Node(layer.mode, (x,), (bytes_of(cost.output),) * results, attributes=layer)


def _lrn(layer: Lrn, cost: LayerCost, x: Entry) -> Node:
    """Give the sums of squares too."""
    return Node("LRN", (x,), (bytes_of(cost.output),) * 2, attributes=layer)


def _resize(layer: Resize, cost: LayerCost, x: Entry) -> Node:
    """Repeat, or interpolate linearly: what else there is MXNet does not build."""
    operator = "BilinearResize2D" if layer.mode == "linear" else "UpSampling"
    return Node(operator, (x,), (bytes_of(cost.output),), attributes=layer)


LAYERS: Mapping[type[AbstractLayer], Make] = MappingProxyType(
    {
        Conv2d: _conv2d,
        ConvTranspose2d: arrays.conv_transpose2d,
        Pool2d: _pool2d,
        GlobalPool2d: _pool,
        Reduce: arrays.reduce,
        Resize: _resize,
        Dense: one("FullyConnected"),
        BatchNorm: _batch_norm,
        LayerNorm: arrays.norm,
        InstanceNorm: arrays.norm,
        GroupNorm: arrays.norm,
        Activation: elementwise.activation,
        Prelu: one("PReLU"),
        Lrn: _lrn,
        Dropout: one("Dropout", results=2),
        Flatten: one("Flatten"),
        Add: elementwise.add,
        Subtract: elementwise.join,
        Multiply: elementwise.join,
        Divide: elementwise.join,
        Maximum: elementwise.join,
        Minimum: elementwise.join,
        Arithmetic: elementwise.arithmetic,
        Matmul: arrays.matmul,
        Concat: one("Concat"),
        Reshape: shapes.reshape,
        Transpose: shapes.transpose,
        Squeeze: shapes.reshape,
        Unsqueeze: shapes.reshape,
        Slice: shapes.slice_,
        Gather: shapes.gather,
        Pad: shapes.pad,
        Expand: shapes.expand,
        Constant: shapes.constant,
        Uncounted: shapes.uncounted,
        Identity: one("_copy"),
    }
)


def planned(cost: NetworkCost) -> int:
    """Return the bytes that MXNet's executor allocates for a network, in training as at inference.

    In training the gradient of every parameter is written, and the data's is not wanted (its
    first layer computes it all the same). Elements are planned with 4 bytes whatever the dtype.
    """
    given = {INPUT: cost.input, **cost.inputs}
    made = {name: Node("Variable", (), (bytes_of(shape),)) for name, shape in given.items()}
    for it in cost.layers:
        reads = [(made[name], 0) for name in it.inputs]
        made[it.name] = LAYERS[type(it.layer)](it.layer, it, *reads)
    return sum(blocks_of([made[name] for name in cost.outputs], training=cost.training))
