"""Images a second, and the batch from which on larger ones gain little."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from convcost.analyse import analyse
from convcost.graph import Network
from convcost.prediction.network import Way, network_time
from convcost.prediction.profile import Profile

BATCHES = tuple(2**power for power in range(9))
"""What is tried, from 1 to 256."""
ENOUGH = 0.9
"""Of the best throughput: what a batch must reach."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Predicted seconds of a pass, or a training step, at several batches."""

    seconds: dict[int, float]

    def of(self, batch: int) -> float:
        """Return the images a second at a batch that was tried."""
        return batch / self.seconds[batch]

    @property
    def best(self) -> int:
        """The batch with the most images a second."""
        return max(self.seconds, key=self.of)

    @property
    def enough(self) -> int:
        """The smallest batch that reaches 90% of the best."""
        return min(batch for batch in self.seconds if self.of(batch) >= ENOUGH * self.of(self.best))


def throughput(network: Network, profile: Profile, way: Way) -> Throughput:
    """Return the throughput of a network at batches of 1 to 256, whether or not they fit.

    Raises: ProfileError if the profile was not calibrated for this way to run.
    """
    return Throughput(dict(_times(network, profile, way)))


def _times(network: Network, profile: Profile, way: Way) -> Iterator[tuple[int, float]]:
    for batch in BATCHES:
        cost = analyse(network, batch=batch, training=way == "training")
        seconds = network_time(cost, profile, way).seconds
        if seconds > 0:
            yield batch, seconds
