"""Pictures of how right predicted times are, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convcost.report.measured import numbers
from convcost.report.measured.axes import LOOKS, dots, legend, logarithmic, shortened
from convcost.report.measured.lines import Line, steps_to_total
from convcost.report.measured.svg import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_BANDS = (0.2, 0.1)


def scatter(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw predicted against measured times, and how far 10% and 20% are."""
    known = [each for line in lines for each in (line.seconds, line.predicted_seconds) if each]
    ends = [min(known), max(known)]
    for band in _BANDS:
        low, high = ([(1 + sign * band) * end for end in ends] for sign in (-1, 1))
        axes.fill([*ends, *ends[::-1]], [*low, *high[::-1]], color=INK, alpha=0.1, linewidth=0)
    axes.plot(ends, ends, color=INK, linewidth=0.8, label="equal, ±10%, ±20%")
    dots(axes, lines, lambda line: line.seconds, "predicted_seconds")
    axes.set(xlabel="measured", ylabel="predicted")
    for axis in (axes.xaxis, axes.yaxis):
        logarithmic(axis, lambda value: numbers.brief(value, numbers.SECONDS))
    legend(axes)


def waterfall(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw what each of the worst layers, and all others, add to the error of the sum."""
    from matplotlib.ticker import MaxNLocator

    steps = steps_to_total(lines)
    start = 0.0
    for row, (_, error) in enumerate(steps[:-1]):
        colour, _ = LOOKS[0 if error < 0 else 1]
        axes.barh(row, error, left=start, color=colour)
        start += error
    axes.barh(len(steps) - 1, steps[-1][1], color=LOOKS[-2][0])
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.set_yticks(range(len(steps)), [shortened(name) for name, _ in steps], fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="predicted less measured")
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.xaxis.set_major_formatter(lambda value, _: numbers.signed_seconds(value))
    axes.grid(visible=False, axis="y")


def by_intensity(axes: Axes, lines: Sequence[Line]) -> None:
    """Draw predicted over measured times against multiplies a byte."""
    known = [line for line in lines if line.intensity]
    for band in _BANDS:
        axes.axhspan(1 - band, 1 + band, color=INK, alpha=0.1, linewidth=0)
    if known:
        dots(axes, known, lambda line: line.intensity, "predicted_ratio")
        logarithmic(axes.xaxis, lambda value: f"{value:g}")
        logarithmic(axes.yaxis, lambda value: f"{value:g}")
    axes.axhline(1, color=INK, linewidth=0.8, label="equal, ±10%, ±20%")
    axes.set(xlabel="multiplies a byte", ylabel="predicted over measured")
    legend(axes)
