"""What conventions make of kinds that most of them were not read for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.conventions import CONVENTIONS, count

TEXT = """\
name: tokens
input: [2, 6, 4]
layers:
  - conv_transpose2d: {name: up, filters: 3, kernel: 2, stride: 2, bias: false}
  - dense: {name: left, units: 5, flatten: false, from: up, bias: false}
  - resize: {name: right, mode: linear, size: [5, 12], from: up}
  - matmul: {name: product, from: [left, right]}
  - layer_norm: {name: norm}
  - layer_norm: {name: bare, scale: false}
  - resize: {name: large, mode: nearest, scale: 2}
  - gelu
"""
# up: 2 * 6 * 4 inputs on 3 * 4 weights; left: 3 * 12 * 8 inputs, 5 units; right: 3 * 5 * 12
# outputs; product: 3 * 12 * 12 outputs of 5 products; norms: 432 elements; large: 1728.
MACS = 48 * 12 + 288 * 5
PRODUCTS = 432 * 5


def analysed(text: str) -> convcost.NetworkCost:
    return convcost.analyse(convcost.build(convcost.read_text(text)))


def test_conventions_that_are_known_of_every_kind_by_hand() -> None:
    cost = analysed(TEXT)
    assert cost.total().macs == MACS
    for name, expected in {
        "torch": 2 * (MACS + PRODUCTS),
        "torchvision": MACS + PRODUCTS,
        "fvcore": MACS + PRODUCTS + 4 * 180 + 5 * 432 + 4 * 432 + 1728,
    }.items():
        found = count(cost, name)
        assert (found.count, found.remark) == (expected, "")


def test_fvcore_counts_the_elements_of_the_first_matrix() -> None:
    # One matrix for three others: torch multiplies three times, fvcore sees one.
    text = """\
name: broadcast
input: [3, 4, 4]
layers:
  - reduce: {name: one, function: sum, axes: [1], from: input}
  - matmul: {from: [one, input]}
"""
    cost = analysed(text)
    assert count(cost, "torch").count == 2 * 3 * 64
    assert count(cost, "fvcore").count == 64


@pytest.mark.parametrize("name", [each.name for each in CONVENTIONS if not each.complete])
def test_what_a_convention_was_not_read_for_is_named_and_left_out(name: str) -> None:
    # Only the convolution in front is counted, as if it stood alone.
    head, step = "name: one\ninput: [2, 6, 4]\nlayers:\n", "  - conv2d: {filters: 2, kernel: 1}\n"
    alone = count(analysed(head + step), name)
    found = count(analysed(TEXT.replace("layers:\n", "layers:\n" + step)), name)
    assert found.count == alone.count
    assert found.remark == (
        "at least; not covered: 1 x conv_transpose2d, 1 x dense without flatten, 2 x resize,"
        " 1 x matmul, 2 x layer_norm, 1 x gelu"
    )
    assert found.printed is None
    assert alone.remark == ""


def test_it_is_said_wherever_a_convention_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(TEXT)

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments, str(path), "--convention", "thop"])
        assert result.exit_code == 0, result.output
        return " ".join(result.output.split())

    assert "MACs, at least; not covered: 1 x conv_transpose2d" in run("analyze")
    assert "(at least; not covered: 1 x conv" in run("analyze", "--format", "markdown")
    record = json.loads(run("analyze", "--format", "json"))["convention"]
    assert record["uncovered"]["layer_norm"] == 2
    assert "thop, MACs, at least" in run("compare", "lenet")
