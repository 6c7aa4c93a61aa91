"""Networks as MXNet symbols: one builder for each layer kind."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import mxnet as mx
from mxnet.symbol import Symbol

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim
from convcost.errors import MeasurementError
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
from convcost.measure import symbols_arrays as arrays
from convcost.measure import symbols_elementwise as elementwise
from convcost.measure import symbols_shapes as shapes
from convcost.measure import symbols_windows as windows
from convcost.measure.symbols_elementwise import CONSTANT

DATA = "data"
"""What the input is called; another input, which no layer's array is called like, is data:NAME."""


def build(cost: NetworkCost) -> Symbol:
    """Return a network's outputs as a symbol whose nodes are named after the layers.

    Raises: MeasurementError for what MXNet 1.9.1 has no operator for.
    """
    names = (INPUT, *cost.inputs)
    made = {name: mx.sym.Variable(_data(name)) for name in names}
    for each in cost.layers:
        inputs = [made[name] for name in each.inputs]
        made[each.name] = BUILDERS[type(each.layer)](each.layer, each, *inputs)
    outputs = [made[name] for name in cost.outputs]
    return outputs[0] if len(outputs) == 1 else mx.sym.Group(outputs)


def data_of(cost: NetworkCost, symbol: Symbol) -> dict[str, tuple[Dim, ...]]:
    """Return the shapes of the inputs that a network's symbol reads, by their names in it."""
    shapes = {INPUT: cost.input, **cost.inputs}
    read = set(symbol.list_inputs())
    return {_data(name): x.shape for name, x in shapes.items() if _data(name) in read}


def _data(name: str) -> str:
    return DATA if name == INPUT else f"{DATA}:{name}"


def bind(cost: NetworkCost, ctx: Any) -> tuple[Symbol, Any]:
    """Return a network's symbol and an executor of it, whose memory nobody has touched.

    In training the gradients of all arguments are asked for but the data and constants.
    """
    symbol = build(cost)
    requests: str | dict[str, str] = "null"
    if cost.training:
        names = symbol.list_arguments()
        given = {name for name in names if is_data(name) or name.endswith(f"_{CONSTANT}")}
        requests = {name: "null" if name in given else "write" for name in names}
    return symbol, symbol.simple_bind(ctx, grad_req=requests, **data_of(cost, symbol))


def is_data(name: str) -> bool:
    """Whether an argument of a symbol is an input of the network."""
    return name == DATA or name.startswith(f"{DATA}:")


def planned_megabytes(executor: Any) -> int:
    """Read ``Total N MB allocated``: whole MB of 2**20, rounded down."""
    total = re.search(r"^Total (\d+) MB allocated$", executor.debug_str(), re.MULTILINE)
    if total is None:
        raise MeasurementError("the executor does not say what it allocated")
    return int(total[1])


def _dense(layer: Dense, cost: LayerCost, x: Symbol) -> Symbol:
    return mx.sym.FullyConnected(
        x, num_hidden=layer.units, no_bias=not layer.bias, flatten=layer.flatten, name=cost.name
    )


def _batch_norm(layer: BatchNorm, cost: LayerCost, x: Symbol) -> Symbol:
    """Normalize; what is not learned MXNet keeps all the same, at 1 and at 0."""
    return mx.sym.BatchNorm(x, fix_gamma=not layer.scale, eps=1e-5, name=cost.name)


BUILDERS: Mapping[type[AbstractLayer], Callable[..., Symbol]] = MappingProxyType(
    {
        Conv2d: windows.conv2d,
        ConvTranspose2d: arrays.conv_transpose2d,
        Pool2d: windows.pool2d,
        GlobalPool2d: windows.global_pool2d,
        Reduce: arrays.reduce,
        Resize: arrays.resize,
        Dense: _dense,
        BatchNorm: _batch_norm,
        LayerNorm: arrays.layer_norm,
        InstanceNorm: arrays.instance_norm,
        GroupNorm: arrays.group_norm,
        Activation: elementwise.activation,
        Prelu: arrays.prelu,
        Lrn: lambda layer, cost, x: mx.sym.LRN(x, nsize=layer.size, name=cost.name),
        Dropout: lambda layer, cost, x: mx.sym.Dropout(x, p=layer.rate, name=cost.name),
        Flatten: lambda _, cost, x: mx.sym.Flatten(x, name=cost.name),
        Add: elementwise.add,
        Subtract: elementwise.join,
        Multiply: elementwise.join,
        Divide: elementwise.join,
        Maximum: elementwise.join,
        Minimum: elementwise.join,
        Arithmetic: elementwise.arithmetic,
        Matmul: arrays.matmul,
        Concat: lambda layer, cost, *inputs: mx.sym.Concat(*inputs, dim=layer.axis, name=cost.name),
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
        Identity: lambda _, cost, x: mx.sym.identity(x, name=cost.name),
    }
)
