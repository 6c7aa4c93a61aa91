"""Receptive fields, against sets of input positions and against what others publish.

The oracle knows no formula: it lists, for a position of a map, the input positions that the
taps of its windows lead to, one map after the other. Positions outside a map are listed like
others (a window reads them as padding), unless it is asked what an output depends on.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from io import StringIO
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from counting import Slide
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.console import Console
from sympy import Rational
from typer.testing import CliRunner

import convcost
from convcost.cli.receptive import receptive
from convcost.cost import NetworkCost
from convcost.dims import symbol
from convcost.errors import ConvcostError
from convcost.finer import laid, resized
from convcost.layers import (
    KINDS,
    AbstractLayer,
    Activation,
    Arithmetic,
    Constant,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Expand,
    Gather,
    GlobalPool2d,
    GroupNorm,
    Input,
    Lrn,
    Pad,
    Pool2d,
    Reduce,
    Reshape,
    Resize,
    Slice,
    Squeeze,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.receptive_field import Field, LayerField, receptive_fields
from convcost.report.receptive import Receptive

# The oracle --------------------------------------------------------------------------------


class Axis(NamedTuple):
    """One axis of a map: how long it is, and which input positions a position of it sees."""

    extent: int
    sees: Callable[[int], frozenset[int]]


def image(extent: int) -> Axis:
    """Return an axis of the input: each position sees itself."""
    return Axis(extent, lambda i: frozenset([i]))


def union(sets: Iterable[frozenset[int]]) -> frozenset[int]:
    """Return what is in any of these sets."""
    return frozenset[int]().union(*sets)


def slid(source: Axis, slide: Slide) -> Axis:
    """Return what is behind a window; it is moved on as far as is asked."""
    moved = slide.along(source.extent)
    assume(moved.fits)
    first = moved.windows[0]
    return Axis(
        len(moved.windows),
        cache(lambda i: union(source.sees(tap + i * slide.stride) for tap in first)),
    )


def pooled(source: Axis) -> Axis:
    """Return what is behind a global pool: one position, which sees what any position sees."""
    everything = union(map(source.sees, range(source.extent)))
    return Axis(1, lambda _: everything)


def joined(sources: Sequence[Axis]) -> Axis:
    """Return what is behind a join; an input of length 1 among longer ones is read again."""
    extent = max(source.extent for source in sources)

    def sees(i: int) -> frozenset[int]:
        return union(source.sees(0 if source.extent < extent else i) for source in sources)

    return Axis(extent, cache(sees))


def clipped(axis: Axis) -> Axis:
    """Return an axis of which the positions outside depend on nothing."""
    inside = range(axis.extent)
    return Axis(axis.extent, lambda i: axis.sees(i) if i in inside else frozenset())


def field_of(axis: Axis) -> Field:
    """Return the field that spans what the outputs around the first one see."""
    spans = [(min(axis.sees(i)), max(axis.sees(i))) for i in range(-1, 3)]
    (before, _), (start, stop), *_ = spans
    size, stride = stop - start + 1, start - before
    assert spans == [(start + i * stride, stop + i * stride) for i in range(-1, 3)]
    return Field(size, stride, -start)


def least_cover(sources: Sequence[Axis], strides: Sequence[Any]) -> Field:
    """Return the shortest field that moves by the least stride and covers all a join sees."""
    axis, stride = joined(sources), min(strides)
    start = min(axis.sees(0))
    size = max(max(axis.sees(i)) - (start + i * stride) + 1 for i in range(axis.extent))
    return Field(size, stride, -start)


def spanned(field: Any, i: int) -> range:
    """Return the input positions of an output's field."""
    start = i * field.stride - field.padding
    return range(start, start + field.size)


# Networks ----------------------------------------------------------------------------------

Windows = tuple[Slide, Slide]
Pair = tuple[int, int]


@dataclass
class Step:
    """A layer of a drawn network, which reads earlier ones by their numbers (0: the input)."""

    kind: str
    sources: tuple[int, ...]
    windows: Windows | None = None

    def text(self, number: int) -> str:
        """Write it as a spec has it."""
        names = [f"m{source}" if source else "input" for source in self.sources]
        read = names if len(names) > 1 else names[0]
        return f"{self.kind}: {{name: m{number}, from: {read}{self._attributes()}}}"

    def _attributes(self) -> str:
        if self.windows is None:
            return ""
        rows, columns = self.windows
        padding = "same" if rows.padding == "same" else [list(rows.padding), list(columns.padding)]
        return (
            f", kernel: {[rows.kernel, columns.kernel]}, stride: {[rows.stride, columns.stride]},"
            f" padding: {padding}, dilation: {[rows.dilation, columns.dilation]},"
            f" rounding: {rows.rounding}"
        )


