"""What an evaluation found as scores: predictions, and simpler ones to compare with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from convcost.cost import LayerCost, NetworkCost
from convcost.measure.calibration.evaluation import Evaluation, Timed
from convcost.measure.calibration.profiles import described
from convcost.measure.calibration.run import sheet_rows
from convcost.prediction.fit import coefficients, fit
from convcost.prediction.machine import Machine
from convcost.prediction.model import TimeModel
from convcost.prediction.network import Way, operations
from convcost.prediction.predict import predict
from convcost.prediction.rows import Row
from convcost.prediction.scores import Learning, Score
from convcost.traffic import traffic

BASELINES: Mapping[str, tuple[str, ...]] = {
    "multiplies alone": ("multiplies",),
    "multiplies and bytes": ("multiplies", "bytes"),
}
"""What is fitted to the networks of all other families, and of which terms."""
ROOFLINE = "roofline"
_FORWARD_ONLY = 3  # a training step multiplies about three times as much as a forward pass


def scores(evaluation: Evaluation) -> list[Score]:
    """Return a score for every network that was timed."""
    machine = described(evaluation.calibration.session, evaluation.reference)
    found = []
    for way in ways_of(evaluation):
        model = fit(evaluation.calibration.rows(way, machine), machine)
        found += list(_scores(of_way(evaluation, way), model, machine))
    return found


def ways_of(evaluation: Evaluation) -> list[Way]:
    """Return the ways in which networks were timed, and sheets too."""
    known = {each.way for each in evaluation.calibration.measured}
    return [
        way for way in dict.fromkeys(each.case.way for each in evaluation.timed) if way in known
    ]


def of_way(evaluation: Evaluation, way: Way) -> list[Timed]:
    """Return what was timed one way."""
    return [each for each in evaluation.timed if each.case.way == way]


def learning(evaluation: Evaluation, least_seconds: float) -> Iterator[Learning]:
    """Yield the mean error with the first sheets alone: one, two, four and so on, then all.

    Networks that take less than ``least_seconds`` are left out.
    """
    machine = described(evaluation.calibration.session, evaluation.reference)
    for way in ways_of(evaluation):
        measured = [each for each in evaluation.calibration.measured if each.way == way]
        timed = of_way(evaluation, way)
        counts = [count for power in range(10) if (count := 2**power) < len(measured)]
        for count in [*counts, len(measured)]:
            found = sheet_rows(measured[:count], machine)
            model = fit(found, machine)
            errors = [
                abs(score.error)
                for score in _scores(timed, model, machine)
                if score.measured > least_seconds
            ]
            if errors:
                yield Learning(
                    way=way,
                    seconds=_seconds(evaluation, count),
                    rows=len(found),
                    mean_error=sum(errors) / len(errors),
                )


def _seconds(evaluation: Evaluation, sheets: int) -> float:
    """Return how long so many sheets took, in all ways."""
    every = evaluation.calibration.measured
    count = len({each.sheet.name for each in every})
    return evaluation.calibration.seconds * sheets / max(count, 1)


def _scores(timed: Sequence[Timed], model: TimeModel, machine: Machine) -> Iterator[Score]:
    baselines = _baselines(timed, machine)
    for each, others in zip(timed, baselines, strict=True):
        case = each.case
        found = predict(operations(case.cost, machine, case.way), model, machine)
        yield Score(
            network=case.network,
            family=case.family,
            batch=int(case.cost.input.n),
            way=case.way,
            measured=each.kernels * machine.reference_seconds,
            predicted=found.seconds,
            low=found.low,
            high=found.high,
            noise=each.noise,
            outside=len({*found.outside, *found.uncalibrated}),
            baselines=others,
        )


def _baselines(timed: Sequence[Timed], machine: Machine) -> list[dict[str, float]]:
    """Return simpler predictions of every network, fitted to those of all other families."""
    rows = [
        Row(
            kernel="",
            terms=_totals(each.case.cost),
            seconds=each.kernels * machine.reference_seconds,
            group=each.case.family,
        )
        for each in timed
    ]
    fitted = {
        (family, name): coefficients(others, names)
        for family in {row.group for row in rows}
        if (others := [row for row in rows if row.group != family])
        for name, names in BASELINES.items()
    }
    found = []
    for each, row in zip(timed, rows, strict=True):
        of_row = {ROOFLINE: _roofline(each.case.cost, machine)}
        for name, names in BASELINES.items():
            if (row.group, name) in fitted:
                amounts = [row.terms[term] for term in names]
                of_row[name] = float(fitted[row.group, name] @ amounts)
        found.append(of_row)
    return found


def _totals(cost: NetworkCost) -> dict[str, float]:
    return {
        "multiplies": float(cost.total().work.multiplies),
        "bytes": float(sum(_bytes(layer) for layer in cost.layers)),
    }


def _bytes(layer: LayerCost) -> int:
    moved = traffic(layer)
    return int(moved.bytes_read + moved.bytes_written)


def _roofline(cost: NetworkCost, machine: Machine) -> float:
    """Return the least time at the machine's ceilings, every layer by itself.

    Source: Williams, Waterman & Patterson, Roofline, CACM 2009.
    """
    forward = sum(
        max(
            int(layer.work.multiplies) / machine.multiply_adds_per_second,
            _bytes(layer) / machine.bytes_per_second,
        )
        for layer in cost.layers
    )
    return forward * (_FORWARD_ONLY if cost.training else 1)
