"""``convcost plans``: the memory that MXNet plans, beside the model of its planner."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.analyse import analyse
from convcost.catalogue import known_networks
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit
from convcost.errors import MeasurementError
from convcost.graph import Network, build


def plans(
    networks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NET|FILE...]", help="All that are known if none is given."),
    ] = None,
    batches: Annotated[
        str, typer.Option("--batch", metavar="N,N,...", help="Images in a batch.")
    ] = "1,8,32,128",
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show what MXNet's executor plans for inference and training, and what convcost says."""
    from rich.console import Console
    from rich.progress import track

    from convcost.measure.plans import planned_megabytes
    from convcost.memory.mxnet import planned
    from convcost.report.plans import Comparison, Plan

    made: list[Network] = [
        loaded(name, input_, settings, preset, allow_unknown=allow_unknown)
        for name in networks or []
    ]
    made = made or [build(spec) for spec in known_networks()]
    sizes = options.parse_counts("--batch", batches)
    found, failed = [], {}
    progress = Console(stderr=True)
    for network in track(made, "MXNet plans", console=progress, disable=not progress.is_terminal):
        costs = [
            analyse(network, batch=batch, training=training)
            for training in (False, True)
            for batch in sizes
        ]
        try:
            measured = planned_megabytes(costs)
        except MeasurementError as error:
            failed[network.name] = error.problems[0].message
            continue
        found += [
            Plan(cost.network, int(cost.input.n), cost.training, planned(cost), megabytes)
            for cost, megabytes in zip(costs, measured, strict=True)
        ]
    comparison = Comparison(found, failed)
    emit(comparison.as_json() if format_ == "json" else comparison, output)
    if failed or not comparison.exact:
        raise typer.Exit(1)
