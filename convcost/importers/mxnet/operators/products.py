"""Products of matrices, and sums, means and extremes over axes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

from convcost.importers.mxnet.operation import LINEAR, Operation, Rule

_MATRIX, _MATRICES = 2, 3  # axes


def batch_dot(op: Operation) -> str:
    """Read batch_dot: a product for every pair of matrices."""
    return _product(op, _MATRICES)


def dot(op: Operation) -> str:
    """Read dot of matrices; the second one may be learned, and is then a dense layer."""
    weights = op.constants.get(1)
    if weights is None or len(op.inputs) > 1:
        return _product(op, _MATRIX)
    turned = op.attributes.flag("transpose_b", otherwise=False)
    if len(weights) != _MATRIX or 0 in weights or "transpose_a" in op.attributes:
        raise op.unknown("with a parameter that is no matrix")
    return op.put("dense", units=weights[0 if turned else 1], bias=False, flatten=False)


def matmul(op: Operation) -> str:
    """Read matmul of matrices, or of as many as the first axes say."""
    if len(op.inputs) != 2 or min(map(op.rank, op.inputs)) < _MATRIX:  # noqa: PLR2004
        return dot(op)
    return op.put("matmul")


def _product(op: Operation, rank: int) -> str:
    if len(op.inputs) != 2 or any(op.rank(source) != rank for source in op.inputs):  # noqa: PLR2004
        raise op.unknown("of other than two tensors of two axes")
    sources = []
    for source, key in zip(op.inputs, ("transpose_a", "transpose_b"), strict=True):
        turned = source
        if op.attributes.flag(key, otherwise=False):
            axes = (*range(rank - 2), rank - 1, rank - 2)
            turned = op.put_part(key[-1], "transpose", source, permutation=axes)
        sources.append(turned)
    return op.put("matmul", *sources)


@cache
def reduction(function: str) -> Callable[[Operation], str]:
    """Return the rule of a sum, mean or extreme over axes."""

    def rule(op: Operation) -> str:
        return _reduced(op, function, op.inputs[0])

    return rule


def norm(op: Operation) -> str:
    """Read norm: absolute values, or squares and a root."""
    if op.attributes.integer("ord", 2) == 1:
        return _reduced(op, "sum", op.put_part("abs", "activation", function="abs"))
    squares = op.put_part("squares", "activation", function="square")
    total = op.put_part("sum", "reduce", squares, **_reducing(op, "sum"))
    return op.put("activation", total, function="sqrt")


def _reduced(op: Operation, function: str, source: str) -> str:
    return op.put("reduce", source, **_reducing(op, function))


def _reducing(op: Operation, function: str) -> dict[str, str | tuple[int, ...] | bool]:
    rank = op.rank(op.inputs[0])
    axes = {op.axis(axis, rank) for axis in op.attributes.extents("axis", ())}
    if op.attributes.flag("exclude", otherwise=False):
        axes = set(range(rank)) - axes
    keep = op.attributes.flag("keepdims", otherwise=False)
    if not axes or 0 in axes:
        raise op.unknown("over the batch")
    return {"function": function, "axes": tuple(sorted(axes)), "keep": keep}


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "batch_dot": Rule(batch_dot, 2),
        "dot": Rule(dot, 2, LINEAR),
        "mean": Rule(reduction("mean")),
        **dict.fromkeys(("sum", "sum_axis"), Rule(reduction("sum"))),
        **dict.fromkeys(("max", "max_axis"), Rule(reduction("max"))),
        **dict.fromkeys(("min", "min_axis"), Rule(reduction("min"))),
        "norm": Rule(norm),
        "_npi_matmul": Rule(matmul, 2, LINEAR),
        "_np_dot": Rule(dot, 2, LINEAR),
        **dict.fromkeys(("_npi_mean", "_np_mean"), Rule(reduction("mean"))),
        **dict.fromkeys(("_npi_sum", "_np_sum"), Rule(reduction("sum"))),
        **dict.fromkeys(("_npi_max", "_np_max"), Rule(reduction("max"))),
        **dict.fromkeys(("_npi_min", "_np_min"), Rule(reduction("min"))),
    }
)
