"""``convcost receptive``: what the outputs of every layer see of the input."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.analyse import analyse
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit


def receptive(
    network: options.Network,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show the receptive field of every layer: its size, stride and padding in input pixels."""
    from convcost.receptive_field import receptive_fields
    from convcost.report.receptive import Receptive

    shown = Receptive(
        receptive_fields(
            analyse(loaded(network, input_, settings, preset, allow_unknown=allow_unknown))
        )
    )
    emit(shown.as_json() if format_ == "json" else shown, output)
