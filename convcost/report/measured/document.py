"""The report as JSON: the results as they are, and what is derived from them."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from convcost.report.measured.content import Chapter, Content
from convcost.report.measured.predicted import layer_figures
from convcost.report.records import dumps


def as_json(content: Content) -> str:
    """Write it all; both lists are in the same order."""
    return dumps(
        {
            "results": [asdict(chapter.result) for chapter in content.chapters],
            "derived": [_derived(chapter) for chapter in content.chapters],
        }
    )


def _derived(chapter: Chapter) -> dict[str, Any]:
    model = None
    if chapter.model is not None:
        model = asdict(replace(chapter.model, predicted=None))
        del model["predicted"]  # told below
    return {
        "network": chapter.result.network,
        "batch": chapter.result.batch,
        "state": chapter.state,
        "verdict": chapter.verdict,
        "checks": [asdict(check) for check in chapter.checks],
        "layers": [
            {
                **asdict(line),
                "unexplained_seconds": line.unexplained_seconds,
                "times_expected": line.times_expected,
                "predicted_ratio": line.predicted_ratio,
            }
            for line in chapter.lines
        ],
        "least_explained": [line.name for line in chapter.least_explained],
        "expected_seconds_are": chapter.expectation,
        "model": model,
        "why_no_model": chapter.why_no_model or None,
        "predicted": _predicted(chapter),
    }


def _predicted(chapter: Chapter) -> dict[str, Any] | None:
    """Return what a profile says of each way that was timed, and how right it is of layers."""
    found = chapter.prediction
    if found is None:
        return None
    figures = layer_figures(chapter.result, chapter.predicted, found)
    return {
        "profile": found.profile,
        "machine": found.processor,
        "wholes": [
            {
                "what": each.label,
                "measured_seconds": each.measured,
                "seconds": each.predicted.seconds,
                "low": each.predicted.low,
                "high": each.predicted.high,
            }
            for each in found.wholes
        ],
        "layers": {name: asdict(each) for name, each in figures.items()},
    }
