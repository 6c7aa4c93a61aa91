"""Rows and columns of a feature map, sampled anew.

Nearest copies an element for every output. Linear weighs the 2 x 2 elements around a place (4
multiplies, 3 adds), cubic the 4 x 4 around it (16 and 15). The weights depend on the places
alone: they are geometry and not counted. Backward, what an output was made of gets its
gradient times the same weights, added into zeros: one add for every contribution.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Literal, final

from convcost.dims import Dim, floor_div, require_at_least
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.layers.window import Pair
from convcost.tensors import Extents, FeatureMap, Tensor
from convcost.work import Backward, Work

Interpolation = Literal["nearest", "linear", "cubic"]

TAPS: Mapping[str, int] = MappingProxyType({"nearest": 1, "linear": 4, "cubic": 16})
"""Elements that one output is made of."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Resize(AbstractLayer):
    """Bring the rows and columns to another number: nearest, linear or cubic.

    The extents are ``size`` if it is given, else ``floor(extent * scale / divisor)``.

    Shapes: input (N, C, H, W); output (N, C, H', W').
    Units: scalar operations per batch.
    Raises: ShapeError if size has not two extents, or nothing would be left.
    Source: ONNX, Resize; Keys 1981, doi:10.1109/TASSP.1981.1163711, for cubic.
    """

    kind: ClassVar[str] = "resize"
    label: ClassVar[str] = "resize"
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap,)

    mode: Interpolation
    size: Extents = ()
    scale: Pair = (1, 1)
    divisor: Pair = (1, 1)

    def __post_init__(self) -> None:
        if len(self.size) not in (0, 2):
            raise ShapeError(f"expected size to be [rows, columns], got {list(self.size)}")
        for name in ("size", "scale", "divisor"):
            for value in getattr(self, name):
                require_at_least(1, **{name: value})

    def output_shape(self, x: FeatureMap) -> FeatureMap:
        """Return (N, C, H', W')."""
        height, width = self.size or map(self._scaled, (x.h, x.w), self.scale, self.divisor)
        require_at_least(1, height=height, width=width)
        return FeatureMap(x.n, x.c, height, width)

    def work(self, x: FeatureMap) -> Work:
        """Return a weighted sum for every output."""
        taps, outputs = TAPS[self.mode], self.output_shape(x).elements
        if taps == 1:
            return Work()
        return Work(multiplies=outputs * taps, adds=outputs * (taps - 1))

    def backward_work(self, x: FeatureMap) -> Backward:
        """Return what is scattered to everything an output was made of."""
        taps, outputs = TAPS[self.mode], self.output_shape(x).elements
        products = outputs * taps if taps > 1 else 0
        return Backward(inputs=Work(multiplies=products, adds=outputs * taps))

    @staticmethod
    def _scaled(extent: Dim, scale: Dim, divisor: Dim) -> Dim:
        return floor_div(extent * scale, divisor)
