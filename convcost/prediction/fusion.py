"""Which layers run as one operation when MXNet 1.9.1 fuses for oneDNN.

A convolution takes in a batch norm, then a sum with another tensor, then an activation, each
if it is there; a dense layer takes in an activation. Every one of them must be the only
reader of the one before it. What passes its input on at inference is left out altogether.
Where a sum reads a convolution both by itself and through what follows it, MXNet's choice
depends on how it walks the graph; here what follows is taken in.
Source: MXNet 1.9.1, src/operator/subgraph/mkldnn: mkldnn_conv_property.h,
    mkldnn_fc_property.h and mkldnn_identity_property.h.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim, add_up
from convcost.layers import Activation, Add, BatchNorm, Conv2d, Dense, Dropout, Identity
from convcost.prediction.convolutions import PRODUCTS
from convcost.prediction.machine import Machine
from convcost.prediction.terms import Terms, levels, moved_bytes, reordered, terms

_BY_BOTH = frozenset({"relu", "relu6", "sigmoid", "tanh", "softplus", "leaky_relu", "gelu"})
_BY_DENSE = _BY_BOTH | {"elu", "exp", "sqrt", "square", "abs"}
_PAIR = 2


def fused(cost: NetworkCost) -> list[tuple[LayerCost, ...]]:
    """Return which layers run together; a convolution that MXNet visits first takes a sum."""
    graph = _Graph(cost)
    taken: set[str] = set()
    groups: list[tuple[LayerCost, ...]] = []
    for layer in graph.layers.values():
        if layer.name not in taken:
            group = (layer, *_followers(graph, layer, taken))
            taken.update(each.name for each in group)
            groups.append(group)
    return groups


def unfused(cost: NetworkCost) -> list[tuple[LayerCost, ...]]:
    """Return the layers that run, each by itself: those that an output depends on."""
    needed = _needed(cost)
    return [(layer,) for layer in cost.layers if layer.name in needed]


def fused_terms(
    group: tuple[LayerCost, ...], machine: Machine, blocked: Mapping[str, bool] | None = None
) -> Terms:
    """Return the terms of layers that run as one: those of the first, and what the rest add.

    A batch norm goes into the weights beforehand. A sum reads one tensor more. An activation
    costs the exponentials that it computes, and a hyperbolic tangent more than those.
    ``blocked`` says which layers' outputs are in blocks of channels.
    """
    first, *others = group
    found = terms(first, machine, _of_inputs(first, blocked))
    if not others:
        return found
    sums = sum(isinstance(each.layer, Add) for each in others)
    moved = moved_bytes(first) + sums * first.activation_bytes
    tangents = add_up(each.activations for each in others if _is_tangent(each))
    exponentials = add_up(each.work.exponentials for each in others if not _is_tangent(each))
    added = reordered(_added(group, blocked))
    values: dict[str, Dim] = {
        **found.values,
        "exponentials": found.values.get("exponentials", 0) + exponentials,
        "tangents": tangents,
        **_behind_product(others if found.kernel in PRODUCTS else []),
        **{name: found.values.get(name, 0) + amount for name, amount in added.items()},
        **levels(moved, machine),
    }
    return replace(found, values={name: value for name, value in values.items() if value != 0})


def _is_tangent(layer: LayerCost) -> bool:
    return isinstance(layer.layer, Activation) and layer.layer.function == "tanh"


def _behind_product(others: Sequence[LayerCost]) -> dict[str, Dim]:
    """Return what a function costs behind a product, where elements are computed one by one.

    A sum costs nothing, for the product adds to it; but then a function takes a slower way.
    """
    functions = [each for each in others if isinstance(each.layer, Activation)]
    if any(isinstance(each.layer, Add) for each in others):
        return {"elements_alone": add_up(each.activations for each in functions)}
    work = [each.work for each in functions]
    return {"operations": add_up(each.operations - each.exponentials for each in work)}


def _of_inputs(layer: LayerCost, blocked: Mapping[str, bool] | None) -> list[bool] | None:
    return None if blocked is None else [blocked.get(name, False) for name in layer.inputs]


def _added(group: tuple[LayerCost, ...], blocked: Mapping[str, bool] | None) -> list[Dim]:
    """Return the bytes of every tensor that is added in another layout."""
    if blocked is None:
        return []
    inside = {each.name for each in group}
    gives = blocked[group[0].name]
    return [
        each.activation_bytes
        for each in group
        if isinstance(each.layer, Add)
        and any(blocked.get(name, False) != gives for name in set(each.inputs) - inside)
    ]


def _needed(cost: NetworkCost) -> set[str]:
    """Return the layers that an output depends on: others are never run."""
    needed = set(cost.outputs)
    for layer in reversed(cost.layers):
        if layer.name in needed:
            needed.update(layer.inputs)
    return needed


def _as_visited(cost: NetworkCost) -> list[LayerCost]:
    """Return the layers that are needed in MXNet's order: depth first, from the outputs."""
    layers = {layer.name: layer for layer in cost.layers}
    found: dict[str, LayerCost] = {}
    for output in cost.outputs:
        ahead = [(output, False)]
        while ahead:
            name, seen = ahead.pop()
            if name in found or name not in layers:
                continue
            if seen:
                found[name] = layers[name]
                continue
            ahead.append((name, True))
            ahead.extend((each, False) for each in reversed(layers[name].inputs))
    return list(found.values())


