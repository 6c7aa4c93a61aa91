"""How others count: their one number, reproduced from convcost's separate counts.

A convention is data: weights over named quantities of a layer, with the source it was
read from. It is applied to the layers a spec has; where a framework's own model has a
layer more (torchvision's VGG and AlexNet end in an adaptive pool that does nothing at
224x224, yet fvcore and thop charge for it), its tool counts that too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from types import MappingProxyType

from convcost.cost import NetworkCost
from convcost.coverage import name_of, uncovered
from convcost.dims import Dim
from convcost.errors import ConvcostError, nearest
from convcost.layers import Activation, Dropout, Flatten
from convcost.quantities import QUANTITIES

_FLOAT32_BYTES = 4


@dataclass(frozen=True, slots=True)
class Convention:
    """Someone's way to count.

    ``weights`` says how much one of each quantity counts; ``divisor`` is applied to the
    sum. ``form`` is how its author prints the count, in units of ``scale``. ``complete`` is
    set where it is known of every kind what its tool counts, mostly nothing; else layers of
    the kinds in ``convcost.coverage`` alone are counted, and the others named.
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
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Conventional:
    """A network's cost as a convention counts it; ``count`` is not rounded.

    ``uncovered`` says of how many layers of a kind it is not known what the convention counts:
    then the count is what it comes to without them.
    """

    convention: Convention
    count: Dim | Fraction
    parameters: Dim
    parameter_bytes: Dim | None
    feature_bytes: Dim | None
    uncovered: Mapping[str, int] = field(default_factory=dict)

    @property
    def remark(self) -> str:
        """What is left out of the count, as text; empty if nothing is."""
        kinds = ", ".join(f"{number} x {kind}" for kind, number in self.uncovered.items())
        return f"at least; not covered: {kinds}" if kinds else ""

    @property
    def printed(self) -> str | None:
        """The count as its author prints it, where that is known and it is a number."""
        if self.uncovered or not self.convention.form or not isinstance(self.count, int | Fraction):
            return None
        return self.convention.form.format(float(self.count / self.convention.scale))


_IN_PLACE = (Activation, Dropout, Flatten)

_MACS = MappingProxyType({"macs": 1})
_PRODUCTS = MappingProxyType({"macs": 1, "matrix products": 1})

CONVENTIONS: tuple[Convention, ...] = (
    Convention(
        "torchvision",
        "multiply-adds",
        _PRODUCTS,
        "torchvision 0.29.1, `_ops` in the weights' metadata (there in billions)",
        scale=10**9,
        form="{:.3f}",
        complete=True,
    ),
    Convention("calflops", "MACs", _MACS, "calflops 0.3.2, pytorch_ops.py: MACs, bias left out"),
    Convention(
        "torch",
        "flops",
        MappingProxyType({"macs": 2, "matrix products": 2}),
        "PyTorch 2.14.1, torch/utils/flop_counter.py: 2 per multiply-add, bias left out",
        complete=True,
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
                "products of the first matrices": 1,
                "elements normalized in examples": 4,
                "elements scaled in examples": 1,
                "repeated elements": 1,
                "interpolated elements": 4,
            }
        ),
        "fvcore 0.1.5, nn/jit_handles.py, nn/flop_count.py: a multiply-add is one flop",
        complete=True,
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
    left_out = () if convention.complete else uncovered(cost.layers)
    names = {layer.name for layer in left_out}
    covered = [layer for layer in cost.layers if layer.name not in names]
    total: Dim = 0
    for quantity, weight in convention.weights.items():
        for layer in covered:
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
    return Conventional(
        convention,
        counted,
        parameters,
        parameter_bytes,
        feature_bytes,
        uncovered=Counter(name_of(layer) for layer in left_out),
    )
