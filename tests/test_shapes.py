"""What only moves elements: shapes by hand, what is refused, specs, fields, and MXNet."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import pytest
from counting import Index, places_of
from counting_shapes import MOVES
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_load import check, run, steps
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.dims import recording, symbol
from convcost.errors import ConvcostError, GraphError, ShapeError
from convcost.layers import (
    AbstractLayer,
    Expand,
    Gather,
    Pad,
    Reshape,
    Slice,
    Squeeze,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.memory.mxnet import planned
from convcost.receptive_field import Field, receptive_fields
from convcost.report.receptive import Receptive
from convcost.schema import spec_schema
from convcost.tensors import Array, FeatureMap, Tensor, Vector
from convcost.work import Backward, Work

MAP = FeatureMap(2, 6, 4, 5)
SEQUENCE = Array((2, 3, 4))

# --- shapes, by hand ---


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (Reshape(shape=(2, 120)), MAP, Vector(2, 120)),
        (Reshape(shape=(0, -1)), MAP, Vector(2, 120)),
        (Reshape(shape=(0, 2, 3, 4, 5)), MAP, Array((2, 2, 3, 4, 5))),
        (Reshape(shape=(0, 0, -1)), MAP, Array((2, 6, 20))),
        (Reshape(shape=(-1, 4, 5, 6)), MAP, FeatureMap(2, 4, 5, 6)),
        (Reshape(shape=(-1,)), MAP, Array((240,))),
        (Reshape(shape=(0, -1, 1, 1)), Vector(3, 7), FeatureMap(3, 7, 1, 1)),
        (Transpose(permutation=(0, 2, 3, 1)), MAP, FeatureMap(2, 4, 5, 6)),
        (Transpose(permutation=(0, -1, -2, 1)), MAP, FeatureMap(2, 5, 4, 6)),
        (Transpose(permutation=(1, 0, 2)), SEQUENCE, Array((3, 2, 4))),
        (Squeeze(axes=(2, 3)), FeatureMap(2, 6, 1, 1), Vector(2, 6)),
        (Squeeze(axes=(-1,)), FeatureMap(2, 6, 4, 1), Array((2, 6, 4))),
        (Squeeze(axes=()), MAP, MAP),
        (Unsqueeze(axes=(2,)), SEQUENCE, FeatureMap(2, 3, 1, 4)),
        (Unsqueeze(axes=(-1, 1)), Vector(2, 6), FeatureMap(2, 1, 6, 1)),
        (Slice(axis=1, start=1), MAP, FeatureMap(2, 5, 4, 5)),
        (Slice(axis=-1, stop=-1), MAP, FeatureMap(2, 6, 4, 4)),
        (Slice(axis=1, start=-4, stop=-1, step=2), MAP, FeatureMap(2, 2, 4, 5)),
        (Slice(axis=3, step=2), MAP, FeatureMap(2, 6, 4, 3)),  # 0, 2, 4
        (Gather(axis=1, count=9), MAP, FeatureMap(2, 9, 4, 5)),
        (Gather(axis=-1, count=1), SEQUENCE, Array((2, 3, 1))),
        (Pad(before=(0, 0, 1, 2), after=(0, 0, 3, 0)), MAP, FeatureMap(2, 6, 8, 7)),
        (Pad(before=(0, -2, 0), after=(0, 0, -3)), SEQUENCE, Array((2, 1, 1))),
        (Expand(shape=(0, 1, 4, 5)), FeatureMap(2, 6, 1, 1), MAP),
        (Expand(shape=(2, 3, 4)), SEQUENCE, SEQUENCE),
        (Uncounted(operator="X", shape=(0, 7, 8)), MAP, Array((2, 7, 8))),
        (Uncounted(operator="X", shape=(5, 4)), MAP, Vector(5, 4)),
    ],
)
def test_shapes_by_hand(layer: AbstractLayer, x: Tensor, expected: Tensor) -> None:
    assert layer.output_shape(x) == expected
    assert layer.work(x) == layer.training_work(x) == Work()
    assert layer.parameters(x).count == layer.statistics(x) == 0


def test_gradients_by_hand() -> None:
    # Each of 2 * 3 * 9 gradients is added into zeros.
    assert Gather(axis=2, count=9).backward_work(SEQUENCE) == Backward(Work(adds=54))
    # 2 * 6 sums of 20 gradients, 19 adds each.
    expand = Expand(shape=(0, 0, 4, 5))
    assert expand.backward_work(FeatureMap(2, 6, 1, 1)) == Backward(Work(adds=12 * 19))
    for layer in (Slice(axis=1), Transpose(permutation=(0, 2, 1)), Reshape(shape=(0, -1))):
        assert layer.backward_work(SEQUENCE) == Backward()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Reshape(shape=(0, 119)).output_shape(MAP),
         r"240 elements do not fit into a shape of \[2, 119\]"),
        (lambda: Reshape(shape=(0, 7, -1)).output_shape(MAP),
         "what is left over for -1: 120 is not divisible by 7"),
        (lambda: Reshape(shape=(-1, -1)), r"shape has -1 once at most, got \[-1, -1\]"),
        (lambda: Reshape(shape=(0, -2)), "shape has extents of -1 or more, got -2"),
        (lambda: Reshape(shape=(0, 0, 0, 4)).output_shape(Vector(2, 3)),
         "copies axis 2, which a tensor of 2 lacks"),
        (lambda: Reshape(shape=()).output_shape(Array((1,))), "the batch is one"),
        (lambda: Transpose(permutation=(0, 1)).output_shape(MAP), "does not name all 4 axes"),
        (lambda: Transpose(permutation=(0, 1, 1, 2)).output_shape(MAP), "named twice"),
        (lambda: Transpose(permutation=(0, 1, 2, 4)).output_shape(MAP), "no axis 4 in a tensor"),
        (lambda: Squeeze(axes=(1,)).output_shape(MAP), "axis 1 has an extent of 6, not 1"),
        (lambda: Squeeze(axes=(4,)).output_shape(MAP), "no axis 4"),
        (lambda: Squeeze(axes=(0, 1)).output_shape(Vector(1, 1)), "the batch is one"),
        (lambda: Unsqueeze(axes=(5,)).output_shape(MAP), "no axis 5 in a tensor of 5"),
        (lambda: Unsqueeze(axes=(1, -4)).output_shape(SEQUENCE), "named twice"),
        (lambda: Slice(axis=1, step=0), "step must be 1 or more, got 0"),
        (lambda: Slice(axis=1, start=6).output_shape(MAP), "from 6 up to 0 takes nothing"),
        (lambda: Slice(axis=1, start=3, stop=3).output_shape(MAP), "takes nothing"),
        (lambda: Slice(axis=1, stop=7).output_shape(MAP), "from 0 up to 7 .* an axis of 6 has"),
        (lambda: Slice(axis=1, start=-7).output_shape(MAP), "from -7 up to 0"),
        (lambda: Slice(axis=9).output_shape(MAP), "no axis 9"),
        (lambda: Gather(axis=1, count=0), "count must be 1 or more, got 0"),
        (lambda: Gather(axis=4, count=1).output_shape(MAP), "no axis 4"),
        (lambda: Pad(before=(0, 0), after=(0, 0, 0, 0)).output_shape(MAP),
         r"before must have a number for each of 4 axes, got \[0, 0\]"),
        (lambda: Pad(before=(0, -6, 0, 0), after=(0,) * 4).output_shape(MAP),
         "nothing is left of axis 1"),
        (lambda: Expand(shape=(0, 7, 0, 0)).output_shape(MAP), "an extent of 6 does not become 7"),
        (lambda: Expand(shape=(2, 3)).output_shape(MAP), "an extent for each of 4 axes"),
        (lambda: Expand(shape=(-1,)), "shape has extents of 0 or more, got -1"),
        (lambda: Uncounted(operator="X", shape=()), "shape must have the batch at least"),
        (lambda: Uncounted(operator="X", shape=(0, 0)), "shape has extents of 1 or more"),
        (lambda: Uncounted(operator="X", shape=(-1, 2)), "shape has a batch of 0 or more"),
    ],
)  # fmt: skip
def test_refusals(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        act()


# --- in symbols ---


def test_a_shuffle_of_channels_needs_no_condition_but_the_groups() -> None:
    n, c, h, w = map(symbol, "nchw")
    with recording() as conditions:
        apart = Reshape(shape=(0, 2, -1, h, w)).output_shape(FeatureMap(n, c, h, w))
        moved = Transpose(permutation=(0, 2, 1, 3, 4)).output_shape(apart)
        together = Reshape(shape=(0, -1, h, w)).output_shape(moved)
    assert apart.shape == (n, 2, c / 2, h, w)
    assert moved.shape == (n, c / 2, 2, h, w)
    assert together == FeatureMap(n, c, h, w)
    assert [str(condition) for condition in conditions] == ["Eq(Mod(c, 2), 0)"]


def test_axes_are_never_symbols() -> None:
    for layer in (Transpose(permutation=(0, symbol("a"))), Squeeze(axes=(symbol("a"),))):
        with pytest.raises(ShapeError, match="an axis must be a number, got a"):
            layer.output_shape(Vector(1, 1))


def test_a_part_of_what_is_open() -> None:
    h = symbol("h")
    x = FeatureMap(1, 2, h, 4)
    with recording() as conditions:
        assert str(Slice(axis=2, start=1, step=2).output_shape(x).shape[2]) == "floor(h/2)"
        assert Slice(axis=2, stop=-3).output_shape(x).shape[2] == h - 3
        assert Slice(axis=2, start=h // 2).output_shape(x).shape[2] == h - h // 2
        assert Pad(before=(0, 0, -1, 0), after=(0,) * 4).output_shape(x).shape[2] == h - 1
    assert {str(condition) for condition in conditions} >= {"h > 1", "h - 3 > 0", "h - 1 >= 1"}


def test_formulas_go_through_shapes() -> None:
    text = "name: net\ninput: [6, 8, 8]\nlayers:\n  - reshape: {shape: [0, 2, 3, 0, -1]}\n"
    with pytest.raises(ConvcostError, match="copies axis"):
        run(text.replace("[0, 2, 3, 0, -1]", "[0, 2, 3, 0, -1, 0]"))
    text += "  - slice: {axis: 1, stop: 1}\n  - squeeze: {axes: [1]}\n  - dense: 5\n"
    made = convcost.build(convcost.read_text(text.replace("0, -1]", "-1, 8]")))
    assert made.formula("macs", free="N H").evaluate(N=2, H=4) == 2 * 3 * 4 * 8 * 5


# --- in specs ---


@pytest.mark.parametrize(
    ("step", "shape"),
    [
        ("reshape: {shape: [0, -1]}", (1, 192)),
        ("reshape: [0, 3 * 8, 8]", (1, 24, 8)),
        ("reshape: wanted", (1, 8, 24)),
        ("transpose: [0, 2, 3, 1]", (1, 8, 8, 3)),
        ("slice: {axis: 1, start: 1}", (1, 2, 8, 8)),
        ("slice: 1", (1, 3, 8, 8)),
        ("gather: {axis: 1, count: 7}", (1, 7, 8, 8)),
        ("pad: {before: [0, 0, 1, 1], after: [0, 0, 1, 1]}", (1, 3, 10, 10)),
        ("unsqueeze: [1]", (1, 1, 3, 8, 8)),
        ("squeeze: {axes: []}", (1, 3, 8, 8)),
        ("uncounted: {operator: com.microsoft.FFT, shape: [0, 9]}", (1, 9)),
        ("uncounted: {operator: X, shape: [0, 9], from: [input, input]}", (1, 9)),
    ],
)
def test_kinds_in_specs(step: str, shape: tuple[int, ...]) -> None:
    (cost,) = run(steps(step, more="parameters: {wanted: [0, 8, 24]}\n"))
    assert cost.layers[0].output.shape == shape


@pytest.mark.parametrize(
    ("marked", "message", "kind"),
    [
        (steps("«reshape»"), "reshape lacks 'shape'", ConvcostError),
        (steps("reshape: «3»"), "shape: expected a list of whole numbers, got 3", ConvcostError),
        (steps("reshape: {shape: «[[1]]»}"), "got a list of 1", ConvcostError),
        (steps("reshape: {shape: [«x»]}"), "unknown name 'x'", ConvcostError),
        (steps(f"reshape: «{[1] * 33}»"), "at most 32 axes, got 33", ConvcostError),
        (steps("reshape: {shape: «[0, -2]»}"), "shape has extents of -1 or more", ShapeError),
        (steps("slice: {axis: 1, step: «0»}"), "step must be 1 or more", ShapeError),
        (steps("«slice»: {axis: 1, start: 3}"), "from 3 up to 0 takes nothing", ShapeError),
        (steps("«transpose»: [0, 1, 2]"), "does not name all 4 axes", ShapeError),
        (
            steps("slice: {axis: «[1]»}"),
            "a whole number or an expression, got a list",
            ConvcostError,
        ),
        (steps("uncounted: {operator: «a b», shape: [0]}"), "a word of letters", ConvcostError),
        (steps("uncounted: {operator: «[a]», shape: [0]}"), "expected a word", ConvcostError),
        (steps("«uncounted»: X"), "uncounted lacks 'shape'", ConvcostError),
        (steps("uncounted: {operator: X, shape: «[0, 0]»}"), "shape has extents", ShapeError),
        (
            steps("«reshape»: {shape: [0, -1], from: [input, input]}"),
            "expected 1 input, got 2",
            GraphError,
        ),
    ],
)
def test_kinds_that_specs_get_wrong(marked: str, message: str, kind: type[ConvcostError]) -> None:
    check(marked, message, kind=kind)


@pytest.mark.parametrize(
    ("step", "right"),
    [
        ({"reshape": [0, -1]}, True),
        ({"reshape": {"shape": "wanted"}}, True),
        ({"reshape": {"shape": [[1]]}}, False),
        ({"reshape": None}, False),
        ({"uncounted": {"operator": "a.b:C", "shape": [0, "n"]}}, True),
        ({"uncounted": {"operator": "a b", "shape": [0]}}, False),
        ({"slice": {"axis": 1, "stop": -1}}, True),
        ({"pad": {"before": [0]}}, False),
    ],
)
def test_the_schema_knows_them(step: dict[str, Any], right: bool) -> None:  # noqa: FBT001
    data = {"name": "n", "input": [1], "layers": [step]}
    assert Draft202012Validator(spec_schema()).is_valid(data) is right


# --- receptive fields ---


def fields(*items: str) -> dict[str, tuple[Field | None, Field | None]]:
    """Return rows and columns of every layer on an image of 3 x 8 x 8."""
    (cost,) = run(steps(*items))
    return {each.name: (each.rows, each.columns) for each in receptive_fields(cost).layers}


def test_a_shuffle_of_channels_keeps_the_field() -> None:
    found = fields(
        "conv2d: {filters: 4, kernel: 3, padding: 1, stride: 2}",
        "reshape: [0, 2, 2, 4, 4]",
        "transpose: [0, 2, 1, 3, 4]",
        "reshape: [0, 4, 4, 4]",
        "conv2d: {filters: 4, kernel: 3, padding: 1, name: last}",
    )
    expected = Field(3, 2, 1)
    assert found["reshape2"] == (expected, expected)
    assert found["last"] == (Field(7, 2, 3), Field(7, 2, 3))


def test_a_transposition_swaps_windows() -> None:
    found = fields(
        "transpose: [0, 1, 3, 2]",
        "conv2d: {filters: 3, kernel: [3, 1], stride: [2, 1]}",
        "transpose: [0, 3, 2, 1]",
        "max_pool2d: {kernel: [1, 3], stride: 1, name: over-channels}",
        "conv2d: {filters: 3, kernel: 1, name: mixes}",
    )
    assert found["conv1"] == (Field(1, 1, 0), Field(3, 2, 0))
    assert found["over-channels"] == (Field(1, 1, 0), Field(3, 2, 0))
    # What was rows is on the channels now, and every output sees all of them.
    assert found["mixes"] == (Field(8, 0, 0), Field(3, 2, 0))


def test_parts_move_the_field() -> None:
    found = fields(
        "slice: {axis: 2, start: 2, stop: 8, step: 3}",
        "pad: {before: [0, 0, 1, 0], after: [0, 0, 0, -1]}",
        "gather: {axis: 3, count: 5}",
        "slice: {axis: 1, start: 1}",
    )
    assert found["slice1"] == (Field(1, 3, -2), Field(1, 1, 0))
    assert found["pad1"] == (Field(1, 3, 1), Field(1, 1, 0))
    assert found["gather1"] == found["slice2"] == (Field(1, 3, 1), Field(7, 0, 0))


def test_what_is_mixed_is_seen_together() -> None:
    found = fields(
        "max_pool2d: {kernel: 3, stride: 1}",
        "reshape: [0, 3, -1]",
        "unsqueeze: [2]",
        "global_average_pool2d: {from: pool1}",
        "squeeze: [2, 3]",
        "unsqueeze: [2, 3]",
        "expand: [0, 0, 6, 6]",
        "add: {from: [expand1, pool1]}",
    )
    assert found["reshape1"] == found["unsqueeze1"] == (Field(8, 0, 0),) * 2
    assert found["squeeze1"] == found["expand1"] == (Field(8, 0, 0),) * 2
    assert found["add1"] == (Field(8, 0, 0),) * 2  # the pooled one covers the other
    sums = fields("transpose: [0, 1, 3, 2]", "add: {from: [input, transpose1]}")
    assert sums["add1"] == (Field(8, 0, 0),) * 2  # a row of one, a column of the other
    gated = fields("max_pool2d: {kernel: [8, 1], stride: 1}", "expand: [0, 0, 5, 0]", "relu")
    assert gated["expand1"] == gated["relu1"] == (Field(8, 0, 0), Field(1, 1, 0))


def test_behind_what_is_uncounted_nothing_is_known() -> None:
    items = (
        "uncounted: {operator: FFT, shape: [0, 3, 8, 8]}",
        "relu",
        "add: {from: [relu1, input]}",
        "relu: {from: input}",
    )
    found = fields(*items)
    assert found["uncounted1"] == found["relu1"] == found["add1"] == (None, None)
    assert found["relu2"] == (Field(1, 1, 0), Field(1, 1, 0))
    (cost,) = run(steps(*items))
    shown = Receptive(receptive_fields(cost))
    document = json.loads(shown.as_json())
    assert [each["rows"] for each in document["layers"]][:3] == [None] * 3
    assert document["layers"][0]["exceeds_input"] is None
    from rich.console import Console

    console = Console(width=100)
    with console.capture() as captured:
        console.print(shown)
    assert "? unknown: behind what is uncounted" in captured.get()


Sees = dict[Index, frozenset[tuple[int, int]]]
"""For every place of a tensor, which rows and columns of the input it depends on."""


def moved(kind: str, attributes: dict[str, Any], shape: Index, sees: Sees) -> tuple[Index, Sees]:
    """Move what every place depends on, by the oracle's loops."""
    found, source = MOVES[kind](shape, **attributes)
    read = {place: source(place) for place in places_of(found)}
    return found, {p: sees[at] if at is not None else frozenset() for p, at in read.items()}


