"""Where boxes and edges go: the one place that knows the layout library.

Source: Sugiyama, Tagawa & Toda, Methods for visual understanding of hierarchical system
structures, 1981, as igraph has it: boxes in rows, long edges through rows of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from convcost.errors import MissingDependencyError
from convcost.report.drawing.picture import Edge, Picture


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: a column, which may lie between two, and a row."""

    column: float
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all boxes by name, and those that an edge goes through, its ends aside."""

    boxes: Mapping[str, Spot]
    bends: Mapping[Edge, tuple[Spot, ...]]


def lay_out(picture: Picture) -> Layout:
    """Return a layout from the top to the bottom, with few crossings.

    Raises: MissingDependencyError without igraph.
    """
    try:
        import igraph
    except ImportError:
        message = "a drawing as SVG needs igraph: pip install 'convcost[graph]'"
        raise MissingDependencyError(message) from None
    index = {box.name: position for position, box in enumerate(picture.boxes)}
    pairs = [(index[edge.source], index[edge.target]) for edge in picture.edges]
    found = igraph.Graph(n=len(index), edges=pairs, directed=True).layout_sugiyama()
    spots = [(column, round(row)) for column, row in found.coords]
    ways = []  # the indices of the spots that an edge goes through
    for (source, target), bends in zip(pairs, found.edge_routing, strict=True):
        inside = range(len(spots), len(spots) + len(bends))
        spots += [(column, round(row)) for column, row in bends]
        ways.append([source, *inside, target])
    columns = centred([row for _, row in spots], spaced(spots, ways))
    placed = [Spot(column, row) for column, (_, row) in zip(columns, spots, strict=True)]
    edges = zip(picture.edges, ways, strict=True)
    bends = {edge: tuple(placed[spot] for spot in way[1:-1]) for edge, way in edges}
    return Layout(dict(zip(index, placed, strict=False)), bends)


def spaced(spots: Sequence[tuple[float, int]], ways: Iterable[Sequence[int]]) -> list[float]:
    """Return the columns of spots, moved to the right where two in a row are too close.

    igraph 1.0 sometimes leaves half a column between them. What stands in one line, from
    row to row along an edge, moves together.
    """
    lane = list(range(len(spots)))
    members = [{row: spot} for spot, (_, row) in enumerate(spots)]
    for way in ways:
        for one, next_ in pairwise(way):
            into, other = members[lane[one]], members[lane[next_]]
            if spots[one][0] == spots[next_][0] and not into.keys() & other.keys():
                into |= other
                for spot in other.values():
                    lane[spot] = lane[one]
    ends: dict[int, float] = {}  # of every row: up to where it is taken
    columns = [column for column, _ in spots]
    for each in sorted(set(lane), key=lambda each: spots[each][0]):
        taken = [ends[row] + 1 for row in members[each] if row in ends]
        column = max([spots[each][0], *taken])
        ends |= dict.fromkeys(members[each], column)
        for spot in members[each].values():
            columns[spot] = column
    return columns


def centred(rows: Sequence[int], columns: Sequence[float]) -> list[float]:
    """Return the columns with 0 in the middle of all rows from one single spot to the next."""
    by_row: dict[int, list[float]] = {}
    for row, column in zip(rows, columns, strict=True):
        by_row.setdefault(row, []).append(column)
    middles: dict[int, float] = {}
    for _, run in groupby(sorted(by_row), key=lambda row: len(by_row[row]) == 1):
        inside = list(run)
        parts = [inside] if len(by_row[inside[0]]) > 1 else [[row] for row in inside]
        for part in parts:
            taken = [column for row in part for column in by_row[row]]
            middles |= dict.fromkeys(part, (min(taken) + max(taken)) / 2)
    return [column - middles[row] for row, column in zip(rows, columns, strict=True)]
