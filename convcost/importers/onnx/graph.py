"""Which nodes of a graph its outputs need, in an order they can run in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import ImportFormatError
from convcost.importers.onnx.operator import text_of

if TYPE_CHECKING:
    import onnx

MOST_DEPTH = 40  # graphs in graphs


@dataclass(frozen=True, slots=True)
class Plan:
    """Nodes to go through, with their numbers in the file, and how often names are read."""

    nodes: Sequence[tuple[int, onnx.NodeProto]]
    reads: Counter[str]


def plan(nodes: Sequence[onnx.NodeProto], outputs: Sequence[str], known: Iterable[str]) -> Plan:
    """Return the nodes that some outputs depend on, each behind those it reads.

    ``known`` are the names that the nodes do not give: inputs and initializers.

    Raises: ImportFormatError if something is given twice, by nothing, or in a cycle.
    """
    givers = _givers(nodes, set(known))
    reads = {index: tuple(_reads(node)) for index, node in enumerate(nodes)}
    wanted: set[int] = set()
    waiting = [(name, "the graph's outputs") for name in outputs]
    while waiting:
        name, reader = waiting.pop()
        if name not in givers:
            raise ImportFormatError(f"{reader} reads {name!r}, which nothing gives")
        giver = givers[name]
        if giver is not None and giver not in wanted:
            wanted.add(giver)
            label = f"node {text_of(nodes[giver].name)!r} ({text_of(nodes[giver].op_type)})"
            waiting += [(read, label) for read in reads[giver]]
    order = sorted(wanted)
    if not _can_run(order, reads, givers):
        order = _sorted(order, reads, givers, nodes)
    count = Counter(outputs)
    for index in order:
        count.update(reads[index])
    return Plan([(index, nodes[index]) for index in order], count)


def _givers(nodes: Sequence[onnx.NodeProto], known: set[str]) -> dict[str, int | None]:
    givers: dict[str, int | None] = dict.fromkeys(known)
    for index, node in enumerate(nodes):
        for output in node.output:
            name = text_of(output)
            if name and name in givers:
                raise ImportFormatError(f"{name!r} is given twice")
            givers[name] = index
    return givers


def _reads(node: onnx.NodeProto, depth: int = 0) -> Iterator[str]:
    """Give the names that a node reads, and those from outside that graphs inside it read."""
    if depth > MOST_DEPTH:
        raise ImportFormatError(f"graphs nested more than {MOST_DEPTH} deep")
    yield from (text_of(name) for name in node.input if name)
    for attribute in node.attribute:
        graphs: list[onnx.GraphProto] = [*attribute.graphs]
        graphs += [attribute.g] if attribute.HasField("g") else []
        for graph in graphs:
            own = {value.name for value in graph.input} | {each.name for each in graph.initializer}
            own.update(name for inner in graph.node for name in inner.output)
            outer = [name for inner in graph.node for name in _reads(inner, depth + 1)]
            outer += [text_of(output.name) for output in graph.output]
            yield from (name for name in outer if name not in own)


def _can_run(
    order: Sequence[int], reads: dict[int, tuple[str, ...]], givers: dict[str, int | None]
) -> bool:
    """Whether every node stands behind those it reads, as a file should have it."""
    return all(
        (giver := givers[name]) is None or giver < index for index in order for name in reads[index]
    )


def _sorted(
    order: Sequence[int],
    reads: dict[int, tuple[str, ...]],
    givers: dict[str, int | None],
    nodes: Sequence[onnx.NodeProto],
) -> list[int]:
    from graphlib import CycleError, TopologicalSorter

    before = {
        index: {giver for name in reads[index] if (giver := givers[name]) is not None}
        for index in order
    }
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        names = [text_of(nodes[index].output[0]) for index in error.args[1]]
        raise ImportFormatError(f"the nodes form a cycle: {' -> '.join(names)}") from None
