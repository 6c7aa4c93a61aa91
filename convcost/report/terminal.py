"""A network's cost in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from rich import box
from rich.bar import Bar
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from convcost.cost import NetworkCost, Note
from convcost.report import units
from convcost.report.labels import Labels
from convcost.report.rows import COLUMNS, Row, cells
from convcost.report.titles import given
from convcost.work import WORK_FIELDS

if TYPE_CHECKING:
    from convcost.conventions import Conventional
    from convcost.graph import Network
    from convcost.tensors import Tensor
    from convcost.training import TrainingStep

_NARROW = ("parameters", "multiplies", "adds", "activation_bytes")
_WIDE = tuple(name for name in COLUMNS if name not in {"macs", "activations", "parameter_bytes"})
_SHOWN_NOTES = 4  # of each rule, before the rest is only counted


_SLIM = ("parameters", "multiplies")
_LAYOUTS = ((_WIDE, True), (_NARROW, True), (_NARROW, False), (_SLIM, False))
_BAR = 8  # columns that a layout keeps for its bar
_LABEL = 16  # columns down to which names are cut before another layout is taken


@dataclass(frozen=True, slots=True)
class _Layout:
    """The cells of a table, written out."""

    heads: list[str]
    body: list[list[str]]
    footer: list[str]
    with_kind: bool

    @property
    def width(self) -> int:
        """The columns of a terminal that it takes."""
        columns = zip(self.heads, self.footer, *self.body, strict=True)
        label, *widths = [max(map(len, texts)) for texts in columns]
        return min(label, _LABEL) + sum(widths) + len(widths) + _BAR + 4


class Analysis:
    """A network's cost, in as many columns as the console has room for."""

    def __init__(
        self,
        cost: NetworkCost,
        rows: Sequence[Row],
        conventional: Conventional | None = None,
        step: TrainingStep | None = None,
    ) -> None:
        """Show these rows of the cost, what a convention makes of it, and a training step."""
        self._step = step
        self._cost = cost
        self._rows = rows
        self._conventional = conventional

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table, the totals and the notes."""
        del console
        width = options.max_width
        for names, at_length in _LAYOUTS:
            layout = self._layout(names, at_length)
            if layout.width <= width:
                break
        yield self._table(layout, bar=max(5, min(20, width - layout.width + _BAR)))
        yield self._panel(width)
        if self._step is not None:
            yield step_table(self._step)
        yield from notes_of(self._cost.notes)

    def _layout(self, names: Sequence[str], at_length: bool) -> _Layout:  # noqa: FBT001
        """Write all cells of a table that shows these columns."""
        sums = self._cost.total()
        columns = [
            column
            for name in names
            if (column := COLUMNS[name]).value(sums) != 0 or names is not _WIDE
        ]
        with_kind = names is _WIDE
        heads = ["layer", *(["kind"] if with_kind else []), "output"]
        heads += [column.heading for column in columns]
        footer = Row(0, "at least" if self._cost.uncounted else "total", "", (), sums)
        body = [
            [
                "  " * row.level + row.label,
                *([row.kind] if with_kind else []),
                units.shape(row.output),
                *cells(row, columns, at_length=at_length),
            ]
            for row in (*self._rows, footer)
        ]
        return _Layout(heads, body[:-1], body[-1], with_kind)

    def _table(self, layout: _Layout, *, bar: int) -> Table:
        title = (
            f"{self._cost.network} at {given(self._cost)},"
            f" batch {self._cost.input.n}, {self._cost.dtype}"
            + (", training" if self._cost.training else "")
        )
        table = Table(box=box.SIMPLE_HEAD, title=title, show_footer=True, pad_edge=False)
        table.padding = (0, 0, 0, 0)
        text_columns = 2 if layout.with_kind else 1
        for index, (head, foot) in enumerate(zip(layout.heads, layout.footer, strict=True)):
            table.add_column(
                head,
                foot,
                justify="left" if index < text_columns else "right",
                no_wrap=index > 0,  # the names give way before the numbers
                overflow="ellipsis",
            )
        table.add_column("share", width=bar, no_wrap=True, style="cyan")  # of the multiplies
        whole = self._cost.total().work.multiplies
        if self._rows:  # a column is one cell: rich takes long for a thousand of them
            labels, *columns = zip(*layout.body, strict=True)
            styles = ["bold" if row.sums is None else "" for row in self._rows]
            table.add_row(
                Labels(tuple(zip(labels, styles, strict=True))),
                *(Text("\n".join(column)) for column in columns),
                Group(*(self._share(row, whole) for row in self._rows)),
            )
        return table

    @staticmethod
    def _share(row: Row, whole: object) -> RenderableType:
        multiplies = row.sums.work.multiplies if row.sums is not None else 0
        if not isinstance(multiplies, int) or not isinstance(whole, int) or not multiplies:
            return ""
        return Bar(1, 0, multiplies / whole)

    def _panel(self, width: int) -> Panel:
        sums = self._cost.total()
        pairs = [(column.title, column.exact(column.value(sums))) for column in COLUMNS.values()]
        widest = max(len(value) for _, value in pairs)
        abreast = 2 if 2 * widest + 44 <= width else 1  # totals are never cut
        grid = Table.grid(padding=(0, 2), expand=False)
        for _ in range(abreast):
            grid.add_column(no_wrap=True)
            grid.add_column(justify="right", overflow="fold")
        for start in range(0, len(pairs), abreast):
            grid.add_row(*(cell for pair in pairs[start : start + abreast] for cell in pair))
        parts: list[RenderableType] = [grid]
        if self._conventional is not None:
            parts.append(Text(_convention(self._conventional), style="bold"))
        return Panel(
            Group(*parts),
            title=", ".join(filter(None, (f"{sums.layers} layers", self._cost.remark))),
            expand=False,
        )


def step_table(step: TrainingStep) -> Table:
    """Draw the work of a training step, a row for each sort of operation, a column for a part."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title="a training step")
    table.padding = (0, 1, 0, 0)
    table.add_column("", no_wrap=True)
    works = []
    for part in fields(step):
        table.add_column(part.name.replace("_", " "), justify="right")
        works.append(getattr(step, part.name))
    for name in WORK_FIELDS:
        numbers = [getattr(work, name) for work in works]
        if any(numbers):
            table.add_row(name.replace("_", " "), *map(units.short, numbers))
    return table


