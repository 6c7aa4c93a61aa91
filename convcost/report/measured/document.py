"""The report as JSON: the results as they are, and what is derived from them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from convcost.report.measured.content import Chapter, Content
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
        model = asdict(chapter.model)
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
            }
            for line in chapter.lines
        ],
        "least_explained": [line.name for line in chapter.least_explained],
        "expected_seconds_are": chapter.expectation,
        "model": model,
        "why_no_model": chapter.why_no_model or None,
    }
