"""From places in rows and columns to pixels, with room for the frames around blocks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from convcost.report.drawing.blocks import Block
from convcost.report.drawing.layout import Layout, Spot
from convcost.report.drawing.picture import Edge, Picture

HEIGHT = 40  # of a box
GAP = 28  # between rows
BETWEEN = 24  # between columns, at least
HEADER = 20  # above what a frame holds: its label
PAD = 8  # on its other sides
MARGIN = 20
_LETTER = 6.7  # the width of most letters
_NARROWEST, _WIDEST = 110, 300

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame around a block: its corner and size."""

    block: Block
    x: float
    y: float
    width: float
    height: float


class Geometry:
    """The pixels of a layout: x and y are those of centres."""

    def __init__(self, picture: Picture, layout: Layout, root: Block) -> None:
        """Make room for all boxes and for the frames of all blocks inside ``root``."""
        self._layout = layout
        longest = max(max(len(box.label), len(box.caption)) for box in picture.boxes)
        self.box_width = min(max(_NARROWEST, longest * _LETTER + 20), _WIDEST)
        self.letters = int((self.box_width - 12) / _LETTER)
        self._edges = picture.edges
        self._reach = {block.path: _reach(block) for block in _inner(root)}
        self._rows = {block.path: self._span(block) for block in _inner(root)}
        self._above, self._below = self._stacks(root)
        spots = [*layout.boxes.values(), *(spot for way in layout.bends.values() for spot in way)]
        deepest = max(self._reach.values(), default=0)
        self._left = min(spot.column for spot in spots)
        self._margin = MARGIN + PAD * deepest
        last = max(spot.row for spot in spots)
        self._tops = self._row_tops(last)
        widest = max(spot.column for spot in spots) - self._left
        self.width = widest * self._pitch + self.box_width + 2 * self._margin
        self.height = self._tops[last] + HEIGHT + self._foot(last) + MARGIN

    @property
    def _pitch(self) -> float:
        deepest = max(self._reach.values(), default=0)
        return self.box_width + max(BETWEEN, 2 * PAD * (deepest - 1) + PAD)

    def x(self, spot: Spot) -> float:
        """Return the centre of a column."""
        return self._margin + self.box_width / 2 + (spot.column - self._left) * self._pitch

    def top(self, spot: Spot) -> float:
        """Return the upper side of the boxes of a row."""
        return self._tops[spot.row]

    def way(self, edge: Edge) -> list[Point]:
        """Return the points that an edge goes through; inside rows it goes straight down."""
        boxes = self._layout.boxes
        start, end = boxes[edge.source], boxes[edge.target]
        points = [(self.x(start), self.top(start) + HEIGHT)]
        for spot in self._layout.bends[edge]:
            points += [(self.x(spot), self.top(spot)), (self.x(spot), self.top(spot) + HEIGHT)]
        return [*points, (self.x(end), self.top(end))]

    def frames(self, root: Block) -> Iterator[Frame]:
        """Return the frames of all blocks, the outer ones first."""
        for block in _inner(root):
            spots = list(self._spots(block))
            pad = PAD * self._reach[block.path] + self.box_width / 2
            left, right = (
                pick(map(self.x, spots)) + side * pad for pick, side in ((min, -1), (max, 1))
            )
            first, last = self._rows[block.path]
            top = self._tops[first] - HEADER * self._above[block.path]
            bottom = self._tops[last] + HEIGHT + PAD * self._below[block.path]
            yield Frame(block, left, top, right - left, bottom - top)

    def _row_tops(self, last: int) -> list[float]:
        tops, y = [], float(MARGIN + HEADER)  # the title stands above the first row
        for row in range(last + 1):
            y += self._head(row)
            tops.append(y)
            y += HEIGHT + self._foot(row) + GAP
        return tops

    def _head(self, row: int) -> float:
        """Return the room that frames need above a row."""
        rows, above = self._rows, self._above
        return HEADER * max((above[path] for path in rows if rows[path][0] == row), default=0)

    def _foot(self, row: int) -> float:
        rows, below = self._rows, self._below
        return PAD * max((below[path] for path in rows if rows[path][1] == row), default=0)

    def _span(self, block: Block) -> tuple[int, int]:
        rows = [spot.row for spot in self._spots(block)]
        return min(rows), max(rows)

    def _spots(self, block: Block) -> Iterator[Spot]:
        """Return the places inside a block, with those of its edges beside its boxes."""
        names = {box.name for inside in _and_inner(block) for box in inside.boxes}
        spots = [self._layout.boxes[name] for name in names]
        yield from spots
        first, last = min(spot.row for spot in spots), max(spot.row for spot in spots)
        for edge in self._edges:
            if edge.source in names or edge.target in names:
                yield from (spot for spot in self._layout.bends[edge] if first < spot.row < last)

    def _stacks(self, root: Block) -> tuple[dict[tuple[str, ...], int], ...]:
        """Return how many frames begin, and how many end, at a block's edge: its own and inner."""
        above: dict[tuple[str, ...], int] = defaultdict(int)
        below: dict[tuple[str, ...], int] = defaultdict(int)
        for block in reversed(list(_inner(root))):
            first, last = self._rows[block.path]
            inner = block.blocks
            heads = [above[each.path] for each in inner if self._rows[each.path][0] == first]
            feet = [below[each.path] for each in inner if self._rows[each.path][1] == last]
            above[block.path] = 1 + max(heads, default=0)
            below[block.path] = 1 + max(feet, default=0)
        return above, below


def _inner(block: Block) -> Iterator[Block]:
    for inner in block.blocks:
        yield from _and_inner(inner)


def _and_inner(block: Block) -> Iterator[Block]:
    yield block
    yield from _inner(block)


def _reach(block: Block) -> int:
    """Return how many frames stand inside one another at most, this one included."""
    return 1 + max(map(_reach, block.blocks), default=0)
