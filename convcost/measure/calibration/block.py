"""A block of layers under construction, as a network would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    BatchNorm,
    Concat,
    Conv2d,
    Dense,
    Dropout,
    Flatten,
    GlobalPool2d,
    Lrn,
    Multiply,
    Pool2d,
)
from convcost.layers.activation import Function
from convcost.tensors import FeatureMap, Tensor

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer in a block, and what it reads. ``context`` is only there for its neighbours."""

    name: str
    layer: AbstractLayer
    inputs: tuple[str, ...]
    context: bool = False


@dataclass(slots=True)
class Block:
    """A few layers behind an input of their own, in the order in which they run.

    Every method puts a layer behind the last one, or behind those it is given, and returns
    its name.
    """

    name: str
    batch: int
    extents: tuple[int, ...] = ()
    layers: list[Placed] = field(default_factory=list)
    shapes: dict[str, Tensor] = field(default_factory=dict)

    def open(self, channels: int, rows: int, columns: int | None = None) -> None:
        """Give the block its input."""
        self.extents = (channels, rows, columns or rows)
        self.shapes[self.name] = FeatureMap(self.batch, *self.extents)

    def feed(self, channels: int, rows: int, columns: int | None = None) -> str:
        """Give the block an input, and put in front what brings it into the library's layout.

        That is a convolution and relu, and not measured.
        """
        self.open(_FED, rows, columns)
        self.put(Conv2d(filters=channels, kernel=(1, 1), bias=True), context=True)
        return self.put(Activation(function="relu"), context=True)

    def close(self) -> None:
        """Put something last: a network's outputs have memory of their own."""
        if isinstance(self.shapes[self.last], FeatureMap):
            self.put(Conv2d(filters=_FED, kernel=(1, 1)), context=True)
        else:
            self.put(Activation(function="softmax"), context=True)

    @property
    def last(self) -> str:
        """The layer that was put last, or the input."""
        return self.layers[-1].name if self.layers else self.name

    @property
    def width(self) -> int:
        """The channels of the last layer."""
        return int(self.shapes[self.last].channels)

    def put(self, layer: AbstractLayer, *sources: str, context: bool = False) -> str:
        """Put a layer."""
        inputs = sources or (self.last,)
        name = f"{self.name}.{layer.label}{len(self.layers) + 1}"
        self.shapes[name] = layer.output_shape(*(self.shapes[each] for each in inputs))
        self.layers.append(Placed(name, layer, inputs, context))
        return name

    def conv(self, filters: int, kernel: int | Pair = 1, *sources: str, **others: Any) -> str:
        """Put a convolution, padded so that a stride of 1 keeps the extents; no bias."""
        taps = kernel if isinstance(kernel, tuple) else (kernel, kernel)
        stride = others.pop("stride", 1)
        settings: Mapping[str, Any] = {
            "padding": tuple((k // 2, k // 2) for k in taps),
            "bias": False,
            **others,
        }
        layer = Conv2d(filters=filters, kernel=taps, stride=(stride, stride), **settings)
        return self.put(layer, *sources)

    def depthwise(self, kernel: int, *, stride: int = 1) -> str:
        """Put a convolution of every channel by itself."""
        return self.conv(self.width, kernel, stride=stride, groups=self.width)

    def norm(self, *sources: str) -> str:
        """Put a batch norm."""
        return self.put(BatchNorm(), *sources)

    def act(self, function: Function = "relu", *sources: str) -> str:
        """Put an activation function."""
        return self.put(Activation(function=function), *sources)

    def conv_norm_act(
        self,
        filters: int,
        kernel: int | Pair = 1,
        *sources: str,
        function: Function = "relu",
        **others: Any,
    ) -> str:
        """Put a convolution, batch norm and an activation function."""
        self.conv(filters, kernel, *sources, **others)
        self.norm()
        return self.act(function)

    def pool(
        self,
        mode: Literal["max", "average"],
        kernel: int,
        stride: int,
        padding: int = 0,
        *sources: str,
    ) -> str:
        """Put a pooling; one that is larger than what it pools is left out."""
        x = self.shapes[sources[0] if sources else self.last]
        if not isinstance(x, FeatureMap) or min(int(x.h), int(x.w)) + 2 * padding < kernel:
            return sources[0] if sources else self.last
        return self.put(
            Pool2d(
                mode=mode,
                kernel=(kernel, kernel),
                stride=(stride, stride),
                padding=((padding, padding), (padding, padding)),
            ),
            *sources,
        )

    def global_pool(self, *sources: str) -> str:
        """Put a mean of every channel."""
        return self.put(GlobalPool2d(mode="average"), *sources)

    def dense(self, units: int, function: Function | None = None) -> str:
        """Put a dense layer, and an activation function if there is one."""
        name = self.put(Dense(units=units))
        return name if function is None else self.act(function)

    def flatten(self) -> str:
        """Put a flattening."""
        return self.put(Flatten())

    def dropout(self) -> str:
        """Put a dropout."""
        return self.put(Dropout(rate=0.5))

    def lrn(self, size: int) -> str:
        """Put a local response normalization."""
        return self.put(Lrn(size=size))

    def add(self, *sources: str) -> str:
        """Put a sum."""
        return self.put(Add(), *sources)

    def multiply(self, *sources: str) -> str:
        """Put a product."""
        return self.put(Multiply(), *sources)

    def concat(self, *sources: str) -> str:
        """Put a concatenation."""
        return self.put(Concat(), *sources)


_FED = 16  # channels of the input in front of what is measured
