"""Several inputs, parameters that must be given, and inputs that give parameters."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from test_load import HEAD, check, run, steps, wiring
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError, ShapeError, SpecError
from convcost.measure import checks, tasks
from convcost.measure.mxnet_backend import MxnetBackend
from convcost.measure.session import Session
from convcost.memory.footprint import Footprint
from convcost.memory.mxnet import planned
from convcost.memory.schedule import _greedy, best
from convcost.receptive_field import Field, receptive_fields
from convcost.schema import spec_schema
from convcost.tensors import FeatureMap, Vector

# --- several inputs ---

SIAMESE = """\
name: siamese
input: [3, 8, 8]
inputs:
  other: [3, side, 8]
  extra: [5]
parameters: {side: 8}
blocks:
  tower:
    layers:
      - conv2d: {filters: 4, kernel: 3}
      - global_average_pool2d
      - flatten
layers:
  - tower
  - tower: {from: other}
  - concat: {from: [tower1, tower2, extra]}
  - dense: 2
"""


def network(text: str, **choices: Any) -> convcost.Network:
    """Build a spec's network."""
    return convcost.build(convcost.read_text(text, "spec.yaml"), **choices)


def test_layers_read_other_inputs() -> None:
    cost = convcost.analyse(network(SIAMESE), batch=2)
    assert cost.input == FeatureMap(2, 3, 8, 8)
    assert cost.inputs == {"other": FeatureMap(2, 3, 8, 8), "extra": Vector(2, 5)}
    assert wiring(SIAMESE)["tower2.conv1"] == ("other",)
    assert [layer.kind for layer in cost.layers].count("input") == 0
    # Two towers of 4 filters over 3x3x3 at 6x6 places, and a dense layer over 4 + 4 + 5.
    assert cost.total().macs == 2 * (2 * 4 * 27 * 36 + 2 * 13)
    assert cost.notes == ()


def test_blocks_read_inputs_by_name_and_numbers_leave_them_alone() -> None:
    text = HEAD + (
        "inputs: {relu1: [7], deep: [3, 8, 8]}\n"
        "blocks: {b: {layers: [add: {from: [input, deep]}]}}\n"
        "layers:\n  - relu\n  - b\n  - dense: {units: 1, from: relu1}\n"
    )
    assert wiring(text) == {
        "relu2": ("input",),
        "b1.add1": ("relu2", "deep"),
        "dense1": ("relu1",),
    }


def test_an_input_that_nobody_reads_is_noted() -> None:
    (cost,) = run(HEAD + "inputs: {spare: [1]}\nlayers: [relu]\n")
    assert [(note.rule, note.layer) for note in cost.notes] == [("dead-layer", "spare")]


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (HEAD + "inputs: «3»\nlayers: []\n", "expected inputs by name, got"),
        (HEAD + "inputs: {a: «[]»}\nlayers: []\n", "expected 1 to 31 extents, got 0"),
        (HEAD + "inputs: {a: «3»}\nlayers: []\n", r"expected \[channels, height, width\]"),
        (HEAD + "inputs: {«a b»: [1]}\nlayers: []\n", "expected a name"),
        (HEAD + "inputs: {«input»: [1]}\nlayers: []\n", "'input' names what"),
        (HEAD + "inputs: {a: [«n»]}\nlayers: []\n", "unknown name 'n'"),
        (HEAD + "inputs: {a: [1], «a»: [2]}\nlayers: []\n", "'a' stands here again"),
        (HEAD + "inputs: {a: [1]}\nlayers:\n  - «relu»: {name: a}\n", "two layers of one name"),
    ],
)
def test_inputs_that_cannot_be(marked: str, message: str) -> None:
    check(marked, message)


def test_an_input_of_nothing() -> None:
    marked = HEAD + "inputs: {a: [3, «0»]}\nlayers: []\n"
    check(marked, "net: input 'a': extent 2 must be 1 or more, got 0", kind=ShapeError)


def test_memory_holds_all_inputs() -> None:
    cost = convcost.analyse(network(SIAMESE), batch=2)
    assert Footprint(cost).parts["input"] == 4 * 2 * (192 + 192 + 5)
    assert planned(cost) > 0
    assert len(best(cost).cost.layers) == len(_greedy(cost)) == len(cost.layers)  # all can run


