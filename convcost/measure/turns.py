"""What is timed, a round at a time: each a generator that runs in a child process.

Its first value says that all is built and warm, every further one is what a round took. It
begins each round with a pass that is not timed: others took the caches in between.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import NamedTuple

from convcost.measure import timing
from convcost.measure.backend import WatchedNetwork
from convcost.measure.result import Reference, Timing
from convcost.measure.tasks import Job

REFERENCE_SIZE = 384  # rows of the matrices whose product is the fixed kernel


class Tick(NamedTuple):
    """An operation's time, on the wall's clock and on the process's own."""

    layer: str
    seconds: float
    busy: float


@dataclass(frozen=True, slots=True)
class Round:
    """The passes of a round; in ``operations`` the median of each operation.

    ``reference`` has the fixed kernel's times, ``busy`` is the median pass on the process's
    own clock, which stops while others run. Units: seconds.
    """

    whole: Sequence[float]
    reference: Sequence[float]
    busy: float
    operations: Sequence[Tick]


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """A forward pass, and every layer's median: minima would add up to less than any pass.

    ``processor_ratio`` is what the layers come to, over the whole, on the process's clock.
    """

    whole: Timing
    layers: Mapping[str, float]
    processor_ratio: float
    reference: Reference


def watched(job: Job) -> Iterator[Round | None]:
    """Time the fixed kernel, the whole network and its layers.

    Where in memory a network's outputs lie is chance, and worth some percent of its time: every
    round draws anew, for the whole and for the layers.
    """
    network = job.backend.build(job.cost, job.device, job.seed)
    kernel = job.backend.product(REFERENCE_SIZE, job.device)
    deadline = perf_counter() + job.seconds
    passes = timing.passes_in_a_round(timing.warm_up(network.run, deadline))
    fixed = timing.passes_in_a_round(timing.warm_up(kernel, deadline))
    yield None
    while True:
        network, listener = network.again(), network.watched()
        network.run()
        listener.run(lambda _: None)
        reference = [timing.timed(kernel) for _ in range(fixed)]
        whole = [_on_both_clocks(network.run) for _ in range(passes)]
        heard = [_heard(listener) for _ in range(passes)]
        seconds, busy = zip(*whole, strict=True)
        yield Round(seconds, reference, median(busy), _medians(heard))


def forward(job: Job) -> Iterator[Sequence[float] | None]:
    """Time the whole network."""
    return _plain(job, job.backend.build(job.cost, job.device, job.seed).run)


def step(job: Job) -> Iterator[Sequence[float] | None]:
    """Time a training step."""
    return _plain(job, job.backend.build(job.cost, job.device, job.seed).step)


def layer_times(rounds: Sequence[Round]) -> LayerTimes:
    """Make what is told of a network of its rounds."""
    layers: dict[str, float] = defaultdict(float)
    busy = 0.0
    for tick in _medians([each.operations for each in rounds]):
        layers[tick.layer] += tick.seconds
        busy += tick.busy
    return LayerTimes(
        timing.summary([each.whole for each in rounds]),
        dict(layers),
        busy / median(each.busy for each in rounds),
        timing.reference([each.reference for each in rounds]),
    )


def _plain(job: Job, run: Callable[[], None]) -> Iterator[Sequence[float] | None]:
    passes = timing.passes_in_a_round(timing.warm_up(run, perf_counter() + job.seconds))
    yield None
    while True:
        run()
        yield [timing.timed(run) for _ in range(passes)]


def _on_both_clocks(function: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds of a call, and those of the process's own clock."""
    start = process_time()
    seconds = timing.timed(function)
    return seconds, process_time() - start


def _heard(listener: WatchedNetwork) -> list[Tick]:
    """Make a pass, and return what each operation took."""
    found: list[Tick] = []
    busy, last = process_time(), perf_counter()

    def tick(layer: str | None) -> None:
        nonlocal busy, last
        if layer is not None:
            seconds = perf_counter() - last
            found.append(Tick(layer, seconds, process_time() - busy))
        busy, last = process_time(), perf_counter()  # listening takes nobody's time

    listener.run(tick)
    return found


def _medians(passes: Sequence[Sequence[Tick]]) -> list[Tick]:
    """Return the median of each operation, on either clock."""
    return [
        Tick(
            same[0].layer, median(tick.seconds for tick in same), median(tick.busy for tick in same)
        )
        for same in zip(*passes, strict=True)
    ]
