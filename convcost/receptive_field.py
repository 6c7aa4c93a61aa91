"""What every output of a layer can see of the input: its receptive field.

Along one axis, output i sees input positions ``i * stride - padding`` up to, and without,
``i * stride - padding + size``. Positions outside the input are padding: a field is what the
windows span, whether there is an input below it or not, and it spans the gaps that dilation
and long strides leave. What has one input and neither windows nor a view of the whole map
hands its field on; the statistics of a training batch do not count.

- **The whole map.** Global pooling, flatten and dense layers look through one window as large
  as their input; so do softmax, norms within an example and reductions along the axes they
  mix. It has one position, so the field does not move: its stride is 0.
- **Rows and columns** are followed where they go: a transposition moves them to other axes, a
  reshape may leave them between others, slices and padding shift them.
- **A vector**, or any tensor where they are mixed with something else, has no rows or columns.
  Its field is what all its features see together: a feature of a flattened map that sees less
  by itself is not told apart.
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

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim, add_up, maximum, minimum
from convcost.finer import plain
from convcost.graph import INPUT
from convcost.layers import Constant
from convcost.layers.window import Window
from convcost.looking import look, whole
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
    rows: Field | None
    columns: Field | None


@dataclass(frozen=True, slots=True)
class LayerField:
    """The receptive field of a layer's outputs; of a join, that of each branch too.

    It is not known behind an operator that there is no rule for. ``exceeds_input`` says whether
    it is larger than the input along either axis.
    """

    name: str
    kind: str
    output: Tensor
    rows: Field | None
    columns: Field | None
    exceeds_input: Condition | None
    branches: tuple[Branch, ...] = ()

    @property
    def drifts(self) -> bool:
        """Whether the branches have unequal strides, so that outputs may see less."""
        pairs = [(self.rows, self.columns), *((each.rows, each.columns) for each in self.branches)]
        return len({(r.stride, c.stride) for r, c in pairs if r and c}) > 1


@dataclass(frozen=True, slots=True)
class ReceptiveFields:
    """The receptive fields of a network's layers at one input size."""

    network: str
    input: Tensor
    layers: tuple[LayerField, ...]


_ITSELF = Field(size=1, stride=1, padding=0)
_NOTHING = Field(size=0, stride=0, padding=0)


@dataclass(frozen=True, slots=True)
class _Trace:
    """The field of a tensor along an axis of the input, and the axis that moves it now.

    Without an axis the field does not move; without a field it is not known. ``extent`` is
    how long the axis is.
    """

    field: Field | None
    axis: int | None = None
    extent: Dim = 1


def receptive_fields(cost: NetworkCost) -> ReceptiveFields:
    """Return the receptive field of every layer of a network, in the order they run.

    Units: positions of the network's input.
    Raises: ConvcostError for a layer of a kind whose field is not known.
    """
    found: list[LayerField] = []
    traces = {INPUT: _of_image(cost.input)}
    traces |= dict.fromkeys(cost.inputs, (_Trace(_NOTHING), _Trace(_NOTHING)))
    for layer in cost.layers:
        rows, columns = zip(*(traces[name] for name in layer.inputs), strict=True)
        pair = traces[layer.name] = _seen(layer, rows), _seen(layer, columns)
        joined = layer.inputs if layer.layer.joins else ()
        found.append(
            LayerField(
                layer.name,
                layer.kind,
                layer.output,
                rows=pair[0].field,
                columns=pair[1].field,
                exceeds_input=_exceeds(cost.input, *pair),
                branches=tuple(Branch(name, *(t.field for t in traces[name])) for name in joined),
            )
        )
    return ReceptiveFields(cost.network, cost.input, tuple(found))


def _of_image(given: Tensor) -> tuple[_Trace, _Trace]:
    """Return what the input sees of itself, along its rows and its columns."""
    if not isinstance(given, FeatureMap):
        return _Trace(_ITSELF), _Trace(_ITSELF)
    return _Trace(_ITSELF, 2, given.h), _Trace(_ITSELF, 3, given.w)


def _exceeds(given: Tensor, rows: _Trace, columns: _Trace) -> Condition | None:
    """Return whether a field is larger than the input along either axis, if it is known."""
    height, width = (trace.extent for trace in _of_image(given))
    if rows.field is None or columns.field is None:
        return None
    return (rows.field.size > height) | (columns.field.size > width)


def _seen(layer: LayerCost, traces: Sequence[_Trace]) -> _Trace:
    """Return what a layer sees along an axis of the input, from what its inputs see."""
    if isinstance(layer.layer, Constant):
        return _Trace(_NOTHING)
    if not layer.layer.counted or any(trace.field is None for trace in traces):
        return _Trace(None)
    behind = [_looked(layer, which, trace) for which, trace in enumerate(traces)]
    axes = {t.axis for t in behind if t.axis is not None and t.extent != 1 and t.field != _NOTHING}
    if len(axes) > 1:  # an output sees one position of one, and another of another
        return _Trace(_union([_anywhere(trace) for trace in behind], 1))
    axis = next(iter(axes or {t.axis for t in behind if t.axis is not None}), None)
    positions = 1 if axis is None else layer.output.shape[axis]
    return _Trace(_union(behind, positions), axis, positions)


def _looked(layer: LayerCost, which: int, trace: _Trace) -> _Trace:
    """Look through a layer at one of its inputs; the extent stays that of the input."""
    if trace.axis is None or trace.field is None:
        return trace
    window, axis = look(layer, which, trace.axis)
    return replace(trace, field=trace.field.through(window, trace.extent), axis=axis)


def _anywhere(trace: _Trace) -> _Trace:
    """Return the field of all positions together."""
    if trace.axis is None or trace.field is None:
        return trace
    return _Trace(trace.field.through(whole(trace.extent), trace.extent))


def _union(traces: Sequence[_Trace], positions: Dim) -> Field | None:
    """Return a field that covers all of these at every position.

    One input is no union. A map of extent 1 among longer ones is a gate.
    """
    if len(traces) == 1:
        return traces[0].field
    moving = [
        replace(trace.field, stride=0) if trace.extent == 1 and positions != 1 else trace.field
        for trace in traces
        if trace.field is not None and trace.field != _NOTHING
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
