"""The memory that MXNet plans beside the model's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.report.records import dumps

_MB = 2**20  # as MXNet has it


@dataclass(frozen=True, slots=True)
class Plan:
    """A pass of a network: bytes as predicted, and MB of 2**20, rounded down, as MXNet says."""

    network: str
    batch: int
    training: bool
    predicted_bytes: int
    planned_megabytes: int

    @property
    def error(self) -> float:
        """The predicted whole MB less the planned, in percent of the planned."""
        difference = self.predicted_bytes // _MB - self.planned_megabytes
        return 100 * difference / self.planned_megabytes if difference else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans of networks, and why some have none."""

    plans: Sequence[Plan]
    failed: Mapping[str, str]

    @property
    def exact(self) -> bool:
        """Whether every prediction is what MXNet prints."""
        return all(plan.error == 0 for plan in self.plans)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw a row for each network and batch, and what it comes to."""
        del console, options
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.padding = (0, 1, 0, 0)
        table.add_column("MB of 2**20", no_wrap=True)
        for head in ("batch", "inference", "MXNet", "error", "training", "MXNet", "error"):
            table.add_column(head, justify="right", no_wrap=True)
        rows: dict[tuple[str, int], list[str]] = {}
        for plan in sorted(self.plans, key=lambda plan: plan.training):
            cells = [plan.predicted_bytes // _MB, plan.planned_megabytes]
            row = rows.setdefault((plan.network, plan.batch), [])
            row += [*(f"{cell:,}" for cell in cells), f"{plan.error:.2f}%"]
        for (network, batch), cells_ in rows.items():
            table.add_row(network, str(batch), *cells_)
        yield table
        for name, training in (("inference", False), ("training", True)):
            yield Text(self._summary(name, training=training))
        for network, reason in self.failed.items():
            yield Text(f"{network}: {reason}", style="red")

    def as_json(self) -> str:
        """Write the plans, with bytes and errors."""
        plans = [{**asdict(plan), "error_percent": plan.error} for plan in self.plans]
        return dumps({"plans": plans, "failed": self.failed})

    def _summary(self, name: str, *, training: bool) -> str:
        errors = [plan.error for plan in self.plans if plan.training == training]
        if not errors:
            return f"{name}: no plans"
        exact = sum(error == 0 for error in errors)
        worst = max(errors, key=abs)
        middle = median(map(abs, errors))
        return (
            f"{name}: {exact} of {len(errors)} exact, median error {middle:.2f}%,"
            f" worst {worst:.2f}%"
        )
