"""``convcost fit``: the largest batch and the largest image that fit into a memory."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.budget import parse_bytes
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit
from convcost.errors import UsageError
from convcost.layers.structure import IMAGE


def fit(
    network: options.Network,
    memory: Annotated[str, typer.Option(metavar="SIZE", help="How much there is, such as 8GiB.")],
    reserve: Annotated[
        str, typer.Option(metavar="SIZE", help="Of it, what the framework keeps for itself.")
    ] = "512MiB",
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    dtype: options.Dtype = "float32",
    training: options.Training = False,
    optimizer: options.Optimizer = "sgd",
    allocator: options.Allocator = "first-fit",
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Say whether a batch fits, and find the largest batch and the largest square image."""
    from convcost.memory.fit import Setting
    from convcost.report.fit import FitReport

    options.require_training(optimizer, training=training)
    kept = parse_bytes("--reserve", reserve)
    available = parse_bytes("--memory", memory) - kept
    if available <= 0:
        raise UsageError(f"--reserve {reserve} leaves nothing of --memory {memory}")
    made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown)
    setting = Setting(available, dtype, training, optimizer, allocator)
    report = FitReport(
        made,
        setting,
        kept,
        batch,
        setting.total(made, batch),
        setting.largest_batch(made),
        setting.largest_square(made, batch) if len(made.extents) == len(IMAGE) else None,
    )
    remark = setting.remark(made)
    if remark:
        typer.echo(f"note: {made.name}: bytes are {remark}", err=True)
    emit(report.as_json() if format_ == "json" else report.text(), output)
