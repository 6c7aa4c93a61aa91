"""What is timed of a sheet, a round at a time: each a generator that runs in a child process.

Its first value says that all is warm; every further one is a round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

from convcost.measure import timing
from convcost.measure.backend import Part
from convcost.measure.tasks import Job
from convcost.measure.turns import REFERENCE_SIZE

_PASSES = {"forward": 2, "step": 1}  # in a round
_WARM_UPS = 2
_REFERENCES = 5

Ticks = list[tuple[Part, float]]


@dataclass(frozen=True, slots=True)
class Heard:
    """The fastest of each operation in a round, in order, of the fixed kernel and of the whole.

    ``whole`` is a pass that nobody listened to; ``together`` has the layers that ran as one
    with the one that is named. Units: seconds.
    """

    parts: Sequence[tuple[Part, float]]
    whole: float
    reference: float
    together: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Whole:
    """The fastest pass of a whole network in a round, and the fixed kernel. Units: seconds."""

    seconds: float
    reference: float


def forward(job: Job) -> Iterator[Heard | None]:
    """Time the operations of a forward pass."""
    network = job.backend.build(job.cost, job.device, job.seed)
    listener = network.watched()

    def heard() -> Ticks:
        clock = _Clock()
        listener.run(lambda layer: clock.tick(None if layer is None else Part("forward", layer)))
        return clock.found

    return _rounds(job, _Passes(network.run, heard, _PASSES["forward"]), listener.together())


def step(job: Job) -> Iterator[Heard | None]:
    """Time the operations of a training step."""
    network = job.backend.build(job.cost, job.device, job.seed)
    listener = network.watched_step()

    def heard() -> Ticks:
        clock = _Clock()
        listener.run(clock.tick)
        return clock.found

    return _rounds(job, _Passes(network.step, heard, _PASSES["step"]), {})


def whole(job: Job) -> Iterator[Whole | None]:
    """Time a network's whole forward pass, or a training step if that is what its cost is of."""
    network = job.backend.build(job.cost, job.device, job.seed)
    run = network.step if job.cost.training else network.run
    passes = timing.passes_in_a_round(timing.warm_up(run, perf_counter() + job.seconds))
    kernel = job.backend.product(REFERENCE_SIZE, job.device)
    kernel()
    yield None
    while True:
        run()
        reference = min(timing.timed(kernel) for _ in range(_REFERENCES))
        yield Whole(min(timing.timed(run) for _ in range(passes)), reference)


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


def _rounds(
    job: Job, passes: _Passes, together: Mapping[str, tuple[str, ...]]
) -> Iterator[Heard | None]:
    kernel = job.backend.product(REFERENCE_SIZE, job.device)
    kernel()
    passes.run()
    for _ in range(_WARM_UPS):
        passes.heard()  # weights are laid out anew in the first pass
    yield None
    while True:
        reference = min(timing.timed(kernel) for _ in range(_REFERENCES))
        parts = fastest([passes.heard() for _ in range(passes.count)])
        whole = min(timing.timed(passes.run) for _ in range(passes.count))
        yield Heard(parts, whole, reference, together)


def fastest(passes: Sequence[Sequence[tuple[Part, float]]]) -> Ticks:
    """Return the fastest of each operation."""
    return [(same[0][0], min(seconds for _, seconds in same)) for same in zip(*passes, strict=True)]
