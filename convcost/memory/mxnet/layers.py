"""Layers as MXNet's operators: what each becomes, and how large its results are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from convcost.cost import LayerCost, NetworkCost
from convcost.graph import INPUT
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
from convcost.memory.mxnet.graph import Entry, Node, blocks_of
from convcost.tensors import FeatureMap, Tensor

ELEMENT = 4
"""Bytes of an element: float32, and int32 in the workspace of max pooling."""


def _bytes(tensor: Tensor) -> int:
    return int(tensor.elements) * ELEMENT


Make = Callable[..., Node]
"""From a layer, its cost and what it reads to the node whose first result is its output."""


def _one(operator: str, results: int = 1) -> Make:
    """Make a node whose results are all as large as the layer's output."""
    return lambda _, cost, *inputs: Node(operator, inputs, (_bytes(cost.output),) * results)


def _batch_norm(_: BatchNorm, cost: LayerCost, x: Entry) -> Node:
    """Give the mean and the variance of the batch too."""
    channels = int(cost.output.channels) * ELEMENT
    return Node("BatchNorm", (x,), (_bytes(cost.output), channels, channels))


def _padded(layer: Conv2d | Pool2d, cost: LayerCost, x: Entry) -> Entry:
    """Pad beforehand what MXNet's operators cannot pad, uneven margins."""
    (shape,), (rows, columns) = cost.input_shapes, layer.windows
    assert isinstance(shape, FeatureMap)  # noqa: S101 - all that these kinds accept
    above, below = rows.margins(shape.h)
    left, right = columns.margins(shape.w)
    if (above, left) == (below, right):
        return x
    padded = replace(shape, h=shape.h + above + below, w=shape.w + left + right)
    return Node("Pad", (x,), (_bytes(padded),)), 0


def _conv2d(layer: Conv2d, cost: LayerCost, x: Entry) -> Node:
    return Node("Convolution", (_padded(layer, cost, x),), (_bytes(cost.output),))


def _pool2d(layer: Pool2d, cost: LayerCost, x: Entry) -> Node:
    return _pool(layer, cost, _padded(layer, cost, x))


def _pool(layer: Pool2d | GlobalPool2d, cost: LayerCost, x: Entry) -> Node:
    """Give the workspace of max pooling too: where each maximum was."""
    results = 2 if layer.mode == "max" else 1
    return Node(layer.mode, (x,), (_bytes(cost.output),) * results, attributes=layer)


def _lrn(layer: Lrn, cost: LayerCost, x: Entry) -> Node:
    """Give the sums of squares too."""
    return Node("LRN", (x,), (_bytes(cost.output),) * 2, attributes=layer)


def _add(layer: Add, cost: LayerCost, *inputs: Entry) -> Node:
    operator = "elemwise_add" if len(inputs) == 2 else "add_n"  # noqa: PLR2004
    return _one(operator)(layer, cost, *inputs)


def _multiply(layer: Multiply, cost: LayerCost, x: Entry, *others: Entry) -> Node:
    """Multiply from the left, two by two."""
    for other in others:
        x = _one("broadcast_mul")(layer, cost, x, other), 0
    return x[0]


def _activation(layer: Activation, cost: LayerCost, x: Entry) -> Node:
    return FUNCTIONS[layer.function](layer, cost, x)


def _hard_swish(layer: Activation, cost: LayerCost, x: Entry) -> Node:
    """Multiply by a clipped ``(x + 3) / 6``."""
    gate = x
    for operator in ("_plus_scalar", "clip", "_div_scalar"):
        gate = _one(operator)(layer, cost, gate), 0
    return _one("elemwise_mul")(layer, cost, x, gate)


def _swish(layer: Activation, cost: LayerCost, x: Entry) -> Node:
    gate = _one("sigmoid")(layer, cost, x), 0
    return _one("elemwise_mul")(layer, cost, x, gate)


FUNCTIONS: Mapping[str, Make] = MappingProxyType(
    {
        "relu": _one("relu"),
        "relu6": _one("clip"),
        "sigmoid": _one("sigmoid"),
        "tanh": _one("tanh"),
        "softmax": _one("softmax"),
        "hard_sigmoid": _one("hard_sigmoid"),
        "hard_swish": _hard_swish,
        "swish": _swish,
    }
)

LAYERS: Mapping[type[AbstractLayer], Make] = MappingProxyType(
    {
        Conv2d: _conv2d,
        Pool2d: _pool2d,
        GlobalPool2d: _pool,
        Dense: _one("FullyConnected"),
        BatchNorm: _batch_norm,
        Activation: _activation,
        Lrn: _lrn,
        Dropout: _one("Dropout", results=2),
        Flatten: _one("Flatten"),
        Add: _add,
        Multiply: _multiply,
        Concat: _one("Concat"),
        Identity: _one("_copy"),
    }
)


def planned(cost: NetworkCost) -> int:
    """Return the bytes that MXNet's executor allocates for a network, in training as at inference.

    In training the gradient of every parameter is written, and the data's is not wanted (its
    first layer computes it all the same). Elements are planned with 4 bytes whatever the dtype.
    """
    given = {INPUT: cost.input, **cost.inputs}
    made = {name: Node("Variable", (), (_bytes(shape),)) for name, shape in given.items()}
    for it in cost.layers:
        reads = [(made[name], 0) for name in it.inputs]
        made[it.name] = LAYERS[type(it.layer)](it.layer, it, *reads)
    return sum(blocks_of([made[name] for name in cost.outputs], training=cost.training))
