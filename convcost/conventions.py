"""How others count: their one number, reproduced from convcost's separate counts.

A convention is data: weights over named quantities of a layer, with the source it was
read from. It is applied to the layers a spec has; where a framework's own model has a
layer more (torchvision's VGG and AlexNet end in an adaptive pool that does nothing at
224x224, yet fvcore and thop charge for it), its tool counts that too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from convcost.cost import NetworkCost
from convcost.dims import Dim
from convcost.errors import ConvcostError, nearest
from convcost.layers import Activation, Dropout, Flatten
from convcost.quantities import QUANTITIES

_FLOAT32_BYTES = 4


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