def traced(extents: Pair, steps: Sequence[Step], *, clip: bool = False) -> list[list[Axis]]:
    """Return the rows and the columns of every map by the oracle, those of the input first."""
    maps = [[clipped(image(extent)) if clip else image(extent) for extent in extents]]
    for step in steps:
        pair = []
        for axis in (0, 1):
            sources = [maps[source][axis] for source in step.sources]
            if step.windows is not None:
                behind = slid(sources[0], step.windows[axis])
            elif step.kind == "global_max_pool2d":
                behind = pooled(sources[0])
            else:
                behind = joined(sources)
            pair.append(clipped(behind) if clip else behind)
        maps.append(pair)
    return maps


def analysed(extents: tuple[Any, Any], *steps: str) -> NetworkCost:
    """Analyse a network of one channel with these layers."""
    items = "".join(f"  - {step}\n" for step in steps)
    spec = convcost.read_text(f"name: net\ninput: [1, 1, 1]\nlayers:\n{items}")
    return convcost.analyse(convcost.build(spec, input=(1, *extents)))


def layers_of(cost: NetworkCost) -> dict[str, LayerField]:
    """Return the receptive fields of a network by layer."""
    return {layer.name: layer for layer in receptive_fields(cost).layers}


def drawn(extents: Pair, steps: Sequence[Step]) -> list[LayerField]:
    """Return the receptive fields of a drawn network."""
    texts = (step.text(number) for number, step in enumerate(steps, 1))
    return list(receptive_fields(analysed(extents, *texts)).layers)


def square(layer: LayerField) -> tuple[Any, Any, Any]:
    """Return size, stride and padding, alike on rows and columns."""
    assert layer.rows == layer.columns
    assert layer.rows is not None
    return layer.rows.size, layer.rows.stride, layer.rows.padding


def fields_on(extents: tuple[Any, Any], *steps: str) -> dict[str, tuple[Any, Any, Any]]:
    """Return size, stride and padding of every layer of a square network."""
    found = layers_of(analysed(extents, *steps))
    return {name: square(layer) for name, layer in found.items()}


def fields_of(network: str, **options: Any) -> dict[str, tuple[Any, Any, Any]]:
    """Return size, stride and padding of every layer of a known network."""
    found = layers_of(convcost.analyse(convcost.load(network, **options)))
    return {name: square(layer) for name, layer in found.items()}


# Against the oracle ------------------------------------------------------------------------

small = st.integers(1, 3)
margins = st.tuples(st.integers(0, 3), st.integers(0, 3))
extents = st.tuples(st.integers(1, 40), st.integers(1, 40))


@st.composite
def any_windows(draw: st.DrawFn) -> Windows:
    """Draw windows on rows and columns, of any padding and rounding."""
    rounding = draw(st.sampled_from(["valid", "full", "clamped"]))
    padding: Any = draw(st.one_of(st.just(("same", "same")), st.tuples(margins, margins)))
    rows, columns = (
        Slide(draw(st.integers(1, 5)), draw(small), padding[axis], draw(small), rounding)
        for axis in (0, 1)
    )
    return rows, columns


@settings(max_examples=150, deadline=None)
@given(extents=extents, stack=st.lists(any_windows(), min_size=1, max_size=5))
def test_stacks_of_windows(extents: Pair, stack: list[Windows]) -> None:
    """Any kernel, stride, dilation and padding, unlike on rows and columns."""
    steps = [Step("max_pool2d", (number,), pair) for number, pair in enumerate(stack)]
    _, *expected = traced(extents, steps)
    found = drawn(extents, steps)
    for layer, axes in zip(found, expected, strict=True):
        assert [layer.rows, layer.columns] == list(map(field_of, axes))


@st.composite
def even_slides(draw: st.DrawFn) -> Slide:
    """Draw a window that takes one position for every stride begun, whatever its kernel."""
    kernel, stride, dilation = draw(st.integers(1, 4)), draw(st.integers(1, 2)), draw(small)
    around = dilation * (kernel - 1)
    before = draw(st.integers(0, around))
    return Slide(kernel, stride, (before, around - before), dilation)


@st.composite
def branching(draw: st.DrawFn) -> list[Step]:
    """Draw a network whose joins bring together branches of equal strides.

    An extent is ``ceil(extent / stride)``, so these are of equal shape but for their channels.
    """
    steps: list[Step] = []
    strides, channels = [(1, 1)], [1]
    for _ in range(draw(st.integers(1, 9))):
        source = draw(st.integers(0, len(steps)))
        alike = [number for number, stride in enumerate(strides) if stride == strides[source]]
        if draw(st.booleans()):
            others = draw(st.lists(st.sampled_from(alike), min_size=1, max_size=2))
            read = (source, *others)
            same = len({channels[number] for number in read}) == 1
            kind = draw(st.sampled_from(["add", "multiply"])) if same else "concat"
            steps.append(Step(kind, read))
            strides.append(strides[source])
            channels.append(channels[source] if same else sum(channels[each] for each in read))
        else:
            rows, columns = draw(even_slides()), draw(even_slides())
            steps.append(Step("max_pool2d", (source,), (rows, columns)))
            jumps = strides[source]
            strides.append((jumps[0] * rows.stride, jumps[1] * columns.stride))
            channels.append(channels[source])
    return steps


