"""Layers that bring branches together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import equal, require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import FeatureMap, Tensor
from convcost.work import Backward, Saved, Work


def _require_like(inputs: tuple[Tensor, ...], *, skip: int | None = None) -> None:
    """Require inputs of one rank whose extents agree on every axis but ``skip``."""
    first, *others = inputs
    for other in others:
        if type(other) is not type(first):
            raise ShapeError(f"inputs of unlike rank: {first.shape} and {other.shape}")
        for axis, extents in enumerate(zip(first.shape, other.shape, strict=True)):
            if axis != skip:
                message = "inputs of unlike shape: {} and {}"
                require(equal(*extents), message, first.shape, other.shape)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Add(AbstractLayer):
    """Add two tensors or more, element by element: one add fewer than there are tensors.

    Shapes: inputs all alike; output the same.
    Units: scalar operations per batch.
    Raises: ShapeError if the inputs are not all alike.
    Source: He, Zhang, Ren & Sun, arXiv:1512.03385, equation 1.
    """

    kind: ClassVar[str] = "add"
    label: ClassVar[str] = "add"
    joins: ClassVar[bool] = True
    sharing: ClassVar[Sharing] = "in place"

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the shape that all inputs have."""
        _require_like(inputs)
        return inputs[0]

    def work(self, *inputs: Tensor) -> Work:
        """Return an add for every element of every input after the first."""
        return Work(adds=inputs[0].elements * (len(inputs) - 1))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply(AbstractLayer):
    """Multiply two tensors or more, element by element; (N, C, 1, 1) gates whole channels.

    Shapes: the first input gives the output's shape; the others have it, or are
        (N, C, 1, 1).
    Units: scalar operations per batch.
    Raises: ShapeError if an input is neither.
    Source: Hu, Shen & Sun, Squeeze-and-Excitation Networks, arXiv:1709.01507, equation 4.
    """

    kind: ClassVar[str] = "multiply"
    label: ClassVar[str] = "multiply"
    joins: ClassVar[bool] = True
    sharing: ClassVar[Sharing] = "in place"

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the first input's shape."""
        first, *others = inputs
        gate = FeatureMap(first.n, first.channels, 1, 1)
        gated = isinstance(first, FeatureMap)
        _require_like((first, *(other for other in others if not gated or other != gate)))
        return first

    def work(self, *inputs: Tensor) -> Work:
        """Return a multiply for every output and every input after the first."""
        return Work(multiplies=inputs[0].elements * (len(inputs) - 1))

    def saved(self, *inputs: Tensor) -> Saved:
        """Keep the inputs: each is a factor of the others' gradients."""
        del inputs
        return Saved(inputs=True)

    def backward_work(self, *inputs: Tensor) -> Backward:
        """Return the product with all other inputs for each, summed up for a gate."""
        first = inputs[0]
        products = Work(multiplies=first.elements * (len(inputs) - 1))
        sums = (Work(adds=first.elements - other.elements) for other in inputs[1:])
        return Backward(inputs=sum(sums, products * len(inputs)))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Concat(AbstractLayer):
    """Lay tensors behind one another along the channels; nothing is computed.

    Shapes: inputs alike but for their channels; output with the sum of them.
    Raises: ShapeError if another extent differs.
    Source: Szegedy et al., Going deeper with convolutions, arXiv:1409.4842, figure 2.
    """

    kind: ClassVar[str] = "concat"
    label: ClassVar[str] = "concat"
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the common shape with all channels."""
        _require_like(inputs, skip=1)
        first, *others = inputs
        channels = first.channels
        for other in others:
            channels = channels + other.channels
        return first.with_channels(channels)

    def work(self, *inputs: Tensor) -> Work:
        """Return nothing: elements are moved, not computed."""
        del inputs
        return Work()
