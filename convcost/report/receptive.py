"""Receptive fields: a row for each layer, and below a join one for each of its branches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.cost import Note
from convcost.dims import Dim
from convcost.receptive_field import Branch, Field, LayerField, ReceptiveFields
from convcost.report import units
from convcost.report.records import dumps, input_record
from convcost.report.terminal import notes_of

_MARK = "*"
_UNKNOWN = "?"
_DRIFTS = (
    "its branches have unequal strides; the field moves by the least and covers what every"
    " output sees"
)


@dataclass(frozen=True, slots=True)
class Receptive:
    """The receptive fields of a network's layers, as a table or as JSON."""

    fields: ReceptiveFields

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table, and below it what its marks mean."""
        del console, options
        fields, layers = self.fields, self.fields.layers
        title = f"receptive fields of {fields.network} at {units.shape(fields.input.shape)}"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
        table.padding = (0, 1, 0, 0)
        table.add_column("layer", overflow="fold")
        for head in ("output", "size ", "stride", "padding"):
            table.add_column(head, justify="right", no_wrap=True)
        square = all(layer.rows == layer.columns for layer in layers)  # and so their branches
        for layer in layers:
            mark = _MARK if _certain(layer.exceeds_input) is True else " "
            output = units.shape(layer.output.shape)
            table.add_row(Text(layer.name), output, *_cells(layer, mark, square=square))
            block = layer.name.rpartition(".")[0] + "."
            for branch in layer.branches:
                name = Text("  from " + branch.input.removeprefix(block))
                table.add_row(name, "", *_cells(branch, " ", square=square), style="dim")
        yield table
        yield from self._explanations()
        yield from notes_of(
            [Note("unequal-strides", each.name, _DRIFTS) for each in layers if each.drifts]
        )

    def as_json(self) -> str:
        """Write every field; a size that depends on a symbol is text."""
        return dumps(
            {
                "network": self.fields.network,
                "input": input_record(self.fields.input),
                "layers": records(self.fields),
            }
        )

    def _explanations(self) -> RenderResult:
        layers, given = self.fields.layers, self.fields.input
        if any(_certain(layer.exceeds_input) is True for layer in layers):
            of = "×".join(map(str, given.shape[2:]))
            yield Text(f"{_MARK} larger than the input of {of}", style="dim")
        if any(layer.rows is None for layer in layers):
            yield Text(f"{_UNKNOWN} unknown: behind what is uncounted", style="dim")
        known = [axis for layer in layers for axis in (layer.rows, layer.columns) if axis]
        if any(axis.size == 0 for axis in known):
            yield Text("size 0: depends on other inputs alone", style="dim")
        if any(axis.stride == 0 and axis.size != 0 for axis in known):
            yield Text("stride 0: all outputs have the same field", style="dim")


def _cells(what: LayerField | Branch, mark: str, *, square: bool) -> list[str]:
    """Write size, stride and padding, once where rows and columns agree in the whole table."""

    def both(value: Callable[[Field], Dim]) -> str:
        axes = [what.rows] if square else [what.rows, what.columns]
        return "×".join(_UNKNOWN if axis is None else _number(value(axis)) for axis in axes)

    return [
        both(lambda field: field.size) + mark,
        both(lambda field: field.stride),
        both(lambda field: field.padding),
    ]


def _number(value: Dim | Fraction) -> str:
    """Write a number; behind a transposed convolution it may be a fraction."""
    return str(value) if isinstance(value, Fraction) else units.exact(value)


def records(fields: ReceptiveFields) -> list[dict[str, Any]]:
    """Return every layer's field as plain data."""
    return [_record(layer) for layer in fields.layers]


def _record(layer: LayerField) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "rows": _axis(layer.rows),
        "columns": _axis(layer.columns),
        "exceeds_input": _certain(layer.exceeds_input),
        "branches": [
            {
                "input": branch.input,
                "rows": _axis(branch.rows),
                "columns": _axis(branch.columns),
            }
            for branch in layer.branches
        ],
    }


def _axis(field: Field | None) -> dict[str, Dim] | None:
    if field is None:
        return None
    return {"size": field.size, "stride": field.stride, "padding": field.padding}


def _certain(condition: Any) -> Any:
    """Return true or false as Python has them, and what a symbol decides as it is."""
    return bool(condition) if condition in (True, False) else condition
