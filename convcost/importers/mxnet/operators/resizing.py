"""Larger and smaller maps: deconvolution, upsampling, bilinear and adaptive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from types import MappingProxyType

from convcost.dims import Dim, floor_div
from convcost.importers.extents import written
from convcost.importers.mxnet.operation import LINEAR, Operation, Rule
from convcost.importers.mxnet.operators.windows import (
    pair,
    require_channels_first,
    require_weights,
    windowed,
)
from convcost.spec import Written

_ROWS = 2  # the first axis of an image
_MOST = 4096  # of a denominator


def deconvolution(op: Operation) -> str:
    """Read Deconvolution; MXNet's has no bias unless it says so."""
    require_channels_first(op)
    kernel = op.attributes.extents("kernel")
    axes = len(kernel)
    if axes > _ROWS:
        raise op.unknown(f"over {axes} axes")
    require_weights(op, None, None, *kernel)
    if any(op.attributes.extents("target_shape", ())):
        raise op.unknown("to a given shape")
    return windowed(
        op,
        "conv_transpose2d",
        filters=op.attributes.integer("num_filter"),
        kernel=pair(op, "kernel", axes, 1),
        stride=pair(op, "stride", axes, 1),
        padding=pair(op, "pad", axes, 0),
        output_padding=pair(op, "adj", axes, 0),
        dilation=pair(op, "dilate", axes, 1),
        groups=op.attributes.integer("num_group", 1),
        bias=not op.attributes.flag("no_bias", otherwise=True),
    )


def upsampling(op: Operation) -> str:
    """Read UpSampling: bilinear, it is a deconvolution of every channel, which may learn."""
    scale = op.attributes.integer("scale")
    bilinear = op.attributes.word("sample_type", ("nearest", "bilinear")) == "bilinear"
    if bilinear:
        channels = op.attributes.integer("num_filter")
        return op.put(
            "conv_transpose2d",
            op.inputs[0],
            filters=channels,
            kernel=2 * scale - scale % 2,
            stride=scale,
            padding=scale // 2,
            groups=channels,
            bias=False,
        )
    if op.attributes.integer("num_args", 1) > 1:
        raise op.unknown("of several tensors")
    return op.put("resize", mode="nearest", scale=(scale, scale), divisor=(1, 1))


def bilinear(op: Operation) -> str:
    """Read BilinearResize2D."""
    modes = ("size", "like", "odd_scale", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up")
    mode = op.attributes.word("mode", modes, "size")
    source = op.inputs[0]
    if mode == "odd_scale":
        raise op.unknown(f"of mode {mode}")
    if mode == "size" and "scale_height" in op.attributes:
        scales = [_scale(op, key) for key in ("scale_height", "scale_width")]
        return op.put(
            "resize",
            source,
            mode="linear",
            scale=tuple(each.numerator for each in scales),
            divisor=tuple(each.denominator for each in scales),
        )
    if mode == "size":
        size: tuple[Written, ...] = tuple(
            op.attributes.integer(key, 1) for key in ("height", "width")
        )
    elif mode == "like":
        size = _written(op.shape(op.inputs[1])[_ROWS:])
    else:
        size = _written([_rounded(extent, mode) for extent in op.shape(source)[_ROWS:]])
    return op.put("resize", source, mode="linear", size=size)


def _written(extents: Sequence[Dim]) -> tuple[Written, ...]:
    return tuple(map(written, extents))


def _rounded(extent: Dim, mode: str) -> Dim:
    """Return the nearest even or odd extent."""
    up = mode.endswith("up")
    if "even" in mode:
        return floor_div(extent + int(up), 2) * 2
    return floor_div(extent - int(not up), 2) * 2 + 1


def _scale(op: Operation, key: str) -> Fraction:
    scale = op.attributes.real(key)
    if not 1 / _MOST <= scale <= _MOST:
        raise op.attributes.wrong(key, f"1/{_MOST} to {_MOST}")
    return Fraction(scale).limit_denominator(_MOST)


def adaptive(op: Operation) -> str:
    """Read AdaptiveAvgPooling2D to one position; more have windows of unlike size."""
    size = op.attributes.extents("output_size", ()) or (1,)
    if set(size) != {1}:
        target = (size[0], size[-1])
        use = f"to {target[0]}x{target[1]}"
        raise op.unknown(use, lambda: (*op.shape(op.inputs[0])[:_ROWS], *target))
    return op.put("global_pool2d", mode="average")


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Deconvolution": Rule(deconvolution, roles=LINEAR),
        "UpSampling": Rule(upsampling, roles=LINEAR),
        "_contrib_BilinearResize2D": Rule(bilinear, 2),
        "_contrib_AdaptiveAvgPooling2D": Rule(adaptive),
    }
)
