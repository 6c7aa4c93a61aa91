"""Normalizations. ONNX scales and shifts in most: what is not learned is 1 and 0."""

from __future__ import annotations

from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import BatchNorm, GroupNorm, InstanceNorm, LayerNorm

_EPSILON = 1e-5
_ANY = 0.5  # the value of what is learned and made up
_PER_CHANNEL = 21  # the opset from which GroupNormalization scales channels, not groups


def batch_norm(layer: BatchNorm, node: NodeMaker) -> None:
    """Write batch norm."""
    channels = node.shapes[0][1]
    scale, shift = _affine(layer, node, channels)
    mean = node.weight("mean", channels)
    variance = node.weight("var", channels, value=1)
    inputs = (*node.inputs, scale, shift, mean, variance)
    node.last("BatchNormalization", *inputs, epsilon=_EPSILON)


def layer_norm(layer: LayerNorm, node: NodeMaker) -> None:
    """Write layer norm, over the last axes."""
    (shape,), dimensions = node.shapes, int(layer.dimensions)
    scale, shift = _affine(layer, node, *shape[len(shape) - dimensions :])
    inputs = (*node.inputs, scale, shift)
    node.last("LayerNormalization", *inputs, axis=-dimensions, epsilon=_EPSILON)


def instance_norm(layer: InstanceNorm, node: NodeMaker) -> None:
    """Write instance norm."""
    inputs = (*node.inputs, *_affine(layer, node, node.shapes[0][1]))
    node.last("InstanceNormalization", *inputs, epsilon=_EPSILON)


def group_norm(layer: GroupNorm, node: NodeMaker) -> None:
    """Write group norm."""
    node.model.require(_PER_CHANNEL)
    inputs = (*node.inputs, *_affine(layer, node, node.shapes[0][1]))
    node.last("GroupNormalization", *inputs, num_groups=layer.groups, epsilon=_EPSILON)


def _affine(
    layer: BatchNorm | LayerNorm | InstanceNorm | GroupNorm, node: NodeMaker, *shape: int
) -> tuple[str, str]:
    """Return a scale and a shift: what is learned is neither 1 nor 0."""
    scale, shift = layer.scale, layer.shift
    return (
        node.weight("scale", *shape, value=_ANY) if scale else node.fixed("ones", shape, 1),
        node.weight("bias", *shape, value=_ANY) if shift else node.fixed("zeros", shape, 0),
    )
