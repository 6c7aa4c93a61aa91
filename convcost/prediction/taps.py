"""How much of its windows lies on the input, not in the padding, where libraries do no work."""

from __future__ import annotations

from dataclasses import dataclass

from convcost.dims import Dim, add_up, ceil_div, maximum, minimum, require
from convcost.layers.window import AbstractWindowLayer, Window
from convcost.tensors import FeatureMap


def taps_inside(layer: AbstractWindowLayer, x: FeatureMap) -> Dim:
    """Return the taps of all windows over one channel of one image that lie on the input."""
    rows, columns = layer.windows
    return along(rows, x.h) * along(columns, x.w)


def along(window: Window, extent: Dim) -> Dim:
    """Return the taps of all windows along an axis of this extent that lie on it.

    Seen from the start, tap k of window i lies ``before - i*stride - k*dilation`` in front of
    the input; from the end it is the same with what the last window hangs over. So on either
    side tap k is missing from as many windows as there are i for which that is positive.

    A kernel that is a symbol cannot be summed over: it must be a number.
    """
    positions = window.positions(extent, axis="")
    before, _ = window.margins(extent)
    after = (positions - 1) * window.stride + window.reach - before - extent
    missing = (
        _missing(window, side, positions)
        for side in (_Side(before, before, before), _last(window, after))
    )
    return positions * window.kernel - add_up(missing)


@dataclass(frozen=True, slots=True)
class _Side:
    """What the outermost window hangs over on a side, and from where to where that can lie."""

    overhang: Dim
    lowest: Dim
    highest: Dim


def _last(window: Window, overhang: Dim) -> _Side:
    """Return the side of the last window, which also hangs over by what rounding lets it."""
    rest = window.stride - 1
    if isinstance(window.padding, str):
        return _Side(overhang, -rest, window.reach - 1)
    _, after = window.padding
    if window.rounding == "valid":
        return _Side(overhang, after - rest, after)
    lowest = after if window.rounding == "full" else -window.reach
    return _Side(overhang, lowest, after + rest)


def _missing(window: Window, side: _Side, positions: Dim) -> Dim:
    """Return the taps that lie in the padding of one side."""
    assert isinstance(window.kernel, int)  # noqa: S101 - see `along`
    counts = []
    for tap in range(window.kernel):
        lowest, here, highest = (
            maximum(ceil_div(edge - tap * window.dilation, window.stride), 0)
            for edge in (side.lowest, side.overhang, side.highest)
        )
        if highest == 0:
            break
        counts.append(_fewer(highest if lowest == highest else here, highest, positions))
    return add_up(counts)


def _fewer(count: Dim, most: Dim, positions: Dim) -> Dim:
    """Return a count, but no more than there are positions; symbols must leave enough."""
    if isinstance(positions, int):
        return minimum(count, positions)
    require(positions >= most, "fewer than {} positions of a window", most)
    return count
