"""Training steps: so many times the forward time of each sort of layer, and the update.

Only whole steps were timed, so a step's terms are few: the predicted seconds of its forward
pass by sort of layer, the bytes of all parameters, and the operations that are launched.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import cast

from convcost.cost import NetworkCost
from convcost.dims import Dim, add_up
from convcost.prediction.fusion import unfused
from convcost.prediction.machine import Machine
from convcost.prediction.model import TimeModel
from convcost.prediction.terms import Terms, terms

STEP = "training step"
"""What the kernel of a whole step is called."""

_PARAMETERS, _LAUNCHES = "parameter_bytes", "launches"
_SEPARATOR = ": "


def step_amounts(cost: NetworkCost, machine: Machine) -> dict[str, Dim]:
    """Return the sums of the forward pass's terms, as ``kernel: term``, and what is updated.

    ``cost`` is that of inference. The sums do not depend on a model: a row of them can be used
    with any.
    """
    sums: dict[str, list[Dim]] = defaultdict(list)
    for (layer,) in unfused(cost):
        found = terms(layer, machine)
        for name, amount in found.values.items():
            sums[f"{found.kernel}{_SEPARATOR}{name}"].append(amount)
        sums[_PARAMETERS].append(layer.parameters.count * layer.element_bytes)
        sums[_LAUNCHES].append(1)
    return {name: add_up(amounts) for name, amounts in sums.items()}


def step_terms(amounts: Mapping[str, Dim], forward: TimeModel) -> Terms:
    """Return a step's terms: seconds of the forward pass by sort of layer, and the rest."""
    values: dict[str, Dim] = {}
    for name, amount in amounts.items():
        kernel, separator, term = name.partition(_SEPARATOR)
        if not separator:
            values[name] = amount
        elif kernel in forward.kernels:
            sort, seconds = _sort(kernel), forward.kernels[kernel].seconds({term: amount})
            values[sort] = values.get(sort, 0) + cast("Dim", seconds)
        else:  # no step was calibrated with it: it stays, and is told as outside
            values[name] = amount
    return Terms(STEP, {name: value for name, value in values.items() if value != 0})


def _sort(kernel: str) -> str:
    """Return which forward seconds a kernel's are."""
    if kernel.startswith("conv2d"):
        return "convolution_seconds"
    known = {"dense": "dense_seconds", "batch_norm": "batch_norm_seconds"}
    return known.get(kernel, "other_seconds")
