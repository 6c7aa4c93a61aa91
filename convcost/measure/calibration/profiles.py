"""From what a run measured to a profile, alone or together with an earlier one's rows."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from convcost import __version__
from convcost.errors import ProfileError
from convcost.measure.calibration.hardware import machine
from convcost.measure.calibration.run import WAYS, Calibration
from convcost.measure.provenance import processor
from convcost.measure.session import Session
from convcost.prediction.machine import Machine
from convcost.prediction.model import TimeModel
from convcost.prediction.network import Way
from convcost.prediction.profile import Origin, Profile
from convcost.prediction.rows import Row

_SHEET = re.compile(r"sheet(\d+)\.")
_ROWS = {"unfused": "rows", "fused": "fused_rows", "training": "training_rows"}
_SAME = ("processor", "device", "threads", "lanes")  # what rows of two runs must agree in


def sheets_in(profile: Profile | None) -> int:
    """Return how many sheets a profile has rows of."""
    rows = [] if profile is None else [row for way in WAYS for row in rows_of(profile, way)]
    numbers = [int(found[1]) for row in rows if (found := _SHEET.match(row.group))]
    return max(numbers, default=-1) + 1


def rows_of(profile: Profile, way: Way) -> tuple[Row, ...]:
    """Return the rows of one way to run."""
    rows: tuple[Row, ...] = getattr(profile, _ROWS[way])
    return rows


def default_name(session: Session) -> str:
    """Return a name made of what is measured: the processor and its threads."""
    words = re.findall(r"[a-z0-9]+", _processor(session).lower())
    return "-".join([*words, str(session.threads), "threads"])


def described(session: Session, reference: float) -> Machine:
    """Return the machine that a session measures."""
    return machine(
        _processor(session),
        session.machine.device,
        session.threads,
        session.ceilings,
        reference,
    )


def require_same(machine: Machine, profile: Profile) -> None:
    """Require a profile to be of this machine, before it is added to.

    Raises: ProfileError if it is not.
    """
    for name in _SAME:
        known, found = getattr(profile.machine, name), getattr(machine, name)
        if known != found:
            raise ProfileError(
                f"the profile {profile.name!r} is of another machine, its {name} {known}, not"
                f" {found}: give another --name, or --anew"
            )


def profile_of(
    calibration: Calibration,
    *,
    name: str,
    seed: int,
    earlier: Profile | None = None,
    note: str = "",
) -> Profile:
    """Fit models to all rows, those of an earlier profile included.

    Raises: ProfileError if that is of another machine.
    """
    session, seconds = calibration.session, calibration.seconds
    here = described(session, calibration.reference())
    if earlier is not None:
        require_same(here, earlier)
        seconds += earlier.origin.calibration_seconds
        least = min(here.reference_seconds, earlier.machine.reference_seconds)
        here = replace(here, reference_seconds=least)
    rows = {way: _together(calibration, earlier, way, here) for way in WAYS}
    return Profile(
        name=name,
        machine=here,
        origin=_origin(session, seed, seconds, note),
        unfused=_model(rows["unfused"], here),
        fused=_model(rows["fused"], here),
        training=_model(rows["training"], here),
        rows=tuple(rows["unfused"]),
        fused_rows=tuple(rows["fused"]),
        training_rows=tuple(rows["training"]),
    )


def _together(
    calibration: Calibration, earlier: Profile | None, way: Way, here: Machine
) -> list[Row]:
    """Return the rows of both, as if the fixed kernel had taken the same for either."""
    rows = calibration.rows(way, here)
    if earlier is None:
        return rows
    scale = here.reference_seconds / earlier.machine.reference_seconds
    return [*(row.scaled(scale) for row in rows_of(earlier, way)), *rows]


def _model(rows: Sequence[Row], here: Machine) -> TimeModel | None:
    from convcost.prediction.fit import fit  # SciPy comes with it

    return fit(rows, here) if rows else None


def _processor(session: Session) -> str:
    return session.machine.processor or processor()


def _origin(session: Session, seed: int, seconds: float, note: str) -> Origin:
    found = session.machine
    return Origin(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        system=platform.platform(),
        python=platform.python_version(),
        convcost=__version__,
        framework=f"{session.backend.name} {found.versions.get(session.backend.name, '')}".strip(),
        environment=session.backend.environment(threads=session.threads),
        seed=seed,
        calibration_seconds=seconds,
        note=note,
    )
