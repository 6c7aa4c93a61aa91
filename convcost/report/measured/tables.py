"""The tables of a report as cells of text, for whatever draws them."""

from __future__ import annotations

from dataclasses import dataclass

from convcost.report.measured import numbers
from convcost.report.measured.checks import memory_error
from convcost.report.measured.content import Chapter, Content
from convcost.report.measured.lines import Line


@dataclass(frozen=True, slots=True)
class Table:
    """Heads and rows; the first ``left`` columns are text, and so is ``last``."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    left: int
    text_last: bool = False

    def is_text(self, column: int) -> bool:
        """Return whether a column is of text, not of numbers."""
        return column < self.left or (self.text_last and column == len(self.heads) - 1)


def overview(content: Content) -> Table:
    """Return a row for each result."""
    heads = (
        *("network", "batch", "device", "shapes", "parameters", "multiplies", "memory error"),
        *("forward", "95% interval", "sum to whole"),
    )
    rows = tuple(map(_summary, content.chapters))
    return Table("Compared and measured", heads, rows, 1)


def layers(chapter: Chapter) -> Table:
    """Return a row for each layer, in the order they run."""
    heads = (
        *("layer", "kind", "multiplies", "bytes", "multiplies/byte", "time", "multiply-adds/s"),
        *("% of time", "% of multiplies", "kernel"),
    )
    rows = tuple(_layer(line) for line in chapter.lines)
    return Table("Layers, in the order they run", heads, rows, 2, text_last=True)


def unexplained(chapter: Chapter) -> Table:
    """Return a row for each of the layers whose time is least explained by their work."""
    heads = ("layer", "kind", "time", "explained", "ratio", "% of time", "% of multiplies")
    rows = tuple(
        (
            *(line.name, line.kind),
            numbers.seconds(line.seconds),
            numbers.seconds(line.expected_seconds),
            numbers.times(line.times_expected),
            numbers.share(line.time_share),
            numbers.share(line.multiply_share),
        )
        for line in chapter.least_explained
    )
    caption = "Layers least explained by their work"
    return Table(caption, heads, rows, 2)


def _layer(line: Line) -> tuple[str, ...]:
    return (
        line.name,
        line.kind,
        numbers.count(line.multiplies),
        numbers.size(line.bytes_moved),
        numbers.intensity(line.intensity),
        numbers.seconds(line.seconds),
        numbers.rate(line.rate),
        numbers.share(line.time_share),
        numbers.share(line.multiply_share),
        ", ".join(dict.fromkeys(line.primitives)),
    )


def _summary(chapter: Chapter) -> tuple[str, ...]:
    result = chapter.result
    memory, time = result.memory, result.time
    error = None
    if memory.planned_bytes is not None:
        error = memory_error(memory.predicted_bytes, memory.planned_bytes)
    interval = numbers.UNKNOWN
    if time.low is not None and time.high is not None:
        interval = f"{numbers.seconds(time.low)} to {numbers.seconds(time.high)}"
    return (
        result.network,
        str(result.batch),
        result.device,
        *(
            numbers.UNKNOWN if part is None else f"{part.equal:,}/{part.checked:,}"
            for part in (result.shapes, result.parameters, result.work)
        ),
        numbers.UNKNOWN if error is None else f"{100 * error:.2f}%",
        numbers.seconds(time.forward_seconds),
        interval,
        numbers.UNKNOWN
        if time.sum_to_whole is None
        else f"{time.sum_to_whole:.3f}{' !' if time.warning else ''}",
    )
