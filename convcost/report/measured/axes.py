"""What the pictures share: dots by kind, logarithmic axes, a legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from convcost.report.measured import numbers
from convcost.report.measured.lines import Line

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

LOOKS = (  # colours that can be told apart by all, on light and dark; shapes for print
    *(("#1f83c9", "o"), ("#d55e00", "s"), ("#009e73", "^"), ("#cc79a7", "D")),
    *(("#e69f00", "v"), ("#56b4e9", "P"), ("#8c8c8c", "X"), ("#7a5fd0", "*")),
)
_COMMON = ("conv2d", "dense", "batch_norm")  # kinds that look the same in every report
_FEW_DECADES = 2000.0


def dots(axes: Axes, lines: Sequence[Line], x: Callable[[Line], float | None], y: str) -> None:
    """Draw a dot for each layer, on logarithmic axes, coloured by kind."""
    others = sorted({line.kind for line in lines}.difference(_COMMON))
    for index, kind in enumerate((*_COMMON, *others)):
        colour, marker = LOOKS[index % len(LOOKS)]
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


def shortened(name: str) -> str:
    """Write the end of a long name."""
    return name if len(name) <= 24 else "…" + name[-23:]  # noqa: PLR2004 - half of the width


def legend(axes: Axes) -> None:
    """Put the legend above, where nothing is drawn."""
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=4, frameon=False, fontsize=8)


def logarithmic(axis: Axis, write: Callable[[float], str]) -> None:
    """Mark powers of ten, and 2 and 5 times those where there are few; write every mark."""
    from matplotlib.ticker import LogLocator, NullLocator

    low, high = axis.get_view_interval()
    few = high / low < _FEW_DECADES
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,), numticks=12))
    axis.set_major_formatter(lambda value, _: write(value))
    axis.set_minor_locator(NullLocator())


def binary(axis: Axis, most: int) -> None:
    """Mark four to eight round numbers of bytes."""
    from matplotlib.ticker import MultipleLocator

    axis.set_major_locator(MultipleLocator(2 ** max(0, most.bit_length() - 3)))
    axis.set_major_formatter(lambda value, _: numbers.brief(value, numbers.BINARY))
