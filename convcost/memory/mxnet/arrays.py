"""What works on axes of a tensor, or lays a map out anew, as MXNet's operators."""

from __future__ import annotations

from convcost.cost import LayerCost
from convcost.layers import ConvTranspose2d, GroupNorm, InstanceNorm, LayerNorm, Matmul, Reduce
from convcost.layers.group_normalization import AbstractGroupNormalization
from convcost.memory.mxnet.graph import Entry, Node
from convcost.memory.mxnet.sizes import ELEMENT, bytes_of, one

_PRODUCTS = {2: "dot", 3: "batch_dot"}


def conv_transpose2d(layer: ConvTranspose2d, cost: LayerCost, x: Entry) -> Node:
    """Lay kernels down; padding that is uneven is cut off afterwards."""
    if all(before == after for before, after in layer.margins):
        return one("Deconvolution")(layer, cost, x)
    made = cost.output.shape
    cut = [int(abs(before - after)) for before, after in layer.margins]
    extents = [int(extent) + more for extent, more in zip(made[2:], cut, strict=True)]
    size = int(made[0] * made[1]) * extents[0] * extents[1] * ELEMENT
    whole = Node("Deconvolution", (x,), (size,))
    return one("slice")(layer, cost, (whole, 0))


def reduce(layer: Reduce, cost: LayerCost, x: Entry) -> Node:
    """Reduce the axes."""
    extreme = layer.function in {"max", "min"}
    operator = "reduce to extreme" if extreme else "reduce to sum"
    return Node(operator, (x,), (bytes_of(cost.output),), attributes=layer)


def matmul(_: Matmul, cost: LayerCost, a: Entry, b: Entry) -> Node:
    """Multiply matrices."""
    operator = _PRODUCTS.get(len(cost.output.shape), "linalg_gemm2")
    return Node(operator, (a, b), (bytes_of(cost.output),))


def norm(layer: LayerNorm | InstanceNorm | GroupNorm, cost: LayerCost, x: Entry) -> Node:
    """Give the mean and the root, or the variance, of every group too."""
    assert isinstance(layer, AbstractGroupNormalization)  # noqa: S101 - each is one
    groups = int(layer.groups_in(cost.input_shapes[0])) * ELEMENT
    operator = "InstanceNorm" if isinstance(layer, InstanceNorm) else "LayerNorm"
    return Node(operator, (x,), (bytes_of(cost.output), groups, groups))