def test_a_field_is_of_the_first_input() -> None:
    fields = {
        each.name: each for each in receptive_fields(convcost.analyse(network(SIAMESE))).layers
    }
    assert fields["tower1.conv1"].rows == Field(3, 1, 0)
    assert fields["tower2.conv1"].rows == fields["tower2.flatten1"].rows == Field(0, 0, 0)
    assert not fields["tower2.conv1"].exceeds_input
    # The second tower sees nothing of the first input: the first one's field is what there is.
    assert fields["concat1"].rows == fields["tower1.flatten1"].rows == Field(8, 0, 0)
    text = HEAD + (
        "inputs: {o: [3, 8, 8]}\nlayers:\n  - conv2d: {filters: 3, kernel: 3, padding: 1}\n"
        "  - add: {from: [conv1, o]}\n  - add: {from: [o, o]}\n"
    )
    rows = [each.rows for each in receptive_fields(convcost.analyse(network(text))).layers]
    assert rows == [Field(3, 1, 1), Field(3, 1, 1), Field(0, 0, 0)]


def test_reports_name_all_inputs(tmp_path: Path) -> None:
    path = tmp_path / "siamese.yaml"
    path.write_text(SIAMESE)

    def output(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, str(path)], catch_exceptions=False)
        assert done.exit_code == 0
        return " ".join(done.output.split())

    document = json.loads(output("analyze", "--format", "json"))
    assert document["input"] == {"n": 1, "c": 3, "h": 8, "w": 8}
    assert document["inputs"] == {
        "other": {"n": 1, "c": 3, "h": 8, "w": 8},
        "extra": {"shape": [1, 5]},
    }
    for command in ("analyze", "memory"):
        assert "3×8×8, other 3×8×8, extra 5" in output(command)
    assert "3×8×8, other 3×8×8, extra 5" in output("analyze", "--format", "markdown")
    assert "other 3×8×8" in output("compare", str(path))
    assert "size 0: depends on other inputs alone" in output("receptive")


def facts_of(cost: convcost.NetworkCost) -> tasks.Facts:
    """Let MXNet build and run a network, in a process of its own."""
    session = Session(backend=MxnetBackend(), device="cpu", seconds=100)
    found: tasks.Facts = session.run(tasks.facts, tasks.Job(session.backend, cost, "cpu"))
    return found


@pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet builds it")
@pytest.mark.parametrize("training", [False, True])
def test_mxnet_takes_several_inputs(training: bool) -> None:  # noqa: FBT001
    cost = convcost.analyse(network(SIAMESE), batch=2, training=training)
    found = facts_of(cost)
    assert not checks.shapes(cost, found.inferred, found.run).different
    assert not checks.parameters(cost, found.arrays).different
    assert planned(cost) >> 20 == found.planned_bytes >> 20


@pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet builds it")
def test_mxnet_need_not_read_an_input() -> None:
    (cost,) = run(HEAD + "inputs: {spare: [1]}\nlayers: [relu]\n")
    found = facts_of(cost)
    assert found.run == found.inferred == {"relu1": (1, 3, 8, 8)}


# --- parameters that must be given ---

OPEN = """\
name: open
input: [3, height, width]
parameters: {height: , width: , units: , hidden: 2 * units}
presets:
  small: {parameters: {units: 4}, input: [3, 8, 8]}
layers:
  - conv2d: {filters: 2, kernel: 3}
  - dense: hidden
  - dense: units
"""


def test_what_must_be_given_is_listed_with_how() -> None:
    with pytest.raises(SpecError) as caught:
        network(OPEN)
    assert caught.value.problems[0].message == (
        "open: height (--input, or --set height=...), width (--input, or --set width=...),"
        " units (--set units=...) must be given"
    )
    with pytest.raises(SpecError, match=r"^error: open: units \(--set units=...\) must be given$"):
        network(OPEN, input=(3, 9, 9))


def test_it_may_be_given_in_any_way() -> None:
    expected = {"height": 9, "width": 8, "units": 4, "hidden": 8}
    assert network(OPEN, input=(3, 9, 8), parameters={"units": 4}).parameters == expected
    by_name = {"height": 9, "width": 8, "units": 4}
    made = network(OPEN, parameters=by_name)
    assert made.parameters == expected
    assert made.source.extents == (3, 9, 8)
    small = network(OPEN, preset="small", parameters={"height": 1, "width": 1})
    assert small.source.extents == (3, 8, 8)  # the preset's own


def test_a_variant_may_give_it() -> None:
    text = (
        "name: net\ninput: [3, 8, 8]\nparameters: {units: }\n"
        "variants: {one: {parameters: {units: 5}}, two: {}}\nlayers:\n  - dense: units\n"
    )
    one, two = convcost.catalogue.members(convcost.read_text(text))
    assert convcost.build(one).parameters == {"units": 5}
    with pytest.raises(SpecError, match=r"two: units .* must be given"):
        convcost.build(two)


