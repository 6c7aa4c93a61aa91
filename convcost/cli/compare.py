"""``convcost compare``: networks side by side."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import Choices, analysed
from convcost.cli.output import emit


def compare(
    networks: Annotated[
        list[str], typer.Argument(metavar="NET|FILE...", help="Networks, or spec files (.yaml).")
    ],
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    dtype: options.Dtype = "float32",
    training: options.Training = False,
    by: Annotated[
        Literal["total", "kind"], typer.Option(help="Compare the whole, or each kind of layer.")
    ] = "total",
    memory: Annotated[
        bool, typer.Option("--memory", help="Compare what memory they take.")
    ] = False,
    optimizer: options.Optimizer = "sgd",
    allocator: options.Allocator = "first-fit",
    convention: options.ConventionName = None,
    format_: Annotated[
        Literal["table", "json", "markdown"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show networks side by side, with ratios to the first."""
    options.require_training(optimizer, training=training)
    from convcost.report import comparison

    costs = [
        analysed(network, Choices(batch, input_, settings, preset, dtype, training, allow_unknown))
        for network in networks
    ]
    counts = []
    if convention is not None:
        from convcost.conventions import count

        counts = [count(cost, convention) for cost in costs]
    sizes = []
    if memory:
        from convcost.memory.footprint import Footprint

        sizes = [Footprint(cost, optimizer).sizes(allocator) for cost in costs]
    compared = comparison.Comparison(costs, counts, sizes, by_kind=by == "kind")
    if format_ == "json":
        return emit(compared.as_json(), output)
    if format_ == "markdown":
        return emit(compared.as_markdown(), output)
    return emit(compared, output)
