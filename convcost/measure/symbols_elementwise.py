"""MXNet symbols for what is done element by element, alone or with other tensors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import pi, sqrt
from types import MappingProxyType
from typing import Any

import mxnet as mx
from mxnet.symbol import Symbol

from convcost.cost import LayerCost
from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    Divide,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
)

CONSTANT = "constant"
"""What a tensor is called that a network holds but does not learn."""
LEARNED = MappingProxyType(
    {"multiply": "gamma", "divide": "gamma", "add": "beta", "subtract": "beta"}
)
"""What MXNet calls a learned operand, if not a weight."""
_PAIR = 2
_SCALAR = 2  # the value of any constant: the same work as another

Function = Callable[[Symbol, str], Symbol]


def _one(operator: Callable[..., Symbol], **attributes: Any) -> Function:
    """Make a symbol of one operator."""
    return lambda x, name: operator(x, name=name, **attributes)


def _hard_swish(x: Symbol, name: str) -> Symbol:
    gate = mx.sym.clip(x + 3, 0, 6, name=f"{name}_clip")
    return mx.sym.elemwise_mul(x, gate / 6, name=name)


def _swish(x: Symbol, name: str) -> Symbol:
    return mx.sym.elemwise_mul(x, FUNCTIONS["sigmoid"](x, f"{name}_sigmoid"), name=name)


def _mish(x: Symbol, name: str) -> Symbol:
    softplus = mx.sym.Activation(x, act_type="softrelu", name=f"{name}_softplus")
    gate = mx.sym.Activation(softplus, act_type="tanh", name=f"{name}_tanh")
    return mx.sym.elemwise_mul(x, gate, name=name)


def _gelu_tanh(x: Symbol, name: str) -> Symbol:
    """Compose it: MXNet's own gelu is the exact one."""
    a = sqrt(2 / pi)
    slope = mx.sym.square(x, name=f"{name}_square") * (0.044715 * a) + a
    inner = mx.sym.elemwise_mul(x, slope, name=f"{name}_inner")
    gate = mx.sym.Activation(inner, act_type="tanh", name=f"{name}_tanh") + 1
    return mx.sym.elemwise_mul(x, gate / 2, name=name)


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "relu": _one(mx.sym.Activation, act_type="relu"),
        "sigmoid": _one(mx.sym.Activation, act_type="sigmoid"),
        "tanh": _one(mx.sym.Activation, act_type="tanh"),
        "relu6": _one(mx.sym.clip, a_min=0, a_max=6),
        "hard_sigmoid": _one(mx.sym.hard_sigmoid, alpha=1 / 6, beta=0.5),
        "hard_swish": _hard_swish,
        "swish": _swish,
        "leaky_relu": _one(mx.sym.LeakyReLU, act_type="leaky"),
        "elu": _one(mx.sym.LeakyReLU, act_type="elu"),
        "selu": _one(mx.sym.LeakyReLU, act_type="selu"),
        "gelu": _one(mx.sym.LeakyReLU, act_type="gelu"),
        "gelu_tanh": _gelu_tanh,
        "erf": _one(mx.sym.erf),
        "exp": _one(mx.sym.exp),
        "log": _one(mx.sym.log),
        "sqrt": _one(mx.sym.sqrt),
        "abs": _one(mx.sym.abs),
        "neg": _one(mx.sym.negative),
        "reciprocal": _one(mx.sym.reciprocal),
        "square": _one(mx.sym.square),
        "power": _one(mx.sym._internal._power_scalar, scalar=3),
        "clip": _one(mx.sym.clip, a_min=-1, a_max=1),
        "softplus": _one(mx.sym.Activation, act_type="softrelu"),
        "mish": _mish,
        "softsign": _one(mx.sym.Activation, act_type="softsign"),
    }
)
ALONG_AN_AXIS = MappingProxyType({"softmax": mx.sym.softmax, "log_softmax": mx.sym.log_softmax})


def activation(layer: Activation, cost: LayerCost, x: Symbol) -> Symbol:
    """Build a function; the names of its inner operators follow from the layer's."""
    if layer.function in ALONG_AN_AXIS:
        return ALONG_AN_AXIS[layer.function](x, axis=layer.axis, name=cost.name)
    return FUNCTIONS[layer.function](x, cost.name)


def add(layer: Add, cost: LayerCost, *inputs: Symbol) -> Symbol:
    """Add tensors that are alike at once, others from the left, two by two."""
    if len({x.shape for x in cost.input_shapes}) > 1:
        return join(layer, cost, *inputs)
    operator = mx.sym.elemwise_add if len(inputs) == _PAIR else mx.sym.add_n
    return operator(*inputs, name=cost.name)


JOINS: Mapping[type[AbstractLayer], Callable[..., Symbol]] = MappingProxyType(
    {
        Add: mx.sym.broadcast_add,
        Subtract: mx.sym.broadcast_sub,
        Multiply: mx.sym.broadcast_mul,
        Divide: mx.sym.broadcast_div,
        Maximum: mx.sym.broadcast_maximum,
        Minimum: mx.sym.broadcast_minimum,
    }
)


def join(layer: AbstractLayer, cost: LayerCost, x: Symbol, *others: Symbol) -> Symbol:
    """Join from the left, two by two."""
    for position, other in enumerate(others, 1):
        name = cost.name if position == len(others) else f"{cost.name}_{position}"
        x = JOINS[type(layer)](x, other, name=name)
    return x


ARITHMETIC: Mapping[str, tuple[Callable[..., Symbol], Callable[..., Symbol]]] = MappingProxyType(
    {
        "add": (mx.sym._internal._plus_scalar, mx.sym.broadcast_add),
        "subtract": (mx.sym._internal._minus_scalar, mx.sym.broadcast_sub),
        "multiply": (mx.sym._internal._mul_scalar, mx.sym.broadcast_mul),
        "divide": (mx.sym._internal._div_scalar, mx.sym.broadcast_div),
        "power": (mx.sym._internal._power_scalar, mx.sym.broadcast_power),
        "maximum": (mx.sym._internal._maximum_scalar, mx.sym.broadcast_maximum),
        "minimum": (mx.sym._internal._minimum_scalar, mx.sym.broadcast_minimum),
    }
)
"""With a number, and with a tensor."""


def arithmetic(layer: Arithmetic, cost: LayerCost, x: Symbol) -> Symbol:
    """Combine with a number, or with a tensor of its own; a learned number is one of extent 1."""
    with_number, with_tensor = ARITHMETIC[layer.function]
    if not layer.operand and not layer.learned:
        return with_number(x, scalar=_SCALAR, name=cost.name)
    suffix = LEARNED.get(layer.function, "weight") if layer.learned else CONSTANT
    operand = mx.sym.Variable(f"{cost.name}_{suffix}", shape=layer.operand or (1,))
    return with_tensor(x, operand, name=cost.name)
