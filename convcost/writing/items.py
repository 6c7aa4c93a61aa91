"""A network's layers as nested lists, as a spec has them, to be folded.

Values that may differ from one copy of a block to the next stand in slots. All references
are names, as they are written in the list that an item stands in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def bared(items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items without the numbers in their slots: two that are alike can be one."""
    values = iter([s.value if isinstance(s.value, Text) else None for s in slots(items)])
    return tuple([_nameless(item) for item in filled(items, values)])


def _nameless(item: Item) -> Item:
    """Leave out the names of blocks that number themselves, and of loops' rounds."""
    match item:
        case LayerItem():
            branches = [
                replace(b, items=tuple(_nameless(i) for i in b.items)) for b in item.branches
            ]
            return replace(item, branches=tuple(branches))
        case BlockItem():
            name = "" if item.automatic else item.name
            return replace(item, name=name, items=tuple(_nameless(i) for i in item.items))
        case LoopItem():
            return replace(item, items=tuple(_nameless(i) for i in item.items))
