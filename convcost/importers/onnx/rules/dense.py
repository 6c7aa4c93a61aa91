"""Products of matrices: by weights, which is a dense layer, or of data with data."""

from __future__ import annotations

from convcost.importers.onnx.assembly import Call
from convcost.importers.onnx.operator import UnsupportedError
from convcost.importers.onnx.values import Constant, Data

_MATRIX = 2  # axes


def gemm(call: Call) -> Data:
    """Gemm; its factors alpha and beta go into the weights before anything runs."""
    operator = call.operator
    x, b = call.data(0), call.value(1)
    if len(x.shape) != _MATRIX:
        raise operator.error(f"expected a matrix, got {len(x.shape)} axes")
    if operator.integer("transA", 0):
        x = call.add("transpose", x, part="transpose", permutation=(1, 0))
    if isinstance(b, Data):
        if operator.integer("transB", 0):
            b = call.add("transpose", b, part="transpose_b", permutation=(1, 0))
        return _plus(call, call.add("matmul", x, b))
    weights = call.constant(1)
    if len(weights.shape) != _MATRIX:
        raise operator.error(f"expected weights of 2 axes, got {list(weights.shape)}")
    turned = weights.shape if operator.integer("transB", 0) else weights.shape[::-1]
    _require_features(call, x, turned[1], weights)
    bias = call.value(2)
    fits = isinstance(bias, Constant) and bias.elements == turned[0]
    call = call.named_by(weights)
    learned = bias if isinstance(bias, Constant) and fits else None
    learning = call.learn(weights=weights, biases=learned)
    made = learning.add("dense", x, units=turned[0], bias=fits)
    return made if fits else _plus(call, made)


def matmul(call: Call) -> Data:
    """MatMul."""
    left, right = call.value(0), call.value(1)
    if isinstance(left, Data) and isinstance(right, Data):
        return call.add("matmul", left, right)
    if isinstance(left, Data):
        return _dense(call, left, call.constant(1))
    x, weights = call.data(1), call.constant(0)
    if len(weights.shape) != _MATRIX or len(x.shape) < _MATRIX:
        raise UnsupportedError(f"by a constant of {len(weights.shape)} axes")
    # W x = (x' W')'
    order = (*range(len(x.shape) - 2), len(x.shape) - 1, len(x.shape) - 2)
    turned = call.add("transpose", x, part="transpose", permutation=order)
    made = _dense(call, turned, weights.like(weights.shape[::-1]))
    return call.add("transpose", made, part="transpose_back", permutation=order)


def _dense(call: Call, x: Data, weights: Constant) -> Data:
    if len(weights.shape) == 1:
        made = _dense(call, x, weights.like((*weights.shape, 1)))
        return call.add("squeeze", made, part="squeeze", axes=(len(x.shape) - 1,))
    if len(weights.shape) > _MATRIX and all(extent == 1 for extent in weights.shape[:-2]):
        weights = weights.like(weights.shape[-2:])
    if len(weights.shape) != _MATRIX:
        return call.add("matmul", x, call.given(weights, x))
    features, units = weights.shape
    _require_features(call, x, features, weights)
    call = call.named_by(weights).learn(weights=weights)
    if len(x.shape) == _MATRIX:
        return call.add("dense", x, units=units, bias=False)
    return call.add("dense", x, units=units, bias=False, flatten=False)


def _require_features(call: Call, x: Data, features: object, weights: Constant) -> None:
    last = x.shape[-1]
    if isinstance(last, int) and last != features:
        raise call.operator.error(
            f"its weights {list(weights.shape)} take {features} features, the input has {last}"
        )


def _plus(call: Call, made: Data) -> Data:
    """Add what Gemm adds, if that is no bias of its units."""
    third = call.value(2)
    if isinstance(third, Data):
        return call.add("add", made, third, part="add")
    if third is None:
        return made
    return call.add(
        "arithmetic",
        made,
        part="add",
        function="add",
        operand=tuple(third.shape),
        learned=third.learned and third.elements != 1,
    )
