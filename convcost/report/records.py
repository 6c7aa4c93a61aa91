"""Costs as plain data: JSON documents and CSV.

The keys are a promise to programs; README.md lists them.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, fields
from fractions import Fraction
from typing import Any

from convcost.conventions import Conventional
from convcost.cost import LayerCost, NetworkCost, Total
from convcost.dims import Dim
from convcost.tensors import FeatureMap, Tensor
from convcost.training import TrainingStep, backward_work
from convcost.work import PARAMETER_FIELDS, WORK_FIELDS, Parameters, Work


def document(cost: NetworkCost, conventional: Conventional | None = None) -> dict[str, Any]:
    """Return all that is known of a network's cost."""
    sums = _total(cost.total())
    sums.pop("label")
    result: dict[str, Any] = {
        "network": cost.network,
        "input": input_record(cost.input),
        "inputs": {name: input_record(shape) for name, shape in cost.inputs.items()},
        "dtype": cost.dtype,
        "training": cost.training,
        "layers": [_layer(layer) for layer in cost.layers],
        "total": sums,
        "notes": [asdict(note) for note in cost.notes],
        "uncounted": list(cost.uncounted),
        **_at_least(cost),
    }
    if cost.training:
        for record, (layer, work) in zip(result["layers"], backward_work(cost), strict=True):
            known = {"inputs": _work(work.inputs), "parameters": _work(work.parameters)}
            record["backward"] = known if layer.layer.counted else dict.fromkeys(known)
    if conventional is not None:
        result["convention"] = convention_record(conventional)
    return result


def _at_least(cost: NetworkCost) -> dict[str, Any]:
    """Say whether totals are lower bounds, and which operators are uncounted."""
    return {"at_least": bool(cost.uncounted), "uncounted_operators": cost.operators}


def input_record(given: Tensor) -> dict[str, Any]:
    """Return the extents of an input: of a feature map by name, of others as a list."""
    if isinstance(given, FeatureMap):
        return {"n": given.n, "c": given.c, "h": given.h, "w": given.w}
    return {"shape": list(given.shape)}


def step_record(step: TrainingStep) -> dict[str, Any]:
    """Return the work of a training step, part by part."""
    return {part.name: _work(getattr(step, part.name)) for part in fields(step)}


def convention_record(conventional: Conventional) -> dict[str, Any]:
    """Return what a convention counts; bytes only where it has them."""
    record = {
        "name": conventional.convention.name,
        "unit": conventional.convention.unit,
        "count": conventional.count,
        "printed": conventional.printed,
        "parameters": conventional.parameters,
        "parameter_bytes": conventional.parameter_bytes,
        "feature_bytes": conventional.feature_bytes,
        "uncovered": dict(conventional.uncovered),
    }
    return {key: value for key, value in record.items() if value is not None}


def totals(cost: NetworkCost, *, by_kind: bool = False) -> dict[str, Any]:
    """Return a network's sums alone, of each kind too if asked."""
    record = _total(cost.total())
    record["network"] = record.pop("label")
    record |= _at_least(cost)
    if by_kind:
        record["kinds"] = [_total(sums) for sums in cost.by_kind()]
    return record


def dumps(value: Any) -> str:
    """Write JSON with a line for each key; what is not a number JSON knows is text."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=_plain)


def as_csv(layers: list[LayerCost]) -> str:
    """Write a line for each layer, with all columns."""
    out = io.StringIO()
    columns = (
        *("name", "kind", "counted", "block", "inputs", "output"),
        *PARAMETER_FIELDS,
        *("statistics", *WORK_FIELDS, "macs", "activations", "activation_bytes"),
    )
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    for layer in layers:
        record = _layer(layer)
        record |= record.pop("parameters") | record.pop("work")
        record["inputs"] = " ".join(layer.inputs)
        record["output"] = "x".join(map(str, layer.output.shape))
        writer.writerow(record)
    return out.getvalue()


def _layer(layer: LayerCost) -> dict[str, Any]:
    """Return what is known of a layer: of one that is not counted, its output alone."""
    counted = layer.layer.counted
    return {
        "name": layer.name,
        "kind": layer.kind,
        "counted": counted,
        "block": ".".join(layer.block),
        "inputs": list(layer.inputs),
        "output": list(layer.output.shape),
        "parameters": _parameters(layer.parameters) if counted else dict.fromkeys(PARAMETER_FIELDS),
        "statistics": layer.statistics if counted else None,
        "work": _work(layer.work) if counted else dict.fromkeys(WORK_FIELDS),
        "macs": layer.macs if counted else None,
        "activations": layer.activations,
        "activation_bytes": layer.activation_bytes,
    }


def _total(sums: Total) -> dict[str, Any]:
    return {
        "label": sums.label,
        "parameters": sums.parameters.count,
        "parameters_by_role": _parameters(sums.parameters),
        "statistics": sums.statistics,
        **_work(sums.work),
        "macs": sums.macs,
        "activations": sums.activations,
        "activation_bytes": sums.activation_bytes,
        "parameter_bytes": sums.parameter_bytes,
        "layers": sums.layers,
    }


def _parameters(parameters: Parameters) -> dict[str, Dim]:
    return {name: getattr(parameters, name) for name in PARAMETER_FIELDS}


def _work(work: Work) -> dict[str, Dim]:
    return {name: getattr(work, name) for name in WORK_FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    return str(value)