def test_a_list_may_be_given() -> None:
    text = (
        "name: net\ninput: [3, 8, 8]\nparameters: {widths: }\n"
        "layers:\n  - repeat: {over: {w: widths}, layers: [dense: w]}\n"
    )
    made = network(text, parameters={"widths": (5, 6)})
    assert [node.name for node in made.nodes] == ["input", "dense1", "dense2"]
    with pytest.raises(SpecError, match="'over' takes lists; 'w' is 3") as caught:
        network(text, parameters={"widths": 3})
    assert str(caught.value.problems[0].location) == "spec.yaml:5:24"


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (
            HEAD + "parameters: {a: }\npresets: {p: {parameters: {a: «»}}}\nlayers: []\n",
            "expected a whole number",
        ),
        (HEAD + "parameters: {a: «''»}\nlayers: []\n", "expected a whole number"),
        (steps("let: {a: «»}"), "expected a whole number"),
        (HEAD + "parameters: {a: , «a»: }\nlayers: []\n", "'a' stands here again"),
    ],
)
def test_nothing_is_no_value_elsewhere(marked: str, message: str) -> None:
    check(marked, message)


@pytest.mark.parametrize(
    ("more", "right"),
    [
        ({"parameters": {"a": None}}, True),
        ({"presets": {"p": {"parameters": {"a": None}}}}, False),
        ({"inputs": {"a": [1, "n"]}}, True),
        ({"inputs": {"a": []}}, False),
        ({"inputs": {"input": [1]}}, False),
        ({"inputs": [1]}, False),
    ],
)
def test_the_schema_knows_them(more: dict[str, Any], right: bool) -> None:  # noqa: FBT001
    data = {"name": "n", "input": [1], "layers": [], **more}
    assert Draft202012Validator(spec_schema()).is_valid(data) is right


# --- an input gives parameters ---

SQUARE = """\
name: square
input: [channels, side, side]
parameters: {channels: 3, side: 8, half: side // 2}
presets: {large: {parameters: {side: 16}}}
layers:
  - dense: half
"""


def test_an_input_gives_the_parameters_it_names() -> None:
    made = network(SQUARE, input=(1, 12, 12))
    assert made.parameters == {"channels": 1, "side": 12, "half": 6}
    assert convcost.analyse(made).layers[0].output == Vector(1, 6)
    assert network(SQUARE, preset="large", input=(1, 12, 12)).parameters["half"] == 6
    assert network(SQUARE, preset="large").parameters["half"] == 8
    assert network(SQUARE, input=(1, 12, 12), parameters={"side": 12}).parameters["half"] == 6


def test_an_expression_is_no_name() -> None:
    made = network(
        SQUARE.replace("[channels, side, side]", "[3, side + 0, 2 * side]"), input=(3, 5, 7)
    )
    assert made.source.extents == (3, 5, 7)
    assert made.parameters["side"] == 8