@settings(max_examples=150, deadline=None)
@given(extents=extents, steps=branching())
def test_branches_of_equal_strides(extents: Pair, steps: list[Step]) -> None:
    """A join sees what any of its branches sees, and the record keeps what each sees."""
    expected = [list(map(field_of, axes)) for axes in traced(extents, steps)]
    for number, (layer, step) in enumerate(zip(drawn(extents, steps), steps, strict=True), 1):
        assert [layer.rows, layer.columns] == expected[number]
        sources = step.sources if step.windows is None else ()
        assert [branch.input for branch in layer.branches] == [
            f"m{source}" if source else "input" for source in sources
        ]
        assert [[branch.rows, branch.columns] for branch in layer.branches] == [
            expected[source] for source in sources
        ]
        assert not layer.drifts


@st.composite
def fitting_slides(draw: st.DrawFn, extent: int, positions: int) -> Slide:
    """Draw a window that takes so many positions on an axis of this extent."""
    kernel, stride, dilation = draw(st.integers(1, 5)), draw(st.integers(1, 4)), draw(small)
    spanned = (positions - 1) * stride + dilation * (kernel - 1) + 1
    around = spanned - extent + draw(st.integers(0, stride - 1))
    assume(around >= 0)
    before = draw(st.integers(0, around))
    return Slide(kernel, stride, (before, around - before), dilation)


@st.composite
def drifting(draw: st.DrawFn) -> tuple[Pair, list[Step]]:
    """Draw windows on the input, of any strides but equal positions, that are then added.

    There may be a gate, of what the first of them sees; a window goes over the sum.
    """
    sizes = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    positions = draw(st.tuples(st.integers(1, 6), st.integers(1, 6)))
    steps = []
    for _ in range(draw(st.integers(2, 3))):
        rows, columns = (draw(fitting_slides(*axis)) for axis in zip(sizes, positions, strict=True))
        steps.append(Step("max_pool2d", (0,), (rows, columns)))
    steps.append(Step("add", tuple(range(1, len(steps) + 1))))
    added = len(steps)
    if draw(st.booleans()):
        steps.append(Step("global_max_pool2d", (draw(st.integers(1, added)),)))
        steps.append(Step("multiply", (added, added + 1)))
    over = draw(st.tuples(even_slides(), even_slides()))
    steps.append(Step("max_pool2d", (len(steps),), over))
    return sizes, steps


@settings(max_examples=150, deadline=None)
@given(network=drifting())
def test_branches_of_unequal_strides(network: tuple[Pair, list[Step]]) -> None:
    """A sum has the shortest field that covers all; no output depends on more than its field."""
    extents, steps = network
    maps, found = traced(extents, steps), drawn(extents, steps)
    (number, join), *_ = [(i, step) for i, step in enumerate(steps) if step.kind == "add"]
    for axis, name in enumerate(("rows", "columns")):
        sources = [maps[source][axis] for source in join.sources]
        strides = [field_of(source).stride for source in sources]
        assert getattr(found[number], name) == least_cover(sources, strides)
    _, *dependent = traced(extents, steps, clip=True)
    for layer, axes in zip(found, dependent, strict=True):
        for seen, behind in zip((layer.rows, layer.columns), axes, strict=True):
            for i in range(behind.extent):
                assert behind.sees(i) <= set(spanned(seen, i))


# By hand -----------------------------------------------------------------------------------


def test_lenet() -> None:
    # 5; pooling: 5 + 1, jump 2; 5x5: 6 + 4*2 = 14; pooling: 14 + 2 = 16, jump 4; the dense
    # layer looks through 4x4 of them: 16 + 3*4 = 28, the whole image.
    found = fields_of("lenet")
    assert found["conv1"] == found["sigmoid1"] == (5, 1, 0)
    assert found["pool1"] == (6, 2, 0)
    assert found["conv2"] == (14, 2, 0)
    assert found["pool2"] == (16, 4, 0)
    assert found["dense1"] == found["sigmoid3"] == found["dense3"] == (28, 0, 0)


def test_a_dilated_stack() -> None:
    # Yu & Koltun, arXiv:1511.07122v3, figure 1: 3x3 with dilations 1, 2, 4 see 3, 7, 15.
    steps = [f"conv2d: {{filters: 1, kernel: 3, padding: {d}, dilation: {d}}}" for d in (1, 2, 4)]
    assert list(fields_on((32, 32), *steps).values()) == [(3, 1, 1), (7, 1, 3), (15, 1, 7)]


def test_rows_and_columns_are_apart() -> None:
    step = "conv2d: {filters: 1, kernel: [3, 5], stride: [1, 2], padding: [[1, 0], [0, 4]]}"
    layer = layers_of(analysed((8, 8), step))["conv1"]
    assert (layer.rows, layer.columns) == (Field(3, 1, 1), Field(5, 2, 0))


