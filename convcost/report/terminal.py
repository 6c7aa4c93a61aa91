"""A network's cost in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.bar import Bar
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.panel import Panel
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from convcost.conventions import Conventional
from convcost.cost import NetworkCost, Note
from convcost.graph import Network
from convcost.report import units
from convcost.report.rows import COLUMNS, Row, cells
from convcost.tensors import Tensor

_NARROW = ("parameters", "multiplies", "adds", "activation_bytes")
_WIDE = tuple(
    name for name in COLUMNS if name not in {"macs", "activations", "parameter_bytes"}
)
_SHOWN_NOTES = 3  # of each rule, before the rest is only counted


class Analysis:
    """A network's cost, in as many columns as the console has room for."""

    def __init__(
        self, cost: NetworkCost, rows: Sequence[Row], conventional: Conventional | None = None
    ) -> None:
        """Show these rows of the cost, and what a convention makes of it."""
        self._cost = cost
        self._rows = rows
        self._conventional = conventional

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table, the totals and the notes."""
        yield _fitting(
            console,
            options,
            [
                self._table(_WIDE, at_length=True, bar=20),
                self._table(_NARROW, at_length=True, bar=12),
                self._table(_NARROW, at_length=False, bar=12),
                self._table(_NARROW, at_length=False, bar=6),
            ],
        )
        yield self._panel()
        yield from notes_of(self._cost.notes)

    def _table(self, names: Sequence[str], *, at_length: bool, bar: int) -> Table:
        sums = self._cost.total()
        wide = len(names) > len(_NARROW)
        columns = [
            column
            for name in names
            if (column := COLUMNS[name]).value(sums) != 0 or name in _NARROW
        ]
        title = (
            f"{self._cost.network} at {units.shape(self._cost.input.shape)},"
            f" batch {self._cost.input.n}, {self._cost.dtype}"
            + (", training" if self._cost.training else "")
        )
        table = Table(box=box.SIMPLE_HEAD, title=title, show_footer=True, pad_edge=False)
        table.padding = (0, 1, 0, 0)
        table.add_column("layer", "total", overflow="ellipsis")  # gives way before the numbers
        if wide:
            table.add_column("kind", no_wrap=True)
        table.add_column("output", justify="right", no_wrap=True)
        for column in columns:
            write = column.exact if at_length else column.short
            table.add_column(
                column.heading, write(column.value(sums)), justify="right", no_wrap=True
            )
        table.add_column("share", width=bar, no_wrap=True, style="cyan")  # of the multiplies
        for row in self._rows:
            label = Text("  " * row.level + row.label, no_wrap=True, overflow="ellipsis")
            if row.sums is None:
                label.stylize("bold")
            kind = [Text(row.kind, style="dim")] if wide else []
            numbers = cells(row, columns, at_length=at_length)
            share = self._share(row, sums.work.multiplies)
            table.add_row(label, *kind, units.shape(row.output), *numbers, share)
        return table

    @staticmethod
    def _share(row: Row, whole: object) -> RenderableType:
        multiplies = row.sums.work.multiplies if row.sums is not None else 0
        if not isinstance(multiplies, int) or not isinstance(whole, int) or not multiplies:
            return ""
        return Bar(1, 0, multiplies / whole)

    def _panel(self) -> Panel:
        sums = self._cost.total()
        pairs = [(column.title, column.exact(column.value(sums))) for column in COLUMNS.values()]
        grid = Table.grid(padding=(0, 2), expand=False)
        for _ in range(2):
            grid.add_column()
            grid.add_column(justify="right")
        for left, right in zip(pairs[::2], pairs[1::2], strict=True):
            grid.add_row(*left, *right)
        parts: list[RenderableType] = [grid]
        if self._conventional is not None:
            parts.append(Text(_convention(self._conventional), style="bold"))
        return Panel(Group(*parts), title=f"{sums.layers} layers", expand=False)


def _fitting(console: Console, options: ConsoleOptions, tables: Sequence[Table]) -> Table:
    """Return the first table that fits, or the last."""
    for table in tables[:-1]:
        if Measurement.get(console, options.update(max_width=10_000), table).maximum <= (
            options.max_width
        ):
            return table
    return tables[-1]


def _convention(conventional: Conventional) -> str:
    parts = [
        f"{conventional.convention.name}: {units.exact(conventional.count)}"
        f" {conventional.convention.unit}, {units.exact(conventional.parameters)} parameters"
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
