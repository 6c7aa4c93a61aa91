"""Results in short: what agrees, what does not, and what could not be measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.measure.result import Multiplies, ParameterCounts, Result, Shapes

_MB = 2**20  # as MXNet has it
_NONE = "-"
_FACTS = ("network", "batch", "shapes", "arrays", "work", "MB")
_TIMES = ("ms", "95%", "sum")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A row for each result, and below it whatever differs, was not seen, or failed."""

    results: Sequence[Result]

    @property
    def agrees(self) -> bool:
        """Whether all was measured, and all that is exact is equal."""
        return not any(result.failures or list(differences(result)) for result in self.results)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw the table and what is to be said about it."""
        del console, options
        if not self.results:
            return
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
        for position, head in enumerate([*_FACTS, *_TIMES]):
            table.add_column(head, justify="right" if position else "left")
        for result in self.results:
            table.add_row(*map(Text, [*_facts(result), *_times(result)]))
        yield table
        yield Text(self._caption())
        for result in self.results:
            for line in [*differences(result), *remarks(result)]:
                yield Text(f"{result.network}, batch {result.batch}: {line}")

    def _caption(self) -> str:
        """Say what the columns are, and what it ran on."""
        last = self.results[-1]
        on = f"{last.device} ({last.provenance.processor}), threads: {last.threads}"
        return (
            "Equal of checked: output shapes, learned arrays and statistics, multiplies of"
            " convolutions and dense layers as the framework logged them; memory as predicted and"
            " planned; a forward pass without fusion, median and its interval; the layers' times"
            f" over the whole's. On {on}."
        )


def differences(result: Result) -> Iterator[str]:
    """Say what is not equal, name by name."""
    checks = ("shape", result.shapes), ("parameters", result.parameters), ("work", result.work)
    for what, check in checks:
        for each in check.different if check else ():
            yield f"{what} of {each.layer}: predicted {each.predicted}, found {each.found}"
    memory = result.memory
    plans = (
        ("inference", memory.predicted_bytes, memory.planned_bytes),
        ("training", memory.training_predicted_bytes, memory.training_planned_bytes),
    )
    for phase, predicted, planned in plans:
        if predicted is None or planned is None or predicted // _MB == planned // _MB:
            continue
        yield f"memory for {phase}: predicted {predicted // _MB} MB, planned {planned // _MB} MB"


def remarks(result: Result) -> Iterator[str]:
    """Say what was timed besides, left out, or failed, and whether times can be trusted."""
    passes = ("fused", result.time.fused), ("a training step", result.time.training_step)
    for what, timing in passes:
        if timing is not None:
            interval = _interval(timing.low, timing.high)
            yield f"{what}: {_milliseconds(timing.forward_seconds)} ms ({interval})"
    for each in result.work.unseen if result.work else ():
        yield f"multiplies of {each.layer} not compared: {each.reason}"
    if result.parameters and result.parameters.exceptions:
        yield f"{len(result.parameters.exceptions)} arrays exist and are not learned, such as" + (
            f" {result.parameters.exceptions[0].layer}: {result.parameters.exceptions[0].reason}"
        )
    for failure in result.failures:
        yield f"{failure.what}: {failure.reason}"
    if result.time.warning:
        yield result.time.warning
    yield from _noise(result)


def _noise(result: Result) -> Iterator[str]:
    """Say what else the machine was doing, as far as it shows."""
    reference, made = result.time.reference, result.provenance
    if reference and reference.marked_rounds:
        yield (
            f"the machine was not quiet: in {reference.marked_rounds} of {result.time.rounds}"
            " rounds a fixed kernel was more than 15% off its median"
        )
    if result.time.rounds and made.load and made.load[0] > made.cores:
        yield (
            f"other processes were running: a load of {made.load[0]:.1f} on {made.cores} cores;"
            " times are too long, and their sum is off"
        )


def _facts(result: Result) -> list[str]:
    planned = result.memory.planned_bytes
    return [
        result.network,
        str(result.batch),
        _count(result.shapes),
        _count(result.parameters),
        _count(result.work),
        f"{result.memory.predicted_bytes // _MB}/{_NONE if planned is None else planned // _MB}",
    ]


def _times(result: Result) -> list[str]:
    time = result.time
    return [
        _milliseconds(time.forward_seconds),
        _interval(time.low, time.high),
        _NONE if time.sum_to_whole is None else f"{time.sum_to_whole:.2f}",
    ]


def _interval(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return _NONE
    return f"{_milliseconds(low)}-{_milliseconds(high)}"


def _count(check: Shapes | ParameterCounts | Multiplies | None) -> str:
    return _NONE if check is None else f"{check.equal}/{check.checked}"


def _milliseconds(seconds: float | None) -> str:
    if seconds is None:
        return _NONE
    value = seconds * 1000
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"  # noqa: PLR2004
