"""What is drawn of a network: layers or whole blocks, and what flows between them."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim
from convcost.graph import Network, Node
from convcost.layers import Input
from convcost.report import units
from convcost.simple_forms import shown
from convcost.tensors import Tensor
from convcost.work import Work
from convcost.writing.attributes import simplest, values_of, word_of

Sort = Literal["input", "product", "join", "learned", "reduction", "function", "plain", "block"]
"""What a box does with its elements; boxes of one sort look alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A layer, an input, or a block whose layers are not drawn."""

    name: str
    block: tuple[str, ...]
    kind: str
    word: str
    said: str
    sort: Sort
    output: tuple[Dim, ...]
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    layers: int = 1
    multiplies: Dim = 0
    adds: Dim = 0
    macs: Dim = 0
    parameters: Dim = 0
    counted: bool = True

    @property
    def label(self) -> str:
        """Its name inside its block."""
        return self.name.removeprefix(".".join(self.block) + ".") if self.block else self.name

    @property
    def caption(self) -> str:
        """What it is and what it gives; ``word`` is what a spec calls it."""
        return f"{self.word} {units.shape(self.output)}"

    @property
    def facts(self) -> list[str]:
        """All that is known of it, line by line."""
        if not self.counted and self.kind != "block":
            return [self.name, self.said, f"output: {units.shape(self.output)}", "uncounted"]
        counts = [f"multiplies: {units.exact(self.multiplies)}"] if self.kind != "input" else []
        counts += [f"parameters: {units.exact(self.parameters)}"] if self.parameters else []
        return [self.name, self.said, f"output: {units.shape(self.output)}", *counts]


@dataclass(frozen=True, slots=True)
class Edge:
    """What one box reads from another, as which of its inputs."""

    source: str
    target: str
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A network to be drawn. Boxes stand in the order they run in."""

    network: str
    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]
    outputs: tuple[str, ...]

    @property
    def title(self) -> str:
        """The network and what it is given."""
        given = [units.shape(box.output) for box in self.boxes if box.kind == "input"]
        return f"{self.network} at {', '.join(given)}"


def picture(network: Network, cost: NetworkCost, depth: int | None = None) -> Picture:
    """Return a network's picture; blocks inside ``depth`` others are drawn as one box."""
    costs = {each.name: each for each in cost.layers}
    place = {node.name: _place(node, depth, costs) for node in network.nodes}
    members: dict[str, list[LayerCost]] = {}
    boxes: dict[str, Box] = {}
    for node in network.nodes:
        name = place[node.name]
        if isinstance(node.layer, Input):
            given = replace(node.layer, batch=cost.input.n).output_shape()
            boxes[name] = _input(name, given)
        elif name == node.name:
            boxes[name] = _layer(costs[name])
        else:
            members.setdefault(name, []).append(costs[node.name])
            boxes[name] = _block(name, members[name])
    edges: dict[tuple[str, str], list[int]] = {}
    for node in network.nodes:
        for position, source in enumerate(node.inputs):
            pair = place[source], place[node.name]
            if pair[0] != pair[1]:
                edges.setdefault(pair, []).append(position)
    drawn = tuple(Edge(*pair, tuple(positions)) for pair, positions in edges.items())
    outputs = tuple(dict.fromkeys(place[name] for name in network.outputs))
    return Picture(network.name, tuple(boxes.values()), drawn, outputs)


def _place(node: Node, depth: int | None, layers: Container[str]) -> str:
    """Return the name of the box that a layer is drawn in; a layer may be called as a block."""
    if depth is None or len(node.block) < depth:
        return node.name
    block = ".".join(node.block[:depth])
    return f"{block} (block)" if block in layers else block


def _input(name: str, given: Tensor) -> Box:
    shape = given.shape
    return Box(
        name=name, block=(), kind="input", word="input", said="input", sort="input", output=shape
    )


def _layer(cost: LayerCost) -> Box:
    kind = type(cost.layer)
    values = values_of(cost.layer)
    attributes = {name: simplest(kind, name, value) for name, value in values.items()}
    word, left = word_of(kind, values)
    said = [word, *(f"{name}: {shown(attributes[name])}" for name in left)]
    return Box(
        name=cost.name,
        block=cost.block,
        kind=cost.kind,
        word=word,
        said=", ".join(said),
        sort=next(sort for sort, holds in _SORTS.items() if holds(cost)),
        output=cost.output.shape,
        attributes=attributes,
        multiplies=cost.work.multiplies,
        adds=cost.work.adds,
        macs=cost.macs,
        parameters=cost.parameters.count,
        counted=cost.layer.counted,
    )


def _block(name: str, layers: list[LayerCost]) -> Box:
    """Return a box for all layers of a block that are known so far."""
    path = name.split(".")
    counted = all(each.layer.counted for each in layers)
    said = "1 layer" if len(layers) == 1 else f"{len(layers)} layers"
    return Box(
        name=name,
        block=tuple(path[:-1]),
        kind="block",
        word=said,
        said=said if counted else f"{said}, some uncounted: at least",
        sort="block",
        output=layers[-1].output.shape,
        layers=len(layers),
        multiplies=sum(each.work.multiplies for each in layers),
        adds=sum(each.work.adds for each in layers),
        macs=sum(each.macs for each in layers),
        parameters=sum(each.parameters.count for each in layers),
        counted=counted,
    )


_SORTS: Mapping[Sort, Callable[[LayerCost], bool]] = MappingProxyType(
    {
        "product": lambda cost: cost.layer.multiplies_are_macs,
        "join": lambda cost: cost.layer.joins,
        "learned": lambda cost: cost.parameters.count != 0 or cost.statistics != 0,
        "plain": lambda cost: cost.work == Work(),
        "function": lambda cost: cost.layer.sharing == "in place",
        "reduction": lambda _: True,
    }
)
