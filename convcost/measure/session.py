"""A session of measurements: what runs in which process, in which order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.graph import Network
from convcost.measure import child, tasks
from convcost.measure.assembly import Found, assemble
from convcost.measure.backend import Backend, Machine
from convcost.measure.provenance import provenance
from convcost.measure.result import Ceilings, Failure, Result

Task = Callable[..., Any]

INTERRUPTED = "interrupted"
_OUT_OF_MEMORY = ("out of memory", "bad_alloc", "MemoryError", "Failed to allocate")
_KILLED = "SIGKILL"  # by the kernel: what the system does when its memory is short
_SHARE = 0.4  # of the time limit of a child, for its rounds


@dataclass(frozen=True, kw_only=True)
class Session:
    """Measurements on one device, each in a process of its own.

    ``seconds`` and ``memory`` (bytes of address space) limit each process.

    Raises: MeasurementError if there is no such device, or the framework does not load.
    """

    backend: Backend
    device: str = "auto"
    threads: int = 1
    rounds: int = 20
    seconds: float = 300
    memory: int | None = None
    seed: int = 0

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
        network: Network,
        *,
        batch: int = 1,
        training: bool = False,
        progress: Callable[[str], None] | None = None,
    ) -> Result:
        """Measure a network; what cannot be measured is among the result's failures.

        ``progress`` is told what is about to be measured. Ctrl-C ends the measurement: what
        was found until then is returned, and the last failure's reason is INTERRUPTED.
        """
        machine = self.machine
        variables = self.backend.environment(threads=self.threads)
        found = Found(
            cost=analyse(network, batch=batch),
            taught=analyse(network, batch=batch, training=True) if training else None,
            backend=self.backend,
            device=machine.device,
            threads=self.threads,
            provenance=provenance(machine, variables, spec=network.spec.text, seed=self.seed),
        )
        try:
            for what, part in self._parts(found):
                if progress is not None:
                    progress(f"{network.name}, batch {batch}: {what}")
                try:
                    part()
                except MeasurementError as error:
                    found.failures.append(Failure(what=what, reason=_reason(error, batch)))
        except KeyboardInterrupt:
            found.failures.append(Failure(what="the rest", reason=INTERRUPTED))
        return assemble(found)

    def _parts(self, found: Found) -> list[tuple[str, Callable[[], None]]]:
        """Return what to measure, in order: each sets an attribute of ``found``."""
        job = self.job(found.cost)

        def put(name: str, task: Task, of: tasks.Job = job, **how: bool) -> Callable[[], None]:
            return lambda: setattr(found, name, self.run(task, of, **how))

        parts = [
            ("shapes, parameters and memory", put("facts", tasks.facts)),
            ("work", put("log", tasks.work, log=True)),
            ("time", put("times", tasks.layer_times)),
            ("fused time", put("fused", tasks.forward, fused=True)),
            ("ceilings", lambda: setattr(found, "ceilings", self.ceilings)),
        ]
        if found.taught is not None:
            learner = self.job(found.taught)
            parts += [
                ("training plan", put("training_plan", tasks.plan, learner)),
                ("training step", put("step", tasks.step, learner)),
            ]
        return parts

    def job(self, cost: NetworkCost) -> tasks.Job:
        """Return what a task needs to know of a network."""
        return tasks.Job(
            self.backend,
            cost,
            self.machine.device,
            self.seed,
            self.rounds,
            self.seconds * _SHARE,
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
    """Return whether Ctrl-C ended the last measurement."""
    return bool(results) and any(each.reason == INTERRUPTED for each in results[-1].failures)


def _reason(error: MeasurementError, batch: int) -> str:
    """Return what went wrong in a line; an allocation that failed in plain words."""
    message = error.problems[0].message
    if any(sign in message for sign in _OUT_OF_MEMORY):
        return f"out of memory at batch {batch}"
    if _KILLED in message:
        return f"killed by the system, most likely out of memory at batch {batch}"
    return " ".join(message.split())[:300]
