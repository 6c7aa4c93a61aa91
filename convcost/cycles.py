"""Cycles in what reads, or calls, what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def find_cycles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return a cycle of every set of nodes that reach one another, each starting first by name."""
    import networkx as nx  # slow to import, and rarely needed

    graph = nx.DiGraph((start, end) for start, ends in edges.items() for end in ends)
    cycles = []
    for component in nx.strongly_connected_components(graph):
        first = min(component)
        if len(component) > 1 or graph.has_edge(first, first):
            found = nx.find_cycle(graph.subgraph(component), first)
            names = [start for start, _ in found]
            turn = names.index(min(names))
            cycles.append(names[turn:] + names[:turn])
    return sorted(cycles)
