"""README.md tells the truth: its sessions are run, its spec is loaded, its commands exist.

``python tests/test_readme.py`` writes the sessions' output anew.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.conventions import CONVENTIONS
from convcost.layers import KINDS

README = Path(__file__).parent.parent / "README.md"
TEXT = README.read_text(encoding="utf-8")
SESSION = re.compile(r"```console\n\$ convcost ([^\n]*)\n(.*?)```", re.DOTALL)


def output_of(arguments: str) -> str:
    """Run a command at 80 columns; of its output perhaps the last lines."""
    command, _, lines = arguments.partition(" | tail -")
    result = CliRunner().invoke(app, shlex.split(command), env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    shown = [line.rstrip() for line in result.stdout.strip("\n").splitlines()]
    return "\n".join(shown[-int(lines or 0) :]) + "\n"


@pytest.mark.parametrize(("arguments", "shown"), SESSION.findall(TEXT))
def test_sessions_print_what_is_shown(arguments: str, shown: str) -> None:
    assert output_of(arguments) == shown


@pytest.mark.parametrize(
    "arguments", re.findall(r"^\| 5\.\d.*?`convcost (.*?)`", TEXT, re.MULTILINE)
)
def test_commands_of_the_exercises_run(arguments: str) -> None:
    assert output_of(arguments).strip()


def test_the_example_spec_loads() -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    network = convcost.build(convcost.read_text(text))
    cost = convcost.analyse(network)
    assert cost.layers[-1].output.shape == (1, 10)
    assert {layer.block[0] for layer in cost.layers if layer.block} == {"stage1", "stage2"}
    # By hand: 3x3 from 3 to 16 and 16 to 16; a unit of 2 * (16*16*9 + 32) each in stage 1;
    # stage 2: 16*32*9 + 32*32*9 + 16*32 + 128, then 2 * (32*32*9 + 64); dense 330.
    by_hand = 448 + 2 * 2 * (2304 + 32) + 4608 + 9216 + 512 + 128 + 2 * (9216 + 64) + 330
    assert cost.total().parameters.count == by_hand


def test_every_command_convention_and_kind_is_documented() -> None:
    for command in app.registered_commands:
        assert f"`convcost {command.name}" in TEXT
    for convention in CONVENTIONS:
        assert f"`{convention.name}`" in TEXT
    for kind in KINDS:
        assert kind.kind == "input" or f"`{kind.kind}`" in TEXT


def test_conventions_are_named_in_the_help() -> None:
    shown = " ".join(re.sub(r"[│╭╮╰╯─]", " ", output_of("analyze --help")).split())
    for convention in CONVENTIONS:
        assert convention.name in shown.replace("- ", "-")


if __name__ == "__main__":
    README.write_text(
        SESSION.sub(
            lambda found: f"```console\n$ convcost {found[1]}\n{output_of(found[1])}```", TEXT
        ),
        encoding="utf-8",
    )
