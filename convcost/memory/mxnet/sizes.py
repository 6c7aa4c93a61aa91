"""How large the results of MXNet's operators are."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from convcost.memory.mxnet.graph import Node
from convcost.tensors import Tensor

ELEMENT = 4
"""Bytes of an element: float32, and int32 in the workspace of max pooling."""


def bytes_of(tensor: Tensor) -> int:
    """Return the bytes of a tensor."""
    return int(tensor.elements) * ELEMENT


Make = Callable[..., Node]
"""From a layer, its cost and what it reads to the node whose first result is its output."""


def one(operator: str, results: int = 1, attributes: Hashable = None) -> Make:
    """Make a node whose results are all as large as the layer's output."""
    return lambda _, cost, *inputs: Node(
        operator, inputs, (bytes_of(cost.output),) * results, attributes
    )
