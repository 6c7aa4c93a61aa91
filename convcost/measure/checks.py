"""What the model says against what a framework did, name by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from convcost.cost import LayerCost, NetworkCost
from convcost.measure.backend import Array, Primitive
from convcost.measure.result import Difference, Multiplies, ParameterCounts, Remark, Shapes
from convcost.work import PARAMETER_FIELDS

STATISTICS = "statistics"
Shape = tuple[int, ...]


def shapes(cost: NetworkCost, inferred: Mapping[str, Shape], run: Mapping[str, Shape]) -> Shapes:
    """Compare every layer's output with the inferred one and with the array of a pass."""
    different = []
    for layer in cost.layers:
        predicted = tuple(map(int, layer.output.shape))
        found = [each.get(layer.name) for each in (inferred, run)]
        wrong = [shape for shape in found if shape != predicted]
        if wrong:
            different.append(Difference(layer=layer.name, predicted=predicted, found=wrong[0]))
    checked = len(cost.layers)
    return Shapes(checked=checked, equal=checked - len(different), different=tuple(different))


def parameters(cost: NetworkCost, arrays: Sequence[Array]) -> ParameterCounts:
    """Compare the elements of every role of every layer."""
    expected = {
        (layer.name, role): count for layer in cost.layers for role, count in _kept(layer).items()
    }
    found: dict[tuple[str, str], int] = {}
    for array in arrays:
        if array.fixed is None:
            key = array.layer, array.role
            found[key] = found.get(key, 0) + array.elements
    keys = list(dict.fromkeys([*expected, *found]))
    different = [
        Difference(
            layer=f"{layer} ({role})",
            predicted=expected.get((layer, role), 0),
            found=found.get((layer, role)),
        )
        for layer, role in keys
        if expected.get((layer, role)) != found.get((layer, role))
    ]
    statistics = sum(count for (_, role), count in found.items() if role == STATISTICS)
    return ParameterCounts(
        checked=len(keys),
        equal=len(keys) - len(different),
        different=tuple(different),
        exceptions=tuple(
            Remark(layer=f"{array.layer} ({array.role})", reason=array.fixed)
            for array in arrays
            if array.fixed is not None
        ),
        learned=sum(found.values()) - statistics,
        statistics=statistics,
    )


def multiplies(cost: NetworkCost, log: Mapping[str, Sequence[Primitive]]) -> Multiplies:
    """Compare the multiplies of every convolution and dense layer with the log's."""
    different, unseen, checked = [], [], 0
    for layer in cost.layers:
        if not layer.layer.multiplies_are_macs:
            continue
        found = logged(log.get(layer.name, ()))
        predicted = int(layer.work.multiplies)
        if found is None:
            unseen.append(Remark(layer=layer.name, reason=_unseen(log, layer.name)))
            continue
        checked += 1
        if found != predicted:
            different.append(Difference(layer=layer.name, predicted=predicted, found=found))
    return Multiplies(
        checked=checked,
        equal=checked - len(different),
        different=tuple(different),
        unseen=tuple(unseen),
    )


def logged(primitives: Sequence[Primitive]) -> int | None:
    """Return the multiplies that a layer's primitives were asked for, if any has some."""
    counts = [each.multiplies for each in primitives if each.multiplies is not None]
    return sum(counts) if counts else None


def _kept(layer: LayerCost) -> dict[str, int]:
    """Return the elements of a layer's learned arrays and statistics, by role."""
    kept = {role: getattr(layer.parameters, role) for role in PARAMETER_FIELDS}
    kept[STATISTICS] = layer.statistics
    return {role: int(count) for role, count in kept.items() if count}


def _unseen(log: Mapping[str, Sequence[Primitive]], layer: str) -> str:
    if layer not in log:
        return "no operation of it ran"
    others = ", ".join(each.name for each in log[layer])
    return "no convolution or inner product was logged" + (f", only {others}" if others else "")
