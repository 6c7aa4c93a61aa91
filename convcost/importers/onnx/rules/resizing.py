"""Resize and Upsample, of images and sequences."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.extents import as_fraction
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Data

_SEQUENCE, _IMAGE = 3, 4  # axes
_REGION = 11  # the opset from which a region of interest is the second input


def resize(call: Call) -> Data:
    """Resize to sizes or by scales, in however many inputs the version has them."""
    operator, x = call.operator, call.data()
    _require_plain(call, x)
    place = 2 if operator.version >= _REGION and operator.kind == "Resize" else 1
    sizes, scales = call.optional(3), call.optional(place)
    if sizes is not None and sizes.elements:
        extents = _by_axis(call, x, call.whole(3))
        _require_kept([extents.get(axis, x.shape[axis]) for axis in (0, 1)], x, call)
        return _resized(call, x, size=_pair(extents, x, (1, *x.shape[-2:])))
    if "scales" in operator.attributes:
        factors: list[Any] = list(operator.decimals("scales"))
    elif scales is not None:
        factors = scales.numbers().ravel().tolist()
    else:
        raise operator.error("expected sizes or scales, got neither")
    by_axis = {
        axis: _fraction(call, x, axis, factor)
        for axis, factor in _by_axis(call, x, factors).items()
    }
    if any(by_axis.get(axis, 1) != 1 for axis in (0, 1)):
        raise UnsupportedError("of the channels")
    pair = _pair(by_axis, x, (1, 1, 1))
    if not all(isinstance(each, int | Fraction) for each in pair):
        raise UnsupportedError("by a scale that depends on the size of an input")
    scale, divisor = zip(*(each.as_integer_ratio() for each in pair), strict=True)
    return _resized(call, x, scale=scale, divisor=divisor)


def _fraction(call: Call, x: Data, axis: int, factor: Any) -> Any:
    """Return a scale as the fraction that its author meant.

    Single precision has 0.7 as a little less. Where it makes a difference the file's own number
    is taken, as ONNX says; but PyTorch computes with what was meant, and states it so.
    """
    if not isinstance(factor, float):
        return factor
    meant, exact, extent = as_fraction(factor), Fraction(factor), x.shape[axis]
    if isinstance(extent, int) and extent * exact // 1 != extent * meant // 1:
        stated = call.stated[axis] if axis < len(call.stated) else None
        return meant if stated == extent * meant // 1 else exact
    return meant


def _require_plain(call: Call, x: Data) -> None:
    operator = call.operator
    if len(x.shape) not in {_SEQUENCE, _IMAGE}:
        raise UnsupportedError(f"of {len(x.shape)} axes")
    if operator.integer("antialias", 0):
        raise UnsupportedError("with antialias")
    if operator.word("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise UnsupportedError("that keeps the aspect ratio")
    if operator.word("coordinate_transformation_mode", "") == "tf_crop_and_resize":
        raise UnsupportedError("of a region")


def _by_axis(call: Call, x: Data, values: list[Any]) -> dict[int, Any]:
    """Return a value for each axis that has one."""
    rank = len(x.shape)
    axes = list(range(rank))
    if "axes" in call.operator.attributes:
        axes = [call.axis(axis, rank) for axis in call.operator.integers("axes")]
    if len(axes) != len(values):
        raise call.operator.error(f"expected {len(axes)} sizes or scales, got {len(values)}")
    return dict(zip(axes, values, strict=True))


def _require_kept(extents: list[Any], x: Data, call: Call) -> None:
    for extent, own in zip(extents, x.shape, strict=False):
        if extent not in {own, call.at_batch(own)}:
            raise UnsupportedError("of the channels")


def _pair(values: dict[int, Any], x: Data, kept: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return the values of rows and columns; ``kept`` is what an axis has that has no value.

    A sequence is an image of one row.
    """
    last = len(x.shape) - 1
    rows = kept[0] if len(x.shape) == _SEQUENCE else values.get(last - 1, kept[1])
    return rows, values.get(last, kept[2])


def _resized(call: Call, x: Data, **attributes: Any) -> Data:
    mode = call.operator.word("mode", "nearest")
    if mode not in {"nearest", "linear", "cubic"}:
        raise call.operator.error(f"mode: unknown value {mode!r}")
    if len(x.shape) == _IMAGE:
        return call.add("resize", x, mode=mode, **attributes)
    image = call.add("unsqueeze", x, part="unsqueeze", axes=(2,))
    made = call.add("resize", image, mode=mode, **attributes)
    return call.add("squeeze", made, part="squeeze", axes=(2,))
