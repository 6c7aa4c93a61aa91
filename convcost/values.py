"""What is written in a spec, computed: attributes of layers, rounds of repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convcost.dims import require_at_least
from convcost.errors import ConvcostError, SpecError
from convcost.expressions import Expression
from convcost.layers import AbstractLayer
from convcost.simple_forms import shown
from convcost.spec import Attribute, Layer, Repeat, Step, Written


def evaluate(written: Written | None, values: Mapping[str, Any]) -> Any:
    """Compute the expressions in a value."""
    if isinstance(written, Expression):
        return written.value(values)
    if isinstance(written, tuple):
        return tuple([evaluate(part, values) for part in written])
    return written


def make_layer(where: str, step: Step, action: Layer, values: Mapping[str, Any]) -> AbstractLayer:
    """Compute the attributes of a layer; ``where`` names it in errors."""
    settled = _settled(where, step, action.attributes, values)
    try:
        return action.layer(**settled)
    except ConvcostError as error:
        key = error.problems[0].message.partition(" ")[0]  # such a message starts with it
        known = action.attributes.get(key)
        raise error.at(where, (known and known.location) or step.location) from None


def held(where: str, step: Step, action: Layer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Compute how many learned elements a layer is said to hold, by role."""
    counts = _settled(f"{where}: holds", step, action.holds, values)
    for role, count in counts.items():
        try:
            require_at_least(0, **{role: count})
        except ConvcostError as error:
            raise error.at(f"{where}: holds", action.holds[role].location) from None
    return counts


def _settled(
    where: str, step: Step, attributes: Mapping[str, Attribute], values: Mapping[str, Any]
) -> dict[str, Any]:
    settled = {}
    for key, attribute in attributes.items():
        try:
            settled[key] = attribute.form.settle(evaluate(attribute.written, values))
        except ConvcostError as error:
            raise error.at(f"{where}: {key}", attribute.location or step.location) from None
    return settled


def rounds_of(
    step: Step, action: Repeat, values: Mapping[str, Any], *, most: int
) -> list[dict[str, Any]]:
    """Return the values of each round; where it is a number of times there are none."""
    if action.times is not None:
        times = action.times.value(values)
        if not isinstance(times, int) or times < 0:
            message = f"times must be a whole number, 0 or more, got {shown(times)}"
            raise SpecError(message, location=action.times.location)
        return [{}] * min(times, most)
    place = action.over_location or step.location
    lists = {}
    for name, written in action.over.items():
        lists[name] = evaluate(written, values)
        if not isinstance(lists[name], tuple):
            here = written.location if isinstance(written, Expression) else place
            raise SpecError(f"'over' takes lists; {name!r} is {shown(lists[name])}", location=here)
    lengths = {len(items) for items in lists.values()}
    if len(lengths) > 1:
        sizes = ", ".join(f"{name} has {len(items)}" for name, items in lists.items())
        raise SpecError(f"lists of unlike length: {sizes}", location=place)
    if not lists:
        raise SpecError("'over' needs a list by name at least", location=place)
    return [dict(zip(lists, items, strict=True)) for items in zip(*lists.values(), strict=True)]
