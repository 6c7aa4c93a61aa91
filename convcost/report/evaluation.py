"""An evaluation: how right predictions were, over all networks and for each of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.errors import ProfileError
from convcost.prediction.scores import Estimate, Figures, Learning, Score, figures
from convcost.report.markdown import table as markdown_table
from convcost.report.measured.numbers import seconds, share
from convcost.strict import Unreadable, read, text_of

LEAST_SECONDS = 1e-3
"""Networks that take less are told by themselves: starting kernels is most of their time."""
VERSION = 1
_WAYS = {"unfused": "layer by layer", "fused": "fused", "training": "training steps"}
HEADS = (
    *("mean error", "median error", "bias", "within 5%", "within 10%", "within 20%"),
    *("rank correlation", "in the interval"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """All that an evaluation found."""

    version: int = VERSION
    machine: str
    date: str
    calibration_seconds: float
    sheets: int
    rows: int
    scores: tuple[Score, ...]
    learning: tuple[Learning, ...] = ()
    failures: tuple[str, ...] = field(default=())

    def as_json(self) -> str:
        """Write it."""
        return json.dumps(asdict(self), indent=1) + "\n"

    def as_markdown(self) -> str:
        """Write the figures, and every network with its errors: a column for each way and batch."""
        lines = [self._heading(), ""]
        for way, title in _WAYS.items():
            long = _long([each for each in self.scores if each.way == way])
            if long:
                rows = [
                    [name, *(each.replace("\n", " ") for each in cells(figures))]
                    for name, figures in all_figures(long).items()
                ]
                count = f"{title}, {len(long)} over {seconds(LEAST_SECONDS)}"
                lines += [*markdown_table([count, *HEADS], rows, left=1), ""]
        ways = list(dict.fromkeys((each.way, each.batch) for each in self.scores))
        errors: dict[str, dict[tuple[str, int], str]] = {}
        for each in self.scores:
            mark = "" if each.covered else " \\*"
            errors.setdefault(each.network, {})[each.way, each.batch] = f"{each.error:+.1%}{mark}"
        heads = [f"{way}, batch {batch}" for way, batch in ways]
        body = [[name, *(row.get(way, "") for way in ways)] for name, row in errors.items()]
        lines += markdown_table(["error", *heads], body, left=1)
        lines += ["", "\\* outside the stated 90% interval.", ""]
        lines += [f"- {way}: {said}" for way in _WAYS if (said := self._learned(way))]
        return "\n".join([*lines, *(f"- failed: {each}" for each in self.failures)]) + "\n"

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a table of figures and one of networks for every way to run."""
        del console, options
        yield Text(self._heading())
        for way, title in _WAYS.items():
            scores = [each for each in self.scores if each.way == way]
            if scores:
                yield from _figures(title, scores)
                yield _networks(title, scores)
                yield Text(self._learned(way))
        yield from (Text(f"failed: {each}") for each in self.failures)

    def _heading(self) -> str:
        return (
            f"{self.machine}, {self.date}: {self.sheets} synthetic networks in"
            f" {self.calibration_seconds:.0f} s, {self.rows} rows; no network below had a part"
        )

    def _learned(self, way: str) -> str:
        steps = [
            f"{share(each.mean_error)} after {each.seconds:.0f} s ({each.rows} rows)"
            for each in self.learning
            if each.way == way
        ]
        return f"mean error by calibration time: {', '.join(steps)}" if steps else ""


def load_evaluation(path: Path) -> Evaluated:
    """Read an evaluation that was written.

    Raises: ProfileError that names the file and the key, for anything unexpected.
    """
    try:
        text = text_of(path)
    except Unreadable as error:
        raise ProfileError(str(error)) from None
    try:
        content = json.loads(text)
        version = content.get("version") if isinstance(content, dict) else None
        if version != VERSION:
            raise ProfileError(f"{path}: version: expected {VERSION}, found {version!r}")
        return read(Evaluated, content)
    except (ValueError, Unreadable) as error:
        raise ProfileError(f"{path}: no evaluation: {error}") from None


def all_figures(scores: Sequence[Score]) -> dict[str, Figures]:
    """Return the figures of the predictions and of every baseline, by name."""
    names = (None, *scores[0].baselines)
    return {name or "predicted": figures(scores, name) for name in names}


def _long(scores: Sequence[Score]) -> list[Score]:
    return [each for each in scores if each.measured > LEAST_SECONDS]


def _figures(title: str, scores: Sequence[Score]) -> Iterator[Table | Text]:
    """Draw the figures of the predictions and of every baseline, of all that take long enough."""
    long = _long(scores)
    if not long:
        yield Text(f"{title}: no network takes more than {seconds(LEAST_SECONDS)}")
        return
    table = _table(f"{title}: {len(long)} of {len(scores)} over {seconds(LEAST_SECONDS)}")
    found = all_figures(long)
    table.add_column("")
    for name in found:
        table.add_column(name, justify="right")
    for head, *each in zip(HEADS, *map(cells, found.values()), strict=True):
        table.add_row(head, *each)
    yield table
    noise = share(found["predicted"].noise)
    yield Text(f"noise floor: halves of a measurement differ by {noise} on average")


def cells(found: Figures) -> Iterator[str]:
    """Write figures, each with its 95% bootstrap interval."""
    for each in (found.mean_error, found.median_error, found.bias, *found.within):
        yield _estimate(each)
    rank = found.rank_correlation
    yield f"{rank.value:.3f}\n({rank.low:.3f} to {rank.high:.3f})"
    yield "" if found.coverage is None else _estimate(found.coverage)


def _estimate(found: Estimate) -> str:
    return f"{found.value:.1%}\n({found.low:.1%} to {found.high:.1%})"


def _networks(title: str, scores: Sequence[Score]) -> Table:
    table = _table(f"{title}, network by network")
    for head in ("network", "batch", "measured", "predicted", "error", "90% interval", ""):
        table.add_column(head, justify="left" if head in {"network", ""} else "right")
    for each in scores:
        table.add_row(
            each.network,
            str(each.batch),
            seconds(each.measured),
            seconds(each.predicted),
            f"{each.error:+.1%}",
            f"{seconds(each.low)} to {seconds(each.high)}",
            ", ".join(_remarks(each)),
        )
    return table


def _remarks(score: Score) -> Iterator[str]:
    if not score.covered:
        yield "not in the interval"
    if score.outside:
        yield f"{score.outside} operations outside what was calibrated"
    if score.measured <= LEAST_SECONDS:
        yield "short: not in the figures"


def _table(title: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    table.padding = (0, 1, 0, 0)
    return table
