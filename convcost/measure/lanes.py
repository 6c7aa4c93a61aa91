"""Rounds in turns: what is timed runs in a process of its own, and they take turns.

So a machine that slows down for a while slows them all alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

from convcost.errors import MeasurementError
from convcost.measure.child import Child
from convcost.measure.timing import FEWEST_ROUNDS


@dataclass(slots=True)
class Lane:
    """Something to time: how its process is started, and what its rounds gave so far."""

    name: str
    start: Callable[[], Child]
    rounds: list[Any] = field(default_factory=list)
    error: MeasurementError | None = None
    seconds: float = 0


def take_turns(  # noqa: PLR0913 - limits, and who is told
    lanes: Sequence[Lane],
    *,
    count: int,
    seconds: float,
    answer_seconds: float,
    progress: Callable[[str], None] | None = None,
    between: Callable[[int], None] | None = None,
) -> None:
    """Let all take a turn in every round; a lane that fails drops out, with its error.

    ``between`` is called before every round, with its number from 1.

    A lane whose rounds took ``seconds`` already takes no more, but three. All processes live
    as long as this call: what was measured is in the lanes whatever ends it.
    """
    with ExitStack() as stack:
        children = [
            (lane, child)
            for lane in lanes
            if (child := _started(lane, stack, answer_seconds, progress)) is not None
        ]
        for number in range(1, count + 1):
            if between is not None:
                between(number)
            for lane, child in children:
                over = number > FEWEST_ROUNDS and lane.seconds > seconds
                if lane.error is None and not over:
                    if progress is not None:
                        progress(f"{lane.name}, round {number} of {count}")
                    _turn(lane, child, answer_seconds)


def _started(
    lane: Lane, stack: ExitStack, seconds: float, progress: Callable[[str], None] | None
) -> Child | None:
    """Start a lane's process and wait until it is warm; None if that fails."""
    if progress is not None:
        progress(f"{lane.name}, warming up")
    child = stack.enter_context(lane.start())
    try:
        child.ask(seconds)
    except MeasurementError as error:
        lane.error = error
        return None
    return child


def _turn(lane: Lane, child: Child, seconds: float) -> None:
    start = perf_counter()
    try:
        lane.rounds.append(child.ask(seconds))
    except MeasurementError as error:
        lane.error = error
    lane.seconds += perf_counter() - start
