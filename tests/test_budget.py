"""Budgets: checked in other people's CI, and solved for a size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convcost
from convcost.budget import parse_budget
from convcost.cli import app
from convcost.errors import ConvcostError
from convcost.formulas import SymbolicNetwork
from convcost.formulas.solve import solve


def run(*arguments: str, code: int = 0) -> str:
    """Run a command; return its standard output."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == code, result.output
    return result.stdout


def macs_at(network: str, side: int) -> int:
    """Analyse a network at a square input."""
    total = convcost.analyse(convcost.load(network, input=(3, side, side))).total()
    return int(total.macs)


@pytest.mark.parametrize(
    ("text", "most"),
    [("macs=4G", 4 * 10**9), ("macs=25.5M", 25500000), ("macs=7", 7), ("macs=0.1234K", 123)],
)
def test_budgets_are_read_exactly(text: str, most: int) -> None:
    assert parse_budget([text]) == {"macs": most}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "a budget is missing"),
        (["mac=4G"], "unknown quantity 'mac'; did you mean 'macs'"),
        (["macs=4GiB"], "expected such as 4G or 25.5M, got '4GiB'"),
        (["macs=-4"], "got '-4'"),
        (["macs"], "got ''"),
        (["macs=1.2.3"], "got '1.2.3'"),
        (["macs=4GG"], "got '4GG'"),
    ],
)
def test_budgets_that_cannot_be_read(texts: list[str], message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        parse_budget(texts)


GROUPED = """\
name: grouped
input: [8, 16, 16]
parameters: {ch: 8}
layers:
  - conv2d: {filters: ch, kernel: 3, groups: 4}
  - dense: 10
"""


def test_only_possible_sizes_are_solutions(tmp_path: Path) -> None:
    # 14*14*ch*(2*9) + 14*14*ch*10 = 5488*ch, of which ch must be divisible by 4.
    (tmp_path / "net.yaml").write_text(GROUPED)
    text = run("solve", str(tmp_path / "net.yaml"), "--max", "macs=1M", "--for", "ch")
    assert text.splitlines() == [
        "grouped: ch = 180",
        f"  at 180: macs {5488 * 180:,} of 1,000,000: within",
        f"  at 184: macs {5488 * 184:,} of 1,000,000: over",
    ]


def test_a_list_has_no_largest_size() -> None:
    network = SymbolicNetwork(convcost.load("vgg16"), free=["widths"])
    with pytest.raises(ConvcostError, match="'widths' is a list"):
        solve(network, {"macs": 10**9}, ["widths"])


def test_a_wrong_use_is_told_from_a_budget_that_is_exceeded() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "convcost", "check", "lenet", "--max", "macs=1k"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == "error: --max macs: expected such as 4G or 25.5M, got '1k'\n"


def test_check_names_what_is_over_and_exits_with_1() -> None:
    limits = ["--max", "macs=4G", "--max", "parameters=30M"]
    assert run("check", "resnet50", *limits, code=1) == (
        "resnet50: macs 4,089,184,256 of 4,000,000,000: over by 89,184,256\n"
        "resnet50: parameters 25,557,032 of 30,000,000: within\n"
    )
    assert "within" in run("check", "resnet50-original", *limits)
    record = json.loads(run("check", "resnet50", *limits, "--format", "json", code=1))
    assert record["over"] == {"macs": 89184256}


@pytest.mark.parametrize("network", ["resnet18", "vgg16", "nin"])
def test_solve_finds_the_largest_square(network: str) -> None:
    budget = {"macs": 3 * 10**9}
    found = solve(SymbolicNetwork(convcost.load(network), free=["H", "W"]), budget, ["H", "W"])
    # The answer stands on the integer analysis at both sides of the limit.
    assert macs_at(network, found.size) == found.costs["macs"] <= 3 * 10**9
    assert macs_at(network, found.size + 1) == found.next_costs["macs"] > 3 * 10**9


def test_solve_for_a_batch_and_for_a_parameter() -> None:
    # 15,470,264,320 macs an image: six fit into 100 billion, seven do not.
    text = run("solve", "vgg16", "--max", "macs=100G", "--for", "N")
    assert text == (
        "vgg16: N = 6\n"
        "  at 6: macs 92,821,585,920 of 100,000,000,000: within\n"
        "  at 7: macs 108,291,850,240 of 100,000,000,000: over\n"
    )
    record = json.loads(
        run("solve", "densenet121", "--max", "macs=4G", "--for", "growth", "--format", "json")
    )
    for size, within in ((record["size"], True), (record["size"] + 1, False)):
        grown = convcost.load("densenet121", parameters={"growth": size})
        assert (convcost.analyse(grown).total().macs <= 4 * 10**9) is within


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--max", "macs=1K"], "no H = W keeps within the budget: the smallest possible, 32,"),
        (["--max", "statistics=1", "--for", "N"], "the budget sets no limit to N"),
        (["--max", "macs=1G", "--for", "X"], "no number 'X'"),
    ],
)
def test_what_has_no_solution(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["solve", "vgg16", *arguments])
    assert isinstance(result.exception, ConvcostError)
    assert message in str(result.exception)
