"""The rows of a report: layers grouped by block, or sorted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from convcost.cost import LayerCost, NetworkCost, Total, total
from convcost.counts import COUNTS
from convcost.dims import Dim
from convcost.errors import ConvcostError, nearest
from convcost.layers import Uncounted
from convcost.report import units
from convcost.work import PARAMETER_FIELDS


@dataclass(frozen=True, slots=True)
class Row:
    """A layer, a block that stands for its layers, or the heading of a block (no ``sums``)."""

    level: int
    label: str
    kind: str
    output: tuple[Dim, ...]
    sums: Total | None


@dataclass(frozen=True, slots=True)
class Column:
    """A quantity: what it is called, how to get it, how to write it at length and in short."""

    title: str
    value: Callable[[Total], Dim]
    exact: Callable[[Dim], str] = units.exact
    short: Callable[[Dim], str] = units.short
    head: str = ""

    @property
    def heading(self) -> str:
        """What stands over a column of it."""
        return self.head or self.title


def _column(name: str) -> Column:
    value = COUNTS[name].value
    if not name.endswith("_bytes"):
        return Column(name.replace("_", " "), value)
    title = name.replace("_bytes", " memory")
    return Column(title, value, units.size, units.size, head="memory")


COLUMNS: Mapping[str, Column] = MappingProxyType(
    {name: _column(name) for name in COUNTS if name not in PARAMETER_FIELDS}
)
"""What can be shown and sorted by."""


def rows(
    cost: NetworkCost,
    *,
    depth: int | None = None,
    sort: str | None = None,
    top: int | None = None,
) -> list[Row]:
    """Return the rows of a report.

    Blocks deeper than ``depth`` become one row each. Sorting by a column puts the
    largest first and leaves out the headings; ``top`` keeps so many rows.

    Raises: ConvcostError if there is no column to sort by of that name.
    """
    found = list(_grouped(cost.layers, 0, depth, ""))
    if sort is None and top is None:
        return found
    flat = [
        (row.sums, Row(0, row.sums.label, row.kind, row.output, row.sums))
        for row in found
        if row.sums is not None
    ]
    if sort is not None:
        if sort not in COLUMNS:
            raise ConvcostError(f"unknown column {sort!r}; {nearest(sort, COLUMNS)}")
        value = COLUMNS[sort].value
        flat.sort(key=lambda pair: cast("int", value(pair[0])), reverse=True)
    return [row for _, row in flat[:top]]


def _grouped(
    layers: Iterable[LayerCost], level: int, depth: int | None, path: str
) -> Iterator[Row]:
    groups: dict[str, list[LayerCost]] = {}
    for layer in layers:
        inside = len(layer.block) > level
        groups.setdefault(layer.block[level] if inside else "." + layer.name, []).append(layer)
    for name, members in groups.items():
        last = members[-1]
        if name.startswith("."):
            sums = total(last.name, members)
            yield Row(level, last.name.removeprefix(path), last.kind, last.output.shape, sums)
        elif depth is not None and level + 1 >= depth:
            kinds = f"{len(members)} layers"
            yield Row(level, name, kinds, last.output.shape, total(path + name, members))
        else:
            yield Row(level, name, "", (), None)
            yield from _grouped(members, level + 1, depth, f"{path}{name}.")


def cells(row: Row, columns: Sequence[Column], *, at_length: bool) -> list[str]:
    """Write a row's numbers; a heading has none."""
    sums = row.sums
    if sums is None:
        return [""] * len(columns)
    if row.kind == Uncounted.kind:  # of which only the output is known
        known = [column.title.startswith("activation") for column in columns]
        return [
            column.short(column.value(sums)) if is_known else "?"
            for column, is_known in zip(columns, known, strict=True)
        ]
    return [(column.exact if at_length else column.short)(column.value(sums)) for column in columns]
