"""Functions of every element, and of pairs of elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import of_sample
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Constant, Data, Known

Rule = Callable[[Call], Data]

FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        "Relu": "relu",
        "LeakyRelu": "leaky_relu",
        "Elu": "elu",
        "Selu": "selu",
        "Sigmoid": "sigmoid",
        "HardSigmoid": "hard_sigmoid",
        "HardSwish": "hard_swish",
        "Swish": "swish",
        "Tanh": "tanh",
        "Softplus": "softplus",
        "Softsign": "softsign",
        "Mish": "mish",
        "Erf": "erf",
        "Exp": "exp",
        "Log": "log",
        "Sqrt": "sqrt",
        "Abs": "abs",
        "Neg": "neg",
        "Reciprocal": "reciprocal",
    }
)
JOINS: Mapping[str, str] = MappingProxyType(
    {
        "Add": "add",
        "Sum": "add",
        "Sub": "subtract",
        "Mul": "multiply",
        "Div": "divide",
        "Max": "maximum",
        "Min": "minimum",
    }
)
_ROLES = {"add": "shifts", "subtract": "shifts", "multiply": "scales", "divide": "scales"}
"""What a constant learns that is combined with data so."""
_SQUARE, _ROOT = 2, 0.5
_OWN_AXIS = 13  # the opset from which softmax is along one axis


def function(name: str) -> Rule:
    """Return the rule of a function of every element."""
    return lambda call: call.add("activation", call.data(), function=name)


def gelu(call: Call) -> Data:
    """Gelu, by the error function or by tanh."""
    tanh = call.operator.word("approximate", "none") == "tanh"
    return call.add("activation", call.data(), function="gelu_tanh" if tanh else "gelu")


def softmax(name: str) -> Rule:
    """Return the rule of Softmax or LogSoftmax.

    Before opset 13 it is over all axes from one on: as one axis, if they are several.
    """

    def rule(call: Call) -> Data:
        x, rank = call.data(), len(call.data().shape)
        if call.operator.version >= _OWN_AXIS:
            axis = call.operator.integer("axis", -1)
        else:
            axis = call.operator.integer("axis", 1)
            if axis % rank < rank - 1 and any(extent != 1 for extent in x.shape[axis % rank + 1 :]):
                raise UnsupportedError("over several axes")
        return call.add("activation", x, function=name, axis=call.axis(axis, rank))

    return rule


def clip(call: Call) -> Data:
    """Clip, to bounds that are attributes or, from opset 11 on, inputs."""
    x = call.data()
    low, high = (_bound(call, index, name) for index, name in ((1, "min"), (2, "max")))
    if low == 0 and high in {None, 6}:
        return call.add("activation", x, function="relu" if high is None else "relu6")
    if low is not None and high is not None:
        return call.add("activation", x, function="clip")
    if low is None and high is None:
        return x
    one_sided = "maximum" if high is None else "minimum"
    return call.add("arithmetic", x, function=one_sided, operand=())


def _bound(call: Call, index: int, name: str) -> float | None:
    """Return a bound; None if it bounds nothing."""
    if name in call.operator.attributes:
        bound = call.operator.decimal(name)
    else:
        given = call.optional(index)
        if given is None:
            return None
        bound = float(given.numbers().ravel()[0]) if given.known is not None else math.nan
    return None if abs(bound) > 1e38 else bound  # noqa: PLR2004 - about the largest float32


def prelu(call: Call) -> Data:
    """PRelu, with a slope for every channel or one for all."""
    x, slopes = call.data(), call.constant(1)
    if slopes.elements not in {1, x.shape[1]}:
        raise UnsupportedError(f"with slopes {list(slopes.shape)}")
    call = call.named_by(slopes).learn(weights=slopes)
    return call.add("prelu", x, shared=slopes.elements == 1 != x.shape[1])


def power(call: Call) -> Data:
    """Pow, by a constant."""
    if isinstance(call.value(0), Constant):
        return _by_constant(call, "power", call.data(1), call.constant(0))
    x, exponent = call.data(0), call.constant(1)
    if exponent.elements == 1 and exponent.known is not None:
        number = float(exponent.numbers().ravel()[0])
        if number in {_SQUARE, _ROOT}:
            return call.add("activation", x, function="square" if number == _SQUARE else "sqrt")
    return _by_constant(call, "power", x, exponent)


def join(name: str) -> Rule:
    """Return the rule of an operator that combines tensors element by element."""

    def rule(call: Call) -> Data:
        given = [value for value in call.values if value is not None]
        tensors = [value for value in given if isinstance(value, Data)]
        constants = [value for value in given if isinstance(value, Constant)]
        if len(given) == 1:
            return tensors[0]
        if name == "add" and (biased := _biased(call, tensors, constants)):
            return biased
        if name == "multiply" and len(tensors) == len(given) == 2 and given[0] == given[1]:  # noqa: PLR2004
            return call.add("activation", tensors[0], function="square")
        made = tensors[0]
        if len(tensors) > 1:
            made = call.add(name, *tensors)
        for index, constant in enumerate(constants):
            part = f"constant{index}" if index or len(tensors) > 1 else ""
            made = _by_constant(call, name, made, constant, part)
        return made

    return rule


def mean(call: Call) -> Data:
    """Mean of several tensors: their sum, divided by how many they are."""
    made = join("add")(call)
    if len(call.values) == 1:
        return made
    return call.add("arithmetic", made, part="divide", function="divide", operand=())


def _by_constant(call: Call, name: str, x: Data, constant: Constant, part: str = "") -> Data:
    many = constant.elements != 1
    learned = many and constant.learned and name in _ROLES
    shape = call.aligned(constant, x)
    operand = tuple(1 if of_sample(extent) is not None else extent for extent in shape)
    if learned:
        call = call.learn(**{_ROLES[name]: constant})
    return call.add("arithmetic", x, part=part, function=name, operand=operand, learned=learned)


def _biased(call: Call, tensors: list[Data], constants: list[Constant]) -> Data | None:
    """Make a constant the bias of the dense layer before, if that is what it is."""
    if len(tensors) != 1 or len(constants) != 1:
        return None
    (x,), (bias,) = tensors, constants
    position = next(i for i, value in enumerate(call.values) if isinstance(value, Data))
    dense = call.assembly.layers.get(x.layer)
    units = x.shape[-1]
    fits = bias.floating and bias.elements == units and bias.shape[-1:] == (units,)
    if dense is None or dense.layer.kind != "dense" or not fits or not call.sole[position]:
        return None
    if dense.attributes["bias"]:
        return None
    call.assembly.change(x.layer, bias=True)
    call.assembly.hold(x.layer, "biases", bias)
    return x


def alias(call: Call) -> Known:
    """Identity, Cast: the very values."""
    first = call.value(0)
    return first if isinstance(first, Constant) else call.data()
