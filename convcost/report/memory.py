"""The memory of a network: its parts, its curve, and what is alive at the peak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from rich import box
from rich.bar import Bar
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.memory.footprint import Allocator, Footprint
from convcost.memory.program import Step
from convcost.report import units
from convcost.report.records import dumps
from convcost.report.titles import given
from convcost.traffic import Traffic, traffic

PARTS: Mapping[str, str] = MappingProxyType(
    {
        "parameters": "parameters",
        "statistics": "statistics",
        "gradients": "gradients",
        "master_parameters": "float32 parameters",
        "optimizer": "optimizer state",
        "input": "input",
        "workspace": "workspace",
        "activations_sum": "activations, the sum",
        "saved": "saved for the backward pass",
        "peak_ideal": "peak, at least",
        "peak_plan": "peak, planned",
        "total": "total",
    }
)
"""What the parts of a footprint are called."""

_SHOWN = 8  # tensors at the peak, before the rest is only counted


@dataclass(frozen=True, slots=True)
class Roofline:
    """A machine: scalar operations and bytes for every second, at most."""

    peak: int
    bandwidth: int

    def bound(self, moved: Traffic) -> str:
        """Return what limits a layer; nothing if it moves nothing."""
        if moved.intensity is None:
            return ""
        ridge = Fraction(self.peak, self.bandwidth)
        return "memory" if moved.intensity < ridge else "arithmetic"


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """A footprint with the numbers of one allocator; ``search`` says how the order was found."""

    footprint: Footprint
    allocator: Allocator = "first-fit"
    search: str = ""
    roofline: Roofline | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the curve, a row for each layer, then the parts and the peak."""
        del console, options
        yield self._curve()
        yield self._parts()
        yield from self._at_peak()

    def record(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        footprint, cost = self.footprint, self.footprint.cost
        found = {
            "network": cost.network,
            "batch": cost.input.n,
            "dtype": cost.dtype,
            "training": cost.training,
            "at_least": bool(cost.uncounted),
            "uncounted_operators": cost.operators,
            "allocator": self.allocator,
            "bytes": footprint.sizes(self.allocator),
            "peak_layer": self._peak.layer,
            "peak_step": self._peak.name,
            "peak_tensors": [
                {"tensors": buffer.tensors, "bytes": buffer.size}
                for buffer in footprint.alive_at_peak
            ],
            "layers": list(self._layers()),
        }
        if cost.training:
            found["optimizer"] = footprint.optimizer
        if self.search:
            found["schedule"] = self.search
        return found

    def as_json(self) -> str:
        """Write the record."""
        return dumps(self.record())

    @property
    def _peak(self) -> Step:
        step = self.footprint.peak_step
        return Step("", (), ()) if step is None else self.footprint.program.steps[step]

    def _layers(self) -> Iterator[dict[str, Any]]:
        back = self._backward()
        for layer, live in zip(self.footprint.cost.layers, self.footprint.live, strict=False):
            moved = traffic(layer)
            record = {
                "name": layer.name,
                "live_bytes": live,
                "bytes_read": moved.bytes_read,
                "bytes_written": moved.bytes_written,
                "intensity": None if moved.intensity is None else float(moved.intensity),
            }
            if self.footprint.cost.training:
                record["backward_live_bytes"] = back.get(layer.name)
            if self.roofline is not None:
                record["bound"] = self.roofline.bound(moved) or None
            yield record

    def _backward(self) -> dict[str, Any]:
        """Return the bytes alive at each layer's backward step."""
        steps = zip(self.footprint.program.steps, self.footprint.live, strict=True)
        return {step.layer: live for step, live in steps if step.backward}

    def _curve(self) -> Table:
        cost, footprint = self.footprint.cost, self.footprint
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=self._title())
        table.padding = (0, 1, 0, 0)
        table.add_column("layer")  # names give way before the numbers
        phases = ("forward", "backward") if cost.training else ("alive",)
        for phase in phases:
            table.add_column(phase, justify="right", no_wrap=True)
            table.add_column("", width=16 if len(phases) == 1 else 10, no_wrap=True, style="cyan")
        table.add_column("ops/byte", justify="right", no_wrap=True)
        if self.roofline is not None:
            table.add_column("bound by", no_wrap=True)
        back = self._backward()
        for index, layer in enumerate(cost.layers):
            moved = traffic(layer)
            cells = self._cell(footprint.live[index], index == footprint.peak_step)
            if cost.training:
                at_peak = self._peak.backward and self._peak.layer == layer.name
                cells += self._cell(back.get(layer.name), at_peak)
            cells.append("" if moved.intensity is None else f"{float(moved.intensity):.3g}")
            if self.roofline is not None:
                cells.append(self.roofline.bound(moved))
            table.add_row(Text(layer.name, no_wrap=True, overflow="ellipsis"), *cells)
        return table

    def _cell(self, live: Any, at_peak: bool) -> list[RenderableType]:  # noqa: FBT001
        """Write the bytes alive at a step and draw them, the peak in another colour."""
        if live is None:
            return ["", ""]
        style = "bold red" if at_peak else ""
        size = Text(units.size(live) + (" ◀" if at_peak else ""), style=style)
        share = float(live / self.footprint.peak_ideal) if live else 0
        return [size, Bar(1, 0, share, color="red" if at_peak else "default")]

    def _title(self) -> str:
        cost = self.footprint.cost
        where = f"{cost.network} at {given(cost)}, batch {cost.input.n}"
        training = f", training with {self.footprint.optimizer}" if cost.training else ""
        return f"{where}, {cost.dtype}{training}, {self.allocator} allocator"

    def _parts(self) -> Table:
        footprint = self.footprint
        table = Table.grid(padding=(0, 2))
        table.add_column()
        table.add_column(justify="right")
        table.add_column(justify="right", style="dim")
        for name, size in footprint.sizes(self.allocator).items():
            if size or name == "total":
                label = Text(PARTS[name], style="bold" if name == "total" else "")
                table.add_row(label, units.size(size), units.exact(size))
        return table

    def _at_peak(self) -> RenderResult:
        alive = sorted(self.footprint.alive_at_peak, key=lambda each: -int(each.size))
        names = [f"{buffer.tensors[-1]} {units.size(buffer.size)}" for buffer in alive[:_SHOWN]]
        if len(alive) > _SHOWN:
            names.append(f"{len(alive) - _SHOWN} more")
        yield Text(f"\npeak at {self._peak.name}: {', '.join(names)}")
        if self.footprint.cost.training:
            yield Text("d x is the gradient of x, x saved what else its layer keeps", style="dim")
        if self.search:
            yield Text(self.search, style="dim")
