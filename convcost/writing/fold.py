"""A tree of layers folded: names left out where they follow, loops, and kinds of blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from convcost.steps import RESERVED, label_of
from convcost.writing.attributes import word_of
from convcost.writing.items import BlockItem, Branch, Item, LayerItem, likeness
from convcost.writing.loops import with_loops
from convcost.writing.names import stated, stem_and_number
from convcost.writing.tree import Group, Leaf, Part

INPUT = "input"


@dataclass(slots=True)
class Folding:
    """What has been found while folding: the shapes of blocks, and who is called by a stem.

    ``least`` is how many lines a loop must save; variables get no name that is ``taken``.
    """

    least: int
    taken: Collection[str]
    copies: list[list[BlockItem]] = field(default_factory=list)
    paths: list[set[str]] = field(default_factory=list)
    claims: dict[str, int] = field(default_factory=dict)
    _shapes: dict[Hashable, int] = field(default_factory=dict)

    def items(
        self, parts: Sequence[Part], start: int, before: int, around: Mapping[int, str]
    ) -> tuple[Item, ...]:
        """Return a list of layers, folded.

        ``start`` is the place that its block is given, ``before`` what its first item reads
        if it does not say; ``around`` are the names of places outside.
        """
        names = {**around, start: INPUT, **_names(parts)}
        entries = [(label(part), part.name) for part in parts]
        branches = [name for part in parts if isinstance(part, Leaf) for name, _ in part.branches]
        said = stated(entries, [*branches, *around.values()])
        found: list[Item] = []
        for index, part in enumerate(parts):
            sources = part.inputs if isinstance(part, Leaf) else (part.source,)
            texts = () if sources == (before,) else tuple(names[place] for place in sources)
            if isinstance(part, Leaf):
                name = part.name if index in said else None
                found.append(self._layer(part, name, texts, start))
            else:
                found.append(self._block(part, index not in said, texts))
            before = part.place
        return with_loops(self._claimed(found), self.taken, self.least)

    def _claimed(self, items: Sequence[Item]) -> list[Item]:
        """Call the blocks that are most often behind one name as that says, and no others."""
        blocks = [item for item in items if isinstance(item, BlockItem) and item.automatic]
        count = Counter((block.stem, block.shape) for block in blocks)
        for stem, shape in sorted(count, key=lambda each: (-count[each], -each[1])):
            if stem not in RESERVED and stem not in self.taken:
                self.claims.setdefault(stem, shape)
        return [
            replace(item, automatic=item.automatic and self.claims.get(item.stem) == item.shape)
            if isinstance(item, BlockItem)
            else item
            for item in items
        ]

    def _layer(
        self, leaf: Leaf, name: str | None, sources: tuple[str, ...], start: int
    ) -> LayerItem:
        (given, *_) = leaf.inputs
        branches = tuple(
            Branch(branch, self.items(parts, start, given, {})) for branch, parts in leaf.branches
        )
        return LayerItem(leaf.kind, label(leaf), leaf.values, name, sources, branches)

    def _block(self, group: Group, automatic: bool, sources: tuple[str, ...]) -> BlockItem:  # noqa: FBT001
        items = self.items(group.parts, group.source, group.source, {})
        shape = self._shapes.setdefault(likeness(items), len(self._shapes))
        if shape == len(self.copies):
            self.copies.append([])
            self.paths.append(set())
        self.paths[shape].add(group.path)
        stem = stem_and_number(group.name)[0]
        block = BlockItem(group.name, stem, automatic, shape, items, sources)
        self.copies[shape].append(block)
        return block


def _names(parts: Sequence[Part]) -> dict[int, str]:
    """Return what the places of a list are called in it."""
    names = {part.place: part.name for part in parts}
    for part in parts:
        if isinstance(part, Leaf):
            names |= {inner[-1].place: name for name, inner in part.branches if inner}
    return names


def label(part: Part) -> str:
    """Return what an item without a name is called, with a number behind it."""
    if isinstance(part, Group):
        return stem_and_number(part.name)[0]
    return label_of(word_of(part.kind, dict(part.values))[0], part.kind)
