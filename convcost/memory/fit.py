"""What fits into a given memory: the largest batch, and the largest square image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.errors import ConvcostError, ShapeError
from convcost.graph import Network
from convcost.memory.footprint import Allocator, Footprint
from convcost.search import largest_within


@dataclass(frozen=True, slots=True)
class Fit:
    """The largest size that fits, 0 if none does; its bytes, and those of the next size."""

    size: int
    total: int | None
    next_total: int


@dataclass(frozen=True, slots=True)
class Setting:
    """How a network is run, in how many bytes."""

    memory: int
    dtype: str = "float32"
    training: bool = False
    optimizer: str = "sgd"
    allocator: Allocator = "first-fit"

    def total(self, network: Network, batch: int) -> int:
        """Return the bytes that a network takes on a batch."""
        cost: NetworkCost = analyse(network, batch=batch, dtype=self.dtype, training=self.training)
        return int(Footprint(cost, self.optimizer).total(self.allocator))

    def remark(self, network: Network) -> str:
        """Return what bytes are if something is uncounted."""
        return analyse(network).remark

    def largest_batch(self, network: Network) -> Fit:
        """Return the largest batch that fits."""
        return self._largest(lambda batch: self.total(network, batch))

    def largest_square(self, network: Network, batch: int) -> Fit:
        """Return the largest height, equal to the width, of images that fit in a batch.

        Raises: ConvcostError if the input is no image, or the network's size does not depend on
            it.
        """
        channels, *sides = network.source.extents
        if len(sides) != 2:  # noqa: PLR2004 - height and width
            raise ConvcostError(f"{network.name}: its input is no image")

        def total(side: int) -> int | None:
            try:
                return self.total(network.with_input(channels, side, side), batch)
            except ShapeError:
                return None  # too small for the network

        return self._largest(total)

    def _largest(self, total: Callable[[int], int | None]) -> Fit:
        """Halve the range, then look a little further: a plan may shrink where a size grows."""

        def within(size: int) -> bool:
            taken = total(size)
            return taken is None or taken <= self.memory

        size = largest_within(within)
        if size:
            further = range(size + min(64, 8 + size // 50), size, -1)
            size = next((larger for larger in further if within(larger)), size)
        beyond = None if size is None else total(size + 1)
        if size is None or beyond is None:
            raise ConvcostError("every size fits: memory does not grow with it")
        taken = total(size) if size else None
        return Fit(size if taken is not None else 0, taken, beyond)
