"""Folded items as the data of a spec: mappings, lists and single values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from convcost.layers import AbstractLayer, Add, Concat
from convcost.steps import RESERVED
from convcost.writing.attributes import default_of, word_of
from convcost.writing.fold import Folding
from convcost.writing.items import (
    BlockItem,
    Item,
    LayerItem,
    LoopItem,
    Slot,
    Text,
    filled,
    slots,
)
from convcost.writing.vary import Varied, varied

HOLDS = "holds"
"""Under which a layer says how many learned elements are its own, by role."""

Data = Any
"""What YAML has: mappings, lists, texts, numbers; None for nothing."""


class Emitter:
    """Writes items; kinds of blocks are written when they are first called."""

    def __init__(self, folding: Folding, items: Sequence[Item]) -> None:
        """Prepare to write these items, which ``folding`` made."""
        self._folding = folding
        self._sites: Counter[int] = Counter()
        self._count(items)
        self._kinds: dict[int, tuple[str, Varied]] = {}
        self.blocks: dict[str, Data] = {}
        self.layers = self._list(items)

    def _count(self, items: Sequence[Item]) -> None:
        """Count where blocks of each shape stand in the text."""
        for item in items:
            match item:
                case LayerItem():
                    for branch in item.branches:
                        self._count(branch.items)
                case LoopItem():
                    self._count(item.items)
                case BlockItem():
                    self._sites[item.shape] += 1
                    if self._sites[item.shape] == 1:
                        self._count(item.items)

    def _list(self, items: Sequence[Item]) -> list[Data]:
        return [self._item(item) for item in items]

    def _item(self, item: Item) -> Data:
        match item:
            case LayerItem():
                return self._layer(item)
            case BlockItem():
                return self._call(item)
            case LoopItem():
                return self._loop(item)

    def _layer(self, item: LayerItem) -> Data:
        word, values = word_of(item.kind, dict(item.values))
        said = _said(item.kind, values)
        own = _placed(item.name, item.sources)
        if item.branches:
            own["branches"] = {branch.name: self._list(branch.items) for branch in item.branches}
        if not own and len(said) == 1:
            ((name, value),) = said.items()
            if name == next(iter(values)) and not isinstance(value, (tuple, dict)):
                return {word: value}  # one value alone is the first attribute
        return {word: {**own, **said}} if own or said else word

    def _call(self, item: BlockItem) -> Data:
        kind, made = self._kind(item)
        automatic = item.automatic and kind == item.stem
        own = _placed(None if automatic else item.name, item.sources)
        here = [slot.value for slot in slots(item.items)]
        for name, position in _positions(made):
            if here[position] != _default(made, name):
                own[name] = here[position]
        return {kind: own} if own else kind

    def _kind(self, item: BlockItem) -> tuple[str, Varied]:
        """Return what blocks of a shape are called, and their arguments; write it if new."""
        if item.shape not in self._kinds:
            copies = [list(slots(copy.items)) for copy in self._folding.copies[item.shape]]
            made = varied(copies, self._folding.taken)
            name = self._kind_name(item)
            self._kinds[item.shape] = name, made
            self.blocks[name] = {}  # its place among the others
            arguments = {each: _default(made, each) for each in made.variables}
            first = self._folding.copies[item.shape][0]
            body = self._list(filled(first.items, iter(made.values)))
            self.blocks[name] = (
                {"arguments": arguments, "layers": body} if arguments else {"layers": body}
            )
        return self._kinds[item.shape]

    def _kind_name(self, item: BlockItem) -> str:
        claims = self._folding.claims
        for stem, shape in claims.items():
            if shape == item.shape:
                return stem
        word = item.stem.rpartition(".")[2].rstrip("0123456789_")
        stem = word if word.isidentifier() else _nature(item.items)
        taken = {*RESERVED, *claims, *self.blocks, *self._folding.taken}
        return next(name for name in _lettered(stem) if name not in taken)

    def _is_called(self, block: BlockItem) -> bool:
        """Whether a block in a loop is better called than written out."""
        return block.automatic and self._sites[block.shape] > 1

    def _loop(self, item: LoopItem) -> Data:
        own: dict[str, Data] = {}
        body: Sequence[Item] = item.items
        (first, *_) = body
        if item.named is not None and isinstance(first, BlockItem) and not self._is_called(first):
            own["name"] = item.named
            body = first.items
        if item.times is not None:
            own["times"] = item.times.value
        else:
            own["over"] = {slot.name: slot.value for slot in item.over}
        return {"repeat": {**own, "layers": self._list(body)}}


def _said(kind: type[AbstractLayer], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are not as they would be anyway."""
    said: dict[str, Any] = {}
    for name, value in values.items():
        plain = value.value if isinstance(value, Slot) else value
        key, _, role = name.partition(".")
        if key == HOLDS:
            said.setdefault(HOLDS, {})[role] = plain
        elif plain != default_of(kind, name):
            said[name] = plain
    return said


def _placed(name: str | None, sources: tuple[str, ...]) -> dict[str, Data]:
    own: dict[str, Data] = {}
    if name is not None:
        own["name"] = name
    if sources:
        own["from"] = sources[0] if len(sources) == 1 else sources
    return own


def _positions(made: Varied) -> Iterator[tuple[str, int]]:
    """Return where the values of each argument are found in a copy."""
    for name in made.variables:
        yield name, made.values.index(Text(name))


def _default(made: Varied, name: str) -> Any:
    """Return the value of an argument in half of the copies or more; None if there is none."""
    values = made.variables[name]
    value, times = Counter(values).most_common(1)[0]
    return value if 2 * times >= len(values) and times > 1 else None


def _nature(items: Sequence[Item]) -> str:
    """Return a word for blocks that have no name of their own."""
    kinds = {item.kind for item in items if isinstance(item, LayerItem)}
    return "residual" if Add in kinds else "mixed" if Concat in kinds else "unit"


def _lettered(stem: str) -> Iterator[str]:
    yield stem
    for letter in "bcdefghijklmnopqrstuvwxyz":
        yield f"{stem}_{letter}"
    number = 1
    while True:
        number += 1
        yield f"{stem}_{number}_"
