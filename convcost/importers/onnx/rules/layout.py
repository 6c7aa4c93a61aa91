"""Operators that see a tensor in another shape: nothing is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convcost.dims import Dim, floor_div, product
from convcost.importers.onnx import moving
from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import broadcast
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.reshaping import reshaped, resolved
from convcost.importers.onnx.values import Data


def reshape(call: Call) -> Data:
    """Reshape; before opset 5 the target was an attribute."""
    x = call.data()
    if "shape" in call.operator.attributes:
        target: list[Any] = list(call.operator.integers("shape"))
    else:
        target = call.whole(1)
    allows_zero = bool(call.operator.integer("allowzero", 0))
    return reshaped(call, x, resolved(call, x, target, allows_zero=allows_zero))


def flatten(call: Call) -> Data:
    """Flatten, before and behind an axis."""
    x = call.data()
    axis = call.operator.integer("axis", 1)
    axis = axis if 0 <= axis <= len(x.shape) else axis % len(x.shape)
    return reshaped(call, x, (product(x.shape[:axis]), product(x.shape[axis:])))


def transpose(call: Call) -> Data:
    """Transpose."""
    x = call.data()
    order = call.operator.integers("perm", tuple(reversed(range(len(x.shape)))))
    if sorted(order) != list(range(len(x.shape))):
        raise call.operator.error(f"perm {list(order)} does not name {len(x.shape)} axes")
    if order == tuple(range(len(x.shape))):
        return x
    return call.add("transpose", x, permutation=order)


def squeeze(call: Call) -> Data:
    """Squeeze, of the axes that are named, or of all of extent 1."""
    x, named = call.data(), _axes(call, 1)
    if named is None:
        named = tuple(axis for axis, extent in enumerate(x.shape) if extent == 1)
    axes = tuple(sorted(call.axis(axis, len(x.shape)) for axis in named))
    if any(x.shape[axis] != 1 and call.at_batch(x.shape[axis]) == 1 for axis in axes):
        raise UnsupportedError("of the batch")
    if len(x.shape) - len(axes) == 0:
        raise UnsupportedError("of all axes")
    return call.add("squeeze", x, axes=axes) if axes else x


def unsqueeze(call: Call) -> Data:
    """Unsqueeze; the axes are those of the output."""
    x, named = call.data(), _axes(call, 1)
    rank = len(x.shape) + len(named or ())
    axes = tuple(sorted(call.axis(axis, rank) for axis in named or ()))
    return call.add("unsqueeze", x, axes=axes)


def expand(call: Call) -> Data:
    """Expand, to a shape that may be shorter, or 1 where the input is longer."""
    x = call.data()
    target = call.batched(call.whole(1), x.shape)
    return _expanded(call, x, target)


def _expanded(call: Call, x: Data, target: Sequence[Dim]) -> Data:
    shape = broadcast([x.shape, tuple(target)])
    if len(shape) > len(x.shape):
        added = len(shape) - len(x.shape)
        x = call.add("unsqueeze", x, part="unsqueeze", axes=tuple(range(added)))
    if shape == x.shape:
        return x
    kept = tuple(0 if a == b else b for a, b in zip(x.shape, shape, strict=True))
    return call.add("expand", x, shape=kept)


def tile(call: Call) -> Data:
    """Tile, of axes of extent 1."""
    x, times = call.data(), call.whole(1)
    if any(count != 1 != extent for count, extent in zip(times, x.shape, strict=True)):
        raise UnsupportedError("of an axis longer than 1")
    return _expanded(call, x, [e if n == 1 else n for n, e in zip(times, x.shape, strict=True)])


def depth_to_space(call: Call) -> Data:
    """DepthToSpace: the channels of a square block become its rows and columns."""
    n, c, h, w = _image(call)
    b = call.operator.integer("blocksize")
    if not isinstance(c, int) or b < 1 or c % (b * b):
        raise call.operator.error(f"{c} channels are not divisible by {b}*{b}")
    columns = call.operator.word("mode", "DCR") == "DCR"
    split_ = (n, b, b, c // (b * b), h, w) if columns else (n, c // (b * b), b, b, h, w)
    order = (0, 3, 4, 1, 5, 2) if columns else (0, 1, 4, 2, 5, 3)
    return _rearranged(call, split_, order, (n, c // (b * b), h * b, w * b))


def space_to_depth(call: Call) -> Data:
    """SpaceToDepth: the rows and columns of a square block become channels."""
    n, c, h, w = _image(call)
    b = call.operator.integer("blocksize")
    if b < 1 or any(isinstance(extent, int) and extent % b for extent in (h, w)):
        raise call.operator.error(f"{h} x {w} is not divisible by {b}")
    rows, columns = floor_div(h, b), floor_div(w, b)
    return _rearranged(
        call, (n, c, rows, b, columns, b), (0, 3, 5, 1, 2, 4), (n, c * b * b, rows, columns)
    )


def _image(call: Call) -> tuple[Dim, ...]:
    shape = call.data().shape
    if len(shape) != 4:  # noqa: PLR2004 - N C H W
        raise call.operator.error(f"expected 4 axes, got {len(shape)}")
    return shape


def _rearranged(
    call: Call, shape: tuple[Dim, ...], order: tuple[int, ...], target: tuple[Dim, ...]
) -> Data:
    made = reshaped(call, call.data(), shape, part="blocks")
    made = call.add("transpose", made, part="transpose", permutation=order)
    return reshaped(call, made, target)


def _axes(call: Call, position: int) -> tuple[int, ...] | None:
    given = call.optional(position)
    axes = moving.axes_of(call.operator, None if given is None else given.numbers())
    return None if axes is None else tuple(axes)
