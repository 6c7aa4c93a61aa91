"""What is done element by element as MXNet's operators."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.cost import LayerCost
from convcost.dims import product
from convcost.layers import Activation, Add, Arithmetic
from convcost.layers.broadcast import AbstractBroadcast, broadcast
from convcost.memory.mxnet.graph import Entry, Node
from convcost.memory.mxnet.sizes import ELEMENT, Make, bytes_of, one

_BINARY = {"subtract": "sub", "multiply": "mul", "divide": "div"}
_SCALAR = {"add": "plus", "subtract": "minus", "multiply": "mul", "divide": "div"}
"""What MXNet calls an operation, if not what it is called here."""


def _chain(x: Entry, cost: LayerCost, *operators: str) -> Entry:
    """Apply operators one after the other."""
    for operator in operators:
        x = one(operator)(None, cost, x), 0
    return x


def _times(cost: LayerCost, x: Entry, gate: Entry) -> Node:
    return one("elemwise_mul")(None, cost, x, gate)


def _hard_swish(_: Activation, cost: LayerCost, x: Entry) -> Node:
    """Multiply by a clipped ``(x + 3) / 6``."""
    return _times(cost, x, _chain(x, cost, "_plus_scalar", "clip", "_div_scalar"))


def _swish(_: Activation, cost: LayerCost, x: Entry) -> Node:
    return _times(cost, x, _chain(x, cost, "sigmoid"))


def _mish(_: Activation, cost: LayerCost, x: Entry) -> Node:
    return _times(cost, x, _chain(x, cost, "softrelu", "tanh"))


def _gelu_tanh(_: Activation, cost: LayerCost, x: Entry) -> Node:
    slope = _chain(x, cost, "square", "_mul_scalar", "_plus_scalar")
    inner = _times(cost, x, slope), 0
    return _times(cost, x, _chain(inner, cost, "tanh", "_plus_scalar", "_div_scalar"))


FUNCTIONS: Mapping[str, Make] = MappingProxyType(
    {
        "relu": one("relu"),
        "relu6": one("clip", attributes=6),
        "sigmoid": one("sigmoid"),
        "tanh": one("tanh"),
        "softmax": lambda layer, *rest: one("softmax", attributes=layer.axis)(layer, *rest),
        "hard_sigmoid": one("hard_sigmoid"),
        "hard_swish": _hard_swish,
        "swish": _swish,
        **{
            name: one("LeakyReLU", attributes=name)
            for name in ("leaky_relu", "elu", "selu", "gelu")
        },
        "gelu_tanh": _gelu_tanh,
        "neg": one("negative"),
        "power": one("_power_scalar", attributes=3),
        "softplus": one("softrelu"),
        "mish": _mish,
        "log_softmax": lambda layer, *rest: one("log_softmax", attributes=layer.axis)(layer, *rest),
        **{
            name: one(name)
            for name in (
                *("erf", "exp", "log", "sqrt", "abs"),
                *("reciprocal", "square", "clip", "softsign"),
            )
        },
    }
)


def activation(layer: Activation, cost: LayerCost, x: Entry) -> Node:
    """Return a function's operators."""
    return FUNCTIONS[layer.function](layer, cost, x)


def add(layer: Add, cost: LayerCost, *inputs: Entry) -> Node:
    """Add tensors that are alike at once, others from the left, two by two."""
    if len({x.shape for x in cost.input_shapes}) > 1:
        return join(layer, cost, *inputs)
    operator = "elemwise_add" if len(inputs) == 2 else "add_n"  # noqa: PLR2004
    return one(operator)(layer, cost, *inputs)


def join(layer: AbstractBroadcast, cost: LayerCost, x: Entry, *others: Entry) -> Node:
    """Join from the left, two by two."""
    operator = f"broadcast_{_BINARY.get(layer.kind, layer.kind)}"
    met, *shapes = (x.shape for x in cost.input_shapes)
    for other, shape in zip(others, shapes, strict=True):
        met = broadcast([met, shape])
        x = Node(operator, (x, other), (int(product(met)) * ELEMENT,)), 0
    return x[0]


def arithmetic(layer: Arithmetic, cost: LayerCost, x: Entry) -> Node:
    """Combine with a number, or with a tensor, which lies elsewhere as parameters do."""
    function, size = layer.function, (bytes_of(cost.output),)
    if layer.learned:
        name = f"broadcast_{_BINARY.get(function, function)}"
        return Node(f"{name}, learned", (x,), size)
    if not layer.operand:
        return Node(f"_{_SCALAR.get(function, function)}_scalar", (x,), size, attributes=2)
    constant = Node("Variable", (), (int(product(layer.operand)) * ELEMENT,))
    return Node(f"broadcast_{_BINARY.get(function, function)}", (x, (constant, 0)), size)
