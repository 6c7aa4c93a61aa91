"""What is timed of a sheet, a round at a time: each a generator that runs in a child process.

Its first value says that all is warm; every further one is a round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.graph import build
from convcost.load import read_text
from convcost.measure import timing
from convcost.measure.backend import Part
from convcost.measure.tasks import Job
from convcost.measure.turns import REFERENCE_SIZE

_PASSES = {"forward": 2, "step": 1}  # in a round
_WARM_UPS = 2
_REFERENCES = 10
_TINY = """
name: tiny
input: [8, 4, 4]
layers: [{repeat: {times: 16, layers: [{conv2d: {filters: 8, kernel: 1}}, relu]}}]
"""
_TINY_PASSES = 10  # in a round, to tell what listening takes

Ticks = list[tuple[Part, float]]


@dataclass(frozen=True, slots=True)
class Heard:
    """The fastest of each operation in a round, in order, of the fixed kernel and of the whole.

    ``whole`` is a pass that nobody listened to, ``listening`` what it takes to hear of an
    operation; ``together`` has the layers that ran as one with the one that is named.
    Units: seconds.
    """

    parts: Sequence[tuple[Part, float]]
    whole: float
    reference: float
    listening: float
    together: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Whole:
    """The fastest pass of a whole network in a round, and the fixed kernel. Units: seconds."""

    seconds: float
    reference: float


def forward(job: Job) -> Iterator[Heard | None]:
    """Time the operations of a forward pass."""
    return _rounds(job, _forward)


def step(job: Job) -> Iterator[Heard | None]:
    """Time the operations of a training step."""
    return _rounds(job, _step)


def _forward(job: Job, cost: NetworkCost) -> _Passes:
    network = job.backend.build(cost, job.device, job.seed)
    listener = network.watched()

    def heard() -> Ticks:
        clock = _Clock()
        listener.run(lambda layer: clock.tick(None if layer is None else Part("forward", layer)))
        return clock.found

    return _Passes(network.run, heard, _PASSES["forward"], listener.together())


def _step(job: Job, cost: NetworkCost) -> _Passes:
    network = job.backend.build(cost, job.device, job.seed)
    listener = network.watched_step()

    def heard() -> Ticks:
        clock = _Clock()
        listener.run(clock.tick)
        return clock.found

    return _Passes(network.step, heard, _PASSES["step"], {})


def whole(job: Job) -> Iterator[Whole | None]:
    """Time a network's whole forward pass, or a training step if that is what its cost is of."""
    network = job.backend.build(job.cost, job.device, job.seed)
    run = network.step if job.cost.training else network.run
    passes = timing.passes_in_a_round(timing.warm_up(run, perf_counter() + job.seconds))
    kernel = job.backend.product(REFERENCE_SIZE, job.device)
    kernel()
    yield None
    while True:
        before = _reference(kernel)
        seconds = min(timing.timed(run) for _ in range(1 + passes))
        yield Whole(seconds, min(before, _reference(kernel)))


class _Clock:
    """What operations took, one after the other."""

    def __init__(self) -> None:
        self.found: Ticks = []
        self._last = perf_counter()

    def tick(self, part: Part | None) -> None:
        """End an operation; listening takes nobody's time."""
        if part is not None:
            self.found.append((part, perf_counter() - self._last))
        self._last = perf_counter()


@dataclass(frozen=True, slots=True)
class _Passes:
    """A pass that nobody listens to, one that is heard, and how many of each make a round."""

    run: Callable[[], None]
    heard: Callable[[], Ticks]
    count: int
    together: Mapping[str, tuple[str, ...]]

    def warm_up(self) -> None:
        """Run both ways: weights are laid out anew in the first pass."""
        self.run()
        for _ in range(_WARM_UPS):
            self.heard()


def _rounds(job: Job, passes_of: Callable[[Job, NetworkCost], _Passes]) -> Iterator[Heard | None]:
    passes = passes_of(job, job.cost)
    tiny = passes_of(job, analyse(build(read_text(_TINY)), training=job.cost.training))
    kernel = job.backend.product(REFERENCE_SIZE, job.device)
    kernel()
    passes.warm_up()
    tiny.warm_up()
    yield None
    while True:
        before = _reference(kernel)
        parts = fastest([passes.heard() for _ in range(passes.count)])
        whole = min(timing.timed(passes.run) for _ in range(passes.count))
        reference = min(before, _reference(kernel))
        yield Heard(parts, whole, reference, _listening(tiny), passes.together)


def _reference(kernel: Callable[[], None]) -> float:
    """Return what the fixed kernel takes; before a round and after, as neighbours come and go."""
    return min(timing.timed(kernel) for _ in range(_REFERENCES))


def _listening(tiny: _Passes) -> float:
    """Return what it takes to hear of an operation, by those that take hardly any time."""
    parts = fastest([tiny.heard() for _ in range(_TINY_PASSES)])
    whole = min(timing.timed(tiny.run) for _ in range(_TINY_PASSES))
    return max(0.0, sum(seconds for _, seconds in parts) - whole) / len(parts)


def fastest(passes: Sequence[Sequence[tuple[Part, float]]]) -> Ticks:
    """Return the fastest of each operation."""
    return [(same[0][0], min(seconds for _, seconds in same)) for same in zip(*passes, strict=True)]