@pytest.mark.parametrize("whole", ["global_max_pool2d", "flatten", "dense: 3"])
def test_what_sees_the_whole_map(whole: str) -> None:
    # 3 stride 2 on 9 + 1: positions 0 to 3 start at -1, 1, 3, 5 and the last ends before 8.
    first = "max_pool2d: {name: a, kernel: 3, stride: 2, padding: [[1, 0], [1, 0]]}"
    found = fields_on((9, 9), first, whole, "flatten", "dense: 2", "relu")
    assert found.pop("a") == (3, 2, 1)
    assert set(found.values()) == {(9, 0, 1)}


def test_a_gate_does_not_move() -> None:
    found = layers_of(
        analysed(
            (8, 8),
            "conv2d: {name: a, filters: 1, kernel: 3, stride: 2, padding: 1}",
            "global_average_pool2d: {name: b}",
            "multiply: {name: c, from: [a, b]}",
            "conv2d: {name: d, filters: 1, kernel: 3, padding: 1}",
        )
    )
    # Four positions of 3, two apart: 3 + 3*2, of which one lies before the input.
    assert square(found["b"]) == square(found["c"]) == square(found["d"]) == (9, 0, 1)
    assert [(each.input, each.rows) for each in found["c"].branches] == [
        ("a", Field(3, 2, 1)),
        ("b", Field(9, 0, 1)),
    ]
    assert found["c"].drifts


def test_a_gate_by_a_window() -> None:
    # It sees rows 0 to 7 from its one position, whatever its stride; what it scales sees 3.
    found = layers_of(
        analysed(
            (8, 8),
            "conv2d: {name: a, filters: 1, kernel: 3, stride: 4}",
            "conv2d: {name: b, filters: 1, kernel: 8, stride: 4, from: input}",
            "multiply: {name: c, from: [a, b]}",
        )
    )
    assert square(found["b"]) == (8, 4, 0)
    assert square(found["c"]) == (8, 0, 0)
    assert found["c"].drifts


def test_one_position_keeps_its_stride() -> None:
    # What is 1x1 beside others of 1x1 is no gate.
    found = fields_on(
        (8, 8),
        "conv2d: {name: a, filters: 1, kernel: 8, stride: 8}",
        "conv2d: {name: b, filters: 1, kernel: 1, stride: 8, from: input}",
        "multiply: {name: c, from: [a, b]}",
    )
    assert found["c"] == (8, 8, 0)


def test_vectors_are_joined() -> None:
    found = fields_on((8, 8), "dense: {name: a, units: 2}", "relu", "add: {from: [a, relu1]}")
    assert found["add1"] == (8, 0, 0)


def test_larger_than_the_input() -> None:
    step = "conv2d: {filters: 1, kernel: [3, 5], padding: [1, 2]}"
    for extents, exceeds in (((3, 5), False), ((2, 5), True), ((3, 4), True)):
        assert layers_of(analysed(extents, step))["conv1"].exceeds_input is exceeds


def test_every_kind_is_known_and_others_are_refused() -> None:
    cost = analysed((4, 4), "identity")
    (layer,) = cost.layers
    given: dict[type[AbstractLayer], dict[str, Any]] = {
        Conv2d: {"filters": 1, "kernel": (1, 1)},
        Pool2d: {"mode": "max", "kernel": (1, 1), "stride": (1, 1)},
        GlobalPool2d: {"mode": "max"},
        Dense: {"units": 1},
        Activation: {"function": "relu"},
        Arithmetic: {"function": "add"},
        Lrn: {"size": 1},
        ConvTranspose2d: {"filters": 1, "kernel": (1, 1)},
        Resize: {"mode": "linear"},
        Reduce: {"function": "sum", "axes": (1,)},
        GroupNorm: {"groups": 1},
        Reshape: {"shape": (1, 1, 4, 4)},
        Transpose: {"permutation": (0, 1, 2, 3)},
        Squeeze: {"axes": (1,)},
        Unsqueeze: {"axes": (1,)},
        Slice: {"axis": 2},
        Gather: {"axis": 2, "count": 3},
        Pad: {"before": (0,) * 4, "after": (0,) * 4},
        Expand: {"shape": (1, 1, 4, 4)},
        Constant: {"shape": (0, 1, 4)},
        Uncounted: {"operator": "X", "shape": (0, 3)},
    }
    for kind in KINDS:
        if kind is not Input:
            made = kind(**given.get(kind, {}))
            output = layer.output if made.joins else made.output_shape(*layer.input_shapes)
            example = replace(layer, layer=made, output=output)
            assert len(receptive_fields(replace(cost, layers=(example,))).layers) == 1
    made = Input(extents=(1, 1, 1))  # no layer of a cost
    unknown = replace(cost, layers=(replace(layer, layer=made),))
    with pytest.raises(ConvcostError, match="'identity1': what input sees of its input"):
        receptive_fields(unknown)


# Outputs that lie closer together ----------------------------------------------------------


