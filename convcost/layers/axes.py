"""Axes of a tensor by number: from the first, the batch, or with a minus from the last."""

from __future__ import annotations

from convcost.dims import Dim
from convcost.errors import ShapeError


def axis_of(axis: Dim, rank: int) -> int:
    """Return which axis it is, counted from the first.

    Raises: ShapeError if there is no such axis, or it is a symbol.
    """
    if not isinstance(axis, int):
        raise ShapeError(f"an axis must be a number, got {axis}")
    if not -rank <= axis < rank:
        raise ShapeError(f"no axis {axis} in a tensor of {rank}")
    return axis % rank


def axes_of(axes: tuple[Dim, ...], rank: int) -> tuple[int, ...]:
    """Return which axes they are, in order.

    Raises: ShapeError if there is no such axis, it is a symbol, or named twice.
    """
    found = sorted(axis_of(axis, rank) for axis in axes)
    if len(set(found)) != len(found):
        raise ShapeError(f"an axis is named twice: {list(axes)}")
    return tuple(found)
