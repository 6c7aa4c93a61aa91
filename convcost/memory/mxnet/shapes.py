"""What only moves elements as MXNet's operators."""

from __future__ import annotations

from collections.abc import Iterator

from convcost.cost import LayerCost
from convcost.dims import product
from convcost.layers import AbstractLayer, Constant, Gather, Pad, Slice, Transpose, Uncounted
from convcost.memory.mxnet.graph import Entry, Node
from convcost.memory.mxnet.sizes import ELEMENT, bytes_of, one
from convcost.tensors import Extents


def reshape(_: AbstractLayer, cost: LayerCost, x: Entry) -> Node:
    """See the elements in another shape."""
    return one("Reshape", attributes=cost.output.shape)(_, cost, x)


def transpose(layer: Transpose, cost: LayerCost, x: Entry) -> Node:
    """Move the elements; what is transposed twice alike is so once."""
    order = layer.order(len(cost.output.shape))
    return one("transpose", attributes=order)(layer, cost, x)


def slice_(layer: Slice, cost: LayerCost, x: Entry) -> Node:
    """Copy a part."""
    return one("slice", attributes=layer)(layer, cost, x)


def gather(layer: Gather, cost: LayerCost, x: Entry) -> Node:
    """Copy by indices, which lie elsewhere."""
    indices = Node("Variable", (), (int(layer.count) * ELEMENT,))
    return Node("take", (x, (indices, 0)), (bytes_of(cost.output),))


def pad(layer: Pad, cost: LayerCost, x: Entry) -> Node:
    """Crop axis by axis, then pad."""
    shape = list(cost.input_shapes[0].shape)
    node = None
    for axis, start, stop in cropped(layer, tuple(shape)):
        shape[axis] = stop - start
        entry = x if node is None else (node, 0)
        size = int(product(shape)) * ELEMENT
        node = Node("slice", (entry,), (size,), attributes=(axis, start, stop))
    entry = x if node is None else (node, 0)
    if any(int(margin) > 0 for margin in (*layer.before, *layer.after)):
        return one("Pad")(layer, cost, entry)
    return node or one("_copy")(layer, cost, x)


def cropped(layer: Pad, shape: Extents) -> Iterator[tuple[int, int, int]]:
    """Yield every axis that is cropped, and from where up to where it is kept."""
    margins = zip(layer.before, shape, layer.after, strict=True)
    for axis, (before, extent, after) in enumerate(margins):
        start, stop = max(0, -int(before)), int(extent) - max(0, -int(after))
        if (start, stop) != (0, extent):
            yield axis, start, stop


def expand(_: AbstractLayer, cost: LayerCost, x: Entry) -> Node:
    """Repeat along axes of extent 1."""
    return one("broadcast_to", attributes=cost.output.shape)(_, cost, x)


def constant(layer: Constant, cost: LayerCost, x: Entry) -> Node:
    """Repeat a tensor that lies elsewhere; nothing is read of the input."""
    del x
    size = (bytes_of(cost.output),)
    if layer.learned:
        return Node("broadcast_to, learned", (), size, attributes=cost.output.shape)
    own = Node("Variable", (), (int(layer.elements) * ELEMENT,))
    return Node("broadcast_to", ((own, 0),), size, attributes=cost.output.shape)


def uncounted(layer: Uncounted, cost: LayerCost, *inputs: Entry) -> Node:
    """Take it for an operator that needs its inputs for its gradients, and memory of its own."""
    return one("uncounted")(layer, cost, *inputs)
