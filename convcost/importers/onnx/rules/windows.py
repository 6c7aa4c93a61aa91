"""Convolutions and pooling, of images and, as images of one row, of sequences."""

from __future__ import annotations

from typing import Any

from convcost.dims import Dim
from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.reshaping import reshaped
from convcost.importers.onnx.rules.elementwise import FUNCTIONS
from convcost.importers.onnx.values import Constant, Data

_VOLUME, _IMAGE, _SEQUENCE = 5, 4, 3  # axes
Sides = tuple[tuple[Dim, Dim], ...]


def conv(call: Call) -> Data:
    """Conv: the kernel's extents are in its weights, (filters, C/groups, k, ...)."""
    weights, groups = call.constant(1), call.operator.integer("group", 1)
    call, x = call.named_by(weights), _spatial(call)
    _require_channels(call, x, weights, axis=1, groups=groups)
    attributes = _window(call, weights.shape[2:])
    return _flat(
        call.learn(weights=weights, biases=call.bias(2)).add(
            "conv2d",
            _image(call, x),
            filters=weights.shape[0],
            **attributes,
            groups=groups,
            bias=call.bias(2) is not None,
        ),
        call,
        x,
    )


def fused_conv(call: Call) -> Data:
    """ONNX Runtime's FusedConv: a Conv, perhaps another tensor added, and an activation."""
    made = conv(call)
    other = call.value(3)
    if isinstance(other, Data):
        made = call.add("add", made, other, part="add")
    name = call.operator.word("activation", "")
    if name == "Clip":
        bounds = call.operator.decimals("activation_params")
        function = "relu6" if tuple(bounds) == (0.0, 6.0) else "clip"
    elif name in FUNCTIONS:
        function = FUNCTIONS[name]
    elif not name:
        return made
    else:
        raise UnsupportedError(f"with {name}")
    return call.add("activation", made, part=function, function=function)


def conv_transpose(call: Call) -> Data:
    """ConvTranspose: its weights are (C, filters/groups, k, ...)."""
    weights, groups = call.constant(1), call.operator.integer("group", 1)
    call, x = call.named_by(weights), _spatial(call)
    _require_channels(call, x, weights, axis=0, groups=1)
    attributes = _window(call, weights.shape[2:])
    rank = len(x.shape) - 2
    extra = call.operator.integers("output_padding", (0,) * rank)
    attributes["padding"] = _pairs(_transposed_padding(call, x, extra, attributes), (0, 0))
    return _flat(
        call.learn(weights=weights, biases=call.bias(2)).add(
            "conv_transpose2d",
            _image(call, x),
            filters=weights.shape[1] * groups,
            **attributes,
            output_padding=_pairs(extra, 0),
            groups=groups,
            bias=call.bias(2) is not None,
        ),
        call,
        x,
    )


def max_pool(call: Call) -> Data:
    """MaxPool; where the largest elements were must not be asked for."""
    if any(call.wanted[1:]):
        raise UnsupportedError("with indices")
    return _pool(call, "max")


def average_pool(call: Call) -> Data:
    """AveragePool."""
    return _pool(call, "average", count_padding=bool(call.operator.integer("count_include_pad", 0)))


def global_pool(mode: str) -> Any:
    """Return the rule of a pooling over all positions."""

    def rule(call: Call) -> Data:
        x = call.data()
        if len(x.shape) == _IMAGE:
            return call.add("global_pool2d", x, mode=mode)
        function = "mean" if mode == "average" else "max"
        return call.add("reduce", x, function=function, axes=tuple(range(2, len(x.shape))))

    return rule


def _pool(call: Call, mode: str, **attributes: Any) -> Data:
    if len(call.data().shape) == _VOLUME:
        return _pool_of_maps(call, mode, **attributes)
    x = _spatial(call)
    kernel = call.operator.integers("kernel_shape")
    rounding = "clamped" if call.operator.integer("ceil_mode", 0) else "valid"
    window = _window(call, kernel)
    made = call.add("pool2d", _image(call, x), mode=mode, **window, rounding=rounding, **attributes)
    return _flat(made, call, x)


def _pool_of_maps(call: Call, mode: str, **attributes: Any) -> Data:
    """Pool along the first axis of a volume, as exporters write LRN: its maps are columns."""
    x, operator = call.data(), call.operator
    kernel = operator.integers("kernel_shape")
    strides, pads = operator.integers("strides", (1, 1, 1)), _pads(call, 3)
    along = (kernel[1:], strides[1:], pads[1:3], pads[4:])
    plain = operator.word("auto_pad", "NOTSET") == "NOTSET" and not operator.integer("ceil_mode", 0)
    if along != ((1, 1), (1, 1), (0, 0), (0, 0)) or not plain:
        raise UnsupportedError(f"of {len(x.shape)} axes")
    n, c, depth, height, width = x.shape
    maps = reshaped(call, x, (n, c, depth, height * width), part="maps")
    window: dict[str, Any] = {"kernel": (kernel[0], 1), "stride": (strides[0], 1)}
    sides = ((pads[0], pads[3]), (0, 0))
    made = call.add("pool2d", maps, mode=mode, **window, padding=sides, **attributes)
    return reshaped(call, made, (n, c, made.shape[2], height, width), part="volume")


