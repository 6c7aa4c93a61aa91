"""A result, put together from what was found and what the model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from convcost.cost import LayerCost, NetworkCost
from convcost.measure import checks
from convcost.measure.backend import Backend, Primitive
from convcost.measure.result import (
    Ceilings,
    Failure,
    MeasuredLayer,
    Memory,
    Provenance,
    Result,
    Time,
    Timing,
)
from convcost.measure.tasks import Facts
from convcost.measure.turns import LayerTimes
from convcost.traffic import traffic


@dataclass(slots=True, kw_only=True)
class Found:
    """What is measured, and what was found so far; ``taught`` is the cost in training."""

    cost: NetworkCost
    taught: NetworkCost | None
    backend: Backend
    device: str
    threads: int
    provenance: Provenance
    facts: Facts | None = None
    log: Mapping[str, Sequence[Primitive]] | None = None
    times: LayerTimes | None = None
    fused: Timing | None = None
    ceilings: Ceilings | None = None
    training_plan: int | None = None
    step: Timing | None = None
    failures: list[Failure] = field(default_factory=list)


def assemble(found: Found) -> Result:
    """Return the result."""
    cost, facts = found.cost, found.facts
    return Result(
        network=cost.network,
        input=tuple(map(int, cost.input.shape)),
        batch=int(cost.input.n),
        dtype=cost.dtype,
        backend=found.backend.name,
        device=found.device,
        threads=found.threads,
        training=found.taught is not None,
        shapes=checks.shapes(cost, facts.inferred, facts.run) if facts else None,
        parameters=checks.parameters(cost, facts.arrays) if facts else None,
        work=checks.multiplies(cost, found.log) if found.log is not None else None,
        memory=_memory(found),
        time=_time(found),
        ceilings=found.ceilings,
        layers=tuple(_layer(layer, found) for layer in cost.layers),
        failures=tuple(found.failures),
        provenance=found.provenance,
    )


def _memory(found: Found) -> Memory:
    facts, plan = found.facts, found.backend.plan
    return Memory(
        predicted_bytes=plan(found.cost),
        planned_bytes=facts.planned_bytes if facts else None,
        training_predicted_bytes=plan(found.taught) if found.taught else None,
        training_planned_bytes=found.training_plan,
        resident_bytes=facts.resident_bytes if facts else None,
        framework_bytes=facts.framework_bytes if facts else None,
        peak_bytes=facts.peak_bytes if facts else None,
    )


def _time(found: Found) -> Time:
    times = found.times
    if times is None:
        return Time(fused=found.fused, training_step=found.step)
    layers = sum(times.layers.values())
    return Time(
        forward_seconds=times.whole.forward_seconds,
        low=times.whole.low,
        high=times.whole.high,
        minimum_seconds=times.whole.minimum_seconds,
        rounds=times.whole.rounds,
        layers_sum_seconds=layers,
        sum_to_whole=layers / times.whole.forward_seconds,
        processor_sum_to_whole=times.processor_ratio if found.device == "cpu" else None,
        fused=found.fused,
        training_step=found.step,
        reference=times.reference,
    )


def _layer(layer: LayerCost, found: Found) -> MeasuredLayer:
    moved = traffic(layer)
    primitives = found.log.get(layer.name, ()) if found.log is not None else ()
    return MeasuredLayer(
        name=layer.name,
        kind=layer.kind,
        seconds=found.times.layers.get(layer.name) if found.times else None,
        multiplies=int(layer.work.multiplies),
        adds=int(layer.work.adds),
        bytes_moved=int(moved.bytes_read + moved.bytes_written),
        measured_multiplies=checks.logged(primitives),
        primitives=tuple(each.name for each in primitives),
    )
