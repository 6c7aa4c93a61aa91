"""Normalizations."""

from __future__ import annotations

from typing import Any

from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Constant, Data

_PER_CHANNEL = 21  # the opset from which GroupNormalization scales channels, not groups


def batch_norm(call: Call) -> Data:
    """BatchNormalization; its running mean and variance are statistics, not learned."""
    if any(call.wanted[1:]):
        raise UnsupportedError("with statistics as outputs")
    x, scale, shift = call.data(), call.constant(1), call.constant(2)
    for constant in (scale, shift, call.constant(3), call.constant(4)):
        if constant.shape != (x.shape[1],):
            raise call.operator.error(
                f"expected {x.shape[1]} values, a channel each, got {list(constant.shape)}"
            )
    return _add(call, "batch_norm", scale, shift)


def instance_norm(call: Call) -> Data:
    """InstanceNormalization."""
    return _add(call, "instance_norm", call.constant(1), call.constant(2))


def group_norm(call: Call) -> Data:
    """GroupNormalization."""
    x, scale, shift = call.data(), call.constant(1), call.constant(2)
    groups = call.operator.integer("num_groups")
    if call.operator.version < _PER_CHANNEL and scale.elements != x.shape[1]:
        raise UnsupportedError("with a scale for a group")
    return _add(call, "group_norm", scale, shift, groups=groups)


def layer_norm(call: Call) -> Data:
    """LayerNormalization, over the axes from one on."""
    if any(call.wanted[1:]):
        raise UnsupportedError("with statistics as outputs")
    x, scale, shift = call.data(), call.constant(1), call.optional(2)
    rank = len(x.shape)
    dimensions = rank - call.axis(call.operator.integer("axis", -1), rank)
    return _add(call, "layer_norm", scale, shift, dimensions=dimensions)


def _add(call: Call, kind: str, scale: Constant, shift: Constant | None, **attributes: Any) -> Data:
    """Place a normalization, with the scale and the shift that were learned."""
    learns_scale = _is_learned(scale, 1)
    learns_shift = shift is not None and _is_learned(shift, 0)
    if not learns_scale:
        attributes["scale"] = False
    if not learns_shift:
        attributes["shift"] = False
    learning = call.named_by(scale).learn(
        scales=scale if learns_scale else None, shifts=shift if learns_shift else None
    )
    return learning.add(kind, call.data(), **attributes)


def _is_learned(constant: Constant, otherwise: float) -> bool:
    """Whether a scale or a shift was learned: exporters make one up where there is none."""
    if constant.learned or constant.known is None:
        return True
    return bool((constant.numbers() != otherwise).any())


def lrn(call: Call) -> Data:
    """LRN, across channels."""
    return call.add("lrn", call.data(), size=call.operator.integer("size"))


def dropout(call: Call) -> Data:
    """Dropout; before opset 12 its rate is an attribute."""
    if any(call.wanted[1:]):
        raise UnsupportedError("with its mask")
    rate = call.operator.decimal("ratio", 0.5)
    given = call.optional(1)
    if given is not None and given.known is not None:
        rate = float(given.numbers().ravel()[0])
    return call.add("dropout", call.data(), rate=rate)
