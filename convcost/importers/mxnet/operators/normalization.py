"""Normalization."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule


def batch_norm(op: Operation) -> str:
    """Read BatchNorm: with ``fix_gamma``, MXNet's default, the scale is held at 1.

    A shift that is not learned cannot be told from one that is: files do not say it.
    """
    axis = op.axis(op.attributes.integer("axis", 1), op.rank(op.inputs[0]))
    if axis != 1:
        raise op.unknown(f"of axis {axis}", lambda: op.shape(op.inputs[0]))
    return op.put("batch_norm", scale=not op.attributes.flag("fix_gamma", otherwise=True))


def local_response(op: Operation) -> str:
    """Read LRN."""
    return op.put("lrn", size=op.attributes.integer("nsize"))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "BatchNorm": Rule(batch_norm),
        "BatchNorm_v1": Rule(batch_norm),
        "CuDNNBatchNorm": Rule(batch_norm),
        "SyncBatchNorm": Rule(batch_norm),
        "_contrib_SyncBatchNorm": Rule(batch_norm),
        "LRN": Rule(local_response),
    }
)