def _spatial(call: Call) -> Data:
    x = call.data()
    if len(x.shape) not in {_IMAGE, _SEQUENCE}:
        raise UnsupportedError(f"of {len(x.shape)} axes")
    return x


def _image(call: Call, x: Data) -> Data:
    """Return a sequence as an image of one row."""
    if len(x.shape) == _IMAGE:
        return x
    return call.add("unsqueeze", x, part="unsqueeze", axes=(2,))


def _flat(made: Data, call: Call, x: Data) -> Data:
    """Return what was made of a sequence as a sequence again."""
    if len(x.shape) == _IMAGE:
        return made
    return call.add("squeeze", made, part="squeeze", axes=(2,))


def _require_channels(call: Call, x: Data, weights: Constant, *, axis: int, groups: int) -> None:
    if len(weights.shape) != len(x.shape):
        raise call.operator.error(
            f"expected weights of {len(x.shape)} axes, got {list(weights.shape)}"
        )
    channels = weights.shape[axis] * groups
    if isinstance(x.shape[1], int) and x.shape[1] != channels:
        raise call.operator.error(
            f"its weights {list(weights.shape)} take {channels} channels, the input has"
            f" {x.shape[1]}"
        )


def _window(call: Call, kernel: tuple[Dim, ...]) -> dict[str, Any]:
    """Return the attributes of a window; for a sequence with those of one row before them."""
    operator, rank = call.operator, len(call.data().shape) - 2
    ones = (1,) * rank
    given = operator.integers("kernel_shape", tuple(kernel))  # type: ignore[arg-type]
    strides, dilations = operator.integers("strides", ones), operator.integers("dilations", ones)
    for name, values in (("kernel_shape", given), ("strides", strides), ("dilations", dilations)):
        if len(values) != rank:
            raise operator.error(f"{name}: expected {rank} numbers, got {len(values)}")
    if given != tuple(kernel):
        raise operator.error(f"kernel_shape {list(given)} differs from the weights {list(kernel)}")
    return {
        "kernel": _pairs(given, 1),
        "stride": _pairs(strides, 1),
        "padding": _padding(call, rank),
        "dilation": _pairs(dilations, 1),
    }


def _padding(call: Call, rank: int) -> Any:
    automatic = call.operator.word("auto_pad", "NOTSET")
    if automatic == "SAME_UPPER":
        return "same"
    if automatic == "SAME_LOWER":
        return "same_lower"
    if automatic not in {"NOTSET", "VALID"}:
        raise call.operator.error(f"auto_pad: unknown value {automatic!r}")
    pads = (0,) * (2 * rank) if automatic == "VALID" else _pads(call, rank)
    return _pairs(tuple(zip(pads[:rank], pads[rank:], strict=True)), (0, 0))


def _pads(call: Call, rank: int) -> tuple[int, ...]:
    pads = call.operator.integers("pads", (0,) * (2 * rank))
    if len(pads) != 2 * rank:
        raise call.operator.error(f"pads: expected {2 * rank} numbers, got {len(pads)}")
    return pads


def _transposed_padding(
    call: Call, x: Data, extra: tuple[int, ...], window: dict[str, Any]
) -> Sides:
    """Return what is cut off on both sides, from the extents that are asked for if need be.

    Source: ONNX, ConvTranspose, the equations of ``total_padding``.
    """
    operator, rank = call.operator, len(x.shape) - 2
    automatic = operator.word("auto_pad", "NOTSET")
    shape = operator.integers("output_shape", ())[-rank:]
    if not shape and not automatic.startswith("SAME"):
        pads = (0,) * (2 * rank) if automatic == "VALID" else _pads(call, rank)
        return tuple(zip(pads[:rank], pads[rank:], strict=True))
    sides = []
    for axis in range(rank):
        kernel, stride = window["kernel"][axis - rank], window["stride"][axis - rank]
        reach = window["dilation"][axis - rank] * (kernel - 1) + 1
        whole = stride * (x.shape[2 + axis] - 1) + extra[axis] + reach
        target = shape[axis] if shape else x.shape[2 + axis] * stride
        total = max(0, whole - target)
        small, large = total // 2, total - total // 2
        sides.append((small, large) if automatic == "SAME_UPPER" else (large, small))
    return tuple(sides)


def _pairs(values: tuple[Any, ...], row: Any) -> tuple[Any, ...]:
    """Return a value for the rows and one for the columns; ``row`` is what a sequence has."""
    return values if len(values) == 2 else (row, *values)  # noqa: PLR2004
