"""Which layers all counting conventions were read for; of others a convention says so itself."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.cost import LayerCost
from convcost.layers import (
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalPool2d,
    Identity,
    Lrn,
    Multiply,
    Pool2d,
    Resize,
)

_KINDS = (
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    Dropout,
    Flatten,
    GlobalPool2d,
    Identity,
    Lrn,
    Multiply,
    Pool2d,
)
_FUNCTIONS = frozenset(
    {"relu", "relu6", "sigmoid", "tanh", "softmax", "hard_sigmoid", "hard_swish", "swish"}
)


def uncovered(layers: Sequence[LayerCost]) -> tuple[LayerCost, ...]:
    """Return the layers of which not every convention's count is known.

    What only sees its input otherwise, neither computing nor learning, is no such layer; but
    for copies to a larger map there are those who charge.
    """
    return tuple([layer for layer in layers if not _covered(layer)])


def _covered(cost: LayerCost) -> bool:
    match cost.layer:
        case Activation(function=function):
            return function in _FUNCTIONS
        case Dense(flatten=flatten):
            return flatten
        case Resize():
            return False
        case kind if isinstance(kind, _KINDS):
            return True
    return cost.work.operations == 0 and cost.parameters.count == 0


def name_of(cost: LayerCost) -> str:
    """Return the kind of a layer; of an activation its function."""
    match cost.layer:
        case Activation(function=function):
            return function
        case Dense(flatten=False):
            return "dense without flatten"
    return cost.kind
