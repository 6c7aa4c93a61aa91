"""Activation functions, element by element, and softmax along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

from convcost.dims import Dim, product
from convcost.errors import ShapeError
from convcost.layers.axes import axis_of
from convcost.layers.base import AbstractLayer, Sharing
from convcost.layers.functions import BACKWARD, OF_INPUT, OF_NEITHER, PER_ELEMENT
from convcost.tensors import Tensor
from convcost.work import Backward, Saved, Work

Function = Literal[
    "relu",
    "relu6",
    "sigmoid",
    "tanh",
    "softmax",
    "hard_sigmoid",
    "hard_swish",
    "swish",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "erf",
    "exp",
    "log",
    "sqrt",
    "abs",
    "neg",
    "reciprocal",
    "square",
    "power",
    "clip",
    "softplus",
    "mish",
    "softsign",
    "log_softmax",
]

ALONG_AN_AXIS: tuple[Function, ...] = ("softmax", "log_softmax")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Activation(AbstractLayer):
    """Apply a function to every element; softmax and log_softmax to every vector on ``axis``.

    The functions of one element are defined in :mod:`convcost.layers.functions`, with their
    gradients. Nothing is left out because of how a comparison ends, a change of sign is free,
    and erf and log are counted among the exponentials.

    Softmax takes the largest element off first: for vectors of C elements C - 1 comparisons,
    C subtractions, C exponentials, C - 1 adds and C divisions. log_softmax takes off the
    logarithm of the sum instead of dividing: one exponential a vector and C subtractions more.

    The gradient of the input, from dy and the output y: softmax ``y * (dy - dot(dy, y))``,
    log_softmax ``dy - exp(y) * sum(dy)``.

    Shapes: input (N, C, H, W) or of any other rank; output as input.
    Units: scalar operations per batch.
    Raises: ShapeError if there is no such axis, or one is given for another function.
    Source: Goodfellow, Bengio & Courville, Deep Learning, section 4.1.
    """

    kind: ClassVar[str] = "activation"
    label: ClassVar[str] = "activation"
    sharing: ClassVar[Sharing] = "in place"

    function: Function
    axis: Dim = 1

    def __post_init__(self) -> None:
        if self.axis != 1 and self.function not in ALONG_AN_AXIS:
            raise ShapeError(f"{self.function} is applied to every element: it has no axis")

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        self._vectors(x)
        return x

    def work(self, x: Tensor) -> Work:
        """Return the function's operations for every element."""
        if self.function not in ALONG_AN_AXIS:
            return PER_ELEMENT[self.function] * x.elements
        elements, vectors = x.elements, self._vectors(x)
        largest = Work(comparisons=elements - vectors)
        powers = Work(adds=2 * elements - vectors, exponentials=elements)
        if self.function == "log_softmax":
            return largest + powers + Work(adds=elements, exponentials=vectors)
        return largest + powers + Work(divisions=elements)

    def saved(self, x: Tensor) -> Saved:
        """Keep the output; the input where the slope does not follow from the output."""
        del x
        if self.function in OF_NEITHER:
            return Saved()
        of_input = self.function in OF_INPUT
        return Saved(inputs=of_input, output=not of_input)

    def backward_work(self, x: Tensor) -> Backward:
        """Return the slope's operations, times the output's gradient, for every element."""
        if self.function not in ALONG_AN_AXIS:
            return Backward(inputs=BACKWARD[self.function] * x.elements)
        elements, vectors = x.elements, self._vectors(x)
        if self.function == "log_softmax":
            sums = Work(adds=elements - vectors)
            return Backward(inputs=sums + Work(multiplies=1, adds=1, exponentials=1) * elements)
        return Backward(inputs=Work(multiplies=2 * elements, adds=2 * elements - vectors))

    def _vectors(self, x: Tensor) -> Dim:
        """Return how many vectors there are along the axis; elements, if there is no axis."""
        if self.function not in ALONG_AN_AXIS:
            return x.elements
        axis = axis_of(self.axis, len(x.shape))
        return product(extent for at, extent in enumerate(x.shape) if at != axis)
