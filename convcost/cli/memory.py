"""``convcost memory``: what is alive when."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcost.budget import parse_amount, parse_bytes
from convcost.cli import options
from convcost.cli.analysis import Choices, analysed, loaded
from convcost.cli.output import emit, write
from convcost.errors import UsageError

if TYPE_CHECKING:
    from convcost.cost import NetworkCost
    from convcost.formulas import SymbolicNetwork
    from convcost.report.memory import Roofline


def memory(
    network: options.Network,
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    dtype: options.Dtype = "float32",
    training: options.Training = False,
    optimizer: options.Optimizer = "sgd",
    allocator: options.Allocator = "first-fit",
    schedule: Annotated[
        Literal["topological", "best"],
        typer.Option(help="Run the layers as written, or search for an order with a lower peak."),
    ] = "topological",
    im2col: Annotated[
        bool, typer.Option("--im2col", help="Convolutions by a matrix of one image's patches.")
    ] = False,
    peak: Annotated[
        str | None, typer.Option(metavar="OPS", help="Operations a second, such as 4T.")
    ] = None,
    bandwidth: Annotated[
        str | None, typer.Option(metavar="BYTES", help="Bytes a second, such as 200GB.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the curve: .svg or .png.")
    ] = None,
    symbolic: Annotated[
        bool, typer.Option("--symbolic", help="Formulas in place of numbers.")
    ] = False,
    free: options.Free = "N,H,W",
    assume: options.Assume = None,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show the memory alive at every layer, the peak, and what it is made of."""
    options.require_training(optimizer, training=training)
    if symbolic:
        if (
            batch != 1
            or dtype != "float32"
            or schedule == "best"
            or im2col
            or peak
            or plot
            or allocator != "first-fit"
        ):
            raise UsageError(
                "--symbolic has N for the batch and float32: it takes --input, --set, --preset,"
                " --training, --optimizer, --free, --assume, --format and --output only"
            )
        from convcost.formulas import SymbolicNetwork

        closed = SymbolicNetwork(
            loaded(network, input_, settings, preset, allow_unknown=allow_unknown, examples=True),
            free=options.parse_names(free),
            assume=assume or (),
            training=training,
        )
        return _closed_forms(closed, optimizer, format_, output)
    if assume or free != "N,H,W":
        raise UsageError("--free and --assume need --symbolic")
    roofline = _roofline(peak, bandwidth)
    cost = analysed(
        network, Choices(batch, input_, settings, preset, dtype, training, allow_unknown)
    )
    cost, found = _ordered(cost) if schedule == "best" else (cost, "")
    from convcost.memory.footprint import Footprint
    from convcost.report.memory import MemoryReport

    report = MemoryReport(Footprint(cost, optimizer, im2col), allocator, found, roofline)
    if plot is not None:
        from convcost.report.plot import memory_curve

        write(plot, memory_curve(report.footprint, plot))
    return emit(report.as_json() if format_ == "json" else report, output)


def _closed_forms(
    closed: SymbolicNetwork,
    optimizer: str,
    format_: Literal["table", "json"],
    output: Path | None,
) -> None:
    """Print a network's memory as formulas."""
    from convcost.formulas.export import several

    form = "json" if format_ == "json" else "text"
    emit(several(list(closed.memory(optimizer)), form), output)


def _ordered(cost: NetworkCost) -> tuple[NetworkCost, str]:
    """Return the layers in the order with the lowest peak that is found, and what to say of it."""
    from convcost.memory.schedule import best

    search = best(replace(cost, training=False))
    return replace(cost, layers=search.cost.layers), str(search)


def _roofline(peak: str | None, bandwidth: str | None) -> Roofline | None:
    """Read a machine's limits, both or none."""
    from convcost.report.memory import Roofline

    if peak is None and bandwidth is None:
        return None
    if peak is None or bandwidth is None:
        raise UsageError("--peak and --bandwidth say together what binds a layer: give both")
    most = parse_amount("--peak", peak), parse_bytes("--bandwidth", bandwidth)
    if 0 in most:
        raise UsageError("--peak and --bandwidth must be more than 0")
    return Roofline(*most)
