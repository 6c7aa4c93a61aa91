"""Single layers by their dotted names: a tree of blocks, each with one way in and one out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from convcost.layers import AbstractLayer


@dataclass(frozen=True, slots=True)
class Leaf:
    """A layer: its place among all, its name inside its list, and the places it reads.

    A join may hold the branches that it joins; then it reads what they are given.
    """

    place: int
    name: str
    kind: type[AbstractLayer]
    values: tuple[tuple[str, Any], ...]
    inputs: tuple[int, ...]
    branches: tuple[tuple[str, tuple[Part, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A block that reads one place alone, and of which only the last layer is read.

    ``path`` is its full name; empty if it got its name here.
    """

    name: str
    parts: tuple[Part, ...]
    source: int
    path: str

    @property
    def place(self) -> int:
        """The place of its output."""
        return self.parts[-1].place


Part = Leaf | Group

Readers = Mapping[int, Sequence[int]]
"""Who reads a place: what is an output has a reader behind all others."""


def tree(leaves: Sequence[Leaf], readers: Readers, dissolved: Container[str]) -> tuple[Part, ...]:
    """Return the layers grouped by their blocks, branches in the joins that join them.

    The blocks of these paths are ``dissolved``: what is in them stands beside the others.
    """
    return _Tree(readers, dissolved).parts(leaves, "", 0)


def closed(leaves: Sequence[Leaf], readers: Readers) -> int | None:
    """Return the one place that layers in a row read, unless they are read in their midst too."""
    inside = {leaf.place for leaf in leaves}
    sources = {place for leaf in leaves for place in leaf.inputs} - inside
    if len(sources) != 1 or any(
        reader not in inside for leaf in leaves[:-1] for reader in readers.get(leaf.place, ())
    ):
        return None
    return sources.pop()


@dataclass(frozen=True, slots=True)
class _Tree:
    readers: Readers
    dissolved: Container[str]

    def parts(self, leaves: Sequence[Leaf], path: str, depth: int) -> tuple[Part, ...]:
        """Group layers by the first ``depth + 1`` parts of their names inside ``path``."""
        grouped = groupby(leaves, key=lambda leaf: _block(leaf, depth))
        runs = [(key, list(run)) for key, run in grouped]
        keys = Counter(key for key, _ in runs)
        names = {leaf.name for leaf in leaves}
        found: list[Part] = []
        for key, run in runs:
            if key is None:
                found.extend(run)
                continue
            full = f"{path}.{key}" if path else key
            source = closed(run, self.readers)
            # a layer may be called as a block is
            if source is None or keys[key] > 1 or key in names or full in self.dissolved:
                found.extend(self.parts(run, path, depth + 1))
            else:
                inner = [replace(leaf, name=leaf.name.removeprefix(f"{key}.")) for leaf in run]
                found.append(Group(key, self.parts(inner, full, 0), source, full))
        return tuple(_with_branches(found)) if depth == 0 else tuple(found)


def _block(leaf: Leaf, depth: int) -> str | None:
    parts = leaf.name.split(".")
    return ".".join(parts[: depth + 1]) if len(parts) > depth + 1 else None


_BRANCH = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def _with_branches(parts: Sequence[Part]) -> Iterator[Part]:
    """Put the blocks right before a join into it, if they are just what it joins."""
    waiting: list[Part] = []
    taken = {part.name for part in parts}
    for part in parts:
        made = _joined(part, waiting, taken) if isinstance(part, Leaf) else None
        if made is not None:
            yield from waiting[: len(waiting) - _count(made)]
            waiting = [made]
        else:
            waiting.append(part)
    yield from waiting


def _count(join: Leaf) -> int:
    return sum(bool(parts) for _, parts in join.branches)


def _joined(join: Leaf, before: Sequence[Part], taken: set[str]) -> Leaf | None:
    """Return a join with its branches, or None if what is before it are none."""
    groups: list[Group] = []
    if not join.kind.joins or len(join.inputs) == 1:
        return None
    for part in reversed(before):
        if not isinstance(part, Group) or part.place not in join.inputs or not _is_branch(part):
            break
        groups.insert(0, part)
    sources = {group.source for group in groups}
    by_place = {group.place: group for group in groups}
    order = [place for place in join.inputs if place in by_place]
    rest = [place for place in join.inputs if place not in by_place]
    if len(sources) != 1 or order != list(by_place) or not sources.issuperset(rest):
        return None
    branches = tuple(
        (by_place[place].name, by_place[place].parts)
        if place in by_place
        else (_new(taken, "shortcut"), ())
        for place in join.inputs
    )
    return replace(join, inputs=tuple(sources), branches=branches)


def _is_branch(group: Group) -> bool:
    """Whether a block can be a branch: only its first layer reads what it is given."""
    first, *others = group.parts
    read = [place for part in others for place in _read(part)]
    ours = first.source if isinstance(first, Group) else first.inputs
    return (
        ours in (group.source, (group.source,))
        and group.source not in read
        and _BRANCH.fullmatch(group.name) is not None
        and group.name != "input"
    )


def _read(part: Part) -> tuple[int, ...]:
    return (part.source,) if isinstance(part, Group) else part.inputs


def _new(taken: set[str], name: str) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}{number}"
    taken.add(found)
    return found
