"""``convcost calibrate`` end to end: its file, adding to it, and Ctrl-C; ``evaluate`` too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count, islice
from pathlib import Path
from typing import cast

import pytest
import typer
from test_calibration import MACHINE, _tiny, needs_mxnet
from typer.testing import CliRunner

from convcost.errors import MeasurementError, UsageError
from convcost.measure.backend import Part, Phase
from convcost.measure.calibration import evaluation, run, sheets
from convcost.measure.calibration.evaluation import Case, Evaluation
from convcost.measure.calibration.rounds import Heard
from convcost.measure.calibration.sheets import Sheet
from convcost.measure.lanes import Lane
from convcost.prediction.network import network_time, operations
from convcost.prediction.profile import load_profile

pytest.importorskip("scipy", reason="fitting needs the extra 'calibrate'")

command = import_module("convcost.cli.calibrate")  # the package has a command of that name
APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(command.calibrate)
scored = import_module("convcost.cli.evaluate")


def numbered(seed: int, *, skip: int = 0) -> Iterator[Sheet]:
    """Yield sheets of a few layers; what is asked for first is remembered in ``skipped``."""
    del seed
    skipped.append(skip)
    for number in count(skip):
        tiny = next(_tiny())
        groups = {name: f"sheet{number}.{block}" for name, block in tiny.groups.items()}
        yield Sheet(f"sheet{number}", tiny.network, tiny.batch, groups)


skipped: list[int] = []


@needs_mxnet
def test_a_profile_is_written_added_to_and_predicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets, "sheets", numbered)
    skipped.clear()
    path = tmp_path / "folder" / "mine.json"
    arguments = ["--budget", "1s", "--threads", "1", "--name", "mine", "--output", str(path)]
    done = CliRunner().invoke(APP, arguments)
    assert done.exit_code == 0, done.output
    assert f"written to {path}" in done.stdout.replace("\n", "")
    first = load_profile(path)
    assert first.name == "mine"
    assert first.unfused is not None
    assert first.unfused.rows == len(first.rows) == 12  # as test_a_tiny_calibration has them
    cost = next(_tiny()).cost()
    found = network_time(cost, first, "unfused")
    assert 0 < found.low < found.seconds < found.high

    done = CliRunner().invoke(APP, [*arguments, "--compact"])
    assert done.exit_code == 0, done.output
    assert skipped == [0, 1]  # it goes on with the next sheet
    second = load_profile(path)
    assert second.unfused is not None
    assert second.unfused.rows == 24
    assert second.rows == second.fused_rows == second.training_rows == ()
    assert second.origin.calibration_seconds > first.origin.calibration_seconds


class _Session:
    """Everything takes a millisecond; what is in ``then`` happens at a sheet."""

    rounds, threads = 1, 1

    def __init__(self, then: Callable[[int], None]) -> None:
        self._then = then
        self._sheets = 0
        self._cases: dict[str, tuple[object, bool]] = {}

    def job(self, cost: object) -> object:
        return cost

    def lane(self, name: str, task: object, cost: object, *, fused: bool) -> Lane:
        del task
        lane = Lane(name, lambda: pytest.fail("nothing is started"))
        self._cases[name] = (cost, fused)
        return lane

    def take_turns(self, lanes: list[Lane], progress: object) -> None:
        del progress
        self._then(self._sheets)
        self._sheets += 1
        for lane in lanes:
            cost, fused = self._cases[lane.name]
            way = "training" if "training" in lane.name else "fused" if fused else "unfused"
            found = operations(cost, MACHINE, way)  # type: ignore[arg-type]  # a NetworkCost
            parts = [(part_of(each.name, each.layers[0]), 1e-3) for each in found]
            together = {each.layers[0]: each.layers for each in found}
            lane.rounds.append(Heard(parts, len(parts) * 1e-3, 1e-3, 0.0, together))


def part_of(name: str, layer: str) -> Part:
    """Return what an operation is told as."""
    return Part(cast("Phase", name.partition(" ")[2] or "forward"), layer)


def test_ctrl_c_keeps_the_sheets_that_were_measured() -> None:
    def interrupt(sheet: int) -> None:
        if sheet == 2:
            raise KeyboardInterrupt

    calibration = run.Calibration(_Session(interrupt), islice(numbered(0), 9))  # type: ignore[arg-type]
    calibration.run(1e9)
    assert [each.sheet.name for each in calibration.measured] == ["sheet0"] * 3 + ["sheet1"] * 3
    assert {each.way for each in calibration.measured} == {"unfused", "fused", "training"}


def test_ctrl_c_before_anything_was_measured_is_ctrl_c() -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    calibration = run.Calibration(_Session(interrupt), islice(numbered(0), 9))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        calibration.run(1e9)


def test_networks_are_evaluated_at_the_batches_and_in_the_ways_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, object, bool]] = []

    def stop(found: Evaluation, every: list[Case], *_: object) -> None:
        asked.extend((each.way, each.cost.input.n, each.cost.training) for each in every)
        raise MeasurementError(f"sheets: {', '.join(found.calibration._ways)}")

    monkeypatch.setattr(evaluation, "evaluate", stop)
    monkeypatch.setattr(scored, "open_session", lambda *_, **__: _Session(lambda _: None))
    with pytest.raises(MeasurementError, match=r"sheets: unfused, training$"):
        evaluate(["lenet5", "--batch", "2,1", "--ways", "training, unfused, training"])
    assert asked == [
        ("unfused", 2, False),
        ("training", 2, True),
        ("unfused", 1, False),
        ("training", 1, True),
    ]


@pytest.mark.parametrize(
    ("ways", "said"),
    [("fsed", "'fsed'; did you mean 'fused'"), (",", "''; known: fused, training, unfused")],
)
def test_ways_that_are_not_known_are_refused(ways: str, said: str) -> None:
    with pytest.raises(UsageError, match=f"--ways: unknown way {said}"):
        evaluate(["--threads", "1", "--ways", ways])


def evaluate(arguments: list[str]) -> None:
    """Run the command; what it raises is raised."""
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(scored.evaluate)
    CliRunner().invoke(app, arguments, catch_exceptions=False)