def seen_by_resized(mode: str, old: int, new: int, i: int) -> set[int]:
    """Return the positions that output i is made of; of two that are as near, both."""
    middle = Fraction((2 * i + 1) * old, 2 * new) - Fraction(1, 2)
    if mode == "nearest":
        return {math.floor(middle + Fraction(1, 2)), math.ceil(middle - Fraction(1, 2))}
    reach = 1 if mode == "linear" else 2
    near = range(math.floor(middle) - 2, math.floor(middle) + 4)
    return {position for position in near if abs(position - middle) < reach}


@pytest.mark.parametrize("mode", ["nearest", "linear", "cubic"])
def test_resized_fields_are_the_shortest_that_hold_all(mode: Any) -> None:
    for old, new in product(range(1, 8), repeat=2):
        window = resized(mode, old, new)
        fields = [spanned_exactly(window, i) for i in range(4 * new)]
        seen = [seen_by_resized(mode, old, new, i) for i in range(4 * new)]
        pairs = list(zip(fields, seen, strict=True))
        assert all(start <= min(what) <= max(what) <= stop for (start, stop), what in pairs)
        assert any(start == min(what) for (start, _), what in pairs)
        assert any(stop == max(what) for (_, stop), what in pairs)


def spanned_exactly(window: Any, i: int) -> tuple[Fraction, Fraction]:
    """Return the first and the last point of an output's window."""
    start = i * window.stride - window.padding[0]
    return start, start + window.kernel - 1


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation"),
    [(2, 2, 0, 1), (3, 2, 1, 1), (4, 2, 1, 1), (3, 1, 2, 2), (5, 3, 1, 1), (1, 1, 0, 1)],
)
def test_transposed_fields_hold_all(kernel: int, stride: int, padding: int, dilation: int) -> None:
    sides = ((padding, 0), (0, 0))
    layer = ConvTranspose2d(
        filters=1,
        kernel=(kernel, 1),
        stride=(stride, 1),
        padding=sides,
        dilation=(dilation, 1),
    )
    window = laid(layer, 0)
    seen: dict[int, set[int]] = {}
    for j, tap in product(range(40), range(kernel)):
        seen.setdefault(j * stride + tap * dilation - padding, set()).add(j)
    inner = [i for i in seen if 10 * stride < i < 30 * stride]
    starts, stops = zip(*(spanned_exactly(window, i) for i in inner), strict=True)
    assert all(a <= min(seen[i]) for i, a in zip(inner, starts, strict=True))
    assert all(max(seen[i]) <= b for i, b in zip(inner, stops, strict=True))
    assert any(a == min(seen[i]) for i, a in zip(inner, starts, strict=True))
    assert any(b == max(seen[i]) for i, b in zip(inner, stops, strict=True))


def test_down_and_up_again() -> None:
    # Two positions are read for one, which two outputs copy: each sees those two, and the
    # field that moves by 1 must span three.
    pool = "max_pool2d: {name: down, kernel: 2, stride: 2}"
    fields = fields_on((8, 8), pool, "resize: {name: up, mode: nearest, scale: 2}")
    assert fields["down"] == (2, 2, 0)
    assert fields["up"] == (3, 1, 1)
    fields = fields_on((8, 8), "conv_transpose2d: {name: up, filters: 1, kernel: 2, stride: 2}")
    assert fields["up"] == (Fraction(3, 2), Fraction(1, 2), Fraction(1, 2))
    assert fields_on((8, 8), "resize: {name: r, mode: linear, size: [H, H]}".replace("H", "8")) == {
        "r": (1, 1, 0)
    }


def test_fractions_are_shown() -> None:
    cost = analysed((8, 8), "resize: {mode: linear, scale: 2}", "resize: {mode: nearest, scale: 3}")
    found = Receptive(receptive_fields(cost))
    console = Console(width=100, record=True, file=StringIO())
    console.print(found)
    assert "5/2" in console.export_text()
    rows = json.loads(found.as_json())["layers"][0]["rows"]
    assert rows == {"size": 2.5, "stride": 0.5, "padding": 1}


def test_a_symbolic_size_is_held_whatever_it_is() -> None:
    window = resized("linear", symbol("H"), 2 * symbol("H"))
    assert (window.kernel, window.stride) == (3, Rational(1, 2))


def test_axes_that_are_mixed_are_seen_whole() -> None:
    steps = {
        "softmax: {name: l, axis: 2}": (6, 1),
        "log_softmax: {name: l, axis: -1}": (1, 8),
        "layer_norm: {name: l}": (1, 8),
        "layer_norm: {name: l, dimensions: 2}": (6, 8),
        "instance_norm: {name: l}": (6, 8),
        "group_norm: {name: l, groups: 1}": (6, 8),
        "reduce: {name: l, function: mean, axes: [2]}": (6, 1),
        "reduce: {name: l, function: mean, axes: [1]}": (1, 1),
        "reduce: {name: l, function: mean, axes: [1], keep: false}": (1, 1),
        "prelu: {name: l}": (1, 1),
    }
    for step, sizes in steps.items():
        assert sizes_of(analysed((6, 8), step)) == sizes
    assert sizes_of(analysed((8, 8), "matmul: {name: l, from: [input, input]}")) == (8, 8)