class _Graph:
    """Who reads whom, without layers that nobody needs, and those that pass their input on."""

    def __init__(self, cost: NetworkCost) -> None:
        made = {layer.name for layer in cost.layers}
        source: dict[str, str] = {}
        self.layers: dict[str, LayerCost] = {}
        for layer in _as_visited(cost):
            if isinstance(layer.layer, Dropout | Identity) and made.issuperset(layer.inputs):
                source[layer.name] = source.get(layer.inputs[0], layer.inputs[0])
            else:
                self.layers[layer.name] = layer
        self.inputs: Mapping[str, list[str]] = {
            name: [source.get(each, each) for each in layer.inputs]
            for name, layer in self.layers.items()
        }
        self.outputs = {source.get(name, name) for name in cost.outputs}
        self.readers: dict[str, list[str]] = defaultdict(list)
        for name, inputs in self.inputs.items():
            for each in dict.fromkeys(inputs):
                self.readers[each].append(name)

    def only_reader(self, name: str) -> LayerCost | None:
        """Return what alone reads a layer. A sum that the others lead to is not counted."""
        if name in self.outputs:
            return None
        readers = [each for each in self.readers[name] if not self._comes_back(name, each)]
        return self.layers[readers[0]] if len(readers) == 1 else None

    def _comes_back(self, name: str, reader: str) -> bool:
        """Whether a sum also depends on a layer by another way: they cannot run as one."""
        if not isinstance(self.layers[reader].layer, Add):
            return False
        return any(other != name and name in self._before(other) for other in self.inputs[reader])

    def _before(self, name: str) -> set[str]:
        """Return all that a layer depends on."""
        found: set[str] = set()
        ahead = [name]
        while ahead:
            for each in self.inputs.get(ahead.pop(), ()):
                if each not in found:
                    found.add(each)
                    ahead.append(each)
        return found


def _followers(graph: _Graph, first: LayerCost, taken: set[str]) -> Iterator[LayerCost]:
    """Yield the layers that a convolution or a dense layer takes in."""
    if not isinstance(first.layer, Conv2d | Dense):
        return
    stages = (BatchNorm, Add, Activation) if isinstance(first.layer, Conv2d) else (Activation,)
    functions = _BY_BOTH if isinstance(first.layer, Conv2d) else _BY_DENSE
    last, left = first, list(stages)
    while left:
        reader = graph.only_reader(last.name)
        if reader is None or reader.name in taken or type(reader.layer) not in left:
            return
        if isinstance(reader.layer, Activation) and reader.layer.function not in functions:
            return
        if isinstance(reader.layer, Add) and len(reader.inputs) != _PAIR:
            return
        yield reader
        last, left = reader, left[left.index(type(reader.layer)) + 1 :]
