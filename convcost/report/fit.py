"""What fits into a memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from convcost.dims import Dim
from convcost.graph import Network
from convcost.memory.fit import Fit, Setting
from convcost.report import units
from convcost.report.records import dumps


@dataclass(frozen=True, slots=True)
class FitReport:
    """What a batch takes, and the largest batch and square image that fit."""

    network: Network
    setting: Setting
    reserve: int
    batch: int
    total: int
    largest_batch: Fit
    largest_square: Fit | None

    def text(self) -> str:
        """Write a verdict, and a line for each search."""
        setting, available = self.setting, _bytes(self.setting.memory)
        how = f"training with {setting.optimizer}" if setting.training else "inference"
        verdict = "fits" if self.total <= setting.memory else "does not fit"
        shape = "×".join(map(str, self._extents))
        lines = [
            f"{self.network.name}, {how}, {setting.dtype}, {setting.allocator} allocator,"
            f" {available} to use",
            f"  batch {self.batch:,} at {shape} takes {_bytes(self.total)}: {verdict}",
            "  " + _found(f"largest batch at {shape}", "batch", self.largest_batch),
        ]
        if self.largest_square is not None:
            square = f"largest square image in a batch of {self.batch:,}"
            lines.append("  " + _found(square, "side", self.largest_square))
        return "\n".join(lines)

    def as_json(self) -> str:
        """Write it as plain data."""
        return dumps(
            {
                "network": self.network.name,
                "input": self._extents,
                **asdict(self.setting),
                "memory": self.setting.memory + self.reserve,
                "reserve": self.reserve,
                "batch": self.batch,
                "total": self.total,
                "fits": self.total <= self.setting.memory,
                "largest_batch": asdict(self.largest_batch),
                "largest_square": asdict(self.largest_square) if self.largest_square else None,
            }
        )

    @property
    def _extents(self) -> list[Dim]:
        return list(self.network.source.extents)


def _found(what: str, name: str, fit: Fit) -> str:
    beyond = f"{name} {fit.size + 1:,} takes {fit.next_total:,}"
    if fit.total is None:
        return f"{what}: none fits"
    return f"{what}: {fit.size:,}\n    takes {_bytes(fit.total)}; {beyond}"


def _bytes(size: int) -> str:
    return f"{size:,} bytes ({units.size(size)})"
