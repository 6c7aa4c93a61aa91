"""A network as a checked directed acyclic graph of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convcost.errors import GraphError, Location, Problem, SpecError, nearest
from convcost.expand import Expansion, Pending, Source, evaluate
from convcost.forms import NumberForm
from convcost.layers import AbstractLayer, Input
from convcost.spec import Choice, NetworkSpec, Written

if TYPE_CHECKING:
    import networkx as nx

INPUT = "input"


@dataclass(frozen=True, slots=True)
class Node:
    """A layer of a network, with the names of the layers it reads, in order."""

    name: str
    layer: AbstractLayer
    inputs: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, repr=False)
class Network:
    """A network: its layers in an order they can run in, and what they were made from."""

    name: str
    spec: NetworkSpec
    parameters: Mapping[str, Any]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """The layers as a directed acyclic graph; a node's ``node`` is its :class:`Node`."""
        return _graph(self.nodes)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, {len(self.nodes) - 1:,} layers)"


def build(
    spec: NetworkSpec,
    *,
    preset: str | None = None,
    input: tuple[Any, Any, Any] | None = None,  # noqa: A002 - the name users look for
    parameters: Mapping[str, Written | int] | None = None,
) -> Network:
    """Build a spec's network with a preset's values, and the caller's over those.

    ``input`` is (channels, height, width); parameters may be numbers, lists of them, or
    SymPy symbols where they do not decide which layers there are.

    Raises: SpecError, GraphError, with all that is wrong.
    """
    base = _preset(spec, preset)
    chosen = _chosen(spec, {**base.parameters, **(parameters or {})})
    extents = input or evaluate(base.input or spec.input, chosen)
    channels, height, width = map(NumberForm().settle, extents)
    source = Node(INPUT, Input(channels=channels, height=height, width=width))
    expansion = Expansion(spec, chosen, INPUT)
    resolver = _Resolver(expansion)
    nodes = [source]
    for placed in expansion.placed.values():
        inputs = tuple(filter(None, map(resolver.resolve, placed.sources)))
        nodes.append(Node(placed.name, placed.layer, inputs, placed.block, placed.location))
    ends: list[Source] = [Pending(reference, ()) for reference in spec.outputs]
    ends = ends or [expansion.last]
    outputs = tuple(filter(None, map(resolver.resolve, ends)))
    problems = expansion.problems + resolver.problems
    problems += _cycle(nodes)
    if problems:
        raise (SpecError if expansion.problems else GraphError)(*problems)
    return Network(spec.name, spec, chosen, _sorted(nodes), outputs)


def _preset(spec: NetworkSpec, preset: str | None) -> Choice:
    if preset is None:
        return Choice()
    if preset not in spec.presets:
        known = nearest(preset, spec.presets)
        raise SpecError(f"{spec.name} has no preset {preset!r}; {known}")
    return spec.presets[preset]


def _chosen(spec: NetworkSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the parameters in their order: each may depend on those before it."""
    for name in given:
        if name not in spec.parameters:
            known = nearest(name, spec.parameters)
            raise SpecError(f"{spec.name} has no parameter {name!r}; {known}")
    values: dict[str, Any] = {}
    for name, written in spec.parameters.items():
        default = evaluate(written, values)
        values[name] = evaluate(given[name], values) if name in given else default
        if isinstance(values[name], tuple) != isinstance(default, tuple):
            expected = "a list" if isinstance(default, tuple) else "a number"
            raise SpecError(f"parameter {name!r}: expected {expected}, got {given[name]}")
    return values


class _Resolver:
    """Find the layers that references mean: from the inside out, in every block around."""

    def __init__(self, expansion: Expansion) -> None:
        self.problems: list[Problem] = []
        self._outputs = expansion.outputs

    def resolve(self, source: Source) -> str | None:
        """Return the layer's name; None, with a problem noted, if there is none."""
        seen = set()
        while isinstance(source, Pending):
            if source in seen:
                name, place = source.reference.name, source.reference.location
                self.problems.append(Problem(f"{name!r} leads back to itself", place))
                return None
            seen.add(source)
            found = self._find(source)
            if found is None:
                return None
            source = found
        return source

    def _find(self, pending: Pending) -> Source | None:
        name, path = pending.reference.name, pending.path
        for depth in range(len(path), -1, -1):
            full = ".".join((*path[:depth], name))
            if full in self._outputs and full != ".".join(path[: depth + 1]):
                return self._outputs[full]
        prefix = ".".join(path) + "." if path else ""
        siblings = [full.removeprefix(prefix) for full in self._outputs if full.startswith(prefix)]
        message = f"no layer or block {name!r} here; {nearest(name, siblings)}"
        problem = Problem(message, pending.reference.location)
        if problem not in self.problems:
            self.problems.append(problem)
        return None


def _graph(nodes: Sequence[Node]) -> nx.DiGraph[str]:
    import networkx as nx  # takes longer to import than most networks to analyse

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from((node.name, {"node": node}) for node in nodes)
    for node in nodes:
        for position, source in enumerate(node.inputs):
            if source in graph:
                graph.add_edge(source, node.name, position=position)
    return graph


def _can_run(nodes: Sequence[Node]) -> bool:
    """Whether every layer stands behind those it reads, as most specs have it."""
    seen: set[str] = set()
    for node in nodes:
        if not seen.issuperset(node.inputs):
            return False
        seen.add(node.name)
    return True


def _cycle(nodes: Sequence[Node]) -> list[Problem]:
    if _can_run(nodes):
        return []
    import networkx as nx

    graph = _graph(nodes)
    if nx.is_directed_acyclic_graph(graph):
        return []
    edges = nx.find_cycle(graph)
    names = [edge[0] for edge in edges]
    path = " -> ".join([*names, names[0]])
    return [Problem(f"the layers form a cycle: {path}", graph.nodes[names[0]]["node"].location)]


def _sorted(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return a topological order: as written, but for layers that read from below."""
    if _can_run(nodes):
        return tuple(nodes)
    import networkx as nx

    graph = _graph(nodes)
    order = nx.dfs_postorder_nodes(graph.reverse(copy=False))
    return tuple(graph.nodes[name]["node"] for name in order)
