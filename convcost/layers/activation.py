"""Activation functions, element by element, and softmax over the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, final

from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Tensor
from convcost.work import Backward, Saved, Work

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

BACKWARD_PER_ELEMENT: Mapping[str, Work] = MappingProxyType(
    {
        "relu": Work(comparisons=1),
        "relu6": Work(comparisons=2),
        "sigmoid": Work(multiplies=2, adds=1),
        "tanh": Work(multiplies=2, adds=1),
        "hard_sigmoid": Work(comparisons=2, multiplies=1),
        "hard_swish": Work(comparisons=2, multiplies=2, adds=1),
        "swish": _SIGMOID + Work(multiplies=3, adds=2),
    }
)
_OF_INPUT = ("hard_swish", "swish")


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

    The gradient dx of the input, from dy and the output y: relu: dy where y > 0; relu6: where
    0 < y < 6; sigmoid: ``dy * y * (1 - y)``; tanh: ``dy * (1 - y * y)``; softmax:
    ``y * (dy - dot(dy, y))``; hard_sigmoid: ``a * dy`` where 0 < y < 1. From the input x:
    hard_swish: ``(x/3 + 1/2) * dy`` between -3 and 3; swish: ``dy * s * (1 + x * (1 - s))``
    with the sigmoid s computed again.

    Shapes: input (N, C, H, W) or (N, C); output as input.
    Units: scalar operations per batch.
    Source: the formulas above; Howard et al., arXiv:1905.02244v5, section 5.2 for the hard
        ones; Goodfellow, Bengio & Courville, Deep Learning, section 4.1 for softmax.
    """

    kind: ClassVar[str] = "activation"
    label: ClassVar[str] = "activation"
    sharing: ClassVar[Sharing] = "in place"

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

    def saved(self, x: Tensor) -> Saved:
        """Keep the output; the input where the slope does not follow from the output."""
        del x
        of_input = self.function in _OF_INPUT
        return Saved(inputs=of_input, output=not of_input)

    def backward_work(self, x: Tensor) -> Backward:
        """Return the slope's operations, times the output's gradient, for every element."""
        if self.function != "softmax":
            return Backward(inputs=BACKWARD_PER_ELEMENT[self.function] * x.elements)
        elements = x.elements
        return Backward(inputs=Work(multiplies=2 * elements, adds=2 * elements - x.positions))
