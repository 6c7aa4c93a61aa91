"""Normalizations."""

from __future__ import annotations

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
    return call.named_by(scale).learn(scale, shift).add("batch_norm", x)


def instance_norm(call: Call) -> Data:
    """InstanceNormalization; a scale and a shift that are no initializers were made up."""
    scale, shift = call.constant(1), call.constant(2)
    call = call.named_by(scale).learn(scale, shift)
    return call.add("instance_norm", call.data(), scale=scale.learned, shift=shift.learned)


def group_norm(call: Call) -> Data:
    """GroupNormalization."""
    x, scale, shift = call.data(), call.constant(1), call.constant(2)
    groups = call.operator.integer("num_groups")
    if call.operator.version < _PER_CHANNEL and scale.elements != x.shape[1]:
        raise UnsupportedError("with a scale for a group")
    call = call.named_by(scale).learn(scale, shift)
    return call.add("group_norm", x, groups=groups, scale=scale.learned, shift=shift.learned)


def layer_norm(call: Call) -> Data:
    """LayerNormalization, over the axes from one on."""
    if any(call.wanted[1:]):
        raise UnsupportedError("with statistics as outputs")
    x, scale, shift = call.data(), call.constant(1), call.optional(2)
    rank = len(x.shape)
    dimensions = rank - call.axis(call.operator.integer("axis", -1), rank)
    call = call.named_by(scale).learn(scale, shift)
    return call.add(
        "layer_norm",
        x,
        dimensions=dimensions,
        scale=_is_learned(scale),
        shift=shift is not None and _is_learned(shift),
    )


def _is_learned(constant: Constant) -> bool:
    return constant.learned


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
