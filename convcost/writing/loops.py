"""Items that stand behind one another again and again become loops."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace

from convcost.writing.items import (
    BlockItem,
    Item,
    LayerItem,
    LoopItem,
    Slot,
    filled,
    likeness,
    slots,
)
from convcost.writing.names import stem_and_number
from convcost.writing.vary import varied

LONGEST = 30  # items of a round
_AROUND = 3  # lines that a loop takes beside those of a round
_IMPOSSIBLE = -100
_WORTH_A_LIST = 4  # rounds of one block with unlike values: fewer stand one by one


@dataclass(frozen=True, slots=True)
class _Run:
    """Rounds of alike items: where they begin, how many items a round has, how many there are."""

    start: int
    period: int
    rounds: int

    @property
    def end(self) -> int:
        return self.start + self.period * self.rounds


def with_loops(items: Sequence[Item], taken: Collection[str], least: int) -> tuple[Item, ...]:
    """Return a list with its loops, as long as each saves ``least`` lines or more."""
    found = tuple(items)
    while (run := _best(found, least)) is not None:
        loop = _loop(found, run, taken)
        found = (*found[: run.start], loop, *found[run.end :])
    return found


def _best(items: tuple[Item, ...], least: int) -> _Run | None:
    """Return the run that saves most lines, the first of them."""
    keys: dict[Hashable, int] = {}
    codes = [
        keys.setdefault(likeness((item,)), len(keys)) if _can_repeat(item) else -1 - index
        for index, item in enumerate(items)
    ]
    best, most = None, least - 1
    for period in range(1, min(LONGEST, len(items) // 2) + 1):
        start = 0
        while start + 2 * period <= len(items):
            run = _Run(start, period, _rounds(codes, start, period))
            if run.rounds > 1 and (saved := _saved(items, run)) > most:
                best, most = run, saved
            start += max(1, period * (run.rounds - 1))
    return best


def _rounds(codes: Sequence[int], start: int, period: int) -> int:
    end = start + period
    while end < len(codes) and codes[end] == codes[end - period]:
        end += 1
    return (end - start) // period


def _can_repeat(item: Item) -> bool:
    """Whether an item may stand in a loop: it states no name, and reads what is before it."""
    if isinstance(item, LayerItem):
        return item.name is None and not item.sources and not item.branches
    return isinstance(item, BlockItem) and not item.sources


def _saved(items: Sequence[Item], run: _Run) -> int:
    """Return how many lines a loop saves; a negative number if it cannot be."""
    every = items[run.start : run.end]
    blocks = [item for item in every if isinstance(item, BlockItem)]
    if run.period == 1 and blocks:
        if _is_named(blocks):
            return run.rounds
        unlike = any(list(slots((a,))) != list(slots((blocks[0],))) for a in blocks)
        if unlike and run.rounds < _WORTH_A_LIST:
            return _IMPOSSIBLE
        return run.rounds if all(block.automatic for block in blocks) else _IMPOSSIBLE
    if not all(block.automatic for block in blocks):
        return _IMPOSSIBLE
    return run.rounds * run.period - run.period - _AROUND


def _is_named(blocks: Sequence[BlockItem]) -> bool:
    """Whether the blocks are called as the rounds of a loop are."""
    numbers = [stem_and_number(block.name) for block in blocks]
    return numbers == [(numbers[0][0], index) for index in range(1, len(blocks) + 1)]


def _loop(items: Sequence[Item], run: _Run, taken: Collection[str]) -> LoopItem:
    rounds = [items[start : start + run.period] for start in range(run.start, run.end, run.period)]
    made = varied([list(slots(each)) for each in rounds], taken)
    body = filled(rounds[0], iter(made.values))
    over = tuple(Slot(name, values) for name, values in made.variables.items())
    named = None
    blocks = [item for item in items[run.start : run.end] if isinstance(item, BlockItem)]
    if run.period == 1 and blocks and _is_named(blocks):
        named = stem_and_number(blocks[0].name)[0]
        body = (replace(blocks[0], items=body[0].items),)  # type: ignore[union-attr]
    times = None if over else Slot("count", run.rounds)
    return LoopItem(times, over, body, named)
