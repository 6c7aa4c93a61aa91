"""From a network's cost to its time: which operations run, and what they add up to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

from convcost.cost import LayerCost, NetworkCost
from convcost.errors import ProfileError
from convcost.prediction.fusion import fused, fused_terms, unfused
from convcost.prediction.layouts import layouts
from convcost.prediction.machine import Machine
from convcost.prediction.model import TimeModel
from convcost.prediction.predict import NetworkTime, Operation, predict
from convcost.prediction.profile import Profile
from convcost.prediction.steps import step_operations

Way = Literal["unfused", "fused", "training"]
"""How a network runs: layer by layer, as MXNet fuses by default, or a whole training step."""

_GROUPS: Mapping[str, Callable[[NetworkCost], list[tuple[LayerCost, ...]]]] = MappingProxyType(
    {"unfused": unfused, "fused": fused}
)


def operations(cost: NetworkCost, machine: Machine, way: Way) -> list[Operation]:
    """Return what runs, in order; layers without a rule are not among it.

    For a training step the cost must be that of training.
    """
    unknown = set(cost.uncounted)
    if way == "training":
        steps = step_operations(cost, machine)
        return [each for each in steps if unknown.isdisjoint(each.layers)]
    groups = _GROUPS[way](cost)
    blocked = layouts(cost, groups)
    found = []
    for group in groups:
        if group[0].name not in unknown:
            names = tuple(each.name for each in group)
            found.append(Operation(names[0], names, fused_terms(group, machine, blocked)))
    return found


def network_time(cost: NetworkCost, profile: Profile, way: Way) -> NetworkTime:
    """Return how long a network takes on a profile's machine; in training, a step.

    Raises: ProfileError if the profile was not calibrated for this way to run, or the network
        is not of float32.
    """
    if cost.dtype != "float32":
        raise ProfileError(f"profiles are of float32: {cost.dtype} cannot be predicted")
    model = model_of(profile, way)
    return predict(operations(cost, profile.machine, way), model, profile.machine)


def block_times(
    cost: NetworkCost, profile: Profile, way: Way, depth: int
) -> dict[str, NetworkTime]:
    """Return how long the operations of each block take; one outside any stands by itself.

    Blocks within ``depth`` levels of the network are kept apart. An operation is in the block
    of its first layer.
    """
    blocks = {layer.name: layer.block[:depth] for layer in cost.layers}
    groups: dict[tuple[str, bool], list[Operation]] = {}
    for each in operations(cost, profile.machine, way):
        block = blocks[each.layers[0]]
        groups.setdefault((".".join(block) or each.name, bool(block)), []).append(each)
    model = model_of(profile, way)
    return {
        label: predict(members, model, profile.machine) for (label, _), members in groups.items()
    }


def model_of(profile: Profile, way: Way) -> TimeModel:
    """Return a profile's model of a way to run.

    Raises: ProfileError if it has none.
    """
    model: TimeModel | None = getattr(profile, way)
    if model is None:
        raise ProfileError(f"the profile {profile.name!r} was not calibrated for {way} networks")
    return model
