"""What every layer of a network costs: one walk in topological order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from convcost.cost import ELEMENT_BYTES, LayerCost, NetworkCost
from convcost.dims import Dim
from convcost.errors import ConvcostError, Problem, ShapeError, SpecError, nearest
from convcost.expressions import LARGEST_BITS
from convcost.graph import INPUT, Network, Node
from convcost.layers import Input
from convcost.review import review
from convcost.tensors import Tensor


def infer_shapes(network: Network, *, batch: Dim = 1) -> dict[str, Tensor]:
    """Return the output shape of every layer, by name.

    Raises: ShapeError, with every layer that cannot take its inputs.
    """
    shapes: dict[str, Tensor] = {}
    problems: list[Problem] = []
    for node in network.nodes:
        layer = replace(node.layer, batch=batch) if isinstance(node.layer, Input) else node.layer
        if any(name not in shapes for name in node.inputs):
            continue  # what it reads is wrong already
        inputs = [shapes[name] for name in node.inputs]
        try:
            _require_accepted(node, inputs)
            shapes[node.name] = _require_countable(layer.output_shape(*inputs))
        except ConvcostError as error:
            given = ", ".join(
                f"{_shown(shape)} from {name!r}"
                for name, shape in zip(node.inputs, inputs, strict=True)
            )
            where = f"layer {node.name!r} ({node.layer.kind})"
            located = error.at(where, node.location, *([f"input: {given}"] if given else []))
            problems.extend(located.problems)
    if problems:
        raise ShapeError(*problems)
    return shapes


def analyse(
    network: Network, *, batch: Dim = 1, dtype: str = "float32", training: bool = False
) -> NetworkCost:
    """Return what a network costs on a batch, layer by layer.

    Units: scalar operations for the forward pass of the whole batch; elements; bytes.
    Raises: ShapeError if a layer cannot take its inputs; SpecError for an unknown dtype.
    """
    if dtype not in ELEMENT_BYTES:
        raise SpecError(f"unknown dtype {dtype!r}; {nearest(dtype, ELEMENT_BYTES)}")
    shapes = infer_shapes(network, batch=batch)
    layers = tuple(
        _cost(node, shapes, ELEMENT_BYTES[dtype], training=training)
        for node in network.nodes
        if not isinstance(node.layer, Input)
    )
    return NetworkCost(
        network.name,
        shapes[INPUT],
        layers,
        network.outputs,
        dtype,
        training,
        notes=review(network, layers),
        uncounted=tuple(layer.name for layer in layers if not layer.layer.counted),
        inputs={
            node.name: shapes[node.name]
            for node in network.nodes
            if isinstance(node.layer, Input) and node.name != INPUT
        },
    )


def _cost(
    node: Node, shapes: Mapping[str, Tensor], element_bytes: int, *, training: bool
) -> LayerCost:
    layer = node.layer
    inputs = tuple([shapes[name] for name in node.inputs])
    return LayerCost(
        name=node.name,
        block=node.block,
        layer=layer,
        inputs=node.inputs,
        input_shapes=inputs,
        output=shapes[node.name],
        parameters=replace(layer.parameters(*inputs), **node.holds),
        statistics=layer.statistics(*inputs),
        work=layer.training_work(*inputs) if training else layer.work(*inputs),
        element_bytes=element_bytes,
    )


def _require_accepted(node: Node, inputs: list[Tensor]) -> None:
    for shape in inputs:
        if not isinstance(shape, node.layer.accepts):
            raise ShapeError(f"expected a feature map (N, C, H, W), got {_shown(shape)}")


def _require_countable(shape: Tensor) -> Tensor:
    """Refuse extents that only a mistake can make so large."""
    for extent in shape.shape:
        if isinstance(extent, int) and extent.bit_length() > LARGEST_BITS:
            raise ShapeError(f"an extent of {extent.bit_length()} bits is too large")
    return shape


def _shown(shape: Tensor) -> str:
    return "(" + ", ".join(map(str, ("N", *shape.shape[1:]))) + ")"
