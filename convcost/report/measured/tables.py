"""The tables of a report as cells of text, for whatever draws them."""

from __future__ import annotations

from dataclasses import dataclass

from convcost.report.evaluation import HEADS, cells
from convcost.report.measured import numbers
from convcost.report.measured.checks import memory_error
from convcost.report.measured.content import Chapter, Content
from convcost.report.measured.lines import Line
from convcost.report.measured.predicted import layer_figures


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
    more = ("predicted", "error") if chapter.prediction is not None else ()
    heads = (
        *("layer", "kind", "multiplies", "bytes", "multiplies/byte", "time", *more),
        *("multiply-adds/s", "% of time", "% of multiplies", "kernel"),
    )
    rows = tuple(_layer(line, predicted=bool(more)) for line in chapter.lines)
    return Table("Layers, in the order they run", heads, rows, 2, text_last=True)


def accuracy(chapter: Chapter) -> Table:
    """Return how right the layers' predicted times are, and simpler predictions."""
    found = chapter.prediction
    figures = {} if found is None else layer_figures(chapter.result, chapter.predicted, found)
    rows = tuple((name, *cells(each)) for name, each in figures.items())
    return Table("How right the layers' predicted times are", ("", *HEADS), rows, 1)


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


def _layer(line: Line, *, predicted: bool) -> tuple[str, ...]:
    ratio = line.predicted_ratio
    off = numbers.UNKNOWN if ratio is None else f"{ratio - 1:+.1%}"
    more = (numbers.seconds(line.predicted_seconds), off) if predicted else ()
    return (
        line.name,
        line.kind,
        numbers.count(line.multiplies),
        numbers.size(line.bytes_moved),
        numbers.intensity(line.intensity),
        numbers.seconds(line.seconds),
        *more,
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
