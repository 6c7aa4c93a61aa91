"""Convolution, pooling, resizing and dense layers.

One axis besides the channels is a row of a map of one row: it is put there, and taken away
again behind the layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import LINEAR, Operation, Rule
from convcost.spec import Written

_CHANNELS_FIRST = ("None", "NCW", "NCHW", "NCDHW")
_ROUNDINGS = {"valid": "valid", "full": "full", "same": "valid"}
_MODES = {"max": "max", "avg": "average"}
_IMAGE, _SEQUENCE = 2, 1  # axes that a window slides along


def require_channels_first(op: Operation) -> None:
    """Refuse a layout that no rule is known for."""
    layout = op.attributes.values.get("layout", "None")
    if layout not in _CHANNELS_FIRST:
        raise op.unknown(f"in {layout}")


def pair(op: Operation, key: str, axes: int, otherwise: int) -> tuple[int, int]:
    """Return an attribute for rows and columns; ``otherwise`` if it is missing."""
    values = op.attributes.extents(key, ()) or (otherwise,) * axes
    if len(values) != axes:
        raise op.attributes.error(f"{key}: expected {axes} numbers, found {len(values)}")
    return (otherwise, values[0]) if axes == _SEQUENCE else (values[0], values[1])


def windowed(op: Operation, kind: str, **attributes: Written) -> str:
    """Put a layer with a window, and what gives it rows if it has a sequence."""
    if op.rank(op.inputs[0]) != 3:  # noqa: PLR2004 - N C W
        return op.put(kind, **attributes)
    rows = op.put_part("rows", "unsqueeze", axes=(2,))
    inner = op.put_part("map", kind, rows, **attributes)
    return op.put("squeeze", inner, axes=(2,))


def _axes(op: Operation, kernel: tuple[int, ...]) -> int:
    if len(kernel) not in {_SEQUENCE, _IMAGE}:
        raise op.unknown(f"over {len(kernel)} axes")
    return len(kernel)


def require_weights(op: Operation, *expected: int | None) -> None:
    """Refuse weights of another shape, as far as the file has it; None is any extent."""
    shape = op.constants.get(1)
    if shape is None:
        return
    pairs = list(zip(shape, expected, strict=False))
    if len(shape) != len(expected) or any(0 != have != want is not None for have, want in pairs):
        wanted = ", ".join("any" if extent is None else str(extent) for extent in expected)
        raise op.attributes.error(f"its weights have the shape {shape}, expected ({wanted})")


def convolution(op: Operation) -> str:
    """Read Convolution, and what is called so in other places."""
    require_channels_first(op)
    kernel = op.attributes.extents("kernel")
    axes = _axes(op, kernel)
    require_weights(op, op.attributes.integer("num_filter"), None, *kernel)
    return windowed(
        op,
        "conv2d",
        filters=op.attributes.integer("num_filter"),
        kernel=pair(op, "kernel", axes, 1),
        stride=pair(op, "stride", axes, 1),
        padding=pair(op, "pad", axes, 0),
        dilation=pair(op, "dilate", axes, 1),
        groups=op.attributes.integer("num_group", 1),
        bias=not op.attributes.flag("no_bias", otherwise=False),
    )


def pooling(op: Operation) -> str:
    """Read Pooling; MXNet's operator has a stride of 1 if it says none."""
    require_channels_first(op)
    word = op.attributes.word("pool_type", ("max", "avg", "sum", "lp"), "max")
    if word not in _MODES:
        raise op.unknown(f"of {word}")
    mode = _MODES[word]
    if op.attributes.flag("global_pool", otherwise=False):
        return _global(op, mode)
    axes = _axes(op, op.attributes.extents("kernel"))
    convention = op.attributes.word("pooling_convention", tuple(_ROUNDINGS), "valid")
    padding: Written = pair(op, "pad", axes, 0)
    if convention == "same":
        padding = "same"
    counts = {}
    if mode == "average" and "count_include_pad" in op.attributes:
        counts["count_padding"] = op.attributes.flag("count_include_pad", otherwise=True)
    return windowed(
        op,
        "pool2d",
        mode=mode,
        kernel=pair(op, "kernel", axes, 1),
        stride=pair(op, "stride", axes, 1),
        padding=padding,
        rounding=_ROUNDINGS[convention],
        **counts,
    )


def _global(op: Operation, mode: str) -> str:
    rank = op.rank(op.inputs[0])
    if rank == 4:  # noqa: PLR2004 - N C H W
        return op.put("global_pool2d", mode=mode)
    function = "max" if mode == "max" else "mean"
    return op.put("reduce", function=function, axes=tuple(range(2, rank)), keep=True)


def dense(op: Operation) -> str:
    """Read FullyConnected, which flattens by itself unless it is told not to."""
    units = op.attributes.integer("num_hidden")
    require_weights(op, units, None)
    attributes: dict[str, Written] = {
        "units": units,
        "bias": not op.attributes.flag("no_bias", otherwise=False),
    }
    if not op.attributes.flag("flatten", otherwise=True):
        attributes["flatten"] = False
    return op.put("dense", **attributes)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "Convolution": Rule(convolution, roles=LINEAR),
        "Convolution_v1": Rule(convolution, roles=LINEAR),
        "Pooling": Rule(pooling),
        "Pooling_v1": Rule(pooling),
        "FullyConnected": Rule(dense, roles=LINEAR),
    }
)
