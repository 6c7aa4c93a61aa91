"""2-D transposed convolution: what a convolution's gradient does, as a layer.

Every input element is multiplied by a kernel for each filter of its group, and what comes out
is added into zeros at the places the kernel covers: as many multiplies and adds as there are
input elements, times ``filters/groups * k_h * k_w``; one more add an output if there is a
bias. What padding cuts off is computed first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, exact_div, require, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.layers.window import NO_PADDING, Padding, Pair
from convcost.tensors import FeatureMap, Tensor
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConvTranspose2d(AbstractLayer):
    """Lay down ``filters`` kernels, weighed by every input element, and add up.

    An axis of extent H gets ``(H - 1) * stride - padding + reach + output_padding``, where
    padding is that of both sides and ``reach = (kernel - 1) * dilation + 1``.

    Shapes: input (N, C_in, H, W); weight (C_in, filters/groups, k_h, k_w);
        output (N, filters, H', W').
    Units: scalar operations per batch.
    Raises: ShapeError if groups does not divide the channels, or nothing would be left.
    Source: Dumoulin & Visin, arXiv:1603.07285v2, relationships 8 to 14.
    """

    kind: ClassVar[str] = "conv_transpose2d"
    label: ClassVar[str] = "conv_transpose"
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap,)
    multiplies_are_macs: ClassVar[bool] = True

    filters: Dim
    kernel: Pair
    stride: Pair = (1, 1)
    padding: Padding = NO_PADDING
    output_padding: Pair = (0, 0)
    dilation: Pair = (1, 1)
    groups: Dim = 1
    bias: bool = True

    def __post_init__(self) -> None:
        require_at_least(1, filters=self.filters, groups=self.groups)
        for name in ("kernel", "stride", "dilation"):
            for value in getattr(self, name):
                require_at_least(1, **{name: value})
        for value in self.output_padding:
            require_at_least(0, output_padding=value)
        for side in (side for pair in self.margins for side in pair):
            require_at_least(0, padding=side)

    @property
    def margins(self) -> tuple[Pair, Pair]:
        """What is cut off (before, after) the rows and the columns."""
        if isinstance(self.padding, str):
            raise ShapeError(f"a transposed convolution has no padding {self.padding!r}")
        return self.padding

    @property
    def taps(self) -> Dim:
        """The number of places that one input element is added to, for each filter."""
        return self.kernel[0] * self.kernel[1]

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return (N, filters, H', W')."""
        exact_div(x.c, self.groups, what="input channels per group")
        self._per_group()
        height, width = (self._extent(at, extent) for at, extent in enumerate((x.h, x.w)))
        return FeatureMap(x.n, self.filters, height, width)

    def parameters(self, x: FeatureMap) -> Parameters:
        """Return a weight for every channel, filter of its group and tap, a bias for a filter."""
        return Parameters(
            weights=x.c * self._per_group() * self.taps, biases=self.filters if self.bias else 0
        )

    def work(self, x: FeatureMap) -> Work:
        """Return what every input element adds to the outputs."""
        products = x.elements * self._per_group() * self.taps
        biases = self.output_shape(x).elements if self.bias else 0
        return Work(multiplies=products, adds=products + biases)

    def saved(self, x: FeatureMap) -> Saved:
        """Keep the input, for the gradient of the weights."""
        del x
        return Saved(inputs=True)

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return a dot product over a patch for every input, and one over all positions."""
        products = x.elements * self._per_group() * self.taps
        weights = self.parameters(x).weights * (x.positions - 1)
        places = self.output_shape(x).positions
        biases = self.filters * (places - 1) if self.bias else 0
        return Backward(
            inputs=Work(multiplies=products, adds=products - x.elements),
            parameters=Work(multiplies=products, adds=weights + biases),
        )

    def _per_group(self) -> Dim:
        return exact_div(self.filters, self.groups, what="filters per group")

    def _extent(self, at: int, extent: Dim) -> Dim:
        """Return the output's extent along the rows (0) or the columns (1)."""
        before, after = self.margins[at]
        spanned = (extent - 1) * self.stride[at] + (self.kernel[at] - 1) * self.dilation[at] + 1
        left = spanned + self.output_padding[at] - before - after
        message = "{}: padding of {} leaves nothing of {}"
        name = ("height", "width")[at]
        require(left >= 1, message, name, before + after, spanned + self.output_padding[at])
        return left
