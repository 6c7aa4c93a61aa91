"""What runs once in a child process: each a function of a backend and what to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from threading import Event, Thread

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.graph import build
from convcost.load import read_text
from convcost.measure import timing
from convcost.measure.backend import Array, Backend, Machine, Primitive
from convcost.measure.result import Ceilings

_PRODUCT_SIZE = 2048
_COPIED_ELEMENTS = 2**25
_EMPTY = "{name: empty, input: [1, 1, 1], layers: [identity]}"
_POLL_SECONDS = 0.005


@dataclass(frozen=True, slots=True)
class Job:
    """A network on a device, and how long to take over it."""

    backend: Backend
    cost: NetworkCost
    device: str
    seed: int = 0
    seconds: float = 60


@dataclass(frozen=True, slots=True)
class Facts:
    """What does not depend on time. Units: bytes, of memory in use.

    ``framework_bytes`` with a network that holds nothing; ``peak_bytes`` the most that was
    seen while the network was built and run, ``resident_bytes`` afterwards.
    """

    inferred: Mapping[str, tuple[int, ...]]
    run: Mapping[str, tuple[int, ...]]
    arrays: Sequence[Array]
    planned_bytes: int
    framework_bytes: int
    peak_bytes: int
    resident_bytes: int


def machine(backend: Backend, device: str) -> Machine:
    """Choose the device."""
    return backend.machine(device)


def facts(job: Job) -> Facts:
    """Build and run once: shapes, arrays, memory."""
    backend, device = job.backend, job.device
    backend.build(analyse(build(read_text(_EMPTY))), device, job.seed).run()
    used = partial(backend.used_bytes, device)
    framework = used()
    with _polled(used) as seen:
        network = backend.build(job.cost, device, job.seed)
        run = network.run_shapes()
    return Facts(
        network.inferred_shapes(),
        run,
        network.arrays(),
        network.planned_bytes(),
        framework,
        max(seen),
        seen[-1],
    )


def plan(job: Job) -> int:
    """Return what the framework plans."""
    return job.backend.build(job.cost, job.device, job.seed).planned_bytes()


def work(job: Job) -> dict[str, list[Primitive]]:
    """Return what ran, by layer."""
    return job.backend.build(job.cost, job.device, job.seed).work()


def ceilings(backend: Backend, device: str) -> Ceilings:
    """Return the most multiply-adds and bytes a second of a product and a copy."""
    product = backend.product(_PRODUCT_SIZE, device)
    copy = backend.copy(_COPIED_ELEMENTS, device)
    quickest = [min(timing.timed(each) for _ in range(7)) for each in (product, copy)]
    return Ceilings(
        multiply_adds_per_second=_PRODUCT_SIZE**3 / quickest[0],
        bytes_per_second=2 * 4 * _COPIED_ELEMENTS / quickest[1],
    )


@contextmanager
def _polled(read: Callable[[], int]) -> Iterator[list[int]]:
    """Give what is read again and again until the end, and once more then."""
    seen = [read()]
    ended = Event()

    def poll() -> None:
        while not ended.wait(_POLL_SECONDS):
            seen.append(read())

    poller = Thread(target=poll, daemon=True)
    poller.start()
    try:
        yield seen
    finally:
        ended.set()
        poller.join()
        seen.append(read())
