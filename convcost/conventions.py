"""How others count: their one number, reproduced from convcost's separate counts.

A convention is data: weights over named quantities of a layer, with the source it was
read from. It is applied to the layers a spec has; where a framework's own model has a
layer more (torchvision's VGG and AlexNet end in an adaptive pool that does nothing at
224x224, yet fvcore and thop charge for it), its tool counts that too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim, floor_div
from convcost.errors import ConvcostError, nearest
from convcost.layers import (
    Activation,
    Add,
    BatchNorm,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalPool2d,
    Lrn,
    Pool2d,
)
from convcost.tensors import FeatureMap

_FLOAT32_BYTES = 4


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
        "lrn squares": _lrn_squares,
        "lrn channels": _lrn_channels,
    }
)
"""What conventions count, by a name: how much of it a layer has on its batch."""


@dataclass(frozen=True, slots=True)
class Convention:
    """Someone's way to count.

    ``weights`` says how much one of each quantity counts; ``divisor`` is applied to the
    sum. ``form`` is how its author prints the count, in units of ``scale``.
    ``with_memory`` is set where bytes are reported too: of all parameters with the running
    statistics, and of every output but that of the layers in ``_IN_PLACE``.
    """

    name: str
    unit: str
    weights: Mapping[str, int]
    source: str
    divisor: int = 1
    scale: int = 1
    form: str = ""
    with_memory: bool = False


@dataclass(frozen=True, slots=True)
class Conventional:
    """A network's cost as a convention counts it; ``count`` is not rounded."""

    convention: Convention
    count: Dim | Fraction
    parameters: Dim
    parameter_bytes: Dim | None
    feature_bytes: Dim | None

    @property
    def printed(self) -> str | None:
        """The count as its author prints it, where that is known and it is a number."""
        if not self.convention.form or not isinstance(self.count, int | Fraction):
            return None
        return self.convention.form.format(float(self.count / self.convention.scale))


_IN_PLACE = (Activation, Dropout, Flatten)

_MACS = MappingProxyType({"macs": 1})

CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "torchvision",
        "multiply-adds",
        _MACS,
        "torchvision 0.29.1, `_ops` in the weights' metadata (there in billions)",
        scale=10**9,
        form="{:.3f}",
    ),
    Convention("calflops", "MACs", _MACS, "calflops 0.3.2, pytorch_ops.py: MACs, bias left out"),
    Convention(
        "torch",
        "flops",
        MappingProxyType({"macs": 2}),
        "PyTorch 2.14.1, torch/utils/flop_counter.py: 2 per multiply-add, bias left out",
    ),
    Convention(
        "ptflops",
        "MACs",
        MappingProxyType({"macs": 1, "outputs with a bias": 1}),
        "ptflops 0.7.5, aten_ops.py: the bias counts once per output",
    ),
    Convention(
        "torchinfo",
        "mult-adds",
        MappingProxyType({"macs": 1, "outputs with a bias": 1, "normalization parameters": 1}),
        "torchinfo 1.8.0, layer_info.py: a convolution's parameters times its positions,"
        " any other layer's learned parameters once per image",
    ),
    Convention(
        "thop",
        "MACs",
        MappingProxyType(
            {
                "macs": 1,
                "normalized elements": 2,
                "scaled elements": 2,
                "averages": 1,
                "globally averaged elements": 1,
            }
        ),
        "thop 0.1.1, vision/basic_hooks.py; a pool called as a function escapes it",
    ),
    Convention(
        "fvcore",
        "flops",
        MappingProxyType(
            {
                "macs": 1,
                "normalized elements": 1,
                "scaled elements": 1,
                "globally averaged elements": 1,
            }
        ),
        "fvcore 0.1.5, nn/jit_handles.py: a multiply-add is one flop",
    ),
    Convention(
        "imgclsmob",
        "FLOPs/2",
        MappingProxyType(
            {
                "macs": 2,
                "sums without a bias": -1,
                "normalized elements": 4,
                "rectified elements": 1,
                "pooled taps": 1,
            }
        ),
        "osmr/imgclsmob, pytorch/model_stats.py and the README's tables (there in millions)",
        divisor=2,
        scale=10**6,
        form="{:,.2f}M",
    ),
    Convention(
        "netscope",
        "macc",
        MappingProxyType({"macs": 1, "scaled elements": 1, "lrn squares": 1}),
        "dgschwend/netscope, src/analyzer.coffee",
    ),
    Convention(
        "convnet-burden",
        "flops",
        MappingProxyType(
            {
                "macs": 1,
                "outputs with a bias": 1,
                "rectified elements": 2,
                "pooled outputs times strides": 2,
                "added elements": 1,
                "lrn channels": 1,
            }
        ),
        "albanie/convnet-burden and the layers of MatConvNet; memory as float32",
        with_memory=True,
    ),
    Convention(
        "mxop",
        "multiplies",
        MappingProxyType({"macs": 1, "normalized elements": 1, "dense outputs": -1}),
        "mxop: a dense layer counts a multiply too few per output, its slip",
    ),
)


def find_convention(name: str) -> Convention:
    """Return the convention of that name.

    Raises: ConvcostError if there is none.
    """
    known = {convention.name: convention for convention in CONVENTIONS}
    if name not in known:
        raise ConvcostError(f"unknown convention {name!r}; {nearest(name, known)}")
    return known[name]


def count(cost: NetworkCost, name: str) -> Conventional:
    """Count a network as the convention of that name does."""
    convention = find_convention(name)
    total: Dim = 0
    for quantity, weight in convention.weights.items():
        for layer in cost.layers:
            total += weight * QUANTITIES[quantity](layer)
    sums = cost.total()
    parameters = sums.parameters.count
    parameter_bytes = feature_bytes = None
    if convention.with_memory:
        parameter_bytes = _FLOAT32_BYTES * (parameters + sums.statistics)
        kept = [layer for layer in cost.layers if not isinstance(layer.layer, _IN_PLACE)]
        feature_bytes = _FLOAT32_BYTES * sum(layer.activations for layer in kept)
    counted: Dim | Fraction = total
    if convention.divisor != 1:
        counted = (
            Fraction(total, convention.divisor)
            if isinstance(total, int)
            else (total / convention.divisor)
        )
    return Conventional(convention, counted, parameters, parameter_bytes, feature_bytes)
