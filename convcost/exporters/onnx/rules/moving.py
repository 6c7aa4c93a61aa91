"""Layers that only move elements."""

from __future__ import annotations

from convcost.errors import ExportError
from convcost.exporters.onnx.model import NodeMaker
from convcost.layers import (
    Expand,
    Gather,
    Pad,
    Reshape,
    Slice,
    Squeeze,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.layers.axes import axis_of
from convcost.layers.constant import REPEATED, Constant


def reshape(layer: Reshape, node: NodeMaker) -> None:
    """Write a reshape; what it copies and infers ONNX does too."""
    node.last("Reshape", *node.inputs, node.integers("shape", layer.shape))


def transpose(layer: Transpose, node: NodeMaker) -> None:
    """Write a transposition."""
    node.last("Transpose", perm=layer.permutation)


def squeeze(layer: Squeeze, node: NodeMaker) -> None:
    """Write a squeeze."""
    node.last("Squeeze", *node.inputs, node.integers("axes", layer.axes))


def unsqueeze(layer: Unsqueeze, node: NodeMaker) -> None:
    """Write an unsqueeze."""
    node.last("Unsqueeze", *node.inputs, node.integers("axes", layer.axes))


def slice_(layer: Slice, node: NodeMaker) -> None:
    """Write a slice along one axis."""
    (shape,) = node.shapes
    axis = axis_of(layer.axis, len(shape))
    start, stop = layer.bounds(shape[axis])
    bounds = {"starts": start, "ends": stop, "axes": axis, "steps": layer.step}
    made = [node.integers(role, [value]) for role, value in bounds.items()]
    node.last("Slice", *node.inputs, *made)


def gather(layer: Gather, node: NodeMaker) -> None:
    """Write a gather: which positions are taken costs nothing, so it is the first ones."""
    (shape,) = node.shapes
    axis = axis_of(layer.axis, len(shape))
    indices = [index % shape[axis] for index in range(int(layer.count))]
    node.last("Gather", *node.inputs, node.integers("indices", indices), axis=axis)


def pad(layer: Pad, node: NodeMaker) -> None:
    """Write padding with zeros."""
    node.last("Pad", *node.inputs, node.integers("pads", [*layer.before, *layer.after]))


def expand(layer: Expand, node: NodeMaker) -> None:
    """Write an expansion; an extent of 1 keeps the input's."""
    shape = [max(int(extent), 1) for extent in layer.shape]
    node.last("Expand", *node.inputs, node.integers("shape", shape))


def constant(layer: Constant, node: NodeMaker) -> None:
    """Write a tensor of the model's own, repeated along the axes on which it follows the input."""
    made = node.learned if layer.learned else node.fixed
    own = made("weight", layer.own, 1)
    if REPEATED not in layer.shape:
        return node.last("Identity", own)
    given = node.before("given", "Shape", *node.inputs)
    extents = [
        node.before(f"extent{axis}", "Gather", given, node.integers(f"axis{axis}", [axis]), axis=0)
        if extent == REPEATED
        else node.integers(f"own{axis}", [1])
        for axis, extent in enumerate(layer.shape)
    ]
    return node.last("Expand", own, node.before("shape", "Concat", *extents, axis=0))


def uncounted(layer: Uncounted, node: NodeMaker) -> None:
    """Refuse: what the operator was is not known well enough to write it."""
    del node
    raise ExportError(f"an operator without a rule ({layer.operator}) has no ONNX form")
