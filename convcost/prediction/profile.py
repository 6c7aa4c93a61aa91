"""A machine's profile: its time models and where they come from, as a record and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from convcost.errors import ProfileError, nearest
from convcost.prediction.machine import Machine
from convcost.prediction.model import TimeModel
from convcost.prediction.rows import Row
from convcost.strict import Unreadable, read, text_of

VERSION = 3
"""Of the form, and of what the terms mean: coefficients are of no use with other terms."""
SHIPPED = Path(__file__).parent.parent / "profiles"
"""The profiles that come with convcost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where, when and with what a profile was calibrated."""

    date: str
    system: str
    python: str
    convcost: str
    framework: str
    environment: Mapping[str, str]
    seed: int
    calibration_seconds: float
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A machine and what was calibrated on it: layer by layer, fused, and training steps.

    ``rows`` are what was measured, for a second calibration to add to; a profile that is
    handed on may leave them out. What was not calibrated is None.
    """

    version: int = VERSION
    name: str
    machine: Machine
    origin: Origin
    unfused: TimeModel | None
    fused: TimeModel | None
    training: TimeModel | None
    rows: tuple[Row, ...] = ()
    fused_rows: tuple[Row, ...] = ()
    training_rows: tuple[Row, ...] = ()


def to_json(profile: Profile) -> str:
    """Write a profile."""
    return json.dumps(asdict(profile), indent=1) + "\n"


def from_json(text: str, source: str = "profile") -> Profile:
    """Read a profile.

    Raises: ProfileError that names the source and the key, for anything unexpected.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise ProfileError(f"{source}: not JSON: {error}") from None
    version = content.get("version") if isinstance(content, dict) else None
    if version != VERSION:
        message = f"{source}: version: expected {VERSION}, found {version!r}"
        raise ProfileError(f"{message}; convcost calibrate makes one anew")
    try:
        return read(Profile, content)
    except Unreadable as error:
        raise ProfileError(f"{source}: {error}") from None


def load_profile(path: Path) -> Profile:
    """Read a profile from a file.

    Raises: ProfileError if it cannot be read, or is not one.
    """
    try:
        text = text_of(path)
    except Unreadable as error:
        raise ProfileError(str(error)) from None
    return from_json(text, str(path))


def user_folder() -> Path:
    """Return where this user's own profiles are."""
    from platformdirs import user_data_path  # needed here alone

    return user_data_path("convcost", appauthor=False) / "profiles"


def known_profiles() -> dict[str, Path]:
    """Return the files of all profiles by name: the user's own, then those that are shipped."""
    found: dict[str, Path] = {}
    for folder in (user_folder(), SHIPPED):
        for path in sorted(folder.glob("*.json")):
            found.setdefault(path.stem, path)
    return found


def is_shipped(path: Path) -> bool:
    """Whether a profile came with convcost: it is of the machine convcost was developed on."""
    return path.parent == SHIPPED


def find_profile(name: str | None = None) -> Path:
    """Return the file of a profile by its name or path.

    Without one it is the newest of the user's own, else a shipped one.

    Raises: ProfileError if there is none.
    """
    if name is not None and Path(name).suffix == ".json":
        return Path(name)
    known = known_profiles()
    if name is None:
        own = [path for path in known.values() if not is_shipped(path)]
        if own:
            return max(own, key=lambda path: path.stat().st_mtime)
        if known:
            return next(iter(known.values()))
        raise ProfileError(
            "no profile of a machine is known: make one with convcost calibrate, or give a"
            " file with --profile"
        )
    if name not in known:
        raise ProfileError(f"unknown profile {name!r}; {nearest(name, known)}")
    return known[name]