def _convention(conventional: Conventional) -> str:
    printed = f" (printed as {conventional.printed})" if conventional.printed else ""
    remark = f", {conventional.remark}" if conventional.remark else ""
    parts = [
        f"{conventional.convention.name}: {units.exact(conventional.count)}"
        f" {conventional.convention.unit}{printed}{remark}",
        f"{units.exact(conventional.parameters)} parameters",
    ]
    if conventional.parameter_bytes is not None and conventional.feature_bytes is not None:
        parts.append(
            f"parameters {units.size(conventional.parameter_bytes)},"
            f" features {units.size(conventional.feature_bytes)}"
        )
    return "\n".join(parts)


def notes_of(notes: Sequence[Note], of: str = "") -> RenderResult:
    """Draw notes, a few of each rule; ``of`` names the network where there are several."""
    by_rule: dict[str, list[Note]] = {}
    for note in notes:
        by_rule.setdefault(note.rule, []).append(note)
    for rule, found in by_rule.items():
        for note in found[:_SHOWN_NOTES]:
            where = f"{of} {note.layer}".strip()
            yield Text.assemble(("note: ", "yellow"), (where, "bold"), ": ", note.message)
        if len(found) > _SHOWN_NOTES:
            rest = f"{len(found) - _SHOWN_NOTES} more like that ({rule})"
            yield Text(f"note: {of + ': ' if of else ''}{rest}", style="yellow")


def layer_tree(network: Network, shapes: dict[str, Tensor]) -> Tree:
    """Draw the layers of a network as a tree of its blocks."""
    root = Tree(Text(network.name, style="bold"))
    branches: dict[tuple[str, ...], Tree] = {(): root}
    for node in network.nodes:
        for depth in range(1, len(node.block) + 1):
            path = node.block[:depth]
            if path not in branches:
                branches[path] = branches[path[:-1]].add(Text(path[-1], style="bold"))
        label = node.name.rpartition(".")[2]
        line = Text.assemble(label, " ", (node.layer.kind, "dim"), " ")
        line.append("(" + ", ".join(["N", *map(str, shapes[node.name].shape[1:])]) + ")", "cyan")
        if len(node.inputs) > 1:
            line.append(" from " + ", ".join(node.inputs), style="dim")
        branches[node.block].add(line)
    return root
