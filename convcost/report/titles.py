"""What a report says of a network before its numbers: the inputs it is given."""

from __future__ import annotations

from convcost.cost import NetworkCost
from convcost.report import units


def given(cost: NetworkCost) -> str:
    """Write the shapes of a network's inputs without the batch: ``3×224×224, mask 10``.

    Where something is uncounted, all that follows is at least what it says.
    """
    others = [f"{name} {units.shape(x.shape)}" for name, x in cost.inputs.items()]
    return ", ".join(filter(None, [units.shape(cost.input.shape), *others, cost.remark]))
