"""What moves elements and computes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule


def concat(op: Operation) -> str:
    """Read Concat."""
    axis = op.axis(op.attributes.integer("dim", 1), op.rank(op.inputs[0]))
    if len(op.inputs) == 1:
        return op.put("identity")
    return op.put("concat", **({"axis": axis} if axis != 1 else {}))


def flatten(op: Operation) -> str:
    """Read Flatten."""
    return op.put("flatten")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Concat": Rule(concat, None),
        "concat": Rule(concat, None),
        "Flatten": Rule(flatten),
        "flatten": Rule(flatten),
    }
)
