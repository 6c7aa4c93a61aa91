"""Element by element with one constant tensor, which may be learned.

Backward, with the constant c: the gradient of x is ``dy`` for add and subtract, ``dy * c`` for
multiply, ``dy / c`` for divide, ``dy * c * x**(c - 1)`` for power, and ``dy`` where x was
chosen for maximum and minimum, told by comparing the output with c. That of a learned c is
summed up over the places where c was read: ``dy`` (its sign is free), ``dy * x``,
``-(sum of dy * x) / (c * c)``, ``dy * y * log(x)``, and ``dy`` where c was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, final

from convcost.dims import product, require_at_least
from convcost.layers.base import AbstractLayer, Sharing
from convcost.layers.broadcast import (
    Add,
    Divide,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    broadcast,
    elements_in,
)
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import NO_WORK, Backward, Parameters, Saved, Work

Operation = Literal["add", "subtract", "multiply", "divide", "power", "maximum", "minimum"]

PER_OUTPUT: Mapping[str, Work] = MappingProxyType(
    {join.kind: join.each for join in (Add, Subtract, Multiply, Divide, Maximum, Minimum)}
    | {"power": Work(exponentials=1)}
)
_SLOPE_OF_INPUT: Mapping[str, Work] = MappingProxyType(
    {
        "multiply": Work(multiplies=1),
        "divide": Work(divisions=1),
        "power": Work(multiplies=2, exponentials=1),
        "maximum": Work(comparisons=1),
        "minimum": Work(comparisons=1),
    }
)
_SLOPE_OF_OPERAND: Mapping[str, Work] = MappingProxyType(
    {
        "multiply": Work(multiplies=1),
        "divide": Work(multiplies=1),
        "power": Work(multiplies=2, exponentials=1),
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic(AbstractLayer):
    """Combine the input, on the left, with a constant tensor of shape ``operand``.

    The operand is aligned with the last axes of the input, as in NumPy: ``[]`` is a scalar,
    ``[C, 1, 1]`` has one element for every channel of a feature map. Learned, its elements are
    scales (multiply, divide), shifts (add, subtract) or else weights. A constant that is not
    learned is no parameter.

    Shapes: input (N, ...); operand as given; output as the two are where they are not 1.
    Units: scalar operations per batch.
    Raises: ShapeError if two extents are neither alike nor 1.
    Source: ONNX, Add, Sub, Mul, Div, Pow, Max and Min with an initializer; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "arithmetic"
    label: ClassVar[str] = "arithmetic"
    sharing: ClassVar[Sharing] = "in place"

    function: Operation
    operand: Extents = ()
    learned: bool = False

    def __post_init__(self) -> None:
        for extent in self.operand:
            require_at_least(1, operand=extent)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the extents of input and operand, where they are not 1."""
        return tensor(broadcast([x.shape, self.operand], "input and operand"))

    def parameters(self, x: Tensor) -> Parameters:
        """Return the operand's elements if it is learned."""
        del x
        count = product(self.operand) if self.learned else 0
        if self.function in {"multiply", "divide"}:
            return Parameters(scales=count)
        if self.function in {"add", "subtract"}:
            return Parameters(shifts=count)
        return Parameters(weights=count)

    def work(self, x: Tensor) -> Work:
        """Return an operation for every output."""
        return PER_OUTPUT[self.function] * self.output_shape(x).elements

    def saved(self, x: Tensor) -> Saved:
        """Keep the input where a slope depends on it, the output to see what was chosen."""
        del x
        of_output = self.function in {"maximum", "minimum"}
        if self.function == "power":
            return Saved(inputs=True, output=self.learned)
        factor = self.learned and self.function in {"multiply", "divide"}
        return Saved(inputs=factor, output=of_output)

    def backward_work(self, x: Tensor) -> Backward:
        """Return the slopes at every output, summed up for what was read again."""
        output = self.output_shape(x)
        inputs = _SLOPE_OF_INPUT.get(self.function, NO_WORK) * output.elements
        inputs += Work(adds=output.elements - elements_in(output.shape, x.shape))
        if not self.learned:
            return Backward(inputs=inputs)
        count = product(self.operand)
        read = elements_in(output.shape, self.operand)
        learned = _SLOPE_OF_OPERAND.get(self.function, NO_WORK) * output.elements
        learned += Work(adds=output.elements - read)
        match self.function:
            case "divide":
                learned += Work(multiplies=count, divisions=count)
            case "power":  # the exponents less 1
                inputs += Work(adds=count)
            case "maximum" | "minimum":  # both need to know what was chosen
                chosen = PER_OUTPUT[self.function] * output.elements
                return Backward(inputs=Work(adds=inputs.adds), parameters=learned + chosen)
        return Backward(inputs=inputs, parameters=learned)
