"""A network's cost as Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from convcost.conventions import Conventional
from convcost.cost import NetworkCost
from convcost.report import units
from convcost.report.rows import COLUMNS, Row, cells
from convcost.report.titles import given


def analysis(cost: NetworkCost, rows: Sequence[Row], conventional: Conventional | None) -> str:
    """Write a table of the rows, the totals, and the notes."""
    columns = [COLUMNS[name] for name in ("parameters", "multiplies", "adds", "activation_bytes")]
    body = [
        [
            "&nbsp;&nbsp;" * row.level + row.label,
            row.kind,
            units.shape(row.output),
            *cells(row, columns, at_length=True),
        ]
        for row in rows
    ]
    sums = cost.total()
    body.append(
        [
            "**at least**" if cost.uncounted else "**total**",
            "",
            "",
            *(f"**{column.exact(column.value(sums))}**" for column in columns),
        ]
    )
    head = ["layer", "kind", "output", *(column.heading for column in columns)]
    lines = [f"# {cost.network} at {given(cost)}, batch {cost.input.n}", ""]
    lines += table(head, body, left=3)
    lines += ["", *table([cost.remark or "total", ""], _totals(cost, conventional), left=1)]
    lines += notes_of([cost])
    return "\n".join(lines) + "\n"


def table(head: Sequence[str], body: Sequence[Sequence[str]], *, left: int) -> list[str]:
    """Write a table whose first ``left`` columns are text, the others numbers."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return ["| " + " | ".join(row) + " |" for row in (head, rule, *body)]


def _totals(cost: NetworkCost, conventional: Conventional | None) -> list[list[str]]:
    sums = cost.total()
    rows = [[column.title, column.exact(column.value(sums))] for column in COLUMNS.values()]
    if conventional is not None:
        name = f"{conventional.convention.name}, {conventional.convention.unit}"
        name += f" ({conventional.remark})" if conventional.remark else ""
        rows.append([name, units.exact(conventional.count)])
    return rows


def notes_of(costs: Sequence[NetworkCost]) -> list[str]:
    """Write the notes of one network, or of several by their names."""
    lines = []
    for cost in costs:
        of = f"{cost.network} " if len(costs) > 1 else ""
        lines += [f"- {of}`{note.layer}`: {note.message}" for note in cost.notes]
    return ["", "## Notes", "", *lines] if lines else []
