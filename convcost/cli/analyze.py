"""``convcost analyze``: the cost of every layer of a network."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import analysed
from convcost.cli.output import emit


def analyze(
    network: options.Network,
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
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
    convention: options.ConventionName = None,
    format_: Annotated[
        Literal["table", "json", "csv", "markdown"],
        typer.Option("--format", help="json and csv have every layer and every number."),
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show what every layer of a network costs, and the whole."""
    cost = analysed(
        network,
        batch=batch,
        input_=input_,
        settings=settings,
        preset=preset,
        dtype=dtype,
        training=training,
    )
    conventional = None
    if convention is not None:
        from convcost.conventions import count

        conventional = count(cost, convention)
    if format_ == "json":
        from convcost.report.records import document, dumps

        return emit(dumps(document(cost, conventional)), output)
    if format_ == "csv":
        from convcost.report.records import as_csv

        for note in cost.notes:
            typer.echo(f"note: {note.layer}: {note.message}", err=True)
        return emit(as_csv(list(cost.layers)), output)
    from convcost.report.rows import rows

    shown = rows(cost, depth=depth, sort=sort, top=top)
    if format_ == "markdown":
        from convcost.report.markdown import analysis

        return emit(analysis(cost, shown, conventional), output)
    from convcost.report.terminal import Analysis

    return emit(Analysis(cost, shown, conventional), output)
