"""Orders in which the layers of a network may run, and a search for one with a lower peak."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from convcost.cost import LayerCost, NetworkCost
from convcost.graph import INPUT
from convcost.memory.footprint import Footprint


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: the network in the order with the lowest peak, and how it was got."""

    cost: NetworkCost
    order: str
    peak: int
    peak_as_written: int

    def __str__(self) -> str:
        if self.order == "as written":
            return "no order that was tried has a lower peak than the one written"
        return f"{self.order}: {self.peak:,} bytes at the peak instead of {self.peak_as_written:,}"


def best(cost: NetworkCost) -> Search:
    """Return the order with the lowest peak of those tried; it need not be the lowest of all.

    Tried are the order as written, depth first from the outputs with each join's branches as
    written, from the last to the first and largest first, and always what leaves the least
    in memory. Takes a network analysed at numbers.
    """
    found = None
    for name, order in _orders(cost):
        candidate = replace(cost, layers=tuple(order))
        peak = Footprint(candidate).peak_ideal
        assert isinstance(peak, int)  # noqa: S101 - as said above
        if found is None or peak < found.peak:
            found = Search(candidate, name, peak, found.peak_as_written if found else peak)
    assert found is not None  # noqa: S101 - the order as written is one
    return found


def _orders(cost: NetworkCost) -> Iterator[tuple[str, Sequence[LayerCost]]]:
    yield "as written", cost.layers
    heights = _heights(cost)
    yield "depth first", _depth_first(cost, list)
    yield "depth first, last branch first", _depth_first(cost, lambda names: list(names)[::-1])
    yield (
        "depth first, largest branch first",
        _depth_first(cost, lambda names: sorted(names, key=lambda name: -heights.get(name, 0))),
    )
    yield "least left in memory first", _greedy(cost)


def _bytes(layer: LayerCost) -> int:
    size = layer.activation_bytes
    assert isinstance(size, int)  # noqa: S101 - a search needs numbers
    return size


def _heights(cost: NetworkCost) -> dict[str, int]:
    """Return for every layer the largest tensor on the way to it."""
    heights: dict[str, int] = {}
    for layer in cost.layers:
        heights[layer.name] = max([_bytes(layer), *(heights.get(n, 0) for n in layer.inputs)])
    return heights


def _depth_first(
    cost: NetworkCost, branches: Callable[[Sequence[str]], Sequence[str]]
) -> list[LayerCost]:
    """Run what a layer reads right before it, its branches in an order; dead layers last."""
    layers = {layer.name: layer for layer in cost.layers}
    order: dict[str, LayerCost] = {}
    entered: set[str] = set()
    for end in (*cost.outputs, *layers):
        stack = [end]
        while stack:
            name = stack[-1]
            if name in order or name not in layers:
                stack.pop()
            elif name in entered:
                order[name] = layers[name]
                stack.pop()
            else:
                entered.add(name)
                stack.extend(reversed(branches(layers[name].inputs)))
    return list(order.values())


def _greedy(cost: NetworkCost) -> list[LayerCost]:
    """Run of the layers that can run the one after which the least is needed."""
    waiting = {layer.name: len(set(layer.inputs)) for layer in cost.layers}
    readers: dict[str, list[LayerCost]] = {}
    for layer in cost.layers:
        for name in dict.fromkeys(layer.inputs):
            readers.setdefault(name, []).append(layer)
    left = {name: len(found) for name, found in readers.items()}
    sizes = {layer.name: _bytes(layer) for layer in cost.layers}
    kept = set(cost.outputs)
    order: list[LayerCost] = []
    ready: list[LayerCost] = []

    def growth(layer: LayerCost) -> int:
        freed = (n for n in set(layer.inputs) if left[n] == 1 and n not in kept)
        return sizes[layer.name] - sum(sizes.get(name, 0) for name in freed)

    def done(name: str) -> None:
        for reader in readers.get(name, ()):
            waiting[reader.name] -= 1
            if not waiting[reader.name]:
                ready.append(reader)

    for name in (INPUT, *cost.inputs):
        done(name)
    while ready:
        layer = min(ready, key=growth)
        ready.remove(layer)
        order.append(layer)
        for name in set(layer.inputs):
            left[name] -= 1
        done(layer.name)
    return order
