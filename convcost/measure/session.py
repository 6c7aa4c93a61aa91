"""A session of measurements: what runs in which process, in which order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.graph import Network
from convcost.measure import child, tasks, turns
from convcost.measure.assembly import Found, assemble
from convcost.measure.backend import Backend, Machine
from convcost.measure.lanes import Lane, take_turns
from convcost.measure.provenance import memory_bytes, provenance
from convcost.measure.result import Ceilings, Failure, Result
from convcost.measure.timing import summary

Task = Callable[..., Any]
Progress = Callable[[str], None]

INTERRUPTED = "interrupted"
_OUT_OF_MEMORY = ("out of memory", "bad_alloc", "MemoryError", "Failed to allocate")
_KILLED = "SIGKILL"  # by the kernel: what the system does when its memory is short
_SHARE = 0.4  # of the time limit of a child, for its rounds
_UNKNOWN_BYTES = 2**30  # what a network is taken to need that could not be asked


@dataclass(frozen=True, slots=True)
class _Timed:
    """What is timed of a network, where it is kept, and what makes it of its rounds."""

    found: Found
    what: str
    attribute: str
    summarise: Task
    lane: Lane

    def keep(self) -> None:
        if self.lane.rounds:
            setattr(self.found, self.attribute, self.summarise(self.lane.rounds))
        if self.lane.error is not None:
            self.found.failures.append(_failure(self.what, self.lane.error, self.found))


@dataclass(frozen=True, kw_only=True)
class Session:
    """Measurements on one device, each in a process of its own.

    ``seconds`` and ``memory`` (bytes of address space) limit each process. Without ``timed``
    all is compared that does not depend on time, and nothing else.

    Raises: MeasurementError if there is no such device, or the framework does not load.
    """

    backend: Backend
    device: str = "auto"
    threads: int = 1
    rounds: int = 20
    seconds: float = 300
    memory: int | None = None
    seed: int = 0
    timed: bool = True

    @cached_property
    def machine(self) -> Machine:
        """The device that was chosen."""
        try:
            found: Machine = self.run(tasks.machine, self.backend, self.device)
        except MeasurementError as error:
            said = error.problems[0].message
            raise MeasurementError(f"cannot measure with {self.backend.name}: {said}") from None
        return found

    @cached_property
    def ceilings(self) -> Ceilings:
        """What the machine reaches at best."""
        found: Ceilings = self.run(tasks.ceilings, self.backend, self.machine.device)
        return found

    def measure(
        self,
        cases: Sequence[tuple[Network, int]],
        *,
        training: bool = False,
        progress: Progress | None = None,
        after: Callable[[list[Result]], None] = lambda _: None,
    ) -> list[Result]:
        """Measure networks at batches; what cannot be measured is among a result's failures.

        First what does not depend on time, one after the other; then the times, whose rounds
        take turns. ``progress`` is told what is about to be measured, ``after`` is given all
        that is known whenever that is more. Ctrl-C ends the measurement: what was found until
        then is returned, and the last failure of what is not complete is INTERRUPTED.
        """
        founds = [self._found(network, batch, training=training) for network, batch in cases]
        begun: list[Found] = []
        incomplete = list(founds)
        try:
            for found in founds:
                begun.append(found)
                self._check(found, progress)
                after([assemble(each) for each in begun])
            for group in self._groups(founds) if self.timed else ():
                self._time(group, progress)
                incomplete = [found for found in incomplete if found not in group]
                after([assemble(each) for each in begun])
        except KeyboardInterrupt:
            begun = [found for found in begun if found.facts or found.failures]
            if not begun:
                raise
            for found in incomplete:
                found.failures.append(Failure(what="the rest", reason=INTERRUPTED))
        return [assemble(found) for found in begun]

    def _found(self, network: Network, batch: int, *, training: bool) -> Found:
        variables = self.backend.environment(threads=self.threads)
        machine = self.machine
        return Found(
            cost=analyse(network, batch=batch),
            taught=analyse(network, batch=batch, training=True) if training else None,
            backend=self.backend,
            device=machine.device,
            threads=self.threads,
            provenance=provenance(machine, variables, spec=network.spec.text, seed=self.seed),
        )

    def _check(self, found: Found, progress: Progress | None) -> None:
        """Measure what does not depend on time, each in a process of its own."""
        job = self.job(found.cost)
        parts = [
            ("shapes, parameters and memory", "facts", tasks.facts, job, False),
            ("work", "log", tasks.work, job, True),
        ]
        if found.taught is not None:
            learner = self.job(found.taught)
            parts.append(("training plan", "training_plan", tasks.plan, learner, False))
        for what, attribute, task, of, log in parts:
            if progress is not None:
                progress(f"{_name(found)}: {what}")
            try:
                setattr(found, attribute, self.run(task, of, log=log))
            except MeasurementError as error:
                found.failures.append(_failure(what, error, found))

    def _time(self, group: Sequence[Found], progress: Progress | None) -> None:
        """Time networks in turns, and keep what was timed whatever ends it."""
        timed = [each for found in group for each in self._timed(found)]
        try:
            self.take_turns([each.lane for each in timed], progress)
            for found in group:
                try:
                    found.ceilings = self.ceilings
                except MeasurementError as error:
                    found.failures.append(_failure("ceilings", error, found))
        finally:
            for each in timed:
                each.keep()

    def _timed(self, found: Found) -> Iterator[_Timed]:
        """Yield what to time of a network."""
        job, name = self.job(found.cost), _name(found)
        layers = self.lane(name, turns.watched, job)
        yield _Timed(found, "time", "times", turns.layer_times, layers)
        fused = self.lane(f"{name}, fused", turns.forward, job, fused=True)
        yield _Timed(found, "fused time", "fused", summary, fused)
        if found.taught is not None:
            step = self.lane(f"{name}, a training step", turns.step, self.job(found.taught))
            yield _Timed(found, "training step", "step", summary, step)

    def _groups(self, founds: Sequence[Found]) -> Iterator[list[Found]]:
        """Yield as many at a time as fit into half of the memory together."""
        most = (memory_bytes() or 0) // 2
        group: list[Found] = []
        taken = 0
        for found in founds:
            needed = found.facts.peak_bytes if found.facts else _UNKNOWN_BYTES
            needed *= 2 if found.taught is None else 4  # processes; training keeps all layers
            if group and taken + needed > most:
                yield group
                group, taken = [], 0
            group.append(found)
            taken += needed
        yield group

    def job(self, cost: NetworkCost) -> tasks.Job:
        """Return what a task needs to know of a network."""
        return tasks.Job(self.backend, cost, self.machine.device, self.seed, self.seconds * _SHARE)

    def lane(self, name: str, task: Task, job: tasks.Job, **how: bool) -> Lane:
        """Return what takes a turn in every round."""
        environment = self.backend.environment(threads=self.threads, **how)
        start = partial(child.Child, task, job, environment=environment, memory=self.memory)
        return Lane(name, start)

    def take_turns(
        self,
        lanes: Sequence[Lane],
        progress: Progress | None,
        between: Callable[[int], None] | None = None,
    ) -> None:
        """Let lanes take turns within this session's limits; see :func:`lanes.take_turns`."""
        take_turns(
            lanes,
            count=self.rounds,
            seconds=self.seconds * _SHARE,
            answer_seconds=self.seconds,
            progress=progress,
            between=between,
        )

    def run(self, task: Task, *arguments: Any, **how: bool) -> Any:
        """Return what a task finds in a process of its own.

        Raises: MeasurementError if it fails.
        """
        return child.run(
            task,
            *arguments,
            seconds=self.seconds,
            environment=self.backend.environment(threads=self.threads, **how),
            memory=self.memory,
        )


def interrupted(results: Sequence[Result]) -> bool:
    """Return whether Ctrl-C ended the measurement."""
    return any(each.reason == INTERRUPTED for result in results for each in result.failures)


def _name(found: Found) -> str:
    return f"{found.cost.network}, batch {found.cost.input.n}"


def _failure(what: str, error: MeasurementError, found: Found) -> Failure:
    """Say what went wrong in a line; an allocation that failed in plain words."""
    message, batch = error.problems[0].message, found.cost.input.n
    reason = " ".join(message.split())[:300]
    if any(sign in message for sign in _OUT_OF_MEMORY):
        reason = f"out of memory at batch {batch}"
    elif _KILLED in message:
        reason = f"killed by the system, most likely out of memory at batch {batch}"
    return Failure(what=what, reason=reason)
