"""Predicted times: a row for each operation, the whole with its interval, and what to doubt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from rich import box
from rich.bar import Bar
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.cost import NetworkCost
from convcost.prediction.gpus import Bound, Gpu
from convcost.prediction.network import Way
from convcost.prediction.predict import LayerTime, NetworkTime
from convcost.prediction.profile import Profile
from convcost.prediction.throughput import BATCHES, Throughput
from convcost.report.measured.numbers import intensity, rate, seconds
from convcost.report.records import dumps, input_record
from convcost.report.titles import given

_OUTSIDE, _UNCALIBRATED = "*", "!"
_WAYS = {
    "unfused": "layer by layer",
    "fused": "fused as MXNet does by default",
    "training": "a training step",
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """How long a network takes on the machine of a profile, as a table or as JSON.

    The table has a row for each operation, or for each of ``blocks``.
    """

    cost: NetworkCost
    profile: Profile
    shipped: bool
    way: Way
    time: NetworkTime
    throughput: Throughput
    blocks: Mapping[str, NetworkTime] | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the operations, the total, and what is to be said about them."""
        del console, options
        yield self._table()
        yield Text(f"total {_with_interval(self.time)}", style="bold")
        yield from map(Text, self._lines())

    def as_json(self) -> str:
        """Write every operation and every part of its time."""
        batch = int(self.cost.input.n)
        return dumps(
            {
                "network": self.cost.network,
                "input": input_record(self.cost.input),
                "batch": batch,
                "way": self.way,
                "profile": self.profile.name,
                "shipped": self.shipped,
                "machine": asdict(self.profile.machine),
                "seconds": self.time.seconds,
                "low": self.time.low,
                "high": self.time.high,
                "uncounted": list(self.cost.uncounted),
                "uncalibrated": list(self.time.uncalibrated),
                "outside": list(self.time.outside),
                "by_bound": self.time.by_bound,
                "operations": [asdict(each) for each in self.time.operations],
                "images_per_second": _per_second(batch, self.time.seconds),
                "throughput": {
                    "seconds": {str(n): each for n, each in self.throughput.seconds.items()},
                    "batch_of_90_percent": self.throughput.enough,
                    "batch_of_best": self.throughput.best,
                },
            }
        )

    def _table(self) -> Table:
        title = f"{_subject(self.cost)}: {_WAYS[self.way]}, predicted"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, min_width=len(title))
        table.padding = (0, 1, 0, 0)
        table.add_column("operation", overflow="ellipsis", no_wrap=True)
        for head in ("time ", "90%"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("bound by", no_wrap=True)
        table.add_column("share", width=8, no_wrap=True, style="cyan")
        for name, each, mark, binds in self._rows():
            share = each.seconds / self.time.seconds if self.time.seconds else 0
            interval = f"{seconds(each.low)} to {seconds(each.high)}"
            table.add_row(
                Text(name), seconds(each.seconds) + mark, interval, binds, Bar(1, 0, share)
            )
        return table

    def _rows(self) -> Iterator[tuple[str, LayerTime | NetworkTime, str, str]]:
        """Yield what a row is of, its time, its mark, and what binds it."""
        if self.blocks is None:
            for each in self.time.operations:
                name = each.name if self.way == "training" else _name(each.layers)
                yield name, each, _mark(each), each.binds
            return
        for label, block in self.blocks.items():
            marks = {_mark(each) for each in block.operations}
            mark = next((each for each in (_UNCALIBRATED, _OUTSIDE) if each in marks), " ")
            yield label, block, mark, next(iter(block.by_bound), "")

    def _lines(self) -> list[str]:
        """Say how many images a second that is, on what, and what to doubt."""
        batch, found = int(self.cost.input.n), self.throughput
        best = found.of(found.best)
        machine = self.profile.machine
        lines = [
            _shares(self.time.by_bound),
            f"{_images(_per_second(batch, self.time.seconds))} at batch {batch}; of batches"
            f" {BATCHES[0]} to {BATCHES[-1]}, {found.enough} is the smallest with 90% of the best,"
            f" {_images(best)} at {found.best}",
            f"profile {self.profile.name}: {machine.processor}, {_threads(machine.threads)},"
            f" calibrated on {self.profile.origin.date[:10]}",
        ]
        if self.shipped:
            lines.append(
                "it came with convcost, of the machine convcost was developed on; convcost"
                " calibrate makes one of yours"
            )
        lines += _doubts(self.time)
        if self.cost.uncounted:
            lines.append(f"at least: no rule for {', '.join(self.cost.uncounted)}")
        return lines


@dataclass(frozen=True, slots=True)
class LowerBound:
    """How long a network takes at least on a GPU, as a table or as JSON."""

    cost: NetworkCost
    gpu: Gpu
    bound: Bound

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the operations and the sum, which is no prediction."""
        del console, options
        title = f"{_subject(self.cost)}: a lower bound, not a prediction"
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title, min_width=len(title))
        table.padding = (0, 1, 0, 0)
        table.add_column("operation", overflow="ellipsis", no_wrap=True)
        table.add_column("at least", justify="right", no_wrap=True)
        table.add_column("bound by", no_wrap=True)
        for each in self.bound.operations:
            table.add_row(Text(_name(each.layers)), seconds(each.seconds), each.binds)
        yield table
        batch = int(self.cost.input.n)
        most = _images(_per_second(batch, self.bound.seconds))
        yield Text(f"at least {seconds(self.bound.seconds)}, at most {most}", style="bold")
        yield Text(
            f"{self.gpu.title}: {rate(self.gpu.peak_flops, 'FLOP/s')} float32,"
            f" {rate(self.gpu.bytes_per_second, 'B/s')}, by its datasheet. Real times are longer;"
            " only other algorithms (Winograd, tensor cores) can be faster."
        )
        if self.cost.uncounted:
            yield Text(f"nothing is in it of {', '.join(self.cost.uncounted)}: no rule")

    def as_json(self) -> str:
        """Write every operation's bound."""
        return dumps(
            {
                "network": self.cost.network,
                "input": input_record(self.cost.input),
                "batch": int(self.cost.input.n),
                "gpu": asdict(self.gpu),
                "lower_bound_seconds": self.bound.seconds,
                "uncounted": list(self.cost.uncounted),
                "operations": [asdict(each) for each in self.bound.operations],
            }
        )


def _subject(cost: NetworkCost) -> str:
    return f"{cost.network} at {given(cost)}, batch {cost.input.n}"


def _name(layers: Sequence[str]) -> str:
    """Return the first layer's name, and how many run with it."""
    return layers[0] + (f" +{len(layers) - 1}" if len(layers) > 1 else "")


def _mark(each: LayerTime) -> str:
    if not each.calibrated:
        return _UNCALIBRATED
    return _OUTSIDE if each.outside else " "


def _with_interval(time: NetworkTime) -> str:
    return f"{seconds(time.seconds)}, nine times in ten {seconds(time.low)} to {seconds(time.high)}"


def _per_second(batch: int, time: float) -> float | None:
    return batch / time if time else None


def _images(per_second: float | None) -> str:
    """Write how many images a second, to three digits."""
    return f"{intensity(per_second)} images/s"


def _shares(parts: Mapping[str, float]) -> str:
    """Write the percentages of what binds, but for those below one."""
    whole = sum(parts.values())
    found = [f"{what} {each / whole:.0%}" for what, each in parts.items() if each > whole / 100]
    return ", ".join(found)


def _threads(count: int) -> str:
    return "1 thread" if count == 1 else f"{count} threads"


def _doubts(time: NetworkTime) -> list[str]:
    """Say what the marks mean, where there are any."""
    lines = []
    if time.outside:
        terms = {term for each in time.operations for term in each.outside}
        lines.append(
            f"{_OUTSIDE} outside what the profile was calibrated on ({', '.join(sorted(terms))}):"
            " the interval is widened"
        )
    if time.uncalibrated:
        kernels = {each.kernel for each in time.operations if not each.calibrated}
        lines.append(
            f"{_UNCALIBRATED} not calibrated ({', '.join(sorted(kernels))}): what the machine"
            " allows at best"
        )
    return lines
