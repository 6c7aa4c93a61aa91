"""What every output of a layer can see of the input: its receptive field.

Along one axis, output i sees input positions ``i * stride - padding`` up to, and without,
``i * stride - padding + size``. Positions outside the input are padding: a field is what the
windows span, whether there is an input below it or not, and it spans the gaps that dilation
and long strides leave. What has one input and neither windows nor a view of the whole map
hands its field on; the statistics of a training batch do not count.

- **The whole map.** Global pooling, flatten and dense layers look through one window as large
  as their input; so do softmax, norms within an example and reductions along the axes they
  mix. It has one position, so the field does not move: its stride is 0.
- **A vector**, or any tensor but a feature map, has no rows or columns. Its field is what all
  its features see together: a feature of a flattened map that sees less by itself is not told
  apart.
- **A larger map.** Behind a transposed convolution or a resized map fields move by fractions of a
  position. What lies between two positions is inside as far as the next one is reached.
- **A join** sees what its branches see together: the smallest field that covers each of
  theirs at every output.
- **A gate** (N, C, 1, 1) that scales whole channels is read again for each output: whatever
  its stride was, inside the join it is 0. As a gate from a global pool sees all that the
  map it scales sees, its field is the result, and that does not move either.
- **Other inputs** than the first one are not looked at: what depends on them alone sees
  nothing, a field of size, stride and padding 0, and in a join it does not count.
- **Branches of unequal strides** drift apart: there is no field of one size that moves evenly
  and fits all outputs. The record moves by the least of the strides, starts where the first
  output's does, and is as long as it must be to cover the last output's: all that an
  output sees is inside, but it may see less. (The library of Araujo et al. refuses these.)

Source: Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks,
Distill 2019, doi:10.23915/distill.00021; Dumoulin & Visin, arXiv:1603.07285v2.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim, add_up, maximum, minimum
from convcost.errors import ConvcostError
from convcost.finer import laid, plain, resized
from convcost.graph import INPUT
from convcost.layers import (
    Activation,
    Arithmetic,
    BatchNorm,
    Concat,
    ConvTranspose2d,
    Dense,
    Dropout,
    Flatten,
    GlobalPool2d,
    Identity,
    LayerNorm,
    Lrn,
    Matmul,
    Prelu,
    Reduce,
    Resize,
)
from convcost.layers.activation import ALONG_AN_AXIS
from convcost.layers.axes import axes_of, axis_of
from convcost.layers.broadcast import AbstractBroadcast
from convcost.layers.group_normalization import AbstractGroupNormalization
from convcost.layers.window import AbstractWindowLayer, Pair, Window
from convcost.tensors import FeatureMap, Tensor

if TYPE_CHECKING:
    from convcost.dims import Condition


@dataclass(frozen=True, slots=True)
class Field:
    """A receptive field along one axis.

    ``stride`` is the jump from one output's field to the next one's, ``padding`` how far the
    first output's reaches beyond the first position of the input.

    Units: positions of the network's input.
    """

    size: Dim
    stride: Dim
    padding: Dim

    def through(self, window: Window, extent: Dim) -> Field:
        """Return the field behind a window on a map of this extent that has this field.

        Source: Araujo, Norris & Sim, equations for r_0, S_0 and P_0, from the input on.
        """
        before, _ = window.margins(extent)
        return Field(
            plain(self.size + (window.reach - 1) * self.stride),
            plain(self.stride * window.stride),
            plain(self.padding + before * self.stride),
        )


@dataclass(frozen=True, slots=True)
class Branch:
    """An input of a join, by name, and its own field."""

    input: str
    rows: Field
    columns: Field


@dataclass(frozen=True, slots=True)
class LayerField:
    """The receptive field of a layer's outputs; of a join, that of each branch too.

    ``exceeds_input`` says whether it is larger than the input along either axis.
    """

    name: str
    kind: str
    output: Tensor
    rows: Field
    columns: Field
    exceeds_input: Condition
    branches: tuple[Branch, ...] = ()

    @property
    def drifts(self) -> bool:
        """Whether the branches have unequal strides, so that outputs may see less."""
        strides = {(branch.rows.stride, branch.columns.stride) for branch in self.branches}
        return len(strides | {(self.rows.stride, self.columns.stride)}) > 1


@dataclass(frozen=True, slots=True)
class ReceptiveFields:
    """The receptive fields of a network's layers at one input size."""

    network: str
    input: Tensor
    layers: tuple[LayerField, ...]


_ITSELF = Field(size=1, stride=1, padding=0)
_NOTHING = Field(size=0, stride=0, padding=0)
_ROWS, _COLUMNS = 2, 3
_POINT = Window(kernel=1, stride=1, padding=(0, 0), dilation=1)


