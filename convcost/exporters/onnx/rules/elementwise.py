"""What is done element by element: alone, with other tensors, with a constant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import AbstractLayer, Activation, Arithmetic, Dropout, Prelu, Reduce

_CONSTANT = 3  # the value of any constant: the same work as another
_OPERATORS = MappingProxyType(
    {
        "add": "Add",
        "subtract": "Sub",
        "multiply": "Mul",
        "divide": "Div",
        "power": "Pow",
        "maximum": "Max",
        "minimum": "Min",
    }
)


def _one(operator: str, **attributes: Any) -> Callable[[NodeMaker], None]:
    return lambda node: node.last(operator, **attributes)


def _clip(low: float, high: float) -> Callable[[NodeMaker], None]:
    return lambda node: node.last(
        "Clip", *node.inputs, node.number("min", low), node.number("max", high)
    )


def _swish(node: NodeMaker) -> None:
    (x,) = node.inputs
    node.last("Mul", x, node.before("sigmoid", "Sigmoid", x))


def _square(node: NodeMaker) -> None:
    (x,) = node.inputs
    node.last("Mul", x, x)


def _power(node: NodeMaker) -> None:
    node.last("Pow", *node.inputs, node.fixed("exponent", (), _CONSTANT))


FUNCTIONS: Mapping[str, Callable[[NodeMaker], None]] = MappingProxyType(
    {
        "relu": _one("Relu"),
        "relu6": _clip(0, 6),
        "sigmoid": _one("Sigmoid"),
        "tanh": _one("Tanh"),
        "hard_sigmoid": _one("HardSigmoid", alpha=1 / 6, beta=0.5),
        "hard_swish": _one("HardSwish"),
        "swish": _swish,
        "leaky_relu": _one("LeakyRelu"),
        "elu": _one("Elu"),
        "selu": _one("Selu"),
        "gelu": _one("Gelu"),
        "gelu_tanh": _one("Gelu", approximate="tanh"),
        "erf": _one("Erf"),
        "exp": _one("Exp"),
        "log": _one("Log"),
        "sqrt": _one("Sqrt"),
        "abs": _one("Abs"),
        "neg": _one("Neg"),
        "reciprocal": _one("Reciprocal"),
        "square": _square,
        "power": _power,
        "clip": _clip(-1, 1),
        "softplus": _one("Softplus"),
        "mish": _one("Mish"),
        "softsign": _one("Softsign"),
    }
)
_ALONG_AN_AXIS = MappingProxyType({"softmax": "Softmax", "log_softmax": "LogSoftmax"})


def activation(layer: Activation, node: NodeMaker) -> None:
    """Write a function."""
    if layer.function in _ALONG_AN_AXIS:
        node.last(_ALONG_AN_AXIS[layer.function], axis=layer.axis)
    else:
        FUNCTIONS[layer.function](node)


def join(operator: str) -> Callable[[AbstractLayer, NodeMaker], None]:
    """Return the rule of a join: two by two from the left."""

    def rule(_: AbstractLayer, node: NodeMaker) -> None:
        result, *others, end = node.inputs
        for position, other in enumerate(others, 1):
            result = node.before(str(position), operator, result, other)
        node.last(operator, result, end)

    return rule


def arithmetic(layer: Arithmetic, node: NodeMaker) -> None:
    """Write arithmetic with a constant, which says whether it is learned by where it stands."""
    make = node.learned if layer.learned else node.fixed
    operand = make("operand", layer.operand, _CONSTANT)
    node.last(_OPERATORS[layer.function], *node.inputs, operand)


def prelu(layer: Prelu, node: NodeMaker) -> None:
    """Write a learned slope, aligned with the channels."""
    (shape,) = node.shapes
    slopes = (1,) if layer.shared else (shape[1], *(1 for _ in shape[2:]))
    node.last("PRelu", *node.inputs, node.weight("slope", *slopes))


def reduce(layer: Reduce, node: NodeMaker) -> None:
    """Write a reduction of axes."""
    axes = node.integers("axes", layer.axes)
    operator = f"Reduce{layer.function.capitalize()}"
    node.last(operator, *node.inputs, axes, keepdims=int(layer.keep))


def dropout(layer: Dropout, node: NodeMaker) -> None:
    """Write dropout, which does nothing at inference."""
    node.last("Dropout", *node.inputs, node.number("ratio", layer.rate))