@pytest.mark.parametrize(
    ("input_", "parameters", "message"),
    [
        ((1, 12, 13), {}, "width is the parameter 'side'; it is 13, but height is too, and is 12"),
        (
            (1, 12, 12),
            {"side": 11},
            "height is the parameter 'side'; it is 12, but the parameter given is 11",
        ),
        ((1, 12, (12, 1)), {}, "width is the parameter 'side'"),
        (("x", 12, 12), {}, "'channels': expected a whole number, got 'x'"),
        (((1, 2), 12, 12), {}, "parameter 'channels': expected a number"),
        ((1, 0, 0), {}, "height must be 1 or more, got 0"),
    ],
)
def test_what_does_not_agree(input_: Any, parameters: dict[str, int], message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        network(SQUARE, input=input_, parameters=parameters)


def test_the_command_line_gives_them(tmp_path: Path) -> None:
    path = tmp_path / "square.yaml"
    path.write_text(SQUARE)
    arguments = ["analyze", str(path), "--input", "1x12x12", "--format", "json"]
    document = json.loads(CliRunner().invoke(app, arguments).output)
    assert document["layers"][0]["output"] == [1, 6]
    fit = CliRunner().invoke(app, ["fit", str(path), "--memory", "1GiB", "--format", "json"])
    assert json.loads(fit.output)["largest_square"]["size"] > 100


# --- formulas of such networks ---


def macs_by_hand(n: int, h: int, w: int, units: int) -> int:
    """Count a 3x3 convolution to 2 channels and two dense layers."""
    places = (h - 2) * (w - 2)
    return n * (2 * 27 * places + 2 * places * 2 * units + 2 * units * units)


def test_formulas_need_no_number_for_what_is_open() -> None:
    spec = convcost.read_text(OPEN)
    made = convcost.build(spec, example=8)
    assert made.open == ("height", "width", "units")
    macs = made.formula("macs")
    assert [what.name for what in macs.symbols] == ["N", "H", "W", "units"]
    assert macs.evaluate(N=2, H=9, W=11, units=5) == macs_by_hand(2, 9, 11, 5)
    assert not macs.fixed
    macs = made.formula("macs", free="N units")
    assert [what.name for what in macs.symbols] == ["N", "units", "H", "W"]
    made = network(OPEN, preset="small", parameters={"height": 1, "width": 2})
    assert made.with_input(3, 9, 9).parameters["height"] == 1  # as the preset's input is its own
    macs = made.formula("macs", free="N")
    assert macs.evaluate(N=1) == macs_by_hand(1, 8, 8, 4)
    assert macs.fixed == {"H": 8, "W": 8}


def test_a_file_gives_its_formula(tmp_path: Path) -> None:
    path = tmp_path / "open.yaml"
    path.write_text(OPEN.replace("width: , units: , ", "width: , units: 5, "))
    for command in ("formula", "sensitivity"):
        done = CliRunner().invoke(app, [command, str(path)])
        assert done.exit_code == 0, done.output
    done = CliRunner().invoke(app, ["formula", str(path), "--as", "markdown"])
    assert f"At N = 1, H = 224, W = 224: {macs_by_hand(1, 224, 224, 5):,}." in done.output
    done = CliRunner().invoke(app, ["analyze", str(path), "--symbolic"])
    assert "where W >= 3" in done.output
    done = CliRunner().invoke(app, ["scale", str(path), "--times", "H=2"])
    assert done.exit_code == 0
    assert "must be given" in str(CliRunner().invoke(app, ["analyze", str(path)]).exception)


def test_an_example_is_a_size_that_is_possible(tmp_path: Path) -> None:
    # 224 is not divisible by 9: a size is looked for at which the layers fit.
    text = (
        "name: net\ninput: [side, 1, 1]\nparameters: {side: }\n"
        "layers:\n  - conv2d: {filters: 9, kernel: 1, groups: 5}\n"
    )
    path = tmp_path / "net.yaml"
    path.write_text(text.replace("filters: 9", "filters: 5"))
    assert convcost.load(path, examples=True).parameters == {"side": 320}
    path.write_text(text)
    with pytest.raises(ShapeError, match="filters per group: 9 is not divisible by 5"):
        convcost.load(path, examples=True)
    path.write_text(text.replace("input: [side, 1, 1]\nparameters: {side: }", "input: [3, 1, 1]"))
    with pytest.raises(ShapeError):
        convcost.load(path, examples=True)


def test_extents_of_one_name_are_one_size() -> None:
    output = network(SQUARE).formula("output")
    assert str(output.expr) == "(N, floor(H/2))"
    macs = network(SQUARE).formula("macs")
    assert macs.evaluate(N=1, H=12, W=12) == 3 * 144 * 6
    with pytest.raises(ConvcostError, match="W == H"):
        macs.evaluate(N=1, H=12, W=13)
    for assume in (["H % 2 == 0"], ["W % 2 == 0"], ["W == H"], ["H == W"], ["H == 12"]):
        macs = network(SQUARE).formula("macs", assume=assume)
        assert macs.evaluate(N=1, H=12, W=12) == 3 * 144 * 6, assume
        assert "W == H" in " ".join(macs.conditions)


def test_what_follows_is_not_fixed() -> None:
    macs = network(SQUARE).formula("macs", free="N H")
    assert macs.evaluate(N=1, H=12) == 3 * 144 * 6
    assert not macs.fixed
    macs = network(SQUARE).formula("macs", free="side")
    assert macs.evaluate(side=12) == 3 * 144 * 6
    assert macs.fixed == {"N": 1}
    with pytest.raises(ConvcostError, match="height is the parameter 'side'"):
        network(SQUARE).formula("macs", free="H side")


def test_a_parameter_may_be_called_as_the_extent_that_it_is() -> None:
    text = SQUARE.replace("side", "H").replace("[channels, H, H]", "[channels, H, 4]")
    assert network(text).formula("macs").evaluate(N=1, H=6, W=4) == 3 * 24 * 3
    with pytest.raises(SpecError, match="the parameter 'H' is called as an extent is"):
        network(text.replace("[channels, H, 4]", "[channels, 4, H]")).formula("macs")


def test_elasticities_name_a_size_once(tmp_path: Path) -> None:
    path = tmp_path / "square.yaml"
    path.write_text(SQUARE)
    done = CliRunner().invoke(app, ["sensitivity", str(path), "--format", "json"])
    assert set(json.loads(done.output)["at"]) == {"N", "C", "H", "W"}
