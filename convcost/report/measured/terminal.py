"""The report in short, for a terminal: the verdict, and the layers least explained."""

from __future__ import annotations

from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from convcost.report.measured import tables
from convcost.report.measured.checks import SIGNS, Check
from convcost.report.measured.content import Chapter, Content

_STYLES = {"equal": "green", "different": "bold red", "warning": "yellow", "unknown": "yellow"}
_SHOWN = 4  # details of a check, before the rest is only counted


@dataclass(frozen=True, slots=True)
class Short:
    """A report without the tables of all layers."""

    content: Content

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the chapters one after another."""
        del console, options
        for index, chapter in enumerate(self.content.chapters):
            if index:
                yield Text()
            yield Text(chapter.title, style="bold")
            yield Text(f"{chapter.setting}; {chapter.result.provenance.processor}", style="dim")
            yield Text(chapter.verdict, style=_STYLES[chapter.state])
            yield _checks(chapter)
            if chapter.least_explained:
                yield Text(f"Least explained by their work, which is {chapter.expectation}:")
                yield Padding(_unexplained(chapter), (0, 0, 0, 2))


def _checks(chapter: Chapter) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for check in chapter.checks:
        style = _STYLES.get(check.state, "")
        grid.add_row(Text(SIGNS[check.state], style=style), Text(check.label), _said(check))
    return grid


def _said(check: Check) -> Text:
    more = len(check.details) - _SHOWN
    lines = [check.text, *check.details[:_SHOWN], *([f"{more} more"] if more > 0 else [])]
    return Text("\n".join(lines))


def _unexplained(chapter: Chapter) -> Table:
    made = tables.unexplained(chapter)
    drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    drawn.padding = (0, 1, 0, 0)
    name, _, *heads = made.heads  # a kind is seen in its layer's name, mostly
    drawn.add_column(name)
    for head in heads:
        drawn.add_column(head, justify="right", no_wrap=True)
    for name, _, *cells in made.rows:
        drawn.add_row(Text(name, no_wrap=True, overflow="ellipsis"), *map(Text, cells))
    return drawn
