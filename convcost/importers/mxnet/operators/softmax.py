"""Softmax over an axis, under its several names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule

_MATRIX = 2  # axes


@cache
def softmax(name: str) -> Callable[[Operation], str]:
    """Return the rule of softmax or its logarithm; a temperature divides first."""

    def rule(op: Operation) -> str:
        axis = op.axis(op.attributes.integer("axis", -1), op.rank(op.inputs[0]))
        source = op.inputs[0]
        if op.attributes.flag("use_length", otherwise=False):
            raise op.unknown("of a given length", lambda: op.shape(source))
        if op.attributes.real("temperature", 1.0) != 1:
            source = op.put_part("temperature", "arithmetic", source, function="divide", operand=())
        return _over(op, name, axis, source)

    return rule


def softmax_output(op: Operation) -> str:
    """Read SoftmaxOutput: what it learns from is a label, and no part of the network."""
    rank = op.rank(op.inputs[0])
    if op.attributes.flag("preserve_shape", otherwise=False):
        return _over(op, "softmax", rank - 1)
    if op.attributes.flag("multi_output", otherwise=False):
        return _over(op, "softmax", 1)
    return _over_all(op, rank)


def softmax_activation(op: Operation) -> str:
    """Read SoftmaxActivation."""
    if op.attributes.word("mode", ("instance", "channel"), "instance") == "channel":
        return _over(op, "softmax", 1)
    return _over_all(op, op.rank(op.inputs[0]))


def _over_all(op: Operation, rank: int) -> str:
    """Put a softmax over all axes but the batch, which is one if there are no others."""
    if rank != _MATRIX:
        raise op.unknown("over several axes", lambda: op.shape(op.inputs[0]))
    return _over(op, "softmax", 1)


def _over(op: Operation, name: str, axis: int, source: str | None = None) -> str:
    attributes = {"axis": axis} if axis != 1 else {}
    return op.put("activation", source or op.inputs[0], function=name, **attributes)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "softmax": Rule(softmax("softmax")),
        "log_softmax": Rule(softmax("log_softmax")),
        **dict.fromkeys(("SoftmaxOutput", "Softmax"), Rule(softmax_output)),
        "SoftmaxActivation": Rule(softmax_activation),
    }
)
