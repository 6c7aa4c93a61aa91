"""A run of calibration: sheet after sheet is measured, until the time is over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import get_args

from convcost.errors import MeasurementError
from convcost.measure.calibration import rounds
from convcost.measure.calibration.rows import (
    Key,
    least_reference,
    quiet,
    rows_of,
    seconds_by_part,
)
from convcost.measure.calibration.sheets import Sheet
from convcost.measure.lanes import Lane
from convcost.measure.session import Progress, Session
from convcost.prediction.machine import Machine
from convcost.prediction.network import Way, operations
from convcost.prediction.rows import Row

TRAINING: Way = "training"
WAYS: tuple[Way, ...] = get_args(Way)


@dataclass(frozen=True, slots=True)
class Measured:
    """A sheet that was measured one way: what its operations and the whole took.

    Both are in fixed kernels, and so is ``listening``, what it took to hear of each of all
    the ``heard`` operations; ``reference`` is what that kernel took at best meanwhile, in
    seconds.
    """

    sheet: Sheet
    way: Way
    parts: dict[Key, float]
    whole: float
    listening: float
    heard: int
    reference: float

    @property
    def whole_to_sum(self) -> float:
        """What the whole takes, over the sum of its operations without listening."""
        return self.whole / (sum(self.parts.values()) - self.heard * self.listening)

    def rows(self, machine: Machine, reference: float) -> Iterator[Row]:
        """Yield the rows, as if the fixed kernel had taken so many seconds."""
        cost = self.sheet.cost(training=self.way == TRAINING)
        found = operations(cost, machine, self.way)
        return rows_of(found, self.parts, self.sheet.groups, reference, self.listening)


class Calibration:
    """Sheets that were measured so far, and what went wrong."""

    def __init__(
        self, session: Session, source: Iterable[Sheet], *, ways: Sequence[Way] = WAYS
    ) -> None:
        self.session = session
        self._ways = ways
        self._sheets = iter(source)
        self.measured: list[Measured] = []
        self.failures: list[str] = []
        self.seconds = 0.0
        self._longest = 0.0

    def run(self, budget: float, progress: Progress | None = None) -> None:
        """Measure sheets for so many seconds at most, but at least one.

        Ctrl-C ends it, with what was measured until then.
        """
        while self.fits(budget):
            left = budget - self.seconds
            tell = None if progress is None else _with_time_left(progress, left)
            try:
                self.next_sheet(tell)
            except KeyboardInterrupt:
                if not self.measured:
                    raise
                return
            if not self.measured:
                raise MeasurementError(self.failures[0])

    def fits(self, budget: float) -> bool:
        """Whether one more sheet is measured in so many seconds of all; the first always is."""
        return not self.measured or self.seconds + self._longest <= budget

    def next_sheet(self, progress: Progress | None = None) -> None:
        """Measure one more sheet in every way, in turns."""
        start = perf_counter()
        sheet = next(self._sheets)
        lanes = {way: self._lane(sheet, way) for way in self._ways}
        try:
            self.session.take_turns(list(lanes.values()), progress)
        finally:
            taken = perf_counter() - start
            self.seconds += taken
            self._longest = max(self._longest, taken)
            for way, lane in lanes.items():
                if lane.error is not None:
                    self.failures.append(f"{lane.name}: {lane.error.problems[0].message}")
                elif lane.rounds:
                    self.measured.append(_measured(sheet, way, lane))

    def reference(self) -> float:
        """Return what the fixed kernel took at best, in seconds."""
        return min(each.reference for each in self.measured)

    def rows(self, way: Way, machine: Machine) -> list[Row]:
        """Return the rows of one way to run; see :func:`sheet_rows`."""
        return sheet_rows([each for each in self.measured if each.way == way], machine)

    def _lane(self, sheet: Sheet, way: Way) -> Lane:
        task: Callable[..., object] = rounds.step if way == TRAINING else rounds.forward
        job = self.session.job(sheet.cost(training=way == TRAINING))
        return self.session.lane(f"{sheet.name}, {way}", task, job, fused=way == "fused")


def sheet_rows(measured: Sequence[Measured], machine: Machine) -> list[Row]:
    """Return the rows of sheets that ran one way, as if the fixed kernel took the machine's best.

    What a whole takes beyond its operations is shared out: each takes as much more as the
    median of the sheets does.
    """
    more = median(each.whole_to_sum for each in measured) if measured else 1.0
    reference = machine.reference_seconds * more
    return [row for each in measured for row in each.rows(machine, reference)]


def _measured(sheet: Sheet, way: Way, lane: Lane) -> Measured:
    reference = least_reference(lane.rounds)
    kept = quiet(lane.rounds)
    return Measured(
        sheet,
        way,
        parts=seconds_by_part(lane.rounds),
        whole=min(each.whole for each in kept) / reference,
        listening=median(each.listening for each in kept) / reference,
        heard=len(kept[0].parts),
        reference=reference,
    )


def _with_time_left(progress: Progress, seconds: float) -> Progress:
    end = perf_counter() + seconds

    def tell(what: str) -> None:
        left = max(0, round(end - perf_counter()))
        progress(f"{what}; about {left // 60}:{left % 60:02} left")

    return tell
