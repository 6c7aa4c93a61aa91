"""Which results of operations share which memory, as MXNet's planner decides it.

- The operations run in order. Every result goes into a block of memory; a block is released
  when the last reader of what lies in it has run (at once if there is none), and the
  outputs of the network never are. Parameters, their gradients and the data lie elsewhere.
- A result takes over an argument's block where the operator allows it, both have the same
  size, and this is the last read of the block (for a view: in any case).
- The other results of an operation ask for blocks, the largest first (of equal ones the
  last first): the smallest free block of 1 to 16 times the size; else the largest free one
  of at least a 16th, which grows; else a new one.

Source: MXNet, src/nnvm/plan_memory.cc; checked by binding networks in the CPU build of 1.9.1.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Pairs = tuple[tuple[int, int], ...]

MATCH_RANGE = 16
"""How many times larger or smaller than asked for a block may be."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation reads and writes, in the order of its arguments and results.

    ``writes`` are entries with their bytes. ``shares`` are pairs (position in reads,
    position in writes) that may use the same memory; ``view`` says that they may even
    if the read is wanted again, because nothing is changed.
    """

    reads: tuple[Hashable, ...]
    writes: tuple[tuple[Hashable, int], ...]
    shares: Pairs = ()
    view: bool = False


def plan(operations: Sequence[Operation], kept: Iterable[Hashable] = ()) -> list[int]:
    """Return the bytes of every block of memory that the operations need, run in order.

    What is read and not written by any of them lies elsewhere. ``kept`` is never released.
    """
    wanted = Counter(entry for operation in operations for entry in operation.reads)
    wanted.update(kept)
    pool = _Pool()
    for operation in operations:
        shared = _share(operation, pool, wanted)
        requests = [
            (size, position, entry)
            for position, (entry, size) in enumerate(operation.writes)
            if position not in shared
        ]
        for size, _, entry in sorted(requests, key=lambda it: it[:2], reverse=True):
            pool.place(entry, size, pool.request(size), wanted[entry])
        for entry in operation.reads:
            pool.read(entry)
        for entry, _ in operation.writes:
            pool.drop(entry)
    return pool.blocks


def _share(operation: Operation, pool: _Pool, wanted: Mapping[Hashable, int]) -> set[int]:
    """Let results take over the memory of arguments; return the positions of those."""
    taken: set[int] = set()
    shared: set[int] = set()
    for argument, result in operation.shares:
        given, (entry, size) = operation.reads[argument], operation.writes[result]
        if (
            argument not in taken
            and result not in shared
            and wanted[entry]
            and pool.sizes.get(given) == size
            and (operation.view or pool.readers[pool.where[given]] == 1)
        ):
            taken.add(argument)
            shared.add(result)
            pool.place(entry, size, pool.where[given], wanted[entry])
    return shared


@dataclass(slots=True)
class _Pool:
    """Blocks of memory: how large, how many reads are still to come, which are free."""

    blocks: list[int] = field(default_factory=list)
    readers: list[int] = field(default_factory=list)
    free: list[tuple[int, int]] = field(default_factory=list)
    """Sorted: bytes and block."""
    where: dict[Hashable, int] = field(default_factory=dict)
    sizes: dict[Hashable, int] = field(default_factory=dict)

    def request(self, size: int) -> int:
        """Return a free block, grown if it has to be, or a new one."""
        enough = bisect_left(self.free, (size,))
        if enough < bisect_left(self.free, (size * MATCH_RANGE + 1,)):
            return self.free.pop(enough)[1]
        if enough > bisect_left(self.free, (size // MATCH_RANGE,)):
            block = self.free.pop(enough - 1)[1]
            self.blocks[block] = size
            return block
        self.blocks.append(size)
        self.readers.append(0)
        return len(self.blocks) - 1

    def place(self, entry: Hashable, size: int, block: int, readers: int) -> None:
        """Put an entry into a block."""
        self.where[entry], self.sizes[entry] = block, size
        self.readers[block] += readers

    def read(self, entry: Hashable) -> None:
        """Note that an entry was read once."""
        if entry in self.where:
            self.readers[self.where[entry]] -= 1
            self.drop(entry)

    def drop(self, entry: Hashable) -> None:
        """Release the block of an entry if no reads are to come."""
        block = self.where[entry]
        if self.readers[block] == 0:
            insort(self.free, (self.blocks[block], block))
