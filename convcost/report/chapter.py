"""The notes' experiments beside the model and what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.measure.chapter import Experiment
from convcost.report.markdown import table as markdown_table
from convcost.report.records import dumps

_WITHIN = 1.25  # times more or less: as near as two machines may be expected to come
_HEADS = ("exercise", "the notes say", "multiplies", "bytes", "measured", "the notes", "agree")


@dataclass(frozen=True, slots=True)
class Chapter:
    """Experiments at a batch, on a device."""

    experiments: Sequence[Experiment]
    batch: int
    device: str

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a row for each claim, and why where it is not what one would expect."""
        del console, options
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=self._title())
        table.padding = (0, 1, 0, 0)
        for index, head in enumerate(_HEADS):
            table.add_column(head, justify="left" if index in {0, 1, 6} else "right")
        for experiment in self.experiments:
            table.add_row(*map(Text, _cells(experiment)))
        yield table
        for experiment in self.experiments:
            claim = experiment.claim
            yield Text(f"{claim.exercise} {claim.case} against {claim.base}: {claim.why}")

    def as_markdown(self) -> str:
        """Write the same as a table."""
        rows = [
            [*_cells(experiment), experiment.claim.why, experiment.failure]
            for experiment in self.experiments
        ]
        lines = [f"# {self._title()}", ""]
        lines += markdown_table([*_HEADS, "why", "failed"], rows, left=2)
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """Write the ratios as plain data."""
        return dumps(
            {
                "batch": self.batch,
                "device": self.device,
                "experiments": [_record(experiment) for experiment in self.experiments],
            }
        )

    def _title(self) -> str:
        return f"the notes' experiments as ratios: training steps of {self.batch}, {self.device}"


def _agrees(experiment: Experiment) -> bool | None:
    """Return whether what was measured is near the notes; None if either is missing."""
    notes, measured = experiment.claim.notes, experiment.measured
    if measured is None:
        return None
    if notes is None:
        return measured > _WITHIN  # "much slower"
    return 1 / _WITHIN <= measured / notes <= _WITHIN


def _cells(experiment: Experiment) -> list[str]:
    claim, agrees = experiment.claim, _agrees(experiment)
    numbers = (experiment.by_multiplies, experiment.by_bytes, experiment.measured, claim.notes)
    return [
        claim.exercise,
        claim.text,
        *("-" if number is None else f"{number:.3g}" for number in numbers),
        "-" if agrees is None else "yes" if agrees else "no",
    ]


def _record(experiment: Experiment) -> dict[str, Any]:
    claim = experiment.claim
    return {
        "exercise": claim.exercise,
        "claim": claim.text,
        "case": str(claim.case),
        "base": str(claim.base),
        "by_multiplies": experiment.by_multiplies,
        "by_bytes": experiment.by_bytes,
        "measured": experiment.measured,
        "notes": claim.notes,
        "agrees": _agrees(experiment),
        "why": claim.why,
        "failure": experiment.failure or None,
    }