def sizes_of(cost: NetworkCost) -> tuple[Any, Any]:
    """Return how many rows and columns the outputs of layer ``l`` see."""
    found = layers_of(cost)["l"]
    return found.rows and found.rows.size, found.columns and found.columns.size


# As others have it -------------------------------------------------------------------------

# RF, effective stride and effective padding of google-research/receptive_field,
# RECEPTIVE_FIELD_TABLE.md (the library of Araujo, Norris & Sim, Distill 2019), from TF-Slim's
# models at 224, without names of networks and of what is around a layer.
VGG_A = {
    "block1.conv1": (3, 1, 1),
    "block1.pool1": (4, 2, 1),
    "block2.conv1": (8, 2, 3),
    "block2.pool1": (10, 4, 3),
    "block3.conv1": (18, 4, 7),
    "block3.conv2": (26, 4, 11),
    "block3.pool1": (30, 8, 11),
    "block4.conv1": (46, 8, 19),
    "block4.conv2": (62, 8, 27),
    "block4.pool1": (70, 16, 27),
    "block5.conv1": (102, 16, 43),
    "block5.conv2": (134, 16, 59),
    "block5.pool1": (150, 32, 59),
}
VGG_16 = {
    "block1.conv1": (3, 1, 1),
    "block1.pool1": (6, 2, 2),
    "block2.conv1": (10, 2, 4),
    "block2.pool1": (16, 4, 6),
    "block3.conv1": (24, 4, 10),
    "block3.conv2": (32, 4, 14),
    "block3.pool1": (44, 8, 18),
    "block4.conv1": (60, 8, 26),
    "block4.conv2": (76, 8, 34),
    "block4.pool1": (100, 16, 42),
    "block5.conv1": (132, 16, 58),
    "block5.conv2": (164, 16, 74),
    "block5.pool1": (212, 32, 90),
}
ALEXNET_V2 = {
    "conv1": (11, 4, 0),
    "pool1": (19, 8, 0),
    "conv2": (51, 8, 16),
    "conv3": (99, 16, 32),
    "conv4": (131, 16, 48),
    "conv5": (163, 16, 64),
    "pool3": (195, 32, 64),
}
MOBILENET_V1 = {  # padding at 224, then at 321: "same" pads by the input's size
    0: (3, 2, 0, 1),
    1: (7, 2, 2, 3),
    2: (11, 4, 2, 5),
    3: (19, 4, 6, 9),
    4: (27, 8, 6, 13),
    5: (43, 8, 14, 21),
    6: (59, 16, 14, 29),
    7: (91, 16, 30, 45),
    8: (123, 16, 46, 61),
    9: (155, 16, 62, 77),
    10: (187, 16, 78, 93),
    11: (219, 16, 94, 109),
    12: (251, 32, 94, 125),
    13: (315, 32, 126, 157),
}


@pytest.mark.parametrize(("network", "table"), [("vgg11", VGG_A), ("vgg16", VGG_16)])
def test_vgg(network: str, table: dict[str, tuple[int, int, int]]) -> None:
    found = fields_of(network)
    assert {name: found[name] for name in table} == table


def test_vgg_16_seen_from_its_dense_layer() -> None:
    # Chen et al. (DeepLab), arXiv:1412.7062, section 3.2: "404x404 pixels if the net is
    # applied convolutionally".
    assert fields_of("vgg16")["dense1"][0] == 404


def test_alexnet() -> None:
    # TF-Slim's first convolution has no padding, that of torchvision has 2.
    found = fields_of("alexnet")
    for name, (size, stride, padding) in ALEXNET_V2.items():
        assert found[name] == (size, stride, padding + 2)


@pytest.mark.parametrize(
    ("network", "blocks"),
    [
        ("resnet50-original", [(35, 17), (99, 49), (291, 145), (483, 241)]),
        ("resnet101-original", [(35, 17), (99, 49), (835, 417), (1027, 513)]),
        ("resnet152-original", [(35, 17), (163, 81), (1315, 657), (1507, 753)]),
    ],
)
def test_resnet(network: str, blocks: list[Pair]) -> None:
    # block1 to block4 of resnet_v1_50, _101 and _152 at 321, where TF-Slim's `same` pads both
    # sides alike, as the paper's networks do at any size. There a block's last unit has the
    # stride, here the next block's first 1x1: every 3x3 moves by the same, and only the
    # strides behind the first three blocks are half of what the table says.
    found = fields_of(network)
    last = [
        [field for name, field in found.items() if name.startswith(f"stage{i}.")][-1]
        for i in (1, 2, 3, 4)
    ]
    strides = [4, 8, 16, 32]
    assert last == [(size, s, padding) for (size, padding), s in zip(blocks, strides, strict=True)]


