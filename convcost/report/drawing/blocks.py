"""Boxes by the blocks they stand in, as a tree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from convcost.report.drawing.picture import Box


@dataclass(slots=True)
class Block:
    """A block: what stands in it, boxes and blocks, in the order they run in."""

    path: tuple[str, ...]
    boxes: list[Box] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Its name inside the block around it."""
        return self.path[-1]


def block_tree(boxes: Iterable[Box]) -> Block:
    """Return the block around everything."""
    root = Block(())
    known: dict[tuple[str, ...], Block] = {(): root}
    for box in boxes:
        for depth in range(1, len(box.block) + 1):
            path = box.block[:depth]
            if path not in known:
                known[path] = Block(path)
                known[path[:-1]].blocks.append(known[path])
        known[box.block].boxes.append(box)
    return root
