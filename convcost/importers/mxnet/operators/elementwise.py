"""What works element by element: functions, arithmetic, and what ends a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule

_SIX = 6
_ROLES = {
    "add": ("shifts",),
    "subtract": ("shifts",),
    "multiply": ("scales",),
    "divide": ("scales",),
}

_FUNCTIONS: Mapping[str, str] = MappingProxyType(
    {
        **{name: name for name in ("relu", "sigmoid", "tanh", "softsign", "hard_sigmoid")},
        **{name: name for name in ("exp", "log", "sqrt", "abs", "reciprocal", "square", "erf")},
        **{f"_npi_{name}": name for name in ("exp", "log", "sqrt", "reciprocal", "square", "tanh")},
        **{f"_npx_{name}": name for name in ("relu", "sigmoid")},
        "negative": "neg",
        "_npi_negative": "neg",
        "_npi_absolute": "abs",
        "_np_abs": "abs",
    }
)
_ARITHMETIC: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "add": (
            *("elemwise_add", "_plus", "_Plus", "_add", "broadcast_add", "broadcast_plus"),
            "_npi_add",
        ),
        "subtract": (
            *("elemwise_sub", "_minus", "_Minus", "_sub", "broadcast_sub", "broadcast_minus"),
            "_npi_subtract",
        ),
        "multiply": ("elemwise_mul", "_mul", "_Mul", "broadcast_mul", "_npi_multiply"),
        "divide": ("elemwise_div", "_div", "_Div", "broadcast_div", "_npi_true_divide"),
        "maximum": ("_maximum", "_Maximum", "broadcast_maximum"),
        "minimum": ("_minimum", "_Minimum", "broadcast_minimum"),
    }
)
_SCALAR: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "add": ("_plus_scalar", "_PlusScalar", "_npi_add_scalar"),
        "subtract": (
            *("_minus_scalar", "_MinusScalar", "_rminus_scalar", "_RMinusScalar"),
            *("_npi_subtract_scalar", "_npi_rsubtract_scalar"),
        ),
        "multiply": ("_mul_scalar", "_MulScalar", "_npi_multiply_scalar"),
        "divide": (
            *("_div_scalar", "_DivScalar", "_rdiv_scalar", "_RDivScalar"),
            *("_npi_true_divide_scalar", "_npi_rtrue_divide_scalar"),
        ),
        "power": ("_rpower_scalar", "_RPowerScalar", "_npi_rpower_scalar"),
        "maximum": ("_maximum_scalar", "_MaximumScalar"),
        "minimum": ("_minimum_scalar", "_MinimumScalar"),
    }
)
_SAME = (
    *("identity", "_copy", "_np_copy", "Cast", "cast", "amp_cast", "BlockGrad", "stop_gradient"),
    *("MakeLoss", "make_loss", "IdentityAttachKLSparseReg", "reverse", "flip"),
    *("_identity_with_attr_like_rhs", "_CrossDeviceCopy"),
)
_LOSSES = ("LinearRegressionOutput", "MAERegressionOutput", "SVMOutput")


@cache
def function(name: str) -> Callable[[Operation], str]:
    """Return the rule of an operator that is a function of every element."""
    return lambda op: op.put("activation", op.inputs[0], function=name)


@cache
def arithmetic(kind: str) -> Callable[[Operation], str]:
    """Return the rule of an operator that combines tensors element by element.

    One of them may be learned: then it is a constant of the layer.
    """

    def rule(op: Operation) -> str:
        if not op.constants:
            return op.put(kind) if len(op.inputs) > 1 else op.put("identity")
        (constant, *others) = op.constants.values()
        if constant is None or 0 in constant or others:
            raise op.unknown("with a parameter whose shape is not in the file")
        return op.put("arithmetic", function=kind, operand=constant, learned=True)

    return rule


@cache
def with_number(name: str) -> Callable[[Operation], str]:
    """Return the rule of an operator that combines every element with one number."""
    return lambda op: op.put("arithmetic", function=name, operand=())


def power(op: Operation) -> str:
    """Read a power by a number: of 2 it is a square, of 1/2 a root."""
    exponent = op.attributes.real("scalar")
    known = {2.0: "square", 0.5: "sqrt", -1.0: "reciprocal"}
    if exponent in known:
        return op.put("activation", function=known[exponent])
    return op.put("arithmetic", function="power", operand=())


def inverse_root(op: Operation) -> str:
    """Read rsqrt: a square root, and a division."""
    root = op.put_part("root", "activation", function="sqrt")
    return op.put("activation", root, function="reciprocal")


def same(op: Operation) -> str:
    """Read what hands its input on: copies, casts, ends of gradients, losses."""
    return op.put("identity", op.inputs[0])


def activation(op: Operation) -> str:
    """Read Activation."""
    words = {name: name for name in ("relu", "sigmoid", "tanh", "softsign")}
    words["softrelu"] = "softplus"
    return op.put("activation", function=words[op.attributes.word("act_type", tuple(words))])


def leaky(op: Operation) -> str:
    """Read LeakyReLU; the random slope of rrelu is fixed at inference."""
    words = {name: name for name in ("elu", "selu", "gelu")}
    words |= {"leaky": "leaky_relu", "rrelu": "leaky_relu", "prelu": "prelu"}
    function = words[op.attributes.word("act_type", tuple(words), "leaky")]
    if function != "prelu":
        return op.put("activation", function=function)
    slopes = op.constants.get(1)
    return op.put("prelu", **({"shared": True} if slopes == (1,) else {}))


def clip(op: Operation) -> str:
    """Read clip: between 0 and 6 it is ReLU6."""
    low, high = op.attributes.real("a_min"), op.attributes.real("a_max")
    return op.put("activation", function="relu6" if (low, high) == (0, _SIX) else "clip")


def dropout(op: Operation) -> str:
    """Read Dropout."""
    return op.put("dropout", rate=op.attributes.real("p", 0.5))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **{name: Rule(function(ours)) for name, ours in _FUNCTIONS.items()},
        **{
            name: Rule(arithmetic(kind), None, _ROLES.get(kind, ("weights",)))
            for kind, names in _ARITHMETIC.items()
            for name in names
        },
        **dict.fromkeys(("add_n", "ElementWiseSum"), Rule(arithmetic("add"), None, ("shifts",))),
        **{name: Rule(with_number(kind)) for kind, names in _SCALAR.items() for name in names},
        **dict.fromkeys(("_power_scalar", "_PowerScalar", "_npi_power_scalar"), Rule(power)),
        **dict.fromkeys(_SAME, Rule(same)),
        **dict.fromkeys(_LOSSES, Rule(same)),
        "LogisticRegressionOutput": Rule(function("sigmoid")),
        "Activation": Rule(activation),
        "LeakyReLU": Rule(leaky, roles=("weights",)),
        "clip": Rule(clip),
        "Dropout": Rule(dropout),
        "rsqrt": Rule(inverse_root),
    }
)
