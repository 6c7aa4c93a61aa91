"""``convcost graph``: a network as a drawing, or as a graph for other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcost.analyse import analyse
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit

if TYPE_CHECKING:
    from convcost.report.drawing.picture import Picture


def graph(
    network: options.Network,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    batch: options.Batch = 1,
    depth: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Levels of blocks to draw.")
    ] = None,
    format_: Annotated[
        Literal["dot", "graphml", "json", "mermaid", "svg"],
        typer.Option("--format", help="svg is a picture; dot and mermaid are drawn by others."),
    ] = "dot",
    output: options.Output = None,
) -> None:
    """Write a network's layers and what flows between them as a graph."""
    from convcost.report.drawing.picture import picture

    made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown)
    emit(_written(picture(made, analyse(made, batch=batch), depth), format_), output)


def _written(drawn: Picture, format_: str) -> str:
    from convcost.report.drawing import data, dot, mermaid

    if format_ == "svg":
        from convcost.report.drawing.svg import as_svg

        return as_svg(drawn)
    writers = {
        "dot": dot.as_dot,
        "graphml": data.as_graphml,
        "json": data.as_json,
        "mermaid": mermaid.as_mermaid,
    }
    return writers[format_](drawn)
