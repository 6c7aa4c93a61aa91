"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import SCALE, STATISTICS, Operation, Rule
from convcost.importers.mxnet.operators.reshaping import as_target

_NORM = (*SCALE, STATISTICS, STATISTICS)
_EXTENT_AXES = {"channel": (1,), "spatial": (2, 3), "instance": (1, 2, 3)}


def batch_norm(op: Operation) -> str:
    """Read BatchNorm: with ``fix_gamma``, MXNet's default, the scale is held at 1.

    A shift that is not learned cannot be told from one that is: files do not say it.
    """
    axis = op.axis(op.attributes.integer("axis", 1), op.rank(op.inputs[0]))
    if axis != 1:
        raise op.unknown(f"of axis {axis}", lambda: op.shape(op.inputs[0]))
    return op.put("batch_norm", scale=_scaled(op))


def batch_norm_with_relu(op: Operation) -> str:
    """Read BatchNormWithReLU."""
    normalized = op.put_part("bn", "batch_norm", scale=_scaled(op))
    return op.put("activation", normalized, function="relu")


def _scaled(op: Operation) -> bool:
    return not op.attributes.flag("fix_gamma", otherwise=True)


def local_response(op: Operation) -> str:
    """Read LRN."""
    return op.put("lrn", size=op.attributes.integer("nsize"))


def layer_norm(op: Operation) -> str:
    """Read LayerNorm over the last axis."""
    rank = op.rank(op.inputs[0])
    axis = op.axis(op.attributes.integer("axis", -1), rank)
    if axis != rank - 1:
        raise op.unknown(f"of axis {axis} of {rank}", lambda: op.shape(op.inputs[0]))
    return op.put("layer_norm")


def instance_norm(op: Operation) -> str:
    """Read InstanceNorm."""
    return op.put("instance_norm")


def group_norm(op: Operation) -> str:
    """Read GroupNorm: MXNet's learns a scale and a shift for every group, not every channel.

    So it is what InstanceNorm does with the elements of a group in the place of a channel's.
    """
    shape = as_target(op, op.shape(op.inputs[0]))
    groups = op.attributes.integer("num_groups", 1)
    apart = op.put_part("groups", "reshape", shape=(0, groups, -1))
    normalized = op.put_part("norm", "instance_norm", apart)
    return op.put("reshape", normalized, shape=shape)


def euclidean(op: Operation) -> str:
    """Read L2Normalization: squares, their sum, epsilon, a root, and a division."""
    mode = op.attributes.word("mode", tuple(_EXTENT_AXES), "instance")
    axes = tuple(axis for axis in _EXTENT_AXES[mode] if axis < op.rank(op.inputs[0]))
    squares = op.put_part("squares", "activation", function="square")
    total = op.put_part("sum", "reduce", squares, function="sum", axes=axes, keep=True)
    shifted = op.put_part("epsilon", "arithmetic", total, function="add", operand=())
    root = op.put_part("root", "activation", shifted, function="sqrt")
    return op.put("divide", op.inputs[0], root)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(
            ("BatchNorm", "BatchNorm_v1", "CuDNNBatchNorm"), Rule(batch_norm, roles=_NORM)
        ),
        **dict.fromkeys(("SyncBatchNorm", "_contrib_SyncBatchNorm"), Rule(batch_norm, roles=_NORM)),
        "_contrib_BatchNormWithReLU": Rule(batch_norm_with_relu, roles=_NORM),
        "LRN": Rule(local_response),
        "LayerNorm": Rule(layer_norm, roles=SCALE),
        "InstanceNorm": Rule(instance_norm, roles=SCALE),
        "GroupNorm": Rule(group_norm, roles=SCALE),
        "L2Normalization": Rule(euclidean),
    }
)
