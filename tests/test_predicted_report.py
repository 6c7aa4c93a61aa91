"""Predicted times in the report of measurements: by hand, from a profile that is made up."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
import typer
from time_profile import profile
from typer.testing import CliRunner

from convcost.errors import UsageError
from convcost.measure.result import Result
from convcost.measure.result_files import load_results
from convcost.prediction.profile import Profile, to_json
from convcost.report.measured.content import Chapter, content
from convcost.report.measured.document import as_json
from convcost.report.measured.lines import Line, steps_to_total
from convcost.report.measured.markdown import as_markdown
from convcost.report.measured.predicted import is_of, layer_figures

RECORDED = Path(__file__).parent / "measured" / "two.json"
APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(import_module("convcost.cli.report").report)


@pytest.fixture(scope="module")
def lenet() -> Result:
    return load_results(RECORDED)[0]


def chapter_of(result: Result, made: Profile) -> Chapter:
    return content([result], choose=lambda _: made).chapters[0]


@pytest.fixture(scope="module")
def chapter(lenet: Result) -> Chapter:
    return chapter_of(lenet, profile())


def test_a_layer_by_hand(chapter: Chapter) -> None:
    # sigmoid1 moves 55,296 bytes in the L2 cache at 20 ps each, and starts in 5 us: 6.106 us;
    # it was measured at 100 us.
    line = {each.name: each for each in chapter.lines}["sigmoid1"]
    assert line.predicted_seconds == pytest.approx(55_296 * 2e-11 + 5e-6)
    assert line.predicted_ratio == pytest.approx(0.06106, rel=1e-3)
    # dense3 was not timed: it has a prediction and no error
    last = chapter.lines[-1]
    assert last.predicted_seconds is not None
    assert last.predicted_ratio is None
    assert last not in chapter.predicted


def test_the_whole_is_in_the_verdict_with_its_interval(chapter: Chapter, lenet: Result) -> None:
    (check,) = (each for each in chapter.checks if each.label.startswith("predicted"))
    found = chapter.prediction
    assert found is not None
    (whole,) = found.wholes  # the profile has neither fused networks nor training steps
    assert whole.measured == lenet.time.minimum_seconds == 640e-6
    assert whole.predicted.seconds == pytest.approx(
        sum(each.predicted_seconds or 0 for each in chapter.lines)
    )
    assert check.label == "predicted forward time"
    assert check.state == "warning"  # 640 us is not in its interval
    off = whole.predicted.seconds / 640e-6 - 1
    assert f"{off:+.1%} of the least measured, 640 µs" in check.text
    slow = replace(lenet, time=replace(lenet.time, minimum_seconds=whole.predicted.seconds))
    states = {each.label: each.state for each in chapter_of(slow, profile()).checks}
    assert states["predicted forward time"] == "measured"


def test_fused_and_training_times_are_predicted_if_the_profile_has_them(lenet: Result) -> None:
    made = replace(profile(), fused=profile().unfused)
    found = chapter_of(lenet, made).prediction
    assert found is not None
    assert [(each.label, each.measured) for each in found.wholes] == [
        ("forward time", 640e-6),
        ("fused forward time", 480e-6),
    ]


def test_figures_of_layers(chapter: Chapter, lenet: Result) -> None:
    found = chapter.prediction
    assert found is not None
    figures = layer_figures(lenet, chapter.predicted, found)
    assert list(figures) == ["predicted", "multiplies alone", "roofline"]
    errors = [abs((line.predicted_ratio or 0) - 1) for line in chapter.predicted]
    assert figures["predicted"].mean_error.value == pytest.approx(sum(errors) / len(errors))
    # conv1 has 172,800 of 563,280 multiplies: of 600 us that is 184; it took 200
    alone = figures["multiplies alone"]
    timed = [each for each in lenet.layers if each.seconds]
    assert alone.networks == len(timed) == 10
    off = [abs(600e-6 * each.multiplies / 563_280 / (each.seconds or 0) - 1) for each in timed]
    assert off[0] == pytest.approx(0.0797, abs=1e-4)
    assert alone.mean_error.value == pytest.approx(sum(off) / len(off))
    assert figures["predicted"].noise == pytest.approx(0.03)  # of the fixed kernel's interval


def _line(name: str, seconds: float, predicted: float) -> Line:
    return Line(
        name=name,
        kind="conv2d",
        multiplies=1,
        bytes_moved=1,
        intensity=1.0,
        seconds=seconds,
        rate=1.0,
        time_share=0.1,
        multiply_share=0.1,
        expected_seconds=None,
        predicted_seconds=predicted,
        primitives=(),
    )


def test_steps_to_the_error_of_the_sum() -> None:
    lines = [_line(f"l{n}", 10.0, 10.0 + n * (-1) ** n) for n in range(12)]
    steps = steps_to_total(lines)
    assert steps[0] == ("l11", -11.0)
    assert steps[1] == ("l10", 10.0)
    assert steps[-2:] == [("all others", -1.0), ("all layers", -6.0)]  # l0 and l1; all twelve
    assert sum(error for _, error in steps[:-1]) == steps[-1][1]
    assert steps_to_total(lines[:2]) == [("l1", -1.0), ("l0", 0.0), ("all layers", -1.0)]


def test_a_profile_is_used_for_its_own_machine(lenet: Result) -> None:
    made, known = profile(), lenet.provenance.processor
    same = replace(made.machine, processor=known, device="cpu", threads=2)
    assert is_of(replace(made, machine=same), lenet)
    for other in ({"processor": "x"}, {"device": "gpu:0"}, {"threads": 1}):
        assert not is_of(replace(made, machine=replace(same, **other)), lenet)


def test_every_form_has_it(lenet: Result, tmp_path: Path) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    from convcost.report.measured.html import as_html

    found = content([lenet], choose=lambda _: profile())
    page, markdown, written = as_html(found), as_markdown(found), as_json(found)
    for title in ("Predicted against measured time", "Error against intensity"):
        assert title in page
        assert title in markdown
    assert page.count("<svg") == page.count("<h4>") == 8
    assert '"profile": "invented"' in written
    assert "multiplies alone" in page
    path, target = tmp_path / "p.json", tmp_path / "r.md"
    path.write_text(to_json(profile()), encoding="utf-8")
    arguments = [str(RECORDED), "--profile", str(path), "--output", str(target)]
    done = CliRunner().invoke(APP, arguments)
    assert done.exit_code == 0, done.output
    assert "predicted forward time" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "option",
    [["--profile", "p"], ["--training"], ["--set", "a=1"], ["--batch", "8"], ["--allow-unknown"]],
)
def test_what_the_notes_timed_is_all_that_is_reported_of_them(option: list[str]) -> None:
    done = CliRunner().invoke(APP, ["--chapter", *option])
    assert isinstance(done.exception, UsageError)
    assert "--chapter takes" in str(done.exception)
