"""What counting conventions count in a layer, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convcost.cost import LayerCost
from convcost.dims import Dim, floor_div
from convcost.layers import (
    Activation,
    Add,
    BatchNorm,
    Conv2d,
    Dense,
    GlobalPool2d,
    Lrn,
    Matmul,
    Pool2d,
    Resize,
)
from convcost.layers.group_normalization import AbstractGroupNormalization
from convcost.tensors import FeatureMap


def _batch(cost: LayerCost) -> Dim:
    return cost.output.n


def _biased_outputs(cost: LayerCost) -> Dim:
    biased = isinstance(cost.layer, Conv2d | Dense) and cost.layer.bias
    return cost.activations if biased else 0


def _unbiased_sums(cost: LayerCost) -> Dim:
    """What imgclsmob takes off where no bias is added.

    That is one add for every output of a dense layer, but for a convolution only one for
    every pair of an input and an output channel, whatever the number of positions.
    """
    match cost.layer:
        case Conv2d(bias=False) as conv:
            return floor_div(cost.parameters.weights, conv.taps) * _batch(cost)
        case Dense(bias=False):
            return cost.activations
    return 0


def _normalized(cost: LayerCost) -> Dim:
    return cost.activations if isinstance(cost.layer, BatchNorm) else 0


def _scaled(cost: LayerCost) -> Dim:
    return _normalized(cost) if cost.parameters.scales else 0


def _normalization_parameters(cost: LayerCost) -> Dim:
    return cost.parameters.count * _batch(cost) if isinstance(cost.layer, BatchNorm) else 0


def _rectified(cost: LayerCost) -> Dim:
    match cost.layer:
        case Activation(function="relu" | "relu6"):
            return cost.activations
    return 0


def _pooled_taps(cost: LayerCost) -> Dim:
    match cost.layer:
        case Pool2d() as pool:
            return cost.activations * pool.taps
        case GlobalPool2d():
            return cost.input_shapes[0].elements
    return 0


def _pooled_strides(cost: LayerCost) -> Dim:
    match cost.layer:
        case Pool2d(stride=(rows, columns)):
            return cost.activations * rows * columns
        case GlobalPool2d():
            return cost.input_shapes[0].elements
    return 0


def _averages(cost: LayerCost) -> Dim:
    match cost.layer:
        case Pool2d(mode="average") | GlobalPool2d(mode="average"):
            return cost.activations
    return 0


def _globally_averaged(cost: LayerCost) -> Dim:
    match cost.layer:
        case GlobalPool2d(mode="average"):
            return cost.input_shapes[0].elements
    return 0


def _lrn_squares(cost: LayerCost) -> Dim:
    match cost.layer:
        case Lrn(size=size):
            return cost.activations * size
    return 0


def _lrn_channels(cost: LayerCost) -> Dim:
    """What convnet-burden takes for one LRN: outputs, and 2 + 2C at every position."""
    match cost.layer, cost.output:
        case Lrn(), FeatureMap(n=n, c=c, h=h, w=w):
            return cost.activations + (2 + 2 * c) * n * h * w
    return 0


def _in_examples(cost: LayerCost) -> Dim:
    return cost.activations if isinstance(cost.layer, AbstractGroupNormalization) else 0


def _scaled_in_examples(cost: LayerCost) -> Dim:
    return _in_examples(cost) if cost.parameters.scales else 0


def _first_products(cost: LayerCost) -> Dim:
    """What fvcore takes for a product of matrices: the first is not read again for the second."""
    if not isinstance(cost.layer, Matmul):
        return 0
    first, second = cost.input_shapes
    return first.elements * second.shape[-1]


def _resized(cost: LayerCost, mode: str) -> Dim:
    return cost.activations if isinstance(cost.layer, Resize) and cost.layer.mode == mode else 0


QUANTITIES: Mapping[str, Callable[[LayerCost], Dim]] = MappingProxyType(
    {
        "macs": lambda cost: cost.macs,
        "outputs with a bias": _biased_outputs,
        "sums without a bias": _unbiased_sums,
        "dense outputs": lambda c: c.activations if isinstance(c.layer, Dense) else 0,
        "normalized elements": _normalized,
        "scaled elements": _scaled,
        "normalization parameters": _normalization_parameters,
        "rectified elements": _rectified,
        "pooled taps": _pooled_taps,
        "pooled outputs times strides": _pooled_strides,
        "averages": _averages,
        "globally averaged elements": _globally_averaged,
        "added elements": lambda c: c.work.adds if isinstance(c.layer, Add) else 0,
        "matrix products": lambda c: c.work.multiplies if isinstance(c.layer, Matmul) else 0,
        "products of the first matrices": _first_products,
        "elements normalized in examples": _in_examples,
        "elements scaled in examples": _scaled_in_examples,
        "repeated elements": lambda c: _resized(c, "nearest"),
        "interpolated elements": lambda c: _resized(c, "linear"),
        "lrn squares": _lrn_squares,
        "lrn channels": _lrn_channels,
    }
)
"""What conventions count, by a name: how much of it a layer has on its batch."""
