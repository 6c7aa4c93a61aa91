"""Dense layers and normalization."""

from __future__ import annotations

from math import prod

from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import BatchNorm, Dense

_EPSILON = 1e-5
_ANY = 0.5  # the value of what is learned and made up
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


def batch_norm(layer: BatchNorm, node: NodeMaker) -> None:
    """Write batch norm. ONNX has a scale and a shift always: what is not learned is 1 and 0."""
    channels = node.shapes[0][1]
    scale, shift = _affine(node, channels, scale=layer.scale, shift=layer.shift)
    mean = node.weight("mean", channels)
    variance = node.weight("var", channels, value=1)
    inputs = (*node.inputs, scale, shift, mean, variance)
    node.last("BatchNormalization", *inputs, epsilon=_EPSILON)


def _affine(node: NodeMaker, *shape: int, scale: bool, shift: bool) -> tuple[str, str]:
    """Return a scale and a shift, learned or not: what is learned is neither 1 nor 0."""
    return (
        node.weight("scale", *shape, value=_ANY) if scale else node.fixed("ones", shape, 1),
        node.weight("bias", *shape, value=_ANY) if shift else node.fixed("zeros", shape, 0),
    )