@pytest.mark.parametrize(("extent", "column"), [(224, 2), (321, 3)])
def test_mobilenet(extent: int, column: int) -> None:
    # Howard et al., arXiv:1704.04861, table 1: 3x3, and 13 of them depthwise.
    strides = [2, 1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1]
    common = "filters: 1, kernel: 3, padding: same"
    steps = [f"conv2d: {{{common}, stride: {stride}}}" for stride in strides]
    found = fields_on((extent, extent), *steps)
    assert list(found.values()) == [(*row[:2], row[column]) for row in MOBILENET_V1.values()]


# Symbols -----------------------------------------------------------------------------------

SQUEEZE = (
    "conv2d: {name: a, filters: 1, kernel: 3, stride: 2, padding: same}",
    "global_average_pool2d: {name: b}",
    "multiply: {name: c, from: [a, b]}",
    "conv2d: {name: d, filters: 1, kernel: 3, stride: 2, padding: same}",
    "flatten",
    "dense: 3",
)


def put_in(value: Any, sizes: dict[Any, int]) -> int:
    """Return a formula's value."""
    return value if isinstance(value, int) else int(value.subs(sizes))


def require_alike(symbolic: NetworkCost, numeric: NetworkCost, sizes: dict[Any, int]) -> None:
    """Require every field with numbers put in to be the numbers."""
    pairs = zip(receptive_fields(symbolic).layers, receptive_fields(numeric).layers, strict=True)
    for formula, number in pairs:
        for axis in ("rows", "columns"):
            for part in ("size", "stride", "padding"):
                value = put_in(getattr(getattr(formula, axis), part), sizes)
                assert value == getattr(getattr(number, axis), part)
        exceeds: Any = formula.exceeds_input
        assert bool(exceeds if isinstance(exceeds, bool) else exceeds.subs(sizes)) is (
            number.exceeds_input
        )


@pytest.mark.parametrize("network", ["vgg16", "alexnet-d2l", "nin", "googlenet", "resnet50"])
@pytest.mark.parametrize("sizes", [(224, 224), (225, 331)])
def test_networks_in_symbols(network: str, sizes: Pair) -> None:
    height, width = symbol("H"), symbol("W")
    spec = convcost.find(network)
    symbolic = convcost.analyse(convcost.build(spec, input=(3, height, width)))
    numeric = convcost.analyse(convcost.build(spec, input=(3, *sizes)))
    require_alike(symbolic, numeric, dict(zip((height, width), sizes, strict=True)))


@pytest.mark.parametrize("sizes", [(8, 9), (31, 5), (64, 64)])
def test_a_gated_network_in_symbols(sizes: Pair) -> None:
    height, width = symbol("H"), symbol("W")
    symbolic = analysed((height, width), *SQUEEZE)
    known = dict(zip((height, width), sizes, strict=True))
    require_alike(symbolic, analysed(sizes, *SQUEEZE), known)


def test_a_window_in_symbols() -> None:
    k, s, p = symbol("k"), symbol("s"), symbol("p")
    chosen: dict[str, Any] = {"k": k, "s": s, "p": p}
    text = (
        "name: net\ninput: [1, 99, 99]\nparameters: {k: 3, s: 2, p: 1}\nlayers:\n"
        + "  - conv2d: {filters: 1, kernel: k, stride: s, padding: p}\n" * 2
    )
    network = convcost.build(convcost.read_text(text), parameters=chosen)
    *_, last = receptive_fields(convcost.analyse(network)).layers
    size, stride, padding = square(last)
    assert (size - (k + (k - 1) * s)).expand() == 0
    assert (stride, (padding - p - p * s).expand()) == (s**2, 0)


