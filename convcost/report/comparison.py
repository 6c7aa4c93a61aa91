"""Networks side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from convcost.conventions import Conventional
from convcost.cost import NetworkCost, Total
from convcost.dims import Dim
from convcost.report import units
from convcost.report.markdown import notes_of as markdown_notes
from convcost.report.markdown import table as markdown_table
from convcost.report.memory import PARTS
from convcost.report.records import convention_record, dumps, totals
from convcost.report.rows import COLUMNS, Column
from convcost.report.terminal import notes_of
from convcost.report.titles import given

_BY_KIND = ("parameters", "multiplies", "activation_bytes")


@dataclass(frozen=True, slots=True)
class _Line:
    """A quantity of every network, and how it is written."""

    label: str
    values: Sequence[Dim | Fraction | None]
    exact: Callable[..., str] = units.exact
    short: Callable[..., str] = units.short


class Comparison:
    """Some networks' costs; ratios are to the first network."""

    def __init__(
        self,
        costs: Sequence[NetworkCost],
        counts: Sequence[Conventional],
        memory: Sequence[Mapping[str, Dim]] = (),
        *,
        by_kind: bool = False,
    ) -> None:
        """Compare these costs, what a convention makes of each, or the memory each takes."""
        self._memory = memory
        self._costs = costs
        self._counts = counts
        self._by_kind = by_kind

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table with every digit if that fits, else in short, and the notes."""
        table = self._table(at_length=True)
        wanted = Measurement.get(console, options.update(max_width=10_000), table).maximum
        yield table if wanted <= options.max_width else self._table(at_length=False)
        for cost in self._costs:
            yield from notes_of(cost.notes, of=cost.network)

    def as_json(self) -> str:
        """Write the totals of all networks, and their ratios to the first."""
        networks = []
        for index, cost in enumerate(self._costs):
            record = totals(cost, by_kind=self._by_kind)
            record["notes"] = [f"{note.layer}: {note.message}" for note in cost.notes]
            if self._counts:
                record["convention"] = convention_record(self._counts[index])
            if self._memory:
                record["memory"] = self._memory[index]
            record["ratios"] = {
                name: column.value(cost.total()) / base
                for name, column in COLUMNS.items()
                if (base := column.value(self._costs[0].total()))
            }
            networks.append(record)
        return dumps({"networks": networks})

    def as_markdown(self) -> str:
        """Write a table with every digit."""
        body = [["input", *self._inputs()]]
        for name, lines in self._sections():
            if name:
                body.append([f"**{name}**", *([""] * len(self._costs))])
            body += [[line.label, *_cells(line, at_length=True)] for line in lines]
        table = markdown_table(["", *self._heads()], body, left=1)
        return "\n".join([*table, *markdown_notes(self._costs)]) + "\n"

    def _table(self, *, at_length: bool) -> Table:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.padding = (0, 1, 0, 0)
        table.add_column("", no_wrap=True)
        for head in self._heads():
            table.add_column(head, justify="right", overflow="fold")
        table.add_row("input", *self._inputs())
        for name, lines in self._sections():
            if name:
                table.add_row(Text(name, style="bold"))
            for line in lines:
                label = Text(("  " if name else "") + line.label)
                table.add_row(label, *map(Text, _cells(line, at_length=at_length)))
        return table

    def _heads(self) -> list[str]:
        return [cost.network for cost in self._costs]

    def _inputs(self) -> list[str]:
        return [f"{cost.input.n}×{given(cost)}" for cost in self._costs]

    def _sections(self) -> list[tuple[str, list[_Line]]]:
        if self._memory:
            return [("", list(self._parts()))]
        if self._by_kind:
            kinds = [(COLUMNS[name].title, self._kinds(COLUMNS[name])) for name in _BY_KIND]
            return [*kinds, ("as others count", self._counted())] if self._counts else kinds
        sums = [cost.total() for cost in self._costs]
        lines = [
            _Line(column.title, [column.value(each) for each in sums], column.exact, column.short)
            for column in COLUMNS.values()
        ]
        lines.append(_Line("layers", [each.layers for each in sums]))
        lines += self._counted()
        return [("", lines)]

    def _parts(self) -> Iterator[_Line]:
        """Yield a line for each part of the memory that any of the networks has."""
        for name, label in PARTS.items():
            values = [each[name] for each in self._memory]
            if any(values):
                yield _Line(label, values, units.size, units.size)

    def _counted(self) -> list[_Line]:
        """Return a line of what a convention counts, if one was asked for."""
        if not self._counts:
            return []
        convention = self._counts[0].convention
        counts = [count.count for count in self._counts]
        partly = ", at least" if any(count.uncovered for count in self._counts) else ""
        return [_Line(f"{convention.name}, {convention.unit}{partly}", counts)]

    def _kinds(self, column: Column) -> list[_Line]:
        """Return a line for each kind that has any of it, and the total."""
        found: list[dict[str, Total]] = [
            {sums.label: sums for sums in cost.by_kind()} for cost in self._costs
        ]
        kinds = dict.fromkeys(kind for kinds in found for kind in kinds)
        lines = []
        for kind in kinds:
            values = [column.value(each[kind]) if kind in each else None for each in found]
            if any(values):
                lines.append(_Line(kind, values, column.exact, column.short))
        totals_ = [column.value(cost.total()) for cost in self._costs]
        return [*lines, _Line("total", totals_, column.exact, column.short)]


def _cells(line: _Line, *, at_length: bool) -> list[str]:
    """Write a line's values, each but the first with its ratio to the first."""
    write = line.exact if at_length else line.short
    base = line.values[0]
    cells = []
    for index, value in enumerate(line.values):
        if value is None:
            cells.append("-")
            continue
        times = units.ratio(value, base) if index and base else ""
        cells.append(write(value) + (f" {times}" if times else ""))
    return cells