@st.composite
def moves(draw: st.DrawFn) -> tuple[list[str], list[tuple[Index, Sees]]]:
    """Draw layers that move elements, with what they give and what that depends on."""
    shape: Index = (1, 2, 4, 3)
    sees: Sees = {p: frozenset([(p[2], p[3])]) for p in places_of(shape)}
    lines, tensors = [], []
    for _ in range(draw(st.integers(1, 4))):
        kind, attributes = draw(st.sampled_from(list(choices(shape))))
        shape, sees = moved(kind, attributes, shape, sees)
        lines.append(f"{kind}: {json.dumps(attributes)}")
        tensors.append((shape, sees))
    return lines, tensors


def choices(shape: Index) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield some layers for a tensor of this shape."""
    rank = len(shape)
    yield "transpose", {"permutation": [0, *range(rank - 1, 0, -1)]}
    yield "transpose", {"permutation": [0, *range(2, rank), 1] if rank > 1 else [0]}
    yield "reshape", {"shape": [0, -1]}
    yield "reshape", {"shape": [*shape[:-1], 1, shape[-1]]}
    yield "reshape", {"shape": [0, 2, -1]} if shape[1] % 2 == 0 else {"shape": [0, 1, -1]}
    yield "unsqueeze", {"axes": [1]}
    for axis in range(1, rank):
        if shape[axis] == 1 and rank > 2:
            yield "squeeze", {"axes": [axis]}
        elif shape[axis] > 2:
            yield "slice", {"axis": axis, "start": 1, "stop": 0, "step": 2}
        yield "gather", {"axis": axis, "count": 2}
    margins = [0, *([1] * (rank - 1))]
    yield "pad", {"before": margins, "after": [0] * rank}


@settings(max_examples=150, deadline=None)
@given(drawn=moves())
def test_all_that_a_place_depends_on_is_in_its_field(
    drawn: tuple[list[str], list[tuple[Index, Sees]]],
) -> None:
    lines, tensors = drawn
    items = "".join(f"  - {line}\n" for line in lines)
    (cost,) = run(f"name: net\ninput: [2, 4, 3]\nlayers:\n{items}")
    for layer, found, (shape, sees) in zip(
        cost.layers, receptive_fields(cost).layers, tensors, strict=True
    ):
        assert layer.output.shape == shape
        for axis, field in enumerate((found.rows, found.columns)):
            assert field is not None
            seen = {p: {pair[axis] for pair in pairs} for p, pairs in sees.items() if pairs}
            # Some axis of the tensor moves the field, or none does.
            assert any(
                all(
                    set(positions) <= set(spanned(field, place[own] if own is not None else 0))
                    for place, positions in seen.items()
                )
                for own in ([None] if field.stride == 0 else range(len(shape)))
            )


def spanned(field: Field, i: int) -> range:
    """Return the input positions of an output's field."""
    start = int(i * field.stride - field.padding)
    return range(start, start + int(field.size))


