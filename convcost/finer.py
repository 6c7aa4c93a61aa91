"""Windows of layers whose outputs lie closer together, or farther apart, than whole steps.

Output i looks at the positions from ``i * stride - padding`` to ``kernel - 1`` behind that, as
with any window, but these are fractions: what lies between two positions is inside only as
far as it reaches the next one. The window holds all that any output sees; no shorter one does
that moves evenly.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd
from typing import Any, cast

from convcost.dims import Dim
from convcost.layers.resize import Interpolation
from convcost.layers.transposed import ConvTranspose2d
from convcost.layers.window import Window

_REACH = {"nearest": 0, "linear": 1, "cubic": 3}
"""How far apart the first and the last position are that an output is made of."""


def laid(layer: ConvTranspose2d, which: int) -> Window:
    """Return what outputs see along the rows (0) or the columns (1).

    Input j is laid on the outputs from ``j * stride - padding`` to ``reach`` of them.
    """
    step, before = layer.stride[which], layer.margins[which][0]
    behind = (layer.kernel[which] - 1) * layer.dilation[which]
    return _window(_over(behind, step), _over(1, step), _over(behind - before, step))


def resized(mode: Interpolation, extent: Dim, positions: Dim) -> Window:
    """Return what outputs see if so many positions are sampled from an extent.

    The middle of output i is at ``(i + 1/2) * extent/positions - 1/2`` of the input.
    """
    stride = _over(extent, positions)
    spread = _spread(mode, extent, positions)
    return _window(spread, stride, _over(spread + 1 - stride, 2))


def _spread(mode: Interpolation, extent: Dim, positions: Dim) -> Any:
    """Return twice the farthest that a position seen is from an output's middle.

    With the stride a/b in lowest terms, middles are multiples of 1/(2b), odd ones or even.
    """
    widest = _REACH[mode] + 1
    if not isinstance(extent, int) or not isinstance(positions, int):
        return widest
    a, b = (value // gcd(extent, positions) for value in (extent, positions))
    odd = (a - b) % 2 == 1
    if mode == "nearest":
        return 1 if odd and b % 2 == 1 else 1 - Fraction(1, b)
    return widest - Fraction(1 if odd else 2, b)


def _window(spread: Any, stride: Any, padding: Any) -> Window:
    kernel, step, before = map(plain, (spread + 1, stride, padding))
    return Window(kernel=kernel, stride=step, padding=(before, 0), dilation=1)


def _over(dividend: Any, divisor: Any) -> Any:
    """Divide without a rest."""
    if isinstance(dividend, int | Fraction) and isinstance(divisor, int | Fraction):
        return Fraction(dividend) / divisor
    return dividend / divisor


def plain(value: Any) -> Dim:
    """Return a whole number as an integer; a fraction stands where a whole number would."""
    return (
        int(value) if isinstance(value, Fraction) and value.denominator == 1 else cast("Dim", value)
    )
