"""Fully connected layers.

One output is a dot product over the features of its input: as many multiplies, one add
fewer, and one more add if there is a bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, product, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.tensors import Tensor, Vector, tensor
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(AbstractLayer):
    """Multiply by a matrix of weights; all but the batch is flattened first, as in Gluon.

    Without ``flatten`` every vector along the last axis is multiplied by itself.

    Shapes: input (N, features) or (N, C, H, W); weight (units, features); output (N, units).
        Without flatten: input (N, ..., features); output (N, ..., units).
    Units: scalar operations per batch.
    Source: MXNet's FullyConnected.
    """

    kind: ClassVar[str] = "dense"
    label: ClassVar[str] = "dense"
    multiplies_are_macs: ClassVar[bool] = True

    units: Dim
    bias: bool = True
    flatten: bool = True

    def __post_init__(self) -> None:
        require_at_least(1, units=self.units)

    def output_shape(self, x: Tensor) -> Tensor:
        """Return (N, units), or the input's shape with units along the last axis."""
        if self.flatten:
            return Vector(x.n, self.units)
        if len(x.shape) == 1:
            raise ShapeError(f"expected features behind the batch, got {x.shape}")
        return tensor((*x.shape[:-1], self.units))

    def parameters(self, x: Tensor) -> Parameters:
        """Return a weight for every pair of features, and a bias for every unit."""
        return Parameters(
            weights=self.units * self._features(x), biases=self.units if self.bias else 0
        )

    def work(self, x: Tensor) -> Work:
        """Return a dot product over all features for every output."""
        outputs, features = self._vectors(x) * self.units, self._features(x)
        return Work(
            multiplies=outputs * features,
            adds=outputs * (features if self.bias else features - 1),
        )

    def saved(self, x: Tensor) -> Saved:
        """Keep the input, for the gradient of the weights."""
        del x
        return Saved(inputs=True)

    def backward_work(self, x: Tensor) -> Backward:
        """Return a dot product over the units for every input, over the vectors for a weight."""
        products, learned = x.elements * self.units, self.parameters(x).count
        return Backward(
            inputs=Work(multiplies=products, adds=products - x.elements),
            parameters=Work(multiplies=products, adds=learned * (self._vectors(x) - 1)),
        )

    def _vectors(self, x: Tensor) -> Dim:
        """Return how many vectors of features there are."""
        return x.n if self.flatten else product(x.shape[:-1])

    def _features(self, x: Tensor) -> Dim:
        return product(x.shape[1:]) if self.flatten else x.shape[-1]
