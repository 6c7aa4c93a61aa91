"""Fully connected layers.

One output is a dot product over all features of its input: as many multiplies, one add
fewer, and one more add if there is a bias.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, product, require_at_least
from convcost.layers.base import AbstractLayer
from convcost.tensors import Tensor, Vector
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Dense(AbstractLayer):
    """Multiply by a matrix of weights; a feature map is flattened first, as in Gluon.

    Shapes: input (N, features) or (N, C, H, W); weight (units, features); output (N, units).
    Units: scalar operations per batch.
    Source: MXNet's FullyConnected with ``flatten=True``.
    """

    kind: ClassVar[str] = "dense"
    label: ClassVar[str] = "dense"
    multiplies_are_macs: ClassVar[bool] = True

    units: Dim
    bias: bool = True

    def __post_init__(self) -> None:
        require_at_least(1, units=self.units)

    def output_shape(self, x: Tensor) -> Vector:
        """Return (N, units)."""
        return Vector(x.n, self.units)

    def parameters(self, x: Tensor) -> Parameters:
        """Return a weight for every pair of features, and a bias for every unit."""
        return Parameters(weights=self.units * _features(x), biases=self.units if self.bias else 0)

    def work(self, x: Tensor) -> Work:
        """Return a dot product over all features for every output."""
        outputs, features = x.n * self.units, _features(x)
        return Work(
            multiplies=outputs * features,
            adds=outputs * (features if self.bias else features - 1),
        )

    def saved(self, x: Tensor) -> Saved:
        """Keep the input, for the gradient of the weights."""
        del x
        return Saved(inputs=True)

    def backward_work(self, x: Tensor) -> Backward:
        """Return a dot product over the units for every input, over the batch for a weight."""
        products, learned = x.elements * self.units, self.parameters(x).count
        return Backward(
            inputs=Work(multiplies=products, adds=products - x.elements),
            parameters=Work(multiplies=products, adds=learned * (x.n - 1)),
        )


def _features(x: Tensor) -> Dim:
    return product(x.shape[1:])
