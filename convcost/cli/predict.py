"""``convcost predict``: how long a network takes on a machine that was calibrated."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

import typer

from convcost.analyse import analyse
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit
from convcost.errors import UsageError

if TYPE_CHECKING:
    from convcost.graph import Network
    from convcost.prediction.gpus import Gpu
    from convcost.prediction.network import Way
    from convcost.prediction.profile import Profile


def predict(
    network: options.Network,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="A profile's name or file, or a GPU of convcost profiles for a lower bound. Else"
            " this user's newest, else the one that comes with convcost.",
            show_default=False,
        ),
    ] = None,
    batch: options.Batch = 1,
    fused: Annotated[
        bool | None,
        typer.Option(
            "--fused/--unfused",
            help="As MXNet fuses by default, or layer by layer. Fused if the profile has it.",
            show_default=False,
        ),
    ] = None,
    training: Annotated[
        bool, typer.Option("--training", help="A training step, not inference.")
    ] = False,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    depth: Annotated[
        int | None, typer.Option(min=1, metavar="K", help="Levels of blocks to show.")
    ] = None,
    symbolic: Annotated[bool, typer.Option("--symbolic", help="The seconds as a formula.")] = False,
    free: options.Free = "N,H,W",
    assume: options.Assume = None,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Predict how long every layer takes and the whole, between which bounds, and what binds it.

    Needs no MXNet: times come from a profile, which convcost calibrate makes of a machine.
    """
    if training and fused:
        raise UsageError("--training is not fused: MXNet fuses at inference only")
    if (assume or free != "N,H,W") and not symbolic:
        raise UsageError("--free and --assume need --symbolic")
    if symbolic and (batch != 1 or depth is not None):
        raise UsageError(
            "--symbolic is of the whole, with N for the batch (--free H,W leaves it at 1): it takes"
            " no --batch and no --depth"
        )
    made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown, examples=symbolic)
    from convcost.prediction.gpus import gpus

    if profile in gpus():
        if training or symbolic or fused is not None or depth is not None:
            raise UsageError(
                f"{profile} has a lower bound of inference alone: no --training, --symbolic,"
                " --depth, --fused or --unfused"
            )
        return _bound(made, gpus()[profile], batch, format_, output)
    from convcost.prediction.profile import find_profile, is_shipped, load_profile

    path = find_profile(profile)
    found = load_profile(path)
    way = _way(found, fused, training=training)
    if symbolic:
        asked = _Formula(options.parse_names(free), assume or ())
        return _symbolic(made, found, way, asked, format_, output)
    from convcost.prediction.network import block_times, network_time
    from convcost.prediction.throughput import throughput
    from convcost.report.prediction import Prediction

    cost = analyse(made, batch=batch, training=training)
    time, sizes = network_time(cost, found, way), throughput(made, found, way)
    blocks = None if depth is None else block_times(cost, found, way, depth)
    report = Prediction(cost, found, is_shipped(path), way, time, sizes, blocks)
    return emit(report.as_json() if format_ == "json" else report, output)


def _way(profile: Profile, fused: bool | None, *, training: bool) -> Way:  # noqa: FBT001
    """Return how the network runs: fused, if nothing else is asked for and the profile has it."""
    if training:
        return "training"
    if fused is None:
        fused = profile.fused is not None
    return "fused" if fused else "unfused"


def _bound(network: Network, gpu: Gpu, batch: int, format_: str, output: Path | None) -> None:
    from convcost.prediction.gpus import bound
    from convcost.report.prediction import LowerBound

    cost = analyse(network, batch=batch)
    report = LowerBound(cost, gpu, bound(cost, gpu))
    emit(report.as_json() if format_ == "json" else report, output)


class _Formula(NamedTuple):
    """What of a formula is left free, and assumed."""

    free: Sequence[str]
    assume: Sequence[str]


def _symbolic(
    network: Network, profile: Profile, way: Way, asked: _Formula, format_: str, output: Path | None
) -> None:
    from convcost.prediction.symbolic import time_formula

    formula = time_formula(network, profile, way, free=asked.free, assume=asked.assume)
    emit(formula.as_json() if format_ == "json" else formula.as_text(), output)
