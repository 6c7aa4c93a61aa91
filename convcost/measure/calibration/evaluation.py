"""How right predictions are on this machine: networks and sheets measured in one session.

A profile is made of synthetic sheets alone; no network has a part in it, so every family is
left out of every choice. Sheets and networks take turns, so that a machine that drifts does
so for both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.graph import Network
from convcost.measure.calibration import rounds
from convcost.measure.calibration.rounds import Whole
from convcost.measure.calibration.rows import quiet
from convcost.measure.calibration.run import Calibration
from convcost.measure.lanes import Lane
from convcost.measure.provenance import memory_bytes
from convcost.measure.session import Progress, Session
from convcost.memory.mxnet import planned
from convcost.prediction.network import Way

_PROCESS_BYTES = 300 * 2**20  # of a process with the framework, and nothing in it


@dataclass(frozen=True, slots=True)
class Case:
    """A network at a batch, to be run one way; its family, and the lane that times it."""

    network: str
    family: str
    way: Way
    cost: NetworkCost
    lane: Lane

    @property
    def bytes(self) -> int:
        """About how much memory its process takes."""
        parameters = int(self.cost.total().parameter_bytes)
        copies = 3 if self.cost.training else 2  # weights laid out anew, or gradients too
        return _PROCESS_BYTES + copies * parameters + 2 * planned(self.cost)


@dataclass(frozen=True, slots=True)
class Timed:
    """A case that was measured: in fixed kernels, and how far apart its halves are."""

    case: Case
    kernels: float
    reference: float
    noise: float


@dataclass(slots=True)
class Evaluation:
    """A session's measurements so far."""

    calibration: Calibration
    timed: list[Timed] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def reference(self) -> float:
        """What the fixed kernel took at best in the whole session, in seconds."""
        return min(self.calibration.reference(), *(each.reference for each in self.timed))


def cases(
    session: Session,
    networks: Sequence[tuple[Network, str]],
    batches: Sequence[int],
    ways: Sequence[Way],
) -> Iterator[Case]:
    """Yield what to time: networks with their families, at batches, in ways."""
    for network, family in networks:
        for batch in batches:
            for way in ways:
                cost = analyse(network, batch=batch, training=way == "training")
                lane = session.lane(
                    f"{network.name}, batch {batch}, {way}",
                    rounds.whole,
                    session.job(cost),
                    fused=way == "fused",
                )
                yield Case(network.name, family, way, cost, lane)


def evaluate(
    evaluation: Evaluation,
    every: Sequence[Case],
    budget: float,
    progress: Progress | None = None,
) -> None:
    """Time all cases, and calibrate for ``budget`` seconds at most, evenly in between.

    Ctrl-C ends it, with what was measured until then.
    """
    calibration, session = evaluation.calibration, evaluation.calibration.session
    together = list(groups(every))
    turns, done = len(together) * session.rounds, 0

    def calibrate(_: int) -> None:
        nonlocal done
        done += 1
        while calibration.fits(budget * done / turns):
            calibration.next_sheet(progress)
            if not calibration.measured:
                return

    try:
        for group in together:
            try:
                session.take_turns([each.lane for each in group], progress, calibrate)
            finally:
                _keep(evaluation, group)
    except KeyboardInterrupt:
        if not evaluation.timed or not calibration.measured:
            raise
    if not calibration.measured:
        raise MeasurementError("; ".join(calibration.failures) or "no sheet was measured")


def groups(every: Sequence[Case]) -> Iterator[list[Case]]:
    """Yield as many cases at a time as fit into half of the memory together."""
    most = (memory_bytes() or 0) // 2
    group: list[Case] = []
    for case in every:
        if group and sum(each.bytes for each in group) + case.bytes > most:
            yield group
            group = []
        group.append(case)
    yield group


def _keep(evaluation: Evaluation, group: Sequence[Case]) -> None:
    for case in group:
        if case.lane.error is not None:
            said = case.lane.error.problems[0].message
            evaluation.failures.append(f"{case.lane.name}: {said}")
        if case.lane.rounds:
            evaluation.timed.append(timed(case, case.lane.rounds))


def timed(case: Case, found: Sequence[Whole]) -> Timed:
    """Make of a lane's rounds what is told of it: the fastest, and that of either half."""
    kept = quiet(found)
    reference = min(each.reference for each in kept)
    halves = [min((each.seconds for each in kept[start::2]), default=0.0) for start in (0, 1)]
    fastest = min(each.seconds for each in kept)
    noise = abs(halves[1] - halves[0]) / fastest if min(halves) else 0.0
    return Timed(case, fastest / reference, reference, noise)
