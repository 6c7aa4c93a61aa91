"""What runs in a child process: each a function of a backend and what to measure."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import BinaryIO, NamedTuple

from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.measure import timing
from convcost.measure.backend import Array, Backend, Machine, Primitive, WatchedNetwork
from convcost.measure.result import Ceilings, Reference, Timing

_REFERENCE_SIZE = 384  # rows of the matrices whose product is the fixed kernel
_PRODUCT_SIZE = 2048
_COPIED_ELEMENTS = 2**25
_MARK = "--- "


@dataclass(frozen=True, slots=True)
class Job:
    """A network on a device, and how long to take over it."""

    backend: Backend
    cost: NetworkCost
    device: str
    seed: int = 0
    rounds: int = 20
    seconds: float = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not depend on time."""

    inferred: Mapping[str, tuple[int, ...]]
    run: Mapping[str, tuple[int, ...]]
    arrays: Sequence[Array]
    planned_bytes: int
    framework_bytes: int
    resident_bytes: int


@dataclass(frozen=True, slots=True)
class LayerTimes:
    """A forward pass, and the fastest of every layer.

    ``processor_ratio`` is what the layers come to, over the whole, on the process's own
    clock, which stops while others run.
    """

    whole: Timing
    layers: Mapping[str, float]
    processor_ratio: float | None
    reference: Reference


class Tick(NamedTuple):
    """An operation's time, on the wall's clock and on the process's own."""

    layer: str
    seconds: float
    busy: float


def machine(backend: Backend, device: str) -> Machine:
    """Choose the device."""
    return backend.machine(device)


def facts(job: Job) -> Facts:
    """Build and run once: shapes, arrays, memory."""
    job.backend.machine(job.device)  # the library and the device are in use from here on
    framework, _ = job.backend.resident_bytes(job.device)
    network = job.backend.build(job.cost, job.device, job.seed)
    run = network.run_shapes()
    _, resident = job.backend.resident_bytes(job.device)
    return Facts(
        network.inferred_shapes(),
        run,
        network.arrays(),
        network.planned_bytes(),
        framework,
        resident,
    )


def plan(job: Job) -> int:
    """Return what the framework plans."""
    return job.backend.build(job.cost, job.device, job.seed).planned_bytes()


def work(job: Job) -> dict[str, list[Primitive]]:
    """Return the primitives that ran in the second pass, by layer.

    Raises: MeasurementError where nothing is logged.
    """
    if not job.backend.logs(job.device):
        raise MeasurementError(f"{job.backend.name} keeps no log of what runs on {job.device}")
    watched = job.backend.build(job.cost, job.device, job.seed).watched()
    watched.run(lambda _: None)
    with _standard_output() as file:
        watched.run(_mark)
        file.seek(0)
        log = file.read().decode(errors="replace")
    found: dict[str, list[Primitive]] = {}
    lines: list[str] = []
    for line in log.splitlines():
        lines.append(line)
        if line.startswith(_MARK):
            layer = found.setdefault(line.removeprefix(_MARK), [])
            layer.extend(job.backend.primitives("\n".join(lines)))
            lines = []
    return found


def layer_times(job: Job) -> LayerTimes:
    """Time the whole network, its layers and the fixed kernel in turns."""
    deadline = perf_counter() + job.seconds
    network = job.backend.build(job.cost, job.device, job.seed)
    watched = network.watched()
    kernel = job.backend.product(_REFERENCE_SIZE, job.device)
    watched.run(lambda _: None)
    passes = timing.passes_in_a_round(timing.warm_up(network.run, deadline))
    fixed = timing.passes_in_a_round(timing.warm_up(kernel, deadline))
    ticks: list[list[Tick]] = []
    busy: list[float] = []
    turns = [
        timing.Turn(lambda: timing.timed(kernel), fixed),
        timing.Turn(lambda: _on_both_clocks(network.run, busy), passes),
        timing.Turn(lambda: _watch(watched, ticks), passes),
    ]
    reference, whole, _ = timing.rounds(turns, count=job.rounds, deadline=deadline)
    parts = sum(_fastest(ticks, lambda tick: tick.busy).values())
    return LayerTimes(
        timing.summary(whole),
        _fastest(ticks, lambda tick: tick.seconds),
        parts / min(busy) if job.device == "cpu" else None,
        timing.reference(reference),
    )


def forward(job: Job) -> Timing:
    """Time the whole network."""
    return _time(job, job.backend.build(job.cost, job.device, job.seed).run)


def step(job: Job) -> Timing:
    """Time a training step."""
    return _time(job, job.backend.build(job.cost, job.device, job.seed).step)


def ceilings(backend: Backend, device: str) -> Ceilings:
    """Return the most multiply-adds and bytes a second of a product and a copy."""
    product = backend.product(_PRODUCT_SIZE, device)
    copy = backend.copy(_COPIED_ELEMENTS, device)
    quickest = [min(timing.timed(each) for _ in range(7)) for each in (product, copy)]
    return Ceilings(
        multiply_adds_per_second=_PRODUCT_SIZE**3 / quickest[0],
        bytes_per_second=2 * 4 * _COPIED_ELEMENTS / quickest[1],
    )


def _time(job: Job, function: Callable[[], None]) -> Timing:
    deadline = perf_counter() + job.seconds
    passes = timing.passes_in_a_round(timing.warm_up(function, deadline))
    turn = timing.Turn(lambda: timing.timed(function), passes)
    (times,) = timing.rounds([turn], count=job.rounds, deadline=deadline)
    return timing.summary(times)


def _on_both_clocks(function: Callable[[], None], busy: list[float]) -> float:
    """Return the seconds of a call; note those of the process's own clock."""
    start = process_time()
    seconds = timing.timed(function)
    busy.append(process_time() - start)
    return seconds


def _watch(watched: WatchedNetwork, ticks: list[list[Tick]]) -> float:
    """Make a pass, note when each operation ended, and return the sum."""
    found: list[Tick] = []
    busy, last = process_time(), perf_counter()

    def tick(layer: str | None) -> None:
        nonlocal busy, last
        if layer is not None:
            seconds = perf_counter() - last
            found.append(Tick(layer, seconds, process_time() - busy))
        busy, last = process_time(), perf_counter()  # listening takes nobody's time

    watched.run(tick)
    ticks.append(found)
    return sum(each.seconds for each in found)


def _fastest(ticks: Sequence[Sequence[Tick]], clock: Callable[[Tick], float]) -> dict[str, float]:
    """Add up the fastest of each operation, by layer."""
    layers: dict[str, float] = defaultdict(float)
    for operation in zip(*ticks, strict=True):
        layers[operation[0].layer] += min(map(clock, operation))
    return dict(layers)


def _mark(layer: str | None) -> None:
    """Write the layer to standard output, around Python's buffer, as oneDNN does."""
    if layer is not None:
        os.write(1, f"{_MARK}{layer}\n".encode())


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Send all that the process writes to descriptor 1 to a file that vanishes with it."""
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield file
        finally:
            os.dup2(kept, 1)
            os.close(kept)
