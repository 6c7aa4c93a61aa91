"""A network's layers as nested lists, as a spec has them, to be folded.

Values that may differ from one copy of a block to the next stand in slots. All references
are names, as they are written in the list that an item stands in.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from convcost.layers import AbstractLayer


@dataclass(frozen=True, slots=True)
class Text:
    """An expression, as it is written."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that may differ: a number, a list, or the expression that stands for it."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of a join."""

    name: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class LayerItem:
    """A layer. Without ``sources`` it reads the item before it; ``name`` is None if automatic."""

    kind: type[AbstractLayer]
    label: str
    values: tuple[tuple[str, Any], ...]
    name: str | None
    sources: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockItem:
    """A block; ``shape`` is what all blocks with the same layers have in common.

    ``automatic`` says that it would be called ``name`` anyway if its kind were called ``stem``.
    """

    name: str
    stem: str
    automatic: bool
    shape: int
    items: tuple[Item, ...]
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LoopItem:
    """Items again and again: so many times, or over lists. The items are those of a round.

    Rounds of a single block may be numbered from 1: then the loop can be called as they are.
    """

    times: Slot | None
    over: tuple[Slot, ...]
    items: tuple[Item, ...]
    named: str | None = None


Item = LayerItem | BlockItem | LoopItem


def slots(items: Sequence[Item]) -> Iterator[Slot]:
    """Return all slots, inner ones too, in an order that does not depend on their values."""
    for item in items:
        match item:
            case LayerItem():
                yield from (value for _, value in item.values if isinstance(value, Slot))
                for branch in item.branches:
                    yield from slots(branch.items)
            case BlockItem():
                yield from slots(item.items)
            case LoopItem():
                if item.times is not None:
                    yield item.times
                yield from item.over
                yield from slots(item.items)


def filled(items: Sequence[Item], values: Iterator[Any]) -> tuple[Item, ...]:
    """Return the same items with other values in their slots, taken in the order of ``slots``."""
    return tuple([_filled(item, values) for item in items])


def _filled(item: Item, values: Iterator[Any]) -> Item:
    def put(slot: Slot) -> Slot:
        return replace(slot, value=next(values))

    match item:
        case LayerItem():
            given = [(n, put(v) if isinstance(v, Slot) else v) for n, v in item.values]
            branches = [replace(b, items=filled(b.items, values)) for b in item.branches]
            return replace(item, values=tuple(given), branches=tuple(branches))
        case BlockItem():
            return replace(item, items=filled(item.items, values))
        case LoopItem():
            times = item.times and put(item.times)
            over = tuple([put(slot) for slot in item.over])
            return replace(item, times=times, over=over, items=filled(item.items, values))


def likeness(items: Sequence[Item]) -> Hashable:
    """Return what items have in common with those that differ only in the numbers in slots.

    The names of blocks that number themselves do not count either.
    """
    return tuple([_likeness(item) for item in items])


def _likeness(item: Item) -> Hashable:
    match item:
        case LayerItem():
            values = tuple([(n, _bare(v) if isinstance(v, Slot) else v) for n, v in item.values])
            branches = tuple([(branch.name, likeness(branch.items)) for branch in item.branches])
            return item.kind, item.name, item.sources, values, branches
        case BlockItem():
            return item.shape, "" if item.automatic else item.name, item.stem, item.sources
        case LoopItem():
            times = item.times and _bare(item.times)
            over = tuple(map(_bare, item.over))
            return item.named, times, over, likeness(item.items)


def _bare(slot: Slot) -> Slot:
    """Return a slot without its number; what an expression says is no number."""
    return slot if isinstance(slot.value, Text) else Slot(slot.name, None)
