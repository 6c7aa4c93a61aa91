"""Evaluation: figures by hand, sheets and networks in turns, and what is compared with what."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

import convcost
from convcost.errors import MeasurementError, ProfileError
from convcost.measure.calibration import evaluation
from convcost.measure.calibration.evaluation import Case, Evaluation, groups, timed
from convcost.measure.calibration.rounds import Whole
from convcost.measure.calibration.run import Calibration
from convcost.measure.lanes import Lane
from convcost.prediction.scores import Learning, Score, figures, rank_correlation
from convcost.report.evaluation import Evaluated, load_evaluation

# --- Figures -----------------------------------------------------------------------------


def score(measured: float, predicted: float, **others: Any) -> Score:
    values: dict[str, Any] = {
        "network": "n",
        "family": "f",
        "batch": 1,
        "way": "unfused",
        "low": predicted * 0.9,
        "high": predicted * 1.2,
        "noise": 0.02,
        "outside": 0,
        "baselines": {"roofline": measured / 2},
    }
    return Score(measured=measured, predicted=predicted, **(values | others))


SCORES = [score(1, 1.04), score(2, 1.82), score(4, 4.36), score(8, 12, noise=0.06)]


def test_figures_by_hand() -> None:
    found = figures(SCORES)  # off by 4, -9, 9 and 50 percent
    assert found.mean_error.value == pytest.approx(0.18)
    assert found.median_error.value == pytest.approx(0.09)
    assert found.bias.value == pytest.approx(0.135)
    assert [each.value for each in found.within] == [0.25, 0.75, 0.75]
    assert found.rank_correlation.value == pytest.approx(1)
    assert found.coverage is not None
    assert found.coverage.value == 0.75  # 8 is below 0.9 * 12
    assert found.noise == pytest.approx(0.03)
    for each in (found.mean_error, found.median_error, found.bias):
        assert each.low < each.value < each.high


def test_figures_of_a_baseline() -> None:
    found = figures(SCORES, "roofline")
    assert found.mean_error.value == found.mean_error.low == found.mean_error.high == 0.5
    assert found.bias.value == -0.5
    assert found.coverage is None


def test_an_interval_is_wider_for_fewer_networks() -> None:
    few, many = figures(SCORES).mean_error, figures(SCORES * 8).mean_error
    assert many.value == pytest.approx(few.value)
    assert many.high - many.low < (few.high - few.low) / 2


def test_ranks_are_what_is_correlated() -> None:
    # ranks 0 1 2 3 and 0 1 3 2: 1 - 6 * 2 / (4 * 15) = 0.8
    assert rank_correlation([(1, 10), (2, 20), (3, 900), (4, 30)]) == pytest.approx(0.8)
    # of equal ones the mean: 0.5 0.5 2 against 0 1 2, 1.5 / sqrt(1.5 * 2)
    assert rank_correlation([(1, 1), (1, 2), (2, 3)]) == pytest.approx(0.75**0.5)
    assert rank_correlation([(1, 5), (2, 5)]) == 0


# --- What is measured --------------------------------------------------------------------


def case(network: str = "lenet5", family: str = "lenet", batch: int = 1) -> Case:
    cost = convcost.analyse(convcost.load(network), batch=batch)
    lane = Lane(network, cast("Callable[[], Any]", None))
    return Case(network, family, "unfused", cost, lane)


def test_a_network_is_its_fastest_quiet_round_and_its_noise_how_far_halves_are_apart() -> None:
    rounds = [Whole(10, 1.0), Whole(12, 1.1), Whole(11, 1.05), Whole(13, 1.0), Whole(4, 2.0)]
    found = timed(case(), rounds)  # the last round's fixed kernel took twice as long
    assert (found.kernels, found.reference) == (10, 1.0)
    assert found.noise == pytest.approx((12 - 10) / 10)


def test_networks_are_timed_together_as_memory_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case("vgg11"), case("lenet5"), case("vgg11"), case("alexnet")]
    monkeypatch.setattr(evaluation, "memory_bytes", lambda: 5 * 2**30)  # half: one VGG and more
    found = [[each.network for each in group] for group in groups(cases)]
    assert found == [["vgg11", "lenet5"], ["vgg11", "alexnet"]]


class FakeCalibration(Calibration):
    """Every sheet takes ten seconds; those that are None cannot be measured."""

    def next_sheet(self, progress: Any = None) -> None:
        del progress
        self.seconds += 10
        self._longest = 10
        if next(self._sheets) is not None:
            self.measured.append(cast("Any", len(cast("Any", self.session).said)))


@dataclass
class FakeSession:
    """All lanes take a second."""

    rounds: int
    said: list[str] = field(default_factory=list)

    def take_turns(self, lanes: Sequence[Lane], _: object, between: Callable[[int], None]) -> None:
        for number in range(1, self.rounds + 1):
            between(number)
            for lane in lanes:
                self.said.append(lane.name)
                lane.rounds.append(Whole(1.0, 0.5))


def test_sheets_are_measured_evenly_between_the_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case("lenet5"), case("alexnet")]
    monkeypatch.setattr(evaluation, "groups", lambda every: [[each] for each in every])
    session = FakeSession(rounds=3)
    calibration = FakeCalibration(cast("Any", session), cast("Any", repeat("sheet")))
    found = Evaluation(calibration)
    evaluation.evaluate(found, cases, 69)
    # six rounds and sixty-nine seconds: a sheet before each, and never more than is left
    assert cast("Any", calibration.measured) == [0, 1, 2, 3, 4, 5]
    assert session.said == ["lenet5"] * 3 + ["alexnet"] * 3
    assert [(each.case.network, each.kernels) for each in found.timed] == [
        ("lenet5", 2.0),
        ("alexnet", 2.0),
    ]


def test_sheets_that_cannot_be_measured_end_an_evaluation() -> None:
    session = FakeSession(rounds=2)
    calibration = FakeCalibration(cast("Any", session), cast("Any", repeat(None)))
    with pytest.raises(MeasurementError, match="no sheet was measured"):
        evaluation.evaluate(Evaluation(calibration), [case("lenet5")], 60)


def test_baselines_are_of_the_other_families() -> None:
    pytest.importorskip("scipy", reason="fitting needs the extra 'calibrate'")
    from convcost.measure.calibration import scoring
    from convcost.measure.calibration.evaluation import Timed

    machine = SimpleNamespace(
        reference_seconds=1.0, multiply_adds_per_second=1e9, bytes_per_second=1e30
    )
    cases = [case("vgg11", "vgg"), case("vgg13", "vgg"), case("resnet18", "resnet")]
    multiplies = [float(each.cost.total().work.multiplies) for each in cases]
    seconds = [multiplies[0], multiplies[1], 3 * multiplies[2]]  # VGG's take 1 each, ResNet's 3
    given = [Timed(each, took, 1.0, 0.0) for each, took in zip(cases, seconds, strict=True)]
    found = scoring._baselines(given, cast("Any", machine))
    assert [each["multiplies alone"] for each in found] == pytest.approx(
        [3 * multiplies[0], 3 * multiplies[1], multiplies[2]]
    )
    macs = [float(sum(layer.work.multiplies for layer in each.cost.layers)) for each in cases]
    assert [each["roofline"] for each in found] == pytest.approx([x / 1e9 for x in macs])


# --- What is told ------------------------------------------------------------------------


def test_every_network_is_told_of_and_short_ones_are_not_in_the_figures(tmp_path: Path) -> None:
    short = score(1e-4, 2e-4, network="tiny", outside=3)
    found = Evaluated(
        machine="made up, threads: 1",
        date="2026-01-01",
        calibration_seconds=60,
        sheets=3,
        rows=1000,
        scores=(*SCORES, short, replace(short, way="fused")),
        learning=(
            Learning(way="unfused", seconds=20, rows=300, mean_error=0.3),
            Learning(way="unfused", seconds=60, rows=1000, mean_error=0.18),
        ),
        failures=("vgg19, batch 8: out of memory",),
    )
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(found)
    text = console.export_text()
    assert "layer by layer: 4 of 5 over 1.00 ms" in text
    assert "18.0%" in text
    assert "tiny" in text
    assert "short: not in the figures" in text
    assert "fused: no network takes more than 1.00 ms" in text
    assert "30.0% after 20 s (300 rows), 18.0% after 60 s (1000 rows)" in text
    assert "failed: vgg19, batch 8: out of memory" in text
    written = json.loads(found.as_json())
    assert len(written["scores"]) == 6
    assert written["scores"][0]["measured"] == 1
    path = tmp_path / "e.json"
    path.write_text(found.as_json(), encoding="utf-8")
    assert load_evaluation(path) == found
    markdown = found.as_markdown()
    assert "| error | unfused, batch 1 | fused, batch 1 |" in markdown
    assert "| tiny | +100.0% \\* | +100.0% \\* |" in markdown
    assert "| predicted | 18.0% (" in markdown


def test_what_is_no_evaluation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e.json"
    with pytest.raises(ProfileError, match="cannot read"):
        load_evaluation(path)
    refusals = {"": "no evaluation", '{"version": 1}': "no evaluation: machine"}
    for text in ("[]", '{"version": 2}'):
        refusals[text] = "version: expected 1, found"
    for text, refusal in refusals.items():
        path.write_text(text)
        with pytest.raises(ProfileError, match=rf"e\.json: {refusal}"):
            load_evaluation(path)
    path.write_text(json.dumps([{"layers": list(range(10_000))}] * 100))
    with pytest.raises(ProfileError) as caught:
        load_evaluation(path)
    assert len(str(caught.value)) < 500  # not the whole file
