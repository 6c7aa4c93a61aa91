"""``convcost measure``: MXNet builds and runs the same network, and is asked what it did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcost.budget import parse_bytes
from convcost.catalogue import known_networks
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.measuring import (
    INTERRUPTED,
    Batches,
    Device,
    Step,
    Threads,
    measured,
    open_session,
)
from convcost.cli.output import emit, write
from convcost.errors import UsageError

if TYPE_CHECKING:
    from convcost.measure.result import Result


def measure(
    networks: Annotated[
        list[str] | None, typer.Argument(metavar="NET|FILE...", show_default=False)
    ] = None,
    all_: Annotated[
        bool, typer.Option("--all", help="All networks that come with convcost.")
    ] = False,
    batches: Batches = "1",
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    device: Device = "auto",
    training: Step = False,
    timed: Annotated[
        bool, typer.Option("--time/--no-time", help="Compare only, and time nothing.")
    ] = True,
    rounds: Annotated[int, typer.Option(min=3, help="How often to time each network.")] = 20,
    threads: Threads = None,
    seconds: Annotated[
        float, typer.Option(min=1, metavar="LIMIT", help="At most, for each process.")
    ] = 300,
    memory: Annotated[
        str | None,
        typer.Option(metavar="LIMIT", help="Address space of each process, such as 8GiB."),
    ] = None,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write the results there, as JSON.")
    ] = None,
) -> None:
    """Compare shapes, parameters, multiplies and memory with MXNet's, and time it.

    Every measurement runs in a process of its own: what fails there is told, and the rest
    goes on. The times of several networks are taken in turns. Ctrl-C stops, and keeps what
    was measured.
    """
    if all_ == bool(networks):
        raise UsageError("give networks, or --all alone")
    from convcost.measure.result_files import to_json
    from convcost.measure.session import interrupted
    from convcost.report.verdict import Verdict

    names = networks or [spec.name for spec in known_networks()]
    made = [loaded(name, input_, settings, preset, allow_unknown=allow_unknown) for name in names]
    cases = [(network, n) for network in made for n in options.parse_counts("--batch", batches)]
    limit = None if memory is None else parse_bytes("--memory", memory)
    session = open_session(
        device, threads, rounds=rounds, seconds=seconds, memory=limit, timed=timed
    )

    def keep(found: list[Result]) -> None:
        if output is not None:
            write(output, to_json(found))

    found = measured(session, cases, training=training, after=keep)
    verdict = Verdict(found)
    emit(to_json(found) if format_ == "json" else verdict, None)
    if interrupted(found):
        raise typer.Exit(INTERRUPTED)
    if not verdict.agrees:
        raise typer.Exit(1)
