"""2-D convolution: dense, grouped and depthwise.

One output element is a dot product over a patch of ``C_in/groups * k_h * k_w`` inputs:
that many multiplies, one add fewer, and one more add if there is a bias. It is counted
as the direct sum, padded positions included; as in every framework it is a
cross-correlation, the kernel is not flipped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, exact_div, require_at_least
from convcost.layers.window import NO_PADDING, AbstractWindowLayer, Padding, Pair
from convcost.tensors import FeatureMap
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Conv2d(AbstractWindowLayer):
    """Slide ``filters`` kernels over a feature map.

    Shapes: input (N, C_in, H, W); weight (filters, C_in/groups, k_h, k_w);
        output (N, filters, H', W').
    Units: scalar operations per batch.
    Raises: ShapeError if groups does not divide the channels, or the window fits nowhere.
    Source: Dumoulin & Visin, arXiv:1603.07285v2, relationships 6 and 15.
    """

    kind: ClassVar[str] = "conv2d"
    label: ClassVar[str] = "conv"
    multiplies_are_macs: ClassVar[bool] = True

    filters: Dim
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = NO_PADDING
    dilation: Pair = (1, 1)
    groups: Dim = 1
    bias: bool = True

    def __post_init__(self) -> None:
        AbstractWindowLayer.__post_init__(self)
        require_at_least(1, filters=self.filters, groups=self.groups)

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return (N, filters, H', W')."""
        exact_div(self.filters, self.groups, what="filters per group")
        self.patch(x)
        return self.slide(x, self.filters)

    def parameters(self, x: FeatureMap) -> Parameters:
        """Return a weight for every filter and element of its patch, a bias for every filter."""
        return Parameters(
            weights=self.filters * self.patch(x), biases=self.filters if self.bias else 0
        )

    def work(self, x: FeatureMap) -> Work:
        """Return a dot product over a patch for every output."""
        outputs, patch = self.output_shape(x).elements, self.patch(x)
        return Work(multiplies=outputs * patch, adds=outputs * (patch if self.bias else patch - 1))

    def saved(self, x: FeatureMap) -> Saved:
        """Keep the input, for the gradient of the weights."""
        del x
        return Saved(inputs=True)

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return what scatters to every patch, and dot products over all positions."""
        positions, patch = self.output_shape(x).positions, self.patch(x)
        products = self.filters * positions * patch
        learned = self.parameters(x).count  # a bias has a sum without products
        return Backward(
            inputs=Work(multiplies=products, adds=products),
            parameters=Work(multiplies=products, adds=learned * (positions - 1)),
        )

    def patch(self, x: FeatureMap) -> Dim:
        """Return the number of inputs that one output depends on: C_in/groups * k_h * k_w."""
        return exact_div(x.c, self.groups, what="input channels per group") * self.taps
