"""Operators without a rule: every total that they are part of says "at least", and names them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_load import run, steps
from typer.testing import CliRunner

import convcost
from convcost.cli import app

NET = steps(
    "conv2d: {filters: 4, kernel: 3}",
    "uncounted: {name: a, operator: FFT, shape: [0, 4, 6, 6]}",
    "uncounted: {name: b, operator: FFT, shape: [0, 4]}",
    "uncounted: {name: c, operator: com.x.Sort, shape: [0, 4]}",
    "dense: 2",
)
REMARK = "at least (uncounted: 2 x FFT, 1 x com.x.Sort)"


@pytest.fixture
def path(tmp_path: Path) -> str:
    found = tmp_path / "net.yaml"
    found.write_text(NET)
    return str(found)


def output(*arguments: str) -> str:
    """Return what a command prints, in one line."""
    done = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return " ".join(done.output.replace("│", " ").split())


def test_what_is_uncounted_is_named() -> None:
    (cost,) = run(NET)
    assert cost.uncounted == ("a", "b", "c")
    assert cost.operators == {"FFT": 2, "com.x.Sort": 1}
    assert cost.remark == REMARK
    assert cost.total().macs == 4 * 27 * 36 + 4 * 2  # of what is counted
    assert REMARK in str(cost)
    assert REMARK in cost._repr_html_()
    (plain,) = run(steps("relu"))
    assert plain.remark == ""
    assert "at least" not in str(plain)


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyze"],
        ["analyze", "--depth", "1"],
        ["analyze", "--format", "markdown"],
        ["analyze", "--format", "csv"],
        ["analyze", "--symbolic"],
        ["memory"],
        ["compare"],
        ["compare", "--memory"],
        ["compare", "--format", "markdown"],
        ["fit", "--memory", "1GiB"],
        ["formula"],
        ["formula", "--as", "python"],
        ["formula", "--as", "markdown"],
        ["check", "--max", "macs=1G"],
        ["solve", "--max", "macs=1G"],
        ["scale", "--times", "N=2"],
        ["sensitivity", "--free", "N"],
        ["analyze", "--training"],
    ],
)
def test_every_output_says_at_least(arguments: list[str], path: str) -> None:
    assert REMARK.replace(" ", "") in output(*arguments, path).replace(" ", "")


def test_json_says_it_too(path: str) -> None:
    document = json.loads(output("analyze", "--format", "json", path))
    assert document["uncounted"] == ["a", "b", "c"]
    compared = json.loads(output("compare", "--format", "json", path))["networks"][0]
    memory = json.loads(output("memory", "--format", "json", path))
    for record in (document, compared, memory):
        assert record["at_least"] is True
        assert record["uncounted_operators"] == {"FFT": 2, "com.x.Sort": 1}
    assert [layer["counted"] for layer in document["layers"]] == [True, False, False, False, True]
    unknown = document["layers"][1]
    assert set(unknown["work"].values()) == set(unknown["parameters"].values()) == {None}
    assert (unknown["macs"], unknown["statistics"], unknown["activations"]) == (None, None, 4 * 36)
    trained = json.loads(output("analyze", "--training", "--format", "json", path))["layers"]
    assert trained[1]["backward"] == {"inputs": None, "parameters": None}
    assert trained[0]["backward"]["parameters"]["multiplies"] == 4 * 27 * 36


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "--max", "macs=1G"],
        ["solve", "--max", "macs=1G"],
        ["scale", "--times", "N=2"],
        ["sensitivity", "--free", "N"],
    ],
)
def test_json_of_what_is_derived_says_it_too(
    arguments: list[str], path: str, tmp_path: Path
) -> None:
    whole = tmp_path / "whole.yaml"
    whole.write_text(steps("conv2d: {filters: 4, kernel: 3}", "dense: 2"))
    for file, expected in ((path, True), (str(whole), False)):
        assert json.loads(output(*arguments, "--format", "json", file))["at_least"] is expected


def test_unknown_is_not_zero(path: str) -> None:
    table = output("analyze", "--format", "markdown", path)
    assert "| a | uncounted | 4×6×6 | ? | ? | ? | 576 B |" in table


def test_a_formula_is_a_bound(path: str) -> None:
    assert output("formula", path).startswith("macs(N, H, W) >= ")
    made = convcost.load(path)
    assert made.formula("macs").remark == REMARK
    assert made.formula("activations").remark == ""  # outputs are stated
