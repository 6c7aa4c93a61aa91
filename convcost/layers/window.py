"""Sliding windows: how many positions they take along an axis.

Source: Dumoulin & Visin, A guide to convolution arithmetic for deep learning,
arXiv:1603.07285v2, relationships 1 to 6 and 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from convcost.dims import Dim, ceil_div, floor_div, minimum, require, require_at_least
from convcost.layers.base import AbstractLayer
from convcost.tensors import FeatureMap, Tensor

Pair = tuple[Dim, Dim]
"""A value for the rows and one for the columns."""

Same = Literal["same", "same_lower"]
Padding = Same | tuple[Pair, Pair]
"""(before, after) for the rows and for the columns, or as much as ``ceil(extent/stride)`` takes:
the odd one after the input, or before it if ``same_lower``."""

Rounding = Literal["valid", "full", "clamped"]
"""What becomes of a last window that only partly fits: it is left out; taken; or taken
unless it would start behind the input (PyTorch's and ONNX's ``ceil_mode``)."""

NO_PADDING: Padding = ((0, 0), (0, 0))


@dataclass(frozen=True, slots=True)
class Window:
    """A window that slides along one axis."""

    kernel: Dim
    stride: Dim
    padding: Pair | Same
    dilation: Dim
    rounding: Rounding = "valid"

    @property
    def reach(self) -> Dim:
        """The extent that one window spans."""
        return self.dilation * (self.kernel - 1) + 1

    def positions(self, extent: Dim, *, axis: str) -> Dim:
        """Return how many positions the window takes on an axis of this extent.

        Raises: ShapeError if it fits nowhere.
        """
        if isinstance(self.padding, str):
            return ceil_div(extent, self.stride)
        before, after = self.padding
        padded = extent + before + after
        require(
            padded >= self.reach,
            "{}: a window of {} does not fit into {} + {} of padding",
            axis,
            self.reach,
            extent,
            before + after,
        )
        # The 1 for the first position goes inside, so that the extent stays a single floor.
        if self.rounding == "valid":
            return floor_div(padded - self.reach + self.stride, self.stride)
        if self.rounding == "full":
            return ceil_div(padded - self.reach + self.stride, self.stride)
        # Starting at `s * i`, the last window starts inside when s * i < extent + before.
        beyond = minimum(after - self.reach + self.stride, 0)
        return ceil_div(extent + before + beyond, self.stride)

    def margins(self, extent: Dim) -> Pair:
        """Return the padding before and after an axis of this extent."""
        if not isinstance(self.padding, str):
            return self.padding
        taken = (self.positions(extent, axis="") - 1) * self.stride + self.reach
        total = -minimum(extent - taken, 0)
        less, more = floor_div(total, 2), ceil_div(total, 2)
        return (more, less) if self.padding == "same_lower" else (less, more)


class AbstractWindowLayer(AbstractLayer):
    """A layer that slides a window over the rows and the columns of a feature map."""

    __slots__ = ()

    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap,)

    kernel: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    rounding: Rounding = "valid"

    def __post_init__(self) -> None:
        for name in ("kernel", "stride", "dilation"):
            for value in getattr(self, name):
                require_at_least(1, **{name: value})
        if not isinstance(self.padding, str):
            for pair in self.padding:
                require_at_least(0, padding=pair[0])
                require_at_least(0, padding=pair[1])

    @property
    def windows(self) -> tuple[Window, Window]:
        """The window on the rows and the one on the columns."""
        padding = self.padding
        rows, columns = (padding, padding) if isinstance(padding, str) else padding
        return (
            Window(self.kernel[0], self.stride[0], rows, self.dilation[0], self.rounding),
            Window(self.kernel[1], self.stride[1], columns, self.dilation[1], self.rounding),
        )

    @property
    def taps(self) -> Dim:
        """The number of positions of the input that one window covers."""
        return self.kernel[0] * self.kernel[1]

    def slide(self, x: FeatureMap, channels: Dim) -> FeatureMap:
        """Return the output shape, with this number of channels."""
        rows, columns = self.windows
        return FeatureMap(
            x.n, channels, rows.positions(x.h, axis="height"), columns.positions(x.w, axis="width")
        )
