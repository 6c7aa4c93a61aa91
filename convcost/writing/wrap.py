"""Layers that are only numbered: what comes again and again among them becomes a block.

A window is some layers in a row that read one place beside each other, and of which only the
last is read. Windows of alike layers that save most lines are wrapped first.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from convcost.layers import Add, Concat
from convcost.writing.fold import label
from convcost.writing.items import Slot
from convcost.writing.names import numbered, stem_and_number
from convcost.writing.tree import Group, Leaf, Part, Readers

LONGEST = 60  # layers
_SHORTEST = 3
_AROUND = 4  # lines that a kind of block takes beside its layers
_LEAST_SAVED = 10  # lines: for fewer, layers keep their names
_MOST_LAYERS = 5_000  # more are left alone

Parts = tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class _Window:
    """Where alike layers stand: the list and the first layer, each time; how many they are."""

    places: tuple[tuple[int, int], ...]
    length: int

    @property
    def saved(self) -> int:
        """How many lines are saved if each is called in one."""
        times = len(self.places)
        return times * self.length - times - self.length - _AROUND


def wrapped(parts: Parts, readers: Readers) -> Parts:
    """Return a tree in which repeated windows are blocks, whose layers number themselves."""
    taken = set(_stems(parts))
    while sum(map(len, _lists(parts))) <= _MOST_LAYERS:
        lists = list(_lists(parts))
        window = _best(lists, readers)
        if window is None:
            break
        stem = _stem(lists, window, taken)
        taken.add(stem)
        parts = _rebuilt(parts, iter(range(len(lists))), window, stem)
    return parts


def _stems(parts: Parts) -> Iterator[str]:
    for each in _lists(parts):
        for part in each:
            yield from (stem_and_number(name)[0] for name in part.name.split("."))


def _lists(parts: Parts) -> Iterator[Parts]:
    """Return the lists of a tree, the outer ones first; what is wrapped stays as it is."""
    yield parts
    for part in parts:
        if isinstance(part, Group) and part.path:
            yield from _lists(part.parts)


def _best(lists: Sequence[Parts], readers: Readers) -> _Window | None:
    """Return the windows that save most, if any: with branches, or else without."""
    found: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    known: dict[Hashable, int] = {}
    for index, parts in enumerate(lists):
        for start, length, key in _windows(parts, readers, known):
            places = found[key]
            if not places or places[-1][0] != index or places[-1][1] + length <= start:
                places.append((index, start, length))
    best: tuple[tuple[bool, int, tuple[int, int]], _Window] | None = None
    for places in found.values():
        window = _Window(tuple((index, start) for index, start, _ in places), places[0][2])
        if window.saved >= _LEAST_SAVED:
            rank = (_joins(lists, window), window.saved, window.places[0])
            best = max(best or (rank, window), (rank, window), key=lambda each: each[0])
    return best[1] if best is not None else None


def _joins(lists: Sequence[Parts], window: _Window) -> bool:
    """Whether a window has branches: nothing else is as hard to read layer by layer."""
    (index, start), *_ = window.places
    inside = lists[index][start : start + window.length]
    return any(isinstance(part, Leaf) and part.kind.joins for part in inside)


def _windows(
    parts: Parts, readers: Readers, known: dict[Hashable, int]
) -> Iterator[tuple[int, int, int]]:
    """Return every window of a list: its start, its length, and what is alike of it."""
    at = {part.place: index for index, part in enumerate(parts)}
    far = len(parts)
    last = [max((at.get(r, far) for r in readers.get(p.place, ())), default=0) for p in parts]
    for start in range(len(parts)):
        key, source, until = 0, None, 0
        for index in range(start, min(start + LONGEST, len(parts))):
            part = parts[index]
            if not isinstance(part, Leaf) or not _is_numbered(part):
                break
            outside = {place for place in part.inputs if at.get(place, -1) < start}
            if len(outside | ({source} if source is not None else set())) > 1:
                break
            source = next(iter(outside), source)
            step = (key, _likeness(part), tuple(_offset(at, p, index, start) for p in part.inputs))
            key = known.setdefault(step, len(known) + 1)
            length = index - start + 1
            if _SHORTEST <= length < len(parts) and until <= index and source is not None:
                yield start, length, key
            until = max(until, last[index])


def _offset(at: Mapping[int, int], place: int, index: int, start: int) -> int:
    """Return how far back a layer reads; 0 for what is outside of the window."""
    here = at.get(place, -1)
    return index - here if here >= start else 0


def _likeness(leaf: Leaf) -> Hashable:
    values = tuple((n, None if isinstance(v, Slot) else v) for n, v in leaf.values)
    return leaf.kind, values


def _is_numbered(leaf: Leaf) -> bool:
    """Whether a layer's name does little more than to count."""
    return not leaf.branches and re.search(r"\d", leaf.name.rpartition(".")[2]) is not None


def _stem(lists: Sequence[Parts], window: _Window, taken: set[str]) -> str:
    """Return what the blocks are called, with numbers behind it."""
    (index, start), *_ = window.places
    layers = lists[index][start : start + window.length]
    kinds = {part.kind for part in layers if isinstance(part, Leaf)}
    word = "residual" if Add in kinds else "mixed" if Concat in kinds else "unit"
    words = (word, *(f"{word}_{letter}" for letter in "bcdefghijklmnopqrstuvwxyz"))
    return next((each for each in words if each not in taken), f"{word}_{len(taken)}_")


def _rebuilt(parts: Parts, indices: Iterator[int], window: _Window, stem: str) -> Parts:
    """Return the tree with its windows wrapped; lists are numbered as ``_lists`` has them."""
    here = next(indices)
    starts = {start for index, start in window.places if index == here}
    found: list[Part] = []
    count: Counter[str] = Counter()
    skip = 0
    for index, part in enumerate(parts):
        if index in starts:
            count[stem] += 1
            found.append(_group(parts[index : index + window.length], f"{stem}{count[stem]}"))
            skip = window.length
        if skip:
            skip -= 1
        elif isinstance(part, Group) and part.path:
            found.append(replace(part, parts=_rebuilt(part.parts, indices, window, stem)))
        else:
            found.append(part)
    return tuple(found)


def _group(layers: Parts, name: str) -> Group:
    inside = {part.place for part in layers}
    leaves = [part for part in layers if isinstance(part, Leaf)]
    (source,) = {place for leaf in leaves for place in leaf.inputs} - inside
    names = numbered(map(label, leaves))
    renamed = [replace(leaf, name=each) for leaf, each in zip(leaves, names, strict=True)]
    return Group(name, tuple(renamed), source, "")
