"""The notes' own experiments: what they found, what the model says, and what is measured here.

The notes train on Fashion-MNIST on a GPU and give seconds for an epoch, so all that can be
compared are ratios. Here a training step is timed, and its memory planned, on a small batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from convcost.analyse import analyse
from convcost.catalogue import load
from convcost.cost import NetworkCost
from convcost.dims import add_up
from convcost.errors import MeasurementError
from convcost.measure import tasks, turns
from convcost.measure.session import Session
from convcost.measure.timing import summary
from convcost.memory.footprint import Footprint
from convcost.memory.mxnet import planned
from convcost.traffic import traffic
from convcost.training import training_step

BATCH = 8
FULL_BATCH = 256  # as in the notes; their GPU is not known


@dataclass(frozen=True, slots=True)
class Case:
    """A network of the chapter, at its input or at a square one."""

    network: str
    side: int | None = None

    def __str__(self) -> str:
        return self.network if self.side is None else f"{self.network} at {self.side}"

    def analysed(self, batch: int) -> NetworkCost:
        """Analyse a training step."""
        preset = "fashion-mnist"
        input_ = None if self.side is None else (1, self.side, self.side)
        network = load(self.network, preset=preset, input=input_)
        return analyse(network, batch=batch, training=True)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the notes say of a case against a base; ``why`` says what is behind it.

    ``notes`` is their ratio, None where they only say that it is more.
    """

    exercise: str
    text: str
    case: Case
    base: Case
    notes: float | None
    why: str
    of: Literal["time", "memory"] = "time"

    @property
    def pair(self) -> tuple[Case, Case]:
        """The case and the base."""
        return self.case, self.base


_LENET, _NIN, _VGG = Case("lenet-notes"), Case("nin-d2l"), Case("vgg11")
_ALEXNET, _DENSENET = Case("alexnet-d2l"), Case("densenet-d2l")

CLAIMS = (
    Claim(
        "5.6",
        "AlexNet trains three times as long as LeNet",
        _ALEXNET,
        _LENET,
        3.0,
        "LeNet's time is hardly arithmetic: reading data and starting kernels, most likely",
    ),
    Claim(
        "5.7",
        "VGG is much slower than AlexNet",
        _VGG,
        _ALEXNET,
        None,
        "more channels where height and width are still large",
    ),
    Claim(
        "5.7",
        "VGG needs more memory than AlexNet",
        _VGG,
        _ALEXNET,
        None,
        "outputs of 64 channels at 224x224, all kept for the backward pass",
        of="memory",
    ),
    Claim(
        "5.7",
        "96 instead of 224 takes a quarter of the time",
        Case("vgg11", 96),
        _VGG,
        0.25,
        "9/49 of the positions; the dense layers' weights are updated all the same",
    ),
    Claim(
        "5.8",
        "120 seconds for NiN where LeNet takes 4.3",
        _NIN,
        _LENET,
        120 / 4.3,
        "as for AlexNet: LeNet's time is not arithmetic",
    ),
    Claim(
        "5.8",
        "92 seconds of 120 without one 1x1 convolution",
        Case("nin-d2l-one1x1"),
        _NIN,
        92 / 120,
        "1x1 convolutions move many bytes for few multiplies",
    ),
    Claim(
        "5.11",
        "83 seconds for ResNet where NiN takes 120",
        Case("resnet18-d2l-preact"),
        _NIN,
        83 / 120,
        "at 96, not 224; batch norm moves bytes and multiplies little",
    ),
    Claim(
        "5.12",
        "DenseNet runs out of memory at 224, not at 96",
        Case("densenet-d2l", 224),
        _DENSENET,
        None,
        "every output grows with the positions: (224/96)**2 = 5.4 times",
        of="memory",
    ),
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A claim, its ratio by multiplies and by bytes, and as measured (None if it failed).

    Bytes are what layers read and write; of a claim about memory they are what MXNet's planner
    takes by the model, and measured is its own plan. ``totals`` are then the bytes of the whole
    at FULL_BATCH, parameters and gradients included, of case and base.
    """

    claim: Claim
    by_multiplies: float
    by_bytes: float
    measured: float | None
    failure: str = ""
    totals: tuple[int, int] | None = None


def experiments(
    session: Session, *, batch: int = BATCH, progress: Callable[[str], None] | None = None
) -> Iterator[Experiment]:
    """Plan and time training steps of the claims' networks, and yield the claims' ratios.

    The times are taken in turns.
    """
    costs = {case: case.analysed(batch) for claim in CLAIMS for case in claim.pair}
    timed = {case: costs[case] for case in _cases_of("time")}
    planned_ = {case: costs[case] for case in _cases_of("memory")}
    found = {
        "memory": _plans(session, planned_, progress),
        "time": _times(session, timed, progress),
    }
    for claim in CLAIMS:
        of_case, of_base = (found[claim.of][case] for case in claim.pair)
        failed = [value for value in (of_case, of_base) if isinstance(value, str)]
        size = _bytes if claim.of == "time" else planned
        case, base = (costs[each] for each in claim.pair)
        yield Experiment(
            claim,
            _multiplies(case) / _multiplies(base),
            size(case) / size(base),
            None if isinstance(of_case, str) or isinstance(of_base, str) else of_case / of_base,
            "; ".join(failed),
            None if claim.of == "time" else (_total(claim.case), _total(claim.base)),
        )


def _cases_of(quantity: str) -> list[Case]:
    return list(
        dict.fromkeys(case for claim in CLAIMS if claim.of == quantity for case in claim.pair)
    )


def _plans(
    session: Session, costs: Mapping[Case, NetworkCost], progress: Callable[[str], None] | None
) -> dict[Case, float | str]:
    """Return the bytes that MXNet plans for a training step, or why it does not."""
    found: dict[Case, float | str] = {}
    for case, cost in costs.items():
        if progress is not None:
            progress(f"memory of {case}, batch {cost.input.n}")
        try:
            found[case] = session.run(tasks.plan, session.job(cost))
        except MeasurementError as error:
            found[case] = f"{case}: {error.problems[0].message}"
    return found


def _times(
    session: Session, costs: Mapping[Case, NetworkCost], progress: Callable[[str], None] | None
) -> dict[Case, float | str]:
    """Return the seconds of a training step, timed in turns, or why they are not known."""
    lanes = {
        case: session.lane(f"a training step of {case}", turns.step, session.job(cost))
        for case, cost in costs.items()
    }
    session.take_turns(list(lanes.values()), progress)
    return {
        case: summary(lane.rounds).forward_seconds
        if lane.error is None
        else f"{case}: {lane.error.problems[0].message}"
        for case, lane in lanes.items()
    }


def _multiplies(cost: NetworkCost) -> int:
    step = training_step(cost)
    parts = (step.forward, step.backward_inputs, step.backward_parameters, step.update)
    return int(add_up(part.multiplies for part in parts))


def _bytes(cost: NetworkCost) -> int:
    moved = map(traffic, cost.layers)
    return int(add_up(each.bytes_read + each.bytes_written for each in moved))


def _total(case: Case) -> int:
    return int(Footprint(case.analysed(FULL_BATCH)).total("mxnet"))
