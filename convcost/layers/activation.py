"""Activation functions, element by element, and softmax over the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, final

from convcost.cost import Work
from convcost.layers.base import AbstractLayer
from convcost.tensors import Tensor

Function = Literal[
    "relu", "relu6", "sigmoid", "tanh", "softmax", "hard_sigmoid", "hard_swish", "swish"
]

_SIGMOID = Work(exponentials=1, adds=1, divisions=1)

PER_ELEMENT: Mapping[str, Work] = MappingProxyType(
    {
        "relu": Work(comparisons=1),
        "relu6": Work(comparisons=2),
        "sigmoid": _SIGMOID,
        "tanh": Work(multiplies=1, exponentials=1, adds=2, divisions=1),
        "hard_sigmoid": Work(multiplies=1, adds=1, comparisons=2),
        "hard_swish": Work(adds=1, comparisons=2, multiplies=1, divisions=1),
        "swish": _SIGMOID + Work(multiplies=1),
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Activation(AbstractLayer):
    """Apply a function to every element; softmax to every vector of channels.

    relu: ``max(x, 0)``; relu6: ``min(max(x, 0), 6)``; sigmoid: ``1 / (1 + exp(-x))``;
    tanh: ``(e - 1) / (e + 1)`` with ``e = exp(2 * x)``; hard_sigmoid:
    ``min(max(a * x + b, 0), 1)``; hard_swish: ``x * min(max(x + 3, 0), 6) / 6``; swish:
    ``x * sigmoid(x)``. A change of sign is free.

    Softmax takes the largest channel off first: for C channels C - 1 comparisons,
    C subtractions, C exponentials, C - 1 adds and C divisions.

    Shapes: input (N, C, H, W) or (N, C); output as input.
    Units: scalar operations per batch.
    Source: the formulas above; Howard et al., arXiv:1905.02244v5, section 5.2 for the hard
        ones; Goodfellow, Bengio & Courville, Deep Learning, section 4.1 for softmax.
    """

    kind: ClassVar[str] = "activation"
    label: ClassVar[str] = "activation"

    function: Function

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        return x

    def work(self, x: Tensor) -> Work:
        """Return the function's operations for every element."""
        if self.function != "softmax":
            return PER_ELEMENT[self.function] * x.elements
        elements, vectors = x.elements, x.positions
        return Work(
            comparisons=elements - vectors,
            adds=2 * elements - vectors,
            exponentials=elements,
            divisions=elements,
        )
