"""The pictures of a chapter. What each shows is in a table or a caption as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from convcost.measure.result import Ceilings
from convcost.report.measured import accuracy, numbers
from convcost.report.measured.axes import LOOKS, binary, dots, legend, logarithmic, shortened
from convcost.report.measured.captions import SHOWN, TITLES, captions, training_plan
from convcost.report.measured.content import Chapter
from convcost.report.measured.lines import Line
from convcost.report.measured.model import Schedule
from convcost.report.measured.svg import INK, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG and the sentences that say what it shows."""

    title: str
    svg: str
    caption: str


def pictures(chapter: Chapter) -> Iterator[Picture]:
    """Yield the pictures there are numbers for.

    Raises: MissingDependencyError without matplotlib.
    """
    timed, worked, model = chapter.by_time, chapter.worked, chapter.model
    if worked:
        yield _picture(chapter, "time", lambda axes: _time(axes, worked))
        ceilings = chapter.result.ceilings
        yield _picture(chapter, "roofline", lambda axes: _roofline(axes, worked, ceilings))
    if model is not None:
        memory = chapter.result.memory
        plan = memory.predicted_bytes, memory.planned_bytes
        yield _picture(chapter, "memory", lambda axes: _memory(axes, model.inference, *plan))
        if (step := model.training) is not None:
            taught = training_plan(memory)
            yield _picture(chapter, "training", lambda axes: _memory(axes, step, *taught))
    if chapter.predicted:
        predicted = chapter.predicted
        yield _picture(chapter, "predicted", lambda axes: accuracy.scatter(axes, predicted))
        yield _picture(chapter, "errors", lambda axes: accuracy.waterfall(axes, predicted))
        yield _picture(chapter, "intensity", lambda axes: accuracy.by_intensity(axes, predicted))
    if timed:
        yield _picture(chapter, "shares", lambda axes: _shares(axes, timed[:SHOWN]))


def _picture(chapter: Chapter, name: str, draw: Callable[[Axes], object]) -> Picture:
    title, caption = TITLES[name], captions(chapter)[name]
    label = escape(f"{title}, {chapter.title}. {caption}")
    return Picture(title, drawn(draw, f"{chapter.name}-{name}", label), caption)


def _time(axes: Axes, lines: Sequence[Line]) -> None:
    dots(axes, lines, lambda line: line.multiplies, "seconds")
    axes.set(xlabel="multiplies", ylabel="time")
    logarithmic(axes.xaxis, lambda value: numbers.brief(value, numbers.DECIMAL))
    logarithmic(axes.yaxis, lambda value: numbers.brief(value, numbers.SECONDS))
    legend(axes)


def _roofline(axes: Axes, lines: Sequence[Line], ceilings: Ceilings | None) -> None:
    placed = [line for line in lines if line.intensity]
    dots(axes, placed, lambda line: line.intensity, "rate")
    if ceilings is not None and placed:
        ridge = ceilings.multiply_adds_per_second / ceilings.bytes_per_second
        known = [line.intensity or ridge for line in placed]
        at = [min(*known, ridge) / 2, ridge, max(*known, ridge) * 2]
        roof = [min(x * ceilings.bytes_per_second, ceilings.multiply_adds_per_second) for x in at]
        axes.plot(at, roof, color=INK, linewidth=1.2, label="ceilings")
    axes.set(xlabel="multiplies a byte", ylabel="multiply-adds a second")
    logarithmic(axes.xaxis, lambda value: f"{value:g}")
    logarithmic(axes.yaxis, lambda value: numbers.brief(value, numbers.DECIMAL))
    legend(axes)


def _memory(axes: Axes, schedule: Schedule, predicted: int, planned: int | None) -> None:
    colours = [colour for colour, _ in LOOKS]
    axes.stairs(
        schedule.live_bytes,
        [step + 0.5 for step in range(len(schedule.steps) + 1)],
        fill=True,
        facecolor=colours[0] + "55",
        edgecolor=colours[0],
        linewidth=1,
        label="alive, predicted",
    )
    axes.axhline(predicted, color=colours[1], linestyle="--", label="plan, predicted")
    if planned:
        axes.axhline(planned, color=INK, linestyle=":", label="plan, MXNet's")
    axes.set(
        xlabel="step, a layer each",
        ylabel="bytes",
        xlim=(0.5, len(schedule.steps) + 0.5),
        ylim=(0, None),
    )
    binary(axes.yaxis, max(*schedule.live_bytes, predicted, planned or 0))
    legend(axes)


def _shares(axes: Axes, lines: Sequence[Line]) -> None:
    rows = range(len(lines))
    parts = (
        (-0.2, "% of time", [100 * (line.time_share or 0.0) for line in lines]),
        (0.2, "% of multiplies", [100 * line.multiply_share for line in lines]),
    )
    for (offset, label, widths), (colour, _) in zip(parts, LOOKS, strict=False):
        axes.barh([row + offset for row in rows], widths, 0.4, color=colour, label=label)
    axes.set_yticks(list(rows), [shortened(line.name) for line in lines], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="%")
    axes.set_axisbelow(True)
    axes.grid(visible=False, axis="y")
    legend(axes)


def ratios(axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> None:
    """Draw a row for each name, with a dot for its number in each series that has one."""
    for (label, values), (colour, marker) in zip(series.items(), LOOKS, strict=False):
        marks = [(value, row) for row, value in enumerate(values) if value is not None]
        if marks:
            axes.plot(*zip(*marks, strict=True), marker, color=colour, label=label)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="ratio")
    logarithmic(axes.xaxis, lambda value: f"{value:g}")
    axes.legend(loc="lower center", bbox_to_anchor=(0.3, 1), ncols=4, frameon=False, fontsize=8)
