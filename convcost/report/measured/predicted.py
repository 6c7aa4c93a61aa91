"""What a machine's profile says of a result, beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.errors import ConvcostError
from convcost.graph import Network
from convcost.measure.result import Result, Time
from convcost.prediction.network import Way, network_time
from convcost.prediction.predict import LayerTime, NetworkTime
from convcost.prediction.profile import Profile
from convcost.prediction.scores import Figures, Score, figures
from convcost.report.measured.lines import Line

Choice = Callable[[Result], Profile | None]
"""Which profile predicts a result, if any."""

RESAMPLES = 400  # a network may have hundreds of layers


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """One way that a network was timed: the fastest pass, and what was predicted."""

    label: str
    measured: float
    predicted: NetworkTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """By what profile, the layers run one by one, and each way that the whole was timed."""

    profile: str
    processor: str
    layers: Mapping[str, LayerTime]
    wholes: tuple[Whole, ...]


def is_of(profile: Profile, result: Result) -> bool:
    """Return whether a profile is of the machine that a result was measured on."""
    machine = profile.machine
    known = (machine.processor, machine.device, machine.threads)
    return known == (result.provenance.processor, result.device, result.threads)


def predicted_of(
    result: Result, network: Network, cost: NetworkCost, profile: Profile
) -> Predicted | str:
    """Return what a profile predicts of a result, or why it cannot."""
    try:
        layers = network_time(cost, profile, "unfused")
        return Predicted(
            profile=profile.name,
            processor=f"{profile.machine.processor}, threads: {profile.machine.threads}",
            layers={each.name: each for each in layers.operations},
            wholes=tuple(_wholes(result, network, profile, layers)),
        )
    except ConvcostError as error:
        return error.problems[0].message


def _wholes(result: Result, network: Network, profile: Profile, layers: NetworkTime) -> list[Whole]:
    found = []
    for label, way, seconds in _timed(result.time):
        if way == "unfused":
            found.append(Whole(label=label, measured=seconds, predicted=layers))
        elif getattr(profile, way) is not None:
            cost = analyse(
                network, batch=result.batch, dtype=result.dtype, training=way == "training"
            )
            time = network_time(cost, profile, way)
            found.append(Whole(label=label, measured=seconds, predicted=time))
    return found


def _timed(time: Time) -> list[tuple[str, Way, float]]:
    """Return the fastest pass of each way that was timed."""
    ways: list[tuple[str, Way, float | None]] = [("forward time", "unfused", time.minimum_seconds)]
    if time.fused is not None:
        ways.append(("fused forward time", "fused", time.fused.minimum_seconds))
    if time.training_step is not None:
        ways.append(("training step time", "training", time.training_step.minimum_seconds))
    return [(label, way, seconds) for label, way, seconds in ways if seconds is not None]


def layer_figures(result: Result, lines: Sequence[Line], found: Predicted) -> dict[str, Figures]:
    """Return how right the layers' predictions are, and simpler ones, by name."""
    kernel = result.time.reference
    noise = (kernel.high - kernel.low) / kernel.median_seconds if kernel is not None else 0.0
    total = sum(line.seconds or 0.0 for line in lines)
    scores = []
    for line in lines:
        layer = found.layers[line.name]
        baselines = {"multiplies alone": total * line.multiply_share}
        if result.ceilings is not None:
            baselines["roofline"] = line.expected_seconds or 0.0
        scores.append(
            Score(
                network=line.name,
                family=line.kind,
                batch=result.batch,
                way="unfused",
                measured=line.seconds or 0.0,
                predicted=layer.seconds,
                low=layer.low,
                high=layer.high,
                noise=noise,
                outside=len(layer.outside),
                baselines=baselines,
            )
        )
    if not scores:
        return {}
    names = (None, *scores[0].baselines)
    return {name or "predicted": figures(scores, name, resamples=RESAMPLES) for name in names}
