"""What the pictures show, in sentences with the numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from types import MappingProxyType

from convcost.measure.result import Memory
from convcost.report import units
from convcost.report.measured import numbers
from convcost.report.measured.content import Chapter
from convcost.report.measured.lines import Line, steps_to_total
from convcost.report.measured.model import Schedule

TITLES: Mapping[str, str] = MappingProxyType(
    {
        "time": "Time against multiplies",
        "roofline": "Roofline",
        "memory": "Memory, step by step",
        "training": "Memory of a training step",
        "shares": "Share of time and of multiplies",
        "predicted": "Predicted against measured time",
        "errors": "What layers add to the error of the sum",
        "intensity": "Error against intensity",
    }
)
"""What the pictures are called."""

SHOWN = 12
"""How many of the slowest layers are shown with their shares."""


def captions(chapter: Chapter) -> dict[str, str]:
    """Return a caption for each picture that there are numbers for, by name."""
    found = {}
    if chapter.worked:
        found["time"] = _time(chapter)
        found["roofline"] = _roofline(chapter)
    if chapter.model is not None:
        memory = chapter.result.memory
        found["memory"] = _memory(
            chapter.model.inference, memory.predicted_bytes, memory.planned_bytes
        )
        if chapter.model.training is not None:
            predicted, planned = training_plan(memory)
            found["training"] = _memory(chapter.model.training, predicted, planned)
    if chapter.by_time:
        found["shares"] = _shares(chapter)
    if chapter.predicted:
        found |= _accuracy(chapter.predicted)
    return found


def _time(chapter: Chapter) -> str:
    rates = sorted(line.rate or 0.0 for line in chapter.worked)
    without = len(chapter.by_time) - len(rates)
    rest = f" Timed layers that do not multiply, and are not drawn: {without}." if without else ""
    return (
        f"A dot for each layer that multiplies, {len(rates)} in all, from"
        f" {numbers.rate(rates[0], ' multiply-adds/s')} to"
        f" {numbers.rate(rates[-1], ' multiply-adds/s')}.{rest}"
    )


def _roofline(chapter: Chapter) -> str:
    best = max(chapter.worked, key=lambda line: line.rate or 0.0)
    reached = f"The fastest, {best.name}, reaches {numbers.rate(best.rate, ' multiply-adds/s')}"
    ceilings = chapter.result.ceilings
    if ceilings is None:
        return f"{reached}. The session's ceilings were not measured."
    part = numbers.share((best.rate or 0.0) / ceilings.multiply_adds_per_second)
    return (
        f"{reached}, {part} of what a large matrix product did in the same session"
        f" ({numbers.rate(ceilings.multiply_adds_per_second, ' multiply-adds/s')}); a large copy"
        f" moved {numbers.rate(ceilings.bytes_per_second, 'B/s')}."
    )


def training_plan(memory: Memory) -> tuple[int, int | None]:
    """Return the bytes of a training step's plan, as predicted and as the framework's."""
    return memory.training_predicted_bytes or 0, memory.training_planned_bytes


def _memory(schedule: Schedule, predicted: int, planned: int | None) -> str:
    step, alive = schedule.peak
    return (
        f"At {step} {units.size(alive)} of activations are alive at once: no plan can take"
        f" less. The model of MXNet's planner says {units.size(predicted)};"
        f" MXNet's own plan: {numbers.planned(planned)}."
    )


def _accuracy(lines: Sequence[Line]) -> dict[str, str]:
    """Say how far off predicted times are: in all, and where there is much arithmetic."""
    count = len(lines)
    off = [abs((line.predicted_ratio or 0.0) - 1) for line in lines]
    within = [sum(each <= most for each in off) for most in (0.1, 0.2)]
    *_, (_, total) = steps_to_total(lines)
    worst, error = steps_to_total(lines)[0]
    known = [line for line in lines if line.intensity]
    high = sorted(known, key=lambda line: line.intensity or 0.0)[len(known) // 2 :]
    typical = median(abs((line.predicted_ratio or 0.0) - 1) for line in high) if high else None
    return {
        "predicted": (
            f"A dot for each layer: {within[0]} of {count} are within 10%, {within[1]} within 20%."
        ),
        "errors": (
            f"The layers' predicted times come to {numbers.signed_seconds(total)} against what"
            f" was measured; most of any layer adds {worst}, {numbers.signed_seconds(error)}."
        ),
        "intensity": (
            f"In the half with the most multiplies a byte, {len(high)} layers, half are off by"
            f" {numbers.share(typical)} or less."
        ),
    }


def _shares(chapter: Chapter) -> str:
    slowest = chapter.by_time[:SHOWN]
    time = sum(line.time_share or 0.0 for line in slowest)
    multiplies = sum(line.multiply_share for line in slowest)
    return (
        f"The slowest layers, {len(slowest)} of them, take {numbers.share(time)} of the time for"
        f" {numbers.share(multiplies)} of the multiplies; each is in the table of the layers."
    )