def receptive_fields(cost: NetworkCost) -> ReceptiveFields:
    """Return the receptive field of every layer of a network, in the order they run.

    Units: positions of the network's input.
    Raises: ConvcostError for a layer of a kind whose field is not known.
    """
    found: list[LayerField] = []
    height, width = _extents(cost.input)
    fields = {INPUT: (_ITSELF, _ITSELF)} | dict.fromkeys(cost.inputs, (_NOTHING, _NOTHING))
    for layer in cost.layers:
        rows, columns = fields[layer.name] = _seen(layer, fields)
        branches = [Branch(name, *fields[name]) for name in layer.inputs if layer.layer.joins]
        exceeds = (rows.size > height) | (columns.size > width)
        found.append(
            LayerField(
                layer.name, layer.kind, layer.output, rows, columns, exceeds, tuple(branches)
            )
        )
    return ReceptiveFields(cost.network, cost.input, tuple(found))


def _seen(layer: LayerCost, fields: Mapping[str, tuple[Field, Field]]) -> tuple[Field, Field]:
    """Return the field of a layer from those of its inputs, along rows and columns."""
    rows, columns = zip(*(fields[name] for name in layer.inputs), strict=True)
    heights, widths = zip(*(_extents(shape) for shape in layer.input_shapes), strict=True)
    height, width = _extents(layer.output)
    on_rows, on_columns = _windows(layer)
    return (
        _union(rows, heights, height).through(on_rows, heights[0]),
        _union(columns, widths, width).through(on_columns, widths[0]),
    )


def _windows(layer: LayerCost) -> tuple[Window, Window]:
    """Return what a layer looks through at its input, along rows and columns."""
    match layer.layer:
        case AbstractWindowLayer() as sliding:
            return sliding.windows
        case GlobalPool2d() | Flatten() | Dense():
            height, width = _extents(layer.input_shapes[0])
            return replace(_POINT, kernel=height, stride=0), replace(_POINT, kernel=width, stride=0)
        case ConvTranspose2d() as laying:
            return laid(laying, 0), laid(laying, 1)
        case Resize(mode=mode):
            (old, old_width), (new, new_width) = map(
                _extents, (layer.input_shapes[0], layer.output)
            )
            return resized(mode, old, new), resized(mode, old_width, new_width)
        case Reduce() | Matmul() | AbstractGroupNormalization() | Activation():
            mixed = _mixed(layer)
            height, width = _extents(layer.input_shapes[0])
            rows = replace(_POINT, kernel=height, stride=0) if _ROWS in mixed else _POINT
            columns = replace(_POINT, kernel=width, stride=0) if _COLUMNS in mixed else _POINT
            return rows, columns
        case BatchNorm() | Lrn() | Dropout() | Identity() | Arithmetic() | Prelu():
            return _POINT, _POINT
        case AbstractBroadcast() | Concat():
            return _POINT, _POINT
        case _:
            raise ConvcostError(
                f"layer {layer.name!r}: what {layer.kind} sees of its input is not known"
            )


def _mixed(layer: LayerCost) -> Container[int]:
    """Return the axes of which every output sees all, if the input is a feature map."""
    rank = len(layer.input_shapes[0].shape)
    match layer.layer:
        case Reduce(axes=axes) if isinstance(layer.output, FeatureMap):
            return axes_of(axes, rank)
        case Activation(function=function, axis=axis):
            return {axis_of(axis, rank)} if function in ALONG_AN_AXIS else ()
        case LayerNorm(dimensions=dimensions):
            return {axis for axis in range(rank) if axis >= rank - dimensions}
    return {_ROWS, _COLUMNS}


def _extents(shape: Tensor) -> Pair:
    """Return rows and columns; what is no feature map has one position."""
    return (shape.h, shape.w) if isinstance(shape, FeatureMap) else (1, 1)


def _union(fields: Sequence[Field], extents: Sequence[Dim], positions: Dim) -> Field:
    """Return a field that covers all of these, of maps of these extents, at every position.

    One input is no union. A map of extent 1 among longer ones is a gate.
    """
    if len(fields) == 1:
        return fields[0]
    moving = [
        replace(field, stride=0) if extent == 1 and positions != 1 else field
        for field, extent in zip(fields, extents, strict=True)
        if field != _NOTHING
    ]
    if not moving:
        return _NOTHING
    stride = reduce(minimum, [field.stride for field in moving])
    padding = reduce(maximum, [field.padding for field in moving])
    ends = [  # of the last output's fields, were they to move by the least stride
        add_up([field.size, -field.padding, (positions - 1) * (field.stride - stride)])
        for field in moving
    ]
    return Field(add_up([reduce(maximum, ends), padding]), stride, padding)
