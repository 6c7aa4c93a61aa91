"""Element by element on two tensors or more, of which smaller ones are read again.

Extents meet as in NumPy: the inputs have one rank, and along every axis the extents are
alike, or 1. The batch is the first axis of all of them, so that tensors of unlike rank would
set a batch against something else: they are refused. A symbol stands for more than 1: that
two of them agree is a condition, and neither is broadcast.

Every output is computed by itself. Backward, the gradient of what was read again is added up
over the places where it was read: as many adds as there are outputs, less its elements.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, equal, product, require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Extents, Tensor, tensor
from convcost.work import NO_WORK, Backward, Saved, Work


def broadcast(shapes: Sequence[Extents], what: str = "inputs") -> Extents:
    """Return the extents that all of these have where they are not 1, aligned at the last axes.

    ``what`` they are is for the error.

    Raises: ShapeError if two of them are neither alike nor 1.
    """
    rank = max(map(len, shapes))
    result: list[Dim] = [1] * rank
    for shape in shapes:
        for axis, extent in enumerate(shape, rank - len(shape)):
            if result[axis] == 1:
                result[axis] = extent
            elif extent != 1:
                message = "{} of unlike shape: {} and {}"
                require(equal(result[axis], extent), message, what, shapes[0], shape)
    return tuple(result)


def elements_in(output: Extents, shape: Extents) -> Dim:
    """Return how many elements an input has, in the extents of the output it is read for."""
    aligned = output[len(output) - len(shape) :]
    return product(1 if own == 1 else whole for own, whole in zip(shape, aligned, strict=True))


def require_two(inputs: Sequence[Tensor]) -> None:
    """Refuse another number of inputs."""
    if len(inputs) != 2:  # noqa: PLR2004
        raise ShapeError(f"expected exactly two inputs, got {len(inputs)}")


class AbstractBroadcast(AbstractLayer):
    """An operation on the elements that stand at one place in all inputs."""

    __slots__ = ()

    joins: ClassVar[bool] = True
    sharing: ClassVar[Sharing] = "in place"
    each: ClassVar[Work]
    """The work at one output for every input after the first."""
    takes_two: ClassVar[bool] = False
    """Whether it takes exactly two inputs."""

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the extents of all inputs, where they are not 1."""
        first, *others = inputs
        if self.takes_two:
            require_two(inputs)
        for other in others:
            if len(other.shape) != len(first.shape):
                raise ShapeError(f"inputs of unlike rank: {first.shape} and {other.shape}")
        return tensor(broadcast([x.shape for x in inputs]))

    def work(self, *inputs: Tensor) -> Work:
        """Return an operation for every output and every input after the first."""
        return self.each * (self.output_shape(*inputs).elements * (len(inputs) - 1))

    def backward_work(self, *inputs: Tensor) -> Backward:
        """Return the slopes at every output, and the sums for what was read again."""
        output = self.output_shape(*inputs)
        sums = (output.elements - elements_in(output.shape, x.shape) for x in inputs)
        work = self.slopes(len(inputs)) * output.elements
        return Backward(inputs=sum((Work(adds=adds) for adds in sums), work))

    def slopes(self, inputs: int) -> Work:
        """Return the work at one output for the gradients of so many inputs; none if copied."""
        del inputs
        return NO_WORK


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Add(AbstractBroadcast):
    """Add two tensors or more, element by element: one add fewer than there are tensors.

    Shapes: inputs alike, or of extent 1 along an axis; output as they are where they are not 1.
    Units: scalar operations per batch.
    Raises: ShapeError if two extents are neither alike nor 1.
    Source: He, Zhang, Ren & Sun, arXiv:1512.03385, equation 1; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "add"
    label: ClassVar[str] = "add"
    each: ClassVar[Work] = Work(adds=1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Subtract(AbstractBroadcast):
    """Take the second tensor off the first: an add for every output.

    Shapes: two inputs, as with add; output as with add.
    Units: scalar operations per batch.
    Raises: ShapeError if there are not two inputs, or extents are neither alike nor 1.
    Source: ONNX, Sub; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "subtract"
    label: ClassVar[str] = "subtract"
    each: ClassVar[Work] = Work(adds=1)
    takes_two: ClassVar[bool] = True


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply(AbstractBroadcast):
    """Multiply two tensors or more, element by element; (N, C, 1, 1) gates whole channels.

    Shapes: inputs alike, or of extent 1 along an axis; output as they are where they are not 1.
    Units: scalar operations per batch.
    Raises: ShapeError if two extents are neither alike nor 1.
    Source: Hu, Shen & Sun, Squeeze-and-Excitation Networks, arXiv:1709.01507, equation 4;
        NumPy, broadcasting.
    """

    kind: ClassVar[str] = "multiply"
    label: ClassVar[str] = "multiply"
    each: ClassVar[Work] = Work(multiplies=1)

    def saved(self, *inputs: Tensor) -> Saved:
        """Keep the inputs: each is a factor of the others' gradients."""
        del inputs
        return Saved(inputs=True)

    def slopes(self, inputs: int) -> Work:
        """Return the product with all other inputs, for each."""
        return Work(multiplies=(inputs - 1) * inputs)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Divide(AbstractBroadcast):
    """Divide the first tensor by the second.

    Backward, from the inputs a and b: ``da = dy / b`` and ``db = -(da * a) / b``.

    Shapes: two inputs, as with add; output as with add.
    Units: scalar operations per batch.
    Raises: ShapeError if there are not two inputs, or extents are neither alike nor 1.
    Source: ONNX, Div; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "divide"
    label: ClassVar[str] = "divide"
    each: ClassVar[Work] = Work(divisions=1)
    takes_two: ClassVar[bool] = True

    def saved(self, *inputs: Tensor) -> Saved:
        """Keep the inputs."""
        del inputs
        return Saved(inputs=True)

    def slopes(self, inputs: int) -> Work:
        """Return two quotients and a product."""
        del inputs
        return Work(multiplies=1, divisions=2)


class _AbstractExtreme(AbstractBroadcast):
    """The gradient goes to the input that was chosen: the inputs are compared again."""

    __slots__ = ()

    each: ClassVar[Work] = Work(comparisons=1)

    def saved(self, *inputs: Tensor) -> Saved:
        """Keep the inputs."""
        del inputs
        return Saved(inputs=True)

    def slopes(self, inputs: int) -> Work:
        """Return a comparison for every input after the first."""
        return Work(comparisons=inputs - 1)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Maximum(_AbstractExtreme):
    """Take the largest of two tensors or more, element by element.

    Shapes: inputs and output as with add.
    Units: scalar operations per batch.
    Raises: ShapeError if two extents are neither alike nor 1.
    Source: ONNX, Max; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "maximum"
    label: ClassVar[str] = "maximum"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Minimum(_AbstractExtreme):
    """Take the smallest of two tensors or more, element by element.

    Shapes: inputs and output as with add.
    Units: scalar operations per batch.
    Raises: ShapeError if two extents are neither alike nor 1.
    Source: ONNX, Min; NumPy, broadcasting.
    """

    kind: ClassVar[str] = "minimum"
    label: ClassVar[str] = "minimum"
