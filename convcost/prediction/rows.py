"""What calibrating measured: the terms of an operation, and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One operation, timed. Rows of one ``group`` share their noise: a fold has all of them.

    Of its seconds ``listening`` are those that hearing of its end takes, which no term tells.
    """

    kernel: str
    terms: Mapping[str, float]
    seconds: float
    listening: float = 0.0
    group: str = ""

    def scaled(self, factor: float) -> Row:
        """Return it as if all had taken so many times as long."""
        return replace(self, seconds=self.seconds * factor, listening=self.listening * factor)
