"""``convcost calibrate``: a profile of this machine, for predicting times."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convcost.budget import parse_seconds
from convcost.cli.measuring import Device, Threads, open_session, telling
from convcost.cli.output import emit, write
from convcost.errors import MissingDependencyError

if TYPE_CHECKING:
    from convcost.prediction.profile import Profile

Budget = Annotated[
    str, typer.Option(metavar="TIME", help="How long to measure, at least a minute or so: 5m, 90s.")
]

_MISSING = "calibrating needs SciPy: pip install 'convcost[calibrate]', on Python 3.11"
_ROUNDS = 4


def calibrate(
    device: Device = "auto",
    threads: Threads = None,
    budget: Budget = "5m",
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of the processor, if not given.", show_default=False),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to write it: else among this user's own profiles."
        ),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget what an earlier run measured for this name.")
    ] = False,
    compact: Annotated[
        bool,
        typer.Option(
            "--compact", help="To hand on: without what was measured, so nothing can be added."
        ),
    ] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Kept in the profile.")] = "",
) -> None:
    """Measure what this machine takes for layers as real networks have them.

    Synthetic networks of drawn sizes are run, layer by layer, fused, and in training; no
    network that comes with convcost is among them. Ctrl-C stops, and what was measured is
    kept; another run under the same name adds to it.
    """
    require_scipy()
    from convcost.measure.calibration import profiles, run, sheets
    from convcost.prediction.profile import load_profile, to_json, user_folder

    seconds = parse_seconds("--budget", budget)
    session = open_session(device, threads, rounds=_ROUNDS)
    name = name or profiles.default_name(session)
    path = output or user_folder() / f"{name}.json"
    earlier = load_profile(path) if path.exists() and not anew else None
    if earlier is not None:
        profiles.require_same(profiles.described(session, 0.0), earlier)
    source = sheets.sheets(sheets.SEED, skip=profiles.sheets_in(earlier))
    calibration = run.Calibration(session, source)
    with telling() as told:
        calibration.run(seconds, told)
        if told is not None:
            told("fitting")
        found = profiles.profile_of(
            calibration, name=name, seed=sheets.SEED, earlier=earlier, note=note
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    if compact:
        found = replace(found, rows=(), fused_rows=(), training_rows=())
    write(path, to_json(found))
    emit("\n".join([*_lines(found, calibration.failures), f"written to {path}"]), None)


def _lines(profile: Profile, failures: list[str]) -> list[str]:
    """Say what was measured, how well it fits, and what went wrong."""
    models = {"unfused": profile.unfused, "fused": profile.fused, "training": profile.training}
    lines = [f"{profile.name}: {profile.origin.calibration_seconds:.0f} s of measuring"]
    lines += [
        f"  {way}: {model.rows} rows, mean error {model.held_out.mean_error:.1%} on rows kept"
        " out of the fit"
        for way, model in models.items()
        if model is not None
    ]
    return [*lines, *(f"  failed: {failure}" for failure in failures)]


def require_scipy() -> None:
    """Raise MissingDependencyError if SciPy is not installed."""
    from importlib.util import find_spec

    if find_spec("scipy") is None:
        raise MissingDependencyError(_MISSING)
