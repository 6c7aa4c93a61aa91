"""The pictures of a chapter. What each shows is in a table or a caption as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from convcost.measure.result import Ceilings
from convcost.report.measured import numbers
from convcost.report.measured.captions import SHOWN, TITLES, captions, training_plan
from convcost.report.measured.content import Chapter
from convcost.report.measured.lines import Line
from convcost.report.measured.model import Schedule
from convcost.report.measured.svg import INK, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

_LOOKS = (  # colours that can be told apart by all, on light and dark; shapes for print
    *(("#1f83c9", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#cc79a7", "D")),
    *(("#e69f00", "v"), ("#56b4e9", "P"), ("#8c8c8c", "X"), ("#7a5fd0", "*")),
)
_COMMON = ("conv2d", "dense", "batch_norm")  # kinds that look the same in every report
_FEW_DECADES = 2000.0


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
    if timed:
        yield _picture(chapter, "shares", lambda axes: _shares(axes, timed[:SHOWN]))


def _picture(chapter: Chapter, name: str, draw: Callable[[Axes], object]) -> Picture:
    title, caption = TITLES[name], captions(chapter)[name]
    label = escape(f"{title}, {chapter.title}. {caption}")
    return Picture(title, drawn(draw, f"{chapter.name}-{name}", label), caption)


def _dots(axes: Axes, lines: Sequence[Line], x: Callable[[Line], float | None], y: str) -> None:
    """Draw a dot for each layer, on logarithmic axes, coloured by kind."""
    others = sorted({line.kind for line in lines}.difference(_COMMON))
    for index, kind in enumerate((*_COMMON, *others)):
        colour, marker = _LOOKS[index % len(_LOOKS)]
        of_kind = [line for line in lines if line.kind == kind]
        if not of_kind:
            continue
        axes.plot(
            [x(line) or 0.0 for line in of_kind],
            [getattr(line, y) for line in of_kind],
            marker,
            color=colour,
            markersize=5,
            markeredgewidth=0,
            alpha=0.8,
            label=kind,
        )
    axes.set(xscale="log", yscale="log")


def _time(axes: Axes, lines: Sequence[Line]) -> None:
    _dots(axes, lines, lambda line: line.multiplies, "seconds")
    axes.set(xlabel="multiplies", ylabel="time")
    _logarithmic(axes.xaxis, lambda value: numbers.brief(value, numbers.DECIMAL))
    _logarithmic(axes.yaxis, lambda value: numbers.brief(value, numbers.SECONDS))
    _legend(axes)


def _roofline(axes: Axes, lines: Sequence[Line], ceilings: Ceilings | None) -> None:
    dots = [line for line in lines if line.intensity]
    _dots(axes, dots, lambda line: line.intensity, "rate")
    if ceilings is not None and dots:
        ridge = ceilings.multiply_adds_per_second / ceilings.bytes_per_second
        known = [line.intensity or ridge for line in dots]
        at = [min(*known, ridge) / 2, ridge, max(*known, ridge) * 2]
        roof = [min(x * ceilings.bytes_per_second, ceilings.multiply_adds_per_second) for x in at]
        axes.plot(at, roof, color=INK, linewidth=1.2, label="ceilings")
    axes.set(xlabel="multiplies a byte", ylabel="multiply-adds a second")
    _logarithmic(axes.xaxis, lambda value: f"{value:g}")
    _logarithmic(axes.yaxis, lambda value: numbers.brief(value, numbers.DECIMAL))
    _legend(axes)


def _memory(axes: Axes, schedule: Schedule, predicted: int, planned: int | None) -> None:
    colours = [colour for colour, _ in _LOOKS]
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
    _binary(axes.yaxis, max(*schedule.live_bytes, predicted, planned or 0))
    _legend(axes)


def _shares(axes: Axes, lines: Sequence[Line]) -> None:
    rows = range(len(lines))
    parts = (
        (-0.2, "% of time", [100 * (line.time_share or 0.0) for line in lines]),
        (0.2, "% of multiplies", [100 * line.multiply_share for line in lines]),
    )
    for (offset, label, widths), (colour, _) in zip(parts, _LOOKS, strict=False):
        axes.barh([row + offset for row in rows], widths, 0.4, color=colour, label=label)
    axes.set_yticks(list(rows), [_shortened(line.name) for line in lines], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="%")
    axes.set_axisbelow(True)
    axes.grid(visible=False, axis="y")
    _legend(axes)


def ratios(axes: Axes, names: Sequence[str], series: Mapping[str, Sequence[float | None]]) -> None:
    """Draw a row for each name, with a dot for its number in each series that has one."""
    for (label, values), (colour, marker) in zip(series.items(), _LOOKS, strict=False):
        dots = [(value, row) for row, value in enumerate(values) if value is not None]
        if dots:
            axes.plot(*zip(*dots, strict=True), marker, color=colour, label=label)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="ratio")
    _logarithmic(axes.xaxis, lambda value: f"{value:g}")
    axes.legend(loc="lower center", bbox_to_anchor=(0.3, 1), ncols=4, frameon=False, fontsize=8)


def _shortened(name: str) -> str:
    return name if len(name) <= 24 else "…" + name[-23:]  # noqa: PLR2004 - half of the width


def _legend(axes: Axes) -> None:
    """Put the legend above, where nothing is drawn."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False, fontsize=8)


def _logarithmic(axis: Axis, write: Callable[[float], str]) -> None:
    """Mark powers of ten, and 2 and 5 times those where there are few; write every mark."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = axis.get_view_interval()
    few = high / low < _FEW_DECADES
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=12))
    axis.set_major_formatter(lambda value, _: write(value))
    axis.set_minor_locator(NullLocator())


def _binary(axis: Axis, most: int) -> None:
    """Mark four to eight round numbers of bytes."""
    from matplotlib.ticker import MultipleLocator

    axis.set_major_locator(MultipleLocator(2 ** max(0, most.bit_length() - 3)))
    axis.set_major_formatter(lambda value, _: numbers.brief(value, numbers.BINARY))
