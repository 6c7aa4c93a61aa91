"""Which layers an operation belongs to: some layers are built of several, some operations fuse."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mxnet.symbol import Symbol

from convcost.cost import NetworkCost


def layers_of_outputs(symbol: Symbol, cost: NetworkCost) -> dict[str, str]:
    """Return the first layer that the first output of every operation belongs to, by its name."""
    return {f"{name}_output": layers[0] for name, layers in layers_of_nodes(symbol, cost).items()}


def layers_of_nodes(symbol: Symbol, cost: NetworkCost) -> dict[str, tuple[str, ...]]:
    """Return the layers that every operation belongs to, by the operation's name.

    An operation that is not named after a layer, nor made of those that are, helps the one
    that reads it. A fused one has a symbol of its own, of the operations it was made of.
    """
    layers = {each.name for each in cost.layers}
    nodes = json.loads(symbol.tojson())["nodes"]
    owners: dict[int, tuple[str, ...]] = {}
    for index in reversed(range(len(nodes))):
        node = nodes[index]
        if node["op"] != "null" and (own := _layers_in(node, layers)):
            owners[index] = own
        if index in owners:
            for source, *_ in node["inputs"]:
                owners.setdefault(source, owners[index])
    return {
        node["name"]: owners[index]
        for index, node in enumerate(nodes)
        if node["op"] != "null" and index in owners
    }


def layers_together(nodes: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the layers that are heard of as one, by the first of them."""
    together: dict[str, dict[str, None]] = {}
    for layers in nodes.values():
        together.setdefault(layers[0], {}).update(dict.fromkeys(layers))
    return {first: tuple(layers) for first, layers in together.items()}


def _layers_in(node: Mapping[str, Any], layers: set[str]) -> tuple[str, ...]:
    """Return the layers that a node is named after, or those in it are."""
    inside = [each["name"] for part in node.get("subgraphs", ()) for each in part["nodes"]]
    return tuple(name for name in inside or [node["name"]] if name in layers)
