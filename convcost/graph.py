"""A network as a checked directed acyclic graph of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convcost.choices import Chosen, bound, chosen, input_layer
from convcost.cycles import find_cycles
from convcost.errors import GraphError, Location, SpecError, in_order, nearest
from convcost.expand import Expansion, Pending, Source
from convcost.expressions import Expression
from convcost.layers import AbstractLayer, Input
from convcost.spec import NetworkSpec, Reference, Written

if TYPE_CHECKING:
    import networkx as nx

    from convcost.formulas import Formula

INPUT = "input"


@dataclass(frozen=True, slots=True)
class Node:
    """A layer of a network, with the names of the layers it reads, in order.

    ``holds`` is how many learned elements of a role it has, where its kind says otherwise.
    """

    name: str
    layer: AbstractLayer
    inputs: tuple[str, ...] = ()
    block: tuple[str, ...] = ()
    location: Location | None = None
    holds: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class Network:
    """A network: its layers in an order they can run in, and what they were made from.

    ``parameters`` are all values of the spec's parameters, ``given`` those that a preset or
    the caller chose; the others follow from them. ``open`` are the parameters that nobody gave:
    their values are examples. ``extents`` are those of the input, channels, height and width if
    it is an image, as they were written.
    """

    name: str
    spec: NetworkSpec
    preset: str | None
    parameters: Mapping[str, Any]
    given: Mapping[str, Any]
    open: tuple[str, ...]
    extents: tuple[Any, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[str, ...]

    @property
    def source(self) -> Input:
        """The network's input."""
        layer = self.nodes[0].layer
        assert isinstance(layer, Input)  # noqa: S101 - what build puts first
        return layer

    @property
    def bound(self) -> tuple[str | None, ...]:
        """The parameter that each extent of the input gives, if it gives one."""
        return tuple(bound(extent, self.spec.parameters) for extent in self.extents)

    def with_input(self, *extents: Any, parameters: Mapping[str, Any] | None = None) -> Network:
        """Build the network anew, with another input and with these parameters."""
        replaced = zip(self.bound, extents, strict=True)
        by_input = {name for name, extent in replaced if not isinstance(extent, Expression)}
        given = {name: value for name, value in self.given.items() if name not in by_input}
        given |= parameters or {}
        return build(self.spec, preset=self.preset, input=extents, parameters=given)

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """The layers as a directed acyclic graph; a node's ``node`` is its :class:`Node`."""
        return _graph(self.nodes)

    def formula(
        self,
        quantity: str,
        *,
        free: str | Iterable[str] = "N H W",
        layer: str | None = None,
        assume: Iterable[str] = (),
    ) -> Formula:
        """Return the closed form of a quantity of this network, or of one of its layers.

        ``free`` names what stays a symbol, between blanks or one by one: N, C, H, W,
        parameters.
        """
        from convcost.formulas import SymbolicNetwork  # SymPy comes with it

        names = free.split() if isinstance(free, str) else list(free)
        return SymbolicNetwork(self, free=names, assume=assume).formula(quantity, layer)

    def __repr__(self) -> str:
        return f"Network({self.name!r}, {len(self.nodes) - 1:,} layers)"


def build(
    spec: NetworkSpec,
    *,
    preset: str | None = None,
    input: tuple[Any, ...] | None = None,  # noqa: A002 - the name users look for
    parameters: Mapping[str, Written | int] | None = None,
    example: int | None = None,
) -> Network:
    """Build a spec's network with a preset's values, and the caller's over those.

    ``input`` is (channels, height, width), or as many extents as the spec has; an extent that
    is written as the bare name of a parameter gives that parameter. Parameters may be numbers,
    lists of them, or SymPy symbols where they do not decide which layers there are. With an
    ``example`` what must be given and is not gets that number.

    Raises: SpecError, GraphError, with all that is wrong.
    """
    choice = chosen(spec, preset, input, parameters or {}, example)
    expansion = Expansion(spec, choice.parameters, INPUT)
    resolver = _Resolver(expansion)
    nodes = list(_inputs(spec, choice))
    for placed in expansion.placed.values():
        inputs = tuple(filter(None, map(resolver.resolve, placed.sources)))
        what = (placed.name, placed.layer, inputs, placed.block, placed.location, placed.holds)
        nodes.append(Node(*what))
    ends: list[Source] = [Pending(reference, ()) for reference in spec.outputs]
    ends = ends or [expansion.last]
    outputs = tuple(filter(None, map(resolver.resolve, ends)))
    errors = [*expansion.errors, *resolver.errors, *_cycles(nodes)]
    if errors:
        kinds = {type(error) for error in errors}
        problems = [problem for error in errors for problem in error.problems]
        raise (kinds.pop() if len(kinds) == 1 else SpecError)(*in_order(problems))
    return Network(
        name=spec.name,
        spec=spec,
        preset=preset,
        parameters=choice.parameters,
        given=choice.given,
        open=choice.open,
        extents=choice.extents,
        nodes=_sorted(nodes),
        outputs=outputs,
    )


def _inputs(spec: NetworkSpec, choice: Chosen) -> Iterator[Node]:
    """Yield the input, and those beside it."""
    for name, extents in {INPUT: choice.extents, **spec.inputs}.items():
        of = INPUT if name == INPUT else f"input {name!r}"
        yield Node(name, input_layer(f"{spec.name}: {of}", extents, choice.parameters))


class _Resolver:
    """Find the layers that references mean: from the inside out, in every block around."""

    def __init__(self, expansion: Expansion) -> None:
        self.errors: list[GraphError] = []
        self._missing: set[Reference] = set()
        self._outputs = expansion.outputs

    def resolve(self, source: Source) -> str | None:
        """Return the layer's name; None, with a problem noted, if there is none."""
        seen = set()
        while isinstance(source, Pending):
            if source in seen:
                name, place = source.reference.name, source.reference.location
                self.errors.append(GraphError(f"{name!r} leads back to itself", location=place))
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
        if pending.reference in self._missing:
            return None  # said once
        self._missing.add(pending.reference)
        prefix = ".".join(path) + "." if path else ""
        siblings = [full.removeprefix(prefix) for full in self._outputs if full.startswith(prefix)]
        message = f"no layer or block {name!r} here; {nearest(name, siblings)}"
        self.errors.append(GraphError(message, location=pending.reference.location))
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


def _cycles(nodes: Sequence[Node]) -> Iterator[GraphError]:
    if _can_run(nodes):
        return
    places = {node.name: node.location for node in nodes}
    for cycle in find_cycles({node.name: node.inputs for node in nodes}):
        names = cycle[:1] + cycle[:0:-1]  # along the data, from a layer to its reader
        path = " -> ".join([*names, names[0]])
        yield GraphError(f"the layers form a cycle: {path}", location=places[names[0]])


def _sorted(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Return a topological order: as written, but for layers that read from below."""
    if _can_run(nodes):
        return tuple(nodes)
    import networkx as nx

    graph = _graph(nodes)
    order = nx.dfs_postorder_nodes(graph.reverse(copy=False))
    return tuple(graph.nodes[name]["node"] for name in order)
