"""The quantities that a cost is made of, by the names that users give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from convcost.cost import Total
from convcost.dims import Dim
from convcost.work import PARAMETER_FIELDS, WORK_FIELDS


@dataclass(frozen=True, slots=True)
class Count:
    """What something is counted in, and where a sum over layers has it."""

    unit: str
    value: Callable[[Total], Dim]


def _work(name: str) -> Count:
    return Count("scalar operations per batch", lambda sums: getattr(sums.work, name))


def _role(name: str) -> Count:
    return Count("elements", lambda sums: getattr(sums.parameters, name))


COUNTS: Mapping[str, Count] = MappingProxyType(
    {
        "parameters": Count("elements", lambda sums: sums.parameters.count),
        **{name: _role(name) for name in PARAMETER_FIELDS},
        "statistics": Count("elements", lambda sums: sums.statistics),
        **{name: _work(name) for name in WORK_FIELDS},
        "macs": Count("scalar operations per batch", lambda sums: sums.macs),
        "activations": Count("elements per batch", lambda sums: sums.activations),
        "activation_bytes": Count("bytes per batch", lambda sums: sums.activation_bytes),
        "parameter_bytes": Count("bytes", lambda sums: sums.parameter_bytes),
    }
)