def test_numbers_stay_plain_and_load_no_sympy() -> None:
    code = (
        "import sys, convcost\n"
        "from convcost.receptive_field import receptive_fields\n"
        "from convcost.report.receptive import Receptive\n"
        "fields = receptive_fields(convcost.analyse(convcost.load('googlenet')))\n"
        "Receptive(fields).as_json()\n"
        "assert all(type(each.rows.size) is int for each in fields.layers)\n"
        "assert 'sympy' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True)


# The command -------------------------------------------------------------------------------

app = typer.Typer()
app.command()(receptive)


def run(*arguments: str, columns: int = 80) -> str:
    """Run the command; return its standard output."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns), "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    return result.stdout


def rows_of(text: str) -> list[list[str]]:
    """Return the words of every line."""
    return [line.split() for line in text.splitlines()]


def test_the_table() -> None:
    lines = rows_of(run("vgg16"))
    assert ["layer", "output", "size", "stride", "padding"] in lines
    assert ["block5.pool1", "512×7×7", "212", "32", "90"] in lines
    assert ["dense1", "4096", "404*", "0", "90"] in lines
    assert lines[-2][:2] == ["*", "larger"]
    assert lines[-1][:2] == ["stride", "0:"]


def test_the_table_without_marks() -> None:
    text = run("lenet")
    assert "*" not in text
    assert "note:" not in text


def test_the_table_shows_branches() -> None:
    lines = rows_of(run("resnet18"))
    join = lines.index(["stage1.basic_unit1.add1", "64×56×56", "27", "4", "13"])
    assert lines[join + 1] == ["from", "body.bn2", "27", "4", "13"]
    assert lines[join + 2] == ["from", "pool1", "11", "4", "5"]


def test_the_table_of_a_network_that_is_not_square(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    steps = (
        "[conv2d: {filters: 1, kernel: [3, 5], stride: [1, 2], padding: [1, 0]}, relu, dense: 2]"
    )
    path.write_text(f"name: net\ninput: [1, 9, 8]\nlayers: {steps}\n", encoding="utf-8")
    lines = rows_of(run(str(path)))
    assert ["conv1", "1×9×2", "3×5", "1×2", "1×0"] in lines
    assert ["relu1", "1×9×2", "3×5", "1×2", "1×0"] in lines
    # All nine rows with one of padding on either side; columns 0 to 6 of 8.
    assert ["dense1", "2", "11×7*", "0×0", "1×0"] in lines


def test_one_layer_that_is_not_square_makes_two_sizes_of_all(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    steps = "[conv2d: {filters: 1, kernel: [3, 5]}, conv2d: {filters: 1, kernel: [5, 3]}]"
    path.write_text(f"name: net\ninput: [1, 9, 9]\nlayers: {steps}\n", encoding="utf-8")
    assert ["conv2", "1×3×3", "7×7", "1×1", "0×0"] in rows_of(run(str(path)))


def test_the_table_says_where_branches_drift(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    steps = "".join(f"  - {step}\n" for step in SQUEEZE)
    path.write_text(f"name: net\ninput: [1, 9, 9]\nlayers:\n{steps}", encoding="utf-8")
    text = " ".join(run(str(path)).split())
    assert "note: c: its branches have unequal strides" in text


@pytest.mark.parametrize("network", ["resnet152", "densenet264", "googlenet", "alexnet-d2l"])
def test_the_table_fits_80_columns(network: str) -> None:
    text = run(network)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


def test_json() -> None:
    record = json.loads(run("resnet18", "--input", "3x96x224", "--format", "json"))
    assert list(record) == ["network", "input", "layers"]
    assert record["network"] == "resnet18"
    assert record["input"] == {"n": 1, "c": 3, "h": 96, "w": 224}
    layers = {layer["name"]: layer for layer in record["layers"]}
    first = {"size": 27, "stride": 4, "padding": 13}
    second = {"size": 11, "stride": 4, "padding": 5}
    assert layers["stage1.basic_unit1.add1"] == {
        "name": "stage1.basic_unit1.add1",
        "kind": "add",
        "rows": first,
        "columns": first,
        "exceeds_input": False,
        "branches": [
            {"input": "stage1.basic_unit1.body.bn2", "rows": first, "columns": first},
            {"input": "pool1", "rows": second, "columns": second},
        ],
    }
    assert layers["conv1"]["branches"] == []
    assert layers["stage3.basic_unit1.add1"]["exceeds_input"] is True  # 147 of 96 rows


def test_json_keeps_rows_and_columns_apart() -> None:
    steps = ("conv2d: {filters: 1, kernel: [3, 1], padding: [1, 0]}", "add: {from: [conv1, input]}")
    text = Receptive(receptive_fields(analysed((4, 4), *steps))).as_json()
    layer = json.loads(text)["layers"][-1]
    rows, columns = ({"size": n, "stride": 1, "padding": n // 2} for n in (3, 1))
    assert (layer["rows"], layer["columns"]) == (rows, columns)
    assert layer["branches"][0] == {"input": "conv1", "rows": rows, "columns": columns}


def test_json_in_symbols() -> None:
    height = symbol("H")
    steps = ("max_pool2d: {kernel: 3, stride: 3, padding: 1}", "flatten")
    text = Receptive(receptive_fields(analysed((height, 4), *steps))).as_json()
    pool, flat = json.loads(text)["layers"]
    assert pool["rows"] == {"size": 3, "stride": 3, "padding": 1}
    assert pool["exceeds_input"] == "H < 3"
    assert flat["exceeds_input"] is True  # 6 of 4 columns, whatever H is
    assert isinstance(flat["rows"]["size"], str)


def test_options(tmp_path: Path) -> None:
    path = tmp_path / "fields.json"
    chosen = ("--preset", "fashion-mnist", "--set", "convolutions=1,1,1,1,1")
    assert run("vgg11", *chosen, "--format", "json", "--output", str(path)) == ""
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["input"]["c"] == 1
    # One convolution in the third block, not two: 10 + 2*4 at padding 3 + 4, then pooling.
    (pool,) = [layer for layer in record["layers"] if layer["name"] == "block3.pool1"]
    assert pool["rows"] == {"size": 22, "stride": 8, "padding": 7}
