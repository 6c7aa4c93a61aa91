"""The notes' experiments beside the model and what was measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as Drawn
from rich.text import Text

from convcost.measure.chapter import FULL_BATCH, Experiment
from convcost.report import units
from convcost.report.markdown import table as markdown_table
from convcost.report.measured.html import environment
from convcost.report.measured.plots import ratios
from convcost.report.measured.svg import drawn
from convcost.report.measured.tables import Table
from convcost.report.records import dumps

_WITHIN = 1.25  # times more or less: as near as two machines may be expected to come
_HEADS = ("exercise", "the notes say", "multiplies", "bytes", "measured", "the notes", "agree")


@dataclass(frozen=True, slots=True)
class Experiments:
    """Experiments at a batch, on a device."""

    experiments: Sequence[Experiment]
    batch: int
    device: str

    @property
    def setting(self) -> str:
        """What was measured, and on what."""
        return f"Training steps as ratios: batches of {self.batch}, {self.device}"

    @property
    def known(self) -> int:
        """How many experiments could be compared."""
        return sum(_agrees(each) is not None for each in self.experiments)

    @property
    def agreeing(self) -> int:
        """How many of them agree."""
        return sum(_agrees(each) is True for each in self.experiments)

    @property
    def verdict(self) -> str:
        """How many agree with the notes, and which do not."""
        named = {
            what: [each.claim.text for each in self.experiments if _agrees(each) is state]
            for what, state in (("Not", False), ("Not measured", None))
        }
        rest = [f"{what}: {'; '.join(texts)}." for what, texts in named.items() if texts]
        return " ".join([f"{self.agreeing} of {self.known} agree with the notes.", *rest])

    @property
    def table(self) -> Table:
        """A row for each experiment."""
        rows = tuple(tuple(_cells(each)) for each in self.experiments)
        return Table(self.setting, _HEADS, rows, 2, text_last=True)

    @property
    def reasons(self) -> list[str]:
        """What is behind each ratio, and what failed."""
        return [line for each in self.experiments for line in _reasons(each)]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a row for each experiment, and what is behind it."""
        del console, options
        made = self.table
        table = Drawn(box=box.SIMPLE_HEAD, pad_edge=False, title=made.caption, padding=(0, 1, 0, 0))
        for index, head in enumerate(made.heads):
            table.add_column(head, justify="left" if made.is_text(index) else "right")
        for row in made.rows:
            table.add_row(*map(Text, row))
        yield table
        yield Text(self.verdict)
        yield from map(Text, self.reasons)

    def as_markdown(self) -> str:
        """Write the same as a table and a list."""
        lines = ["# The notes' own experiments", "", self.verdict, "", f"{self.setting}.", ""]
        lines += markdown_table(_HEADS, self.table.rows, left=2)
        lines += ["", *(f"- {line}" for line in self.reasons)]
        return "\n".join(lines) + "\n"

    def as_html(self) -> str:
        """Write a page that needs nothing else.

        Raises: MissingDependencyError without jinja2 or matplotlib.
        """
        template = environment().get_template("experiments.html.j2")
        return template.render(made=self, picture=self._picture)

    def as_json(self) -> str:
        """Write the ratios as plain data."""
        return dumps(
            {
                "batch": self.batch,
                "device": self.device,
                "experiments": [_record(experiment) for experiment in self.experiments],
            }
        )

    @property
    def _picture(self) -> str:
        """A line for each experiment, with a dot for each of its ratios."""
        names = [
            f"{each.claim.case} / {each.claim.base}"
            + (", memory" if each.claim.of == "memory" else "")
            for each in self.experiments
        ]
        series = dict(
            zip(_HEADS[2:6], zip(*map(_ratios, self.experiments), strict=True), strict=True)
        )
        return drawn(lambda axes: ratios(axes, names, series), "chapter", escape(self.verdict))


def _agrees(experiment: Experiment) -> bool | None:
    """Return whether what was measured is near the notes; None if it was not measured."""
    notes, measured = experiment.claim.notes, experiment.measured
    if measured is None:
        return None
    if notes is None:
        return measured > _WITHIN  # "more" is all they say
    return 1 / _WITHIN <= measured / notes <= _WITHIN


def _ratios(experiment: Experiment) -> tuple[float | None, ...]:
    return (
        experiment.by_multiplies,
        experiment.by_bytes,
        experiment.measured,
        experiment.claim.notes,
    )


def _shown(ratio: float | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio:,.0f}" if ratio >= 1000 else f"{ratio:.3g}"  # noqa: PLR2004 - not 1e+03


def _cells(experiment: Experiment) -> list[str]:
    claim, agrees = experiment.claim, _agrees(experiment)
    return [
        claim.exercise,
        claim.text,
        *map(_shown, _ratios(experiment)),
        "-" if agrees is None else "yes" if agrees else "no",
    ]


def _reasons(experiment: Experiment) -> Iterator[str]:
    claim = experiment.claim
    line = f"{claim.exercise} {claim.case} against {claim.base}: {claim.why}"
    if experiment.totals is not None:
        case, base = map(units.size, experiment.totals)
        line += (
            f"; in all {case} at a batch of {FULL_BATCH}, and {base}, as MXNet plans"
            " (its plan is measured)"
        )
    yield line
    if experiment.failure:
        yield f"not measured: {experiment.failure}"


def _record(experiment: Experiment) -> dict[str, Any]:
    claim = experiment.claim
    return {
        "exercise": claim.exercise,
        "claim": claim.text,
        "of": claim.of,
        "case": str(claim.case),
        "base": str(claim.base),
        "by_multiplies": experiment.by_multiplies,
        "by_bytes": experiment.by_bytes,
        "measured": experiment.measured,
        "notes": claim.notes,
        "agrees": _agrees(experiment),
        "why": claim.why,
        "total_bytes": experiment.totals,
        "failure": experiment.failure or None,
    }
