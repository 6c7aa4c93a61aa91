"""The known networks, by family."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from convcost.cost import NetworkCost
from convcost.report import units
from convcost.report.records import dumps, totals
from convcost.report.titles import given
from convcost.spec import NetworkSpec


def as_table(specs: Sequence[NetworkSpec], costs: Sequence[NetworkCost]) -> RenderableType:
    """Draw a table, family by family."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.padding = (0, 1, 0, 0)
    table.add_column("network", no_wrap=True)
    table.add_column("input", justify="right", no_wrap=True)
    table.add_column("parameters", justify="right", no_wrap=True)
    table.add_column("multiplies", justify="right", no_wrap=True)
    table.add_column("description")  # gives way before the numbers
    family = ""
    for spec, cost in sorted(zip(specs, costs, strict=True), key=lambda pair: pair[0].family):
        if spec.family != family:
            family = spec.family
            table.add_row(Text(family, style="bold"))
        sums = cost.total()
        table.add_row(
            "  " + spec.name,
            given(cost),
            units.short(sums.parameters.count),
            units.short(sums.work.multiplies),
            Text(spec.description, style="dim", no_wrap=True, overflow="ellipsis"),
        )
    return table


def as_json(specs: Sequence[NetworkSpec], costs: Sequence[NetworkCost]) -> str:
    """Write a list of records, with exact totals."""
    return dumps(
        [
            {
                "family": spec.family,
                "description": spec.description,
                "source": spec.source,
                "presets": list(spec.presets),
                **totals(cost),
            }
            for spec, cost in zip(specs, costs, strict=True)
        ]
    )
