"""Names with dots: what stands before the last part is the block that a layer is in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from test_load import check, run, steps, wiring
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import GraphError
from convcost.report.rows import rows
from convcost.schema import spec_schema

TORCH = steps(
    "conv2d: {name: layer1.0.conv1, filters: 3, kernel: 1}",
    "relu: {name: layer1.0.relu}",
    "conv2d: {name: layer1.1.conv1, filters: 3, kernel: 1}",
    "add: {name: layer1.1.add, from: [layer1.1.conv1, layer1.0.relu]}",
    "dense: {name: fc, units: 10}",
)


def test_the_parts_before_the_last_are_the_block() -> None:
    (cost,) = run(TORCH)
    assert {layer.name: layer.block for layer in cost.layers} == {
        "layer1.0.conv1": ("layer1", "0"),
        "layer1.0.relu": ("layer1", "0"),
        "layer1.1.conv1": ("layer1", "1"),
        "layer1.1.add": ("layer1", "1"),
        "fc": (),
    }
    assert wiring(TORCH)["layer1.1.add"] == ("layer1.1.conv1", "layer1.0.relu")
    assert [(sums.label, sums.layers) for sums in cost.by_block()] == [("layer1", 4), ("fc", 1)]
    assert [row.label for row in rows(cost, depth=2)] == ["layer1", "0", "1", "fc"]


def test_dots_go_behind_the_path_of_blocks() -> None:
    text = steps(
        "unit",
        "unit",
        "relu: {from: unit1.a.b.in}",
        more="blocks:\n  unit:\n    layers: [relu: {name: a.b.in}, tanh: {from: a.b.in}]\n",
    )
    assert wiring(text) == {
        "unit1.a.b.in": ("input",),
        "unit1.tanh1": ("unit1.a.b.in",),
        "unit2.a.b.in": ("unit1.tanh1",),
        "unit2.tanh1": ("unit2.a.b.in",),
        "relu1": ("unit1.a.b.in",),
    }
    (cost,) = run(text)
    assert cost.layers[0].block == ("unit1", "a", "b")


@pytest.mark.parametrize(
    ("step", "names"),
    [
        ("unit: {name: stage.0}", ["stage.0.relu1"]),
        ("repeat: {times: 2, name: stage.b, layers: [relu]}", ["stage.b1.relu1", "stage.b2.relu1"]),
        ("relu: {name: 0}", ["0"]),
        ("relu: {name: 0.1}", ["0.1"]),
        ("relu: {name: -_-.9}", ["-_-.9"]),
    ],
)
def test_blocks_and_rounds_may_have_dots_too(step: str, names: list[str]) -> None:
    (cost,) = run(steps(step, more="blocks: {unit: {layers: [relu]}}\n"))
    assert [layer.name for layer in cost.layers] == names
    assert [layer.block for layer in cost.layers] == [tuple(n.split(".")[:-1]) for n in names]


def test_outputs_may_have_dots() -> None:
    assert convcost.build(convcost.read_text(TORCH + "outputs: layer1.0.relu\n")).outputs == (
        "layer1.0.relu",
    )


def test_a_name_twice_is_an_error() -> None:
    check(
        steps("relu: {name: a.b}", "«tanh»: {name: a.b}"),
        "two layers of one name: 'a.b'",
    )
    check(
        steps("unit: {name: a}", "«relu»: {name: a.in}", more=UNIT),
        "two layers of one name: 'a.in'",
    )


UNIT = "blocks: {unit: {layers: [relu: {name: in}]}}\n"


def test_a_prefix_is_no_block_of_its_own() -> None:
    check(
        steps("relu: {name: a.b}", "tanh: {from: «a»}"),
        "no layer or block 'a' here",
        kind=GraphError,
    )


def test_a_layer_and_a_block_of_one_name_are_kept_apart() -> None:
    (cost,) = run(steps("dense: {name: a.b, units: 2}", "dense: {name: a, units: 3}"))
    assert [(sums.label, sums.macs) for sums in cost.by_block()] == [("a", 384), ("a", 6)]


def test_numbers_leave_names_with_dots_alone() -> None:
    assert list(wiring(steps("relu: {name: x.relu1}", "relu"))) == ["x.relu1", "relu1"]


def test_two_hundred_characters_are_a_name() -> None:
    name = ".".join(["a"] * 100) + "b"
    assert list(wiring(steps(f"relu: {{name: {name}}}"))) == [name]


@pytest.mark.parametrize(
    ("name", "right"), [("a.0.b", True), ("a..b", False), ("input", False), (".a", False)]
)
def test_the_schema_knows_dots(name: str, right: bool) -> None:  # noqa: FBT001
    data = {"name": "n", "input": [1], "layers": [{"relu": {"name": name}}]}
    assert Draft202012Validator(spec_schema()).is_valid(data) is right
    blocks = {"name": name, "input": [1], "layers": []}
    assert not Draft202012Validator(spec_schema()).is_valid(blocks)


def test_a_table_groups_by_the_parts(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(TORCH)
    done = CliRunner().invoke(app, ["analyze", str(path), "--depth", "1", "--format", "markdown"])
    names = [line.split("|")[1].strip() for line in done.output.splitlines() if "|" in line]
    assert names[2:5] == ["layer1", "fc", "**total**"]
    document = json.loads(
        CliRunner().invoke(app, ["analyze", str(path), "--format", "json"]).output
    )
    assert document["layers"][0]["block"] == "layer1.0"
    assert CliRunner().invoke(app, ["show", str(path)]).exit_code == 0
