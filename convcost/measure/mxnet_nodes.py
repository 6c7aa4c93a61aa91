"""Which layer an operation belongs to: some layers are built of several."""

from __future__ import annotations

import json

from mxnet.symbol import Symbol

from convcost.cost import NetworkCost


def layers_of_outputs(symbol: Symbol, cost: NetworkCost) -> dict[str, str]:
    """Return the layer that the first output of every operation belongs to, by its name.

    An operation that is not named after a layer helps the one that reads it.
    """
    layers = {each.name for each in cost.layers}
    nodes = json.loads(symbol.tojson())["nodes"]
    owners: dict[int, str] = {}
    for index in reversed(range(len(nodes))):
        node = nodes[index]
        if node["op"] != "null" and node["name"] in layers:
            owners[index] = node["name"]
        if index in owners:
            for source, *_ in node["inputs"]:
                owners.setdefault(source, owners[index])
    return {
        f"{node['name']}_output": owners[index]
        for index, node in enumerate(nodes)
        if node["op"] != "null" and index in owners
    }
