"""From what was heard of a sheet to rows: an operation's terms and the seconds it took."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from convcost.measure.calibration.rounds import Heard, Whole, fastest
from convcost.measure.timing import TOLERANCE
from convcost.prediction.predict import Operation
from convcost.prediction.rows import Row

Key = tuple[str, tuple[str, ...]]
"""A phase and the layers that ran as one."""


_Round = TypeVar("_Round", Heard, Whole)


def least_reference(rounds: Sequence[_Round]) -> float:
    """Return what the fixed kernel took at best, in seconds."""
    return min(each.reference for each in rounds)


def quiet(rounds: Sequence[_Round]) -> list[_Round]:
    """Return the rounds whose fixed kernel took about as little as in the fastest one."""
    most = (1 + TOLERANCE) * least_reference(rounds)
    return [each for each in rounds if each.reference <= most]


def seconds_by_part(rounds: Sequence[Heard]) -> dict[Key, float]:
    """Return the fastest of every operation, those of one layer and phase added up.

    They are in times of the fixed kernel, so that those of several processes compare.
    """
    reference, together = least_reference(rounds), rounds[0].together
    found: dict[Key, float] = defaultdict(float)
    for part, seconds in fastest([each.parts for each in quiet(rounds)]):
        found[part.phase, together.get(part.layer, (part.layer,))] += seconds / reference
    return dict(found)


def rows_of(
    operations: Iterable[Operation],
    seconds: Mapping[Key, float],
    groups: Mapping[str, str],
    reference: float,
    listening: float,
) -> Iterator[Row]:
    """Yield a row for every operation that was heard, and that is no context.

    ``groups`` has the block of every layer that counts; ``reference`` is what the fixed kernel
    takes on the machine at its best, in seconds; ``listening`` what it takes to hear of a
    launch, in fixed kernels.
    """
    for each in operations:
        phase = each.name.partition(" ")[2] or "forward"
        taken = seconds.get((phase, each.layers))
        if taken is not None and all(name in groups for name in each.layers):
            yield Row(
                kernel=each.terms.kernel,
                terms={name: float(amount) for name, amount in each.terms.values.items()},
                seconds=taken * reference,
                listening=listening * reference * float(each.terms.values["launches"]),
                group=groups[each.layers[0]],
            )
