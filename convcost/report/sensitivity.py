"""Elasticities: a row for each symbol, a column for each total."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.report.records import dumps
from convcost.work import PARAMETER_FIELDS


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What moves the totals of ``of`` how much, at these sizes; a remark if these are bounds."""

    of: str
    elasticities: Mapping[str, Mapping[str, Fraction]]
    sizes: Mapping[str, int]
    remark: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table, without totals that no symbol moves, or that show as one before."""
        del console, options
        columns: dict[tuple[float, ...], str] = {}
        for quantity, row in self.elasticities.items():
            if quantity not in PARAMETER_FIELDS and any(row.values()):
                columns.setdefault(tuple(round(float(each), 3) for each in row.values()), quantity)
        title = f"{self.of}: percent more of a total for one percent more of a symbol"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
        table.padding = (0, 1, 0, 0)
        table.add_column("", no_wrap=True)
        for quantity in columns.values():
            table.add_column(quantity.replace("_", " "), justify="right", overflow="fold")
        for name, size in self.sizes.items():
            values = [self.elasticities[quantity].get(name, 0) for quantity in columns.values()]
            if any(values):
                cells = [f"{float(value):.3f}" if value else "" for value in values]
                table.add_row(f"{name} = {size:,}", *cells)
        yield table
        yield Text("floors left out; --format json has every total, exactly", style="dim")
        if self.remark:
            yield Text(f"of totals that are {self.remark}")

    def as_json(self) -> str:
        """Write exact fractions and what they come to."""
        totals = {
            quantity: {
                name: {"exact": str(value), "value": float(value)} for name, value in row.items()
            }
            for quantity, row in self.elasticities.items()
        }
        record = {"of": self.of, "at": self.sizes, "elasticities": totals}
        return dumps({**record, "at_least": bool(self.remark)})
