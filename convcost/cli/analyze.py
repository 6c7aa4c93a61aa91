"""``convcost analyze``: the cost of every layer of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import Choices, analysed, loaded
from convcost.cli.output import emit
from convcost.errors import UsageError
from convcost.training import training_step

if TYPE_CHECKING:
    from rich.console import RenderableType

    from convcost.conventions import Conventional
    from convcost.cost import NetworkCost
    from convcost.graph import Network


def analyze(
    network: options.Network,
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    dtype: options.Dtype = "float32",
    training: options.Training = False,
    depth: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Levels of blocks to show.")
    ] = None,
    sort: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Largest first, by this column.")
    ] = None,
    top: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Show so many rows only.")
    ] = None,
    optimizer: options.Optimizer = "sgd",
    convention: options.ConventionName = None,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Formulas in place of numbers.")
    ] = False,
    free: options.Free = "N,H,W",
    assume: options.Assume = None,
    format_: Annotated[
        Literal["table", "json", "csv", "markdown", "latex"],
        typer.Option("--format", help="json and csv have every layer and every number."),
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show what every layer of a network costs, and the whole."""
    options.require_training(optimizer, training=training)
    if symbolic:
        if batch != 1 or dtype != "float32" or training or depth or sort or top or convention:
            raise UsageError(
                "--symbolic has every layer, N for the batch and float32: it takes --input, --set,"
                " --preset, --free, --assume, --format and --output only"
            )
        made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown, examples=True)
        return emit(_symbolic(made, options.parse_names(free), assume or [], format_), output)
    if assume or free != "N,H,W" or format_ == "latex":
        raise UsageError("--free, --assume and --format latex need --symbolic")
    cost = analysed(
        network, Choices(batch, input_, settings, preset, dtype, training, allow_unknown)
    )
    conventional = None
    if convention is not None:
        from convcost.conventions import count

        conventional = count(cost, convention)
    if format_ in {"json", "csv"}:
        return emit(_data(cost, optimizer, conventional, format_), output)
    from convcost.report.rows import rows

    shown = rows(cost, depth=depth, sort=sort, top=top)
    if format_ == "markdown":
        from convcost.report.markdown import analysis

        return emit(analysis(cost, shown, conventional), output)
    from convcost.report.terminal import Analysis

    step = training_step(cost, optimizer) if training else None
    return emit(Analysis(cost, shown, conventional, step), output)


def _data(
    cost: NetworkCost, optimizer: str, conventional: Conventional | None, format_: str
) -> str:
    """Return every layer and every number."""
    from convcost.report.records import as_csv, document, dumps, step_record

    if format_ == "json":
        from convcost.memory.footprint import Footprint
        from convcost.receptive_field import receptive_fields
        from convcost.report.memory import MemoryReport
        from convcost.report.receptive import records

        record = document(cost, conventional)
        if cost.training:
            record["training_step"] = step_record(training_step(cost, optimizer))
        record["memory"] = MemoryReport(Footprint(cost, optimizer)).record()
        record["receptive_fields"] = records(receptive_fields(cost))
        return dumps(record)
    if cost.remark:
        typer.echo(f"note: {cost.network}: {cost.remark}", err=True)
    for note in cost.notes:  # for which CSV has no place
        typer.echo(f"note: {note.layer}: {note.message}", err=True)
    return as_csv(list(cost.layers))


def _symbolic(
    network: Network, free: list[str], assume: list[str], format_: str
) -> str | RenderableType:
    """Return the table of formulas in a format."""
    from convcost.formulas import SymbolicNetwork
    from convcost.report.symbolic import SymbolicAnalysis

    analysis = SymbolicAnalysis(SymbolicNetwork(network, free=free, assume=assume))
    if format_ == "markdown":
        return analysis.markdown()
    if format_ == "latex":
        return analysis.latex()
    if format_ != "table":
        raise UsageError(f"--symbolic has no --format {format_}: table, markdown or latex")
    return analysis
