"""A plan that could be executed: an offset for every buffer in one arena, first fit."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from convcost.memory.liveness import Buffer


@dataclass(frozen=True, slots=True)
class Plan:
    """The offset of every buffer, in bytes, and the size of the arena."""

    offsets: tuple[int, ...]
    size: int


class _Gaps:
    """The free parts of an arena, [start, end), in order and never touching."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self.top = 0

    def take(self, size: int) -> int:
        """Return the lowest offset with room for so many bytes; it is taken."""
        for index, (start, end) in enumerate(zip(self._starts, self._ends, strict=True)):
            if end - start >= size:
                self._starts[index] = start + size
                if start + size == end:
                    del self._starts[index], self._ends[index]
                return start
        start = self._starts[-1] if self._ends and self._ends[-1] == self.top else self.top
        if start < self.top:  # the gap at the top grows
            del self._starts[-1], self._ends[-1]
        self.top = start + size
        return start

    def give(self, start: int, size: int) -> None:
        """Free bytes that were taken."""
        end = start + size
        index = bisect_left(self._starts, start)
        if index < len(self._starts) and self._starts[index] == end:
            end = self._ends[index]
            del self._starts[index], self._ends[index]
        if index and self._ends[index - 1] == start:
            self._ends[index - 1] = end
        else:
            self._starts.insert(index, start)
            self._ends.insert(index, end)


def first_fit(buffers: Sequence[Buffer]) -> Plan:
    """Place buffers in the order they come to be needed, each at the lowest offset it fits.

    Takes the buffers of a program with whole numbers for sizes.
    """
    gaps = _Gaps()
    ending: dict[int, list[tuple[int, int]]] = defaultdict(list)
    offsets = []
    freed = 0
    for buffer in buffers:
        for step in range(freed, buffer.first):
            for block in ending.pop(step, ()):
                gaps.give(*block)
        freed = buffer.first
        size = buffer.size
        assert isinstance(size, int)  # noqa: S101 - as said above
        offset = gaps.take(size) if size else 0
        if size:
            ending[buffer.last].append((offset, size))
        offsets.append(offset)
    return Plan(tuple(offsets), gaps.top)
