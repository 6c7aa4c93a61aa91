"""Products of matrices."""

from __future__ import annotations

from math import prod

from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import Dense

_MATRIX = 2  # axes


def dense(layer: Dense, node: NodeMaker) -> None:
    """Write a dense layer: of one vector an example as Gemm, of more as MatMul and Add."""
    (x,), (shape,) = node.inputs, node.shapes
    if len(shape) != _MATRIX and not layer.flatten:
        weight = node.weight("weight", shape[-1], layer.units)
        if not layer.bias:
            return node.last("MatMul", x, weight)
        product = node.before("product", "MatMul", x, weight)
        return node.last("Add", product, node.weight("bias", layer.units))
    if len(shape) != _MATRIX:
        x = node.before("flat", "Flatten", x, axis=1)
    weight = node.weight("weight", layer.units, prod(shape[1:]))
    bias = (node.weight("bias", layer.units),) if layer.bias else ()
    return node.last("Gemm", x, weight, *bias, transB=1)
