"""What works element by element: activation functions, sums, products, and what ends a network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule

_SIX = 6
_MATRIX = 2  # axes


def function(name: str) -> Callable[[Operation], str]:
    """Return the rule of an operator that is a function of every element."""
    return lambda op: op.put("activation", function=name)


def join(kind: str) -> Callable[[Operation], str]:
    """Return the rule of an operator that brings tensors together, element by element."""

    def rule(op: Operation) -> str:
        if len(op.inputs) == 1:
            return op.put("identity")
        return op.put(kind)

    return rule


def same(op: Operation) -> str:
    """Read what hands its input on: copies, casts, ends of gradients, losses."""
    return op.put("identity", op.inputs[0])


def activation(op: Operation) -> str:
    """Read Activation."""
    words = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh"}
    words |= {"softrelu": "softplus", "softsign": "softsign"}
    return op.put("activation", function=words[op.attributes.word("act_type", tuple(words))])


def clip(op: Operation) -> str:
    """Read clip: between 0 and 6 it is ReLU6."""
    low, high = op.attributes.real("a_min"), op.attributes.real("a_max")
    return op.put("activation", function="relu6" if (low, high) == (0, _SIX) else "clip")


def softmax_output(op: Operation) -> str:
    """Read SoftmaxOutput: what it learns from is a label, and no part of the network."""
    rank = op.rank(op.inputs[0])
    if op.attributes.flag("preserve_shape", otherwise=False):
        return over("softmax", op, rank - 1)
    if rank > _MATRIX and not op.attributes.flag("multi_output", otherwise=False):
        raise op.unknown("over all but the batch", lambda: op.shape(op.inputs[0]))
    return over("softmax", op, 1)


def over(name: str, op: Operation, axis: int) -> str:
    """Put a function that works along an axis."""
    attributes = {"axis": axis} if axis != 1 else {}
    return op.put("activation", function=name, **attributes)


def dropout(op: Operation) -> str:
    """Read Dropout."""
    return op.put("dropout", rate=op.attributes.real("p", 0.5))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Activation": Rule(activation),
        "relu": Rule(function("relu")),
        "sigmoid": Rule(function("sigmoid")),
        "tanh": Rule(function("tanh")),
        "clip": Rule(clip),
        "Dropout": Rule(dropout),
        **dict.fromkeys(("SoftmaxOutput", "Softmax"), Rule(softmax_output, learns=False)),
        **dict.fromkeys(("elemwise_add", "_plus", "_Plus", "add_n"), Rule(join("add"), None)),
        **dict.fromkeys(("elemwise_mul", "_mul", "_Mul"), Rule(join("multiply"), None)),
        **dict.fromkeys(("identity", "_copy", "BlockGrad", "Cast", "MakeLoss"), Rule(same)),
    }
)