# --- MXNet ---

MOVED = """\
name: moved
input: [6, 8, 10]
layers:
  - conv2d: {name: first, filters: 6, kernel: 3, padding: 1}
  - reshape: [0, 2, 3, 8, 10]
  - transpose: [0, 2, 1, 3, 4]
  - reshape: {name: shuffled, shape: [0, 6, 8, 10]}
  - pad: {before: [0, 0, 1, -2], after: [0, 0, 2, 0], name: padded}
  - slice: {name: upper, axis: 2, start: 1, stop: -2}
  - slice: {name: lower, axis: 2, start: 2, stop: -1, from: padded}
  - multiply: {from: [upper, lower]}
  - gather: {axis: 1, count: 9}
  - pad: {before: [0, -1, 0, 0], after: [0, 0, -1, 0], name: cropped}
  - pad: {before: [0, 0, 0, 0], after: [0, 0, 0, 0], name: as-it-was}
  - max_pool2d: {kernel: [7, 1], stride: 1}
  - squeeze: [2]
  - unsqueeze: [1, 3]
  - expand: [0, 2, 0, 4, 0]
  - relu
  - dense: 3
  - slice: {name: odd, axis: 3, start: 1, step: 2, from: shuffled}
outputs: [dense1, odd]
"""


@pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet is what is asked")
@pytest.mark.parametrize("training", [False, True])
def test_mxnet_builds_and_plans_them(training: bool) -> None:  # noqa: FBT001
    from convcost.measure import checks, tasks
    from convcost.measure.mxnet_backend import MxnetBackend
    from convcost.measure.plans import planned_megabytes
    from convcost.measure.session import Session

    spec = convcost.read_text(MOVED)
    cost = convcost.analyse(convcost.build(spec), batch=2, training=training)
    session = Session(backend=MxnetBackend(), device="cpu", seconds=100)
    found = session.run(tasks.facts, tasks.Job(session.backend, cost, "cpu"))
    assert checks.shapes(cost, found.inferred, found.run).different == ()
    costs = [
        convcost.analyse(convcost.build(spec), batch=batch, training=training)
        for batch in (3000, 11000)
    ]
    assert [planned(each) >> 20 for each in costs] == planned_megabytes(costs)


@pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet is what is asked")
@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("pad: {before: [0, 1, 0, 0], after: [0, 0, 0, 0]}", "MXNet pads tensors of 4 or 5"),
        ("uncounted: {operator: FFT, shape: [0, 2]}", "FFT is uncounted and cannot be run"),
    ],
)
def test_what_mxnet_cannot_do_is_said(step: str, message: str, tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(steps(step))
    done = CliRunner().invoke(app, ["plans", str(path), "--batch", "1"])
    assert done.exit_code == 1
    assert message in " ".join(done.output.split())
