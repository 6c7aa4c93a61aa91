"""The notes' own experiments: what they timed, what the model says, and what is measured here.

The notes train on Fashion-MNIST on a GPU and give seconds for an epoch, so all that can be
compared are ratios. Here a training step is timed, on a small batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from convcost.analyse import analyse
from convcost.catalogue import load
from convcost.cost import NetworkCost
from convcost.dims import add_up
from convcost.errors import MeasurementError
from convcost.measure import tasks
from convcost.measure.result import Timing
from convcost.measure.session import Session
from convcost.traffic import traffic
from convcost.training import training_step

BATCH = 8


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
    """A time that the notes give, as a ratio of two; ``why`` says what is behind it."""

    exercise: str
    text: str
    case: Case
    base: Case
    notes: float | None
    why: str


_LENET, _NIN, _VGG = Case("lenet-notes"), Case("nin-d2l"), Case("vgg11")

CLAIMS = (
    Claim(
        "5.6",
        "AlexNet trains three times as long as LeNet",
        Case("alexnet-d2l"),
        _LENET,
        3.0,
        "LeNet's time is hardly arithmetic: reading data and starting kernels, most likely",
    ),
    Claim(
        "5.7",
        "VGG is much slower than AlexNet",
        _VGG,
        Case("alexnet-d2l"),
        None,
        "more channels where height and width are still large",
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
)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A claim, its ratio by multiplies and by bytes, and as measured (None if it failed)."""

    claim: Claim
    by_multiplies: float
    by_bytes: float
    measured: float | None
    failure: str = ""


def experiments(
    session: Session, *, batch: int = BATCH, progress: Callable[[str], None] | None = None
) -> Iterator[Experiment]:
    """Time a training step of every network of the claims, and yield the claims' ratios."""
    costs = {case: case.analysed(batch) for claim in CLAIMS for case in (claim.case, claim.base)}
    times: dict[Case, Timing] = {}
    failures: dict[Case, str] = {}
    for case, cost in costs.items():
        if progress is not None:
            progress(f"a training step of {case}, batch {batch}")
        try:
            times[case] = session.run(tasks.step, session.job(cost))
        except MeasurementError as error:
            failures[case] = error.problems[0].message
    for claim in CLAIMS:
        pair = (claim.case, claim.base)
        multiplies, moved = (
            [measure(costs[case]) for case in pair] for measure in (_multiplies, _bytes)
        )
        yield Experiment(
            claim,
            multiplies[0] / multiplies[1],
            moved[0] / moved[1],
            _ratio(times, pair),
            "; ".join(f"{case}: {failures[case]}" for case in pair if case in failures),
        )


def _ratio(times: Mapping[Case, Timing], pair: tuple[Case, Case]) -> float | None:
    if not all(case in times for case in pair):
        return None
    case, base = (times[each].forward_seconds for each in pair)
    return case / base


def _multiplies(cost: NetworkCost) -> int:
    step = training_step(cost)
    parts = (step.forward, step.backward_inputs, step.backward_parameters, step.update)
    return int(add_up(part.multiplies for part in parts))


def _bytes(cost: NetworkCost) -> int:
    moved = map(traffic, cost.layers)
    return int(add_up(each.bytes_read + each.bytes_written for each in moved))
