"""Remarks a careful reviewer would make about a network.

Each rule looks at layers with their shapes and yields notes. Where a size is a symbol,
what depends on it is left unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from convcost.cost import LayerCost, Note
from convcost.graph import INPUT, Network
from convcost.layers import AbstractLayer, BatchNorm, Conv2d, Dense
from convcost.layers.window import AbstractWindowLayer, Window
from convcost.tensors import FeatureMap


def review(network: Network, layers: Sequence[LayerCost]) -> tuple[Note, ...]:
    """Return the notes of all rules, rule by rule."""
    return tuple(note for rule in RULES for note in rule(network, layers))


def _redundant_biases(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find biases that the mean of the batch norm right behind takes out again.

    Source: Ioffe & Szegedy, arXiv:1502.03167v3, section 3.2.
    """
    readers: dict[str, list[AbstractLayer]] = {}
    for node in network.nodes:
        for name in node.inputs:
            readers.setdefault(name, []).append(node.layer)
    for cost in layers:
        if not isinstance(cost.layer, Conv2d | Dense) or not cost.layer.bias:
            continue
        behind = readers.get(cost.name, ())
        if behind and all(isinstance(reader, BatchNorm) for reader in behind):
            message = (
                f"its bias is redundant: the batch norm behind it subtracts the mean,"
                f" which wastes {cost.parameters.biases} parameters"
            )
            yield Note("redundant-bias", cost.name, message)


def _windows(cost: LayerCost) -> Iterator[tuple[str, Window, int, int]]:
    """Yield a name, the window, the input's extent and the output's for each spatial axis."""
    if not isinstance(cost.layer, AbstractWindowLayer):
        return
    (x,) = cost.input_shapes
    y = cost.output
    if not isinstance(x, FeatureMap) or not isinstance(y, FeatureMap):
        return
    rows, columns = cost.layer.windows
    for name, window, extent, positions in (
        ("row", rows, x.h, y.h),
        ("column", columns, x.w, y.w),
    ):
        if all(
            isinstance(size, int)
            for size in (extent, positions, window.reach, window.stride, *window.margins(extent))
        ):
            yield name, window, extent, positions  # type: ignore[misc]  # checked just above


def _dropped_edges(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find windows that stop before the end of their input, and so never see it."""
    del network
    for cost in layers:
        parts = []
        for name, window, extent, positions in _windows(cost):
            before, _ = window.margins(extent)
            dropped = extent - ((positions - 1) * window.stride + window.reach - before)
            # A stride longer than the window skips inside as well; that is its purpose.
            if dropped > 0 and window.reach >= window.stride:
                last = f"last {dropped} {name}s" if dropped > 1 else f"last {name}"
                parts.append(f"the {last} of {extent}")
        if parts:
            yield Note("dropped-edge", cost.name, f"never sees {' and '.join(parts)}")


def _idle_windows(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find windows that hold nothing but padding."""
    del network
    for cost in layers:
        parts = []
        for name, window, extent, positions in _windows(cost):
            before, _ = window.margins(extent)
            last_start = (positions - 1) * window.stride - before
            if before >= window.reach or last_start >= extent:
                parts.append(f"{name}s")
        if parts:
            message = f"along its {' and '.join(parts)} a window lies wholly in padding"
            yield Note("idle-window", cost.name, message)


def _dead_layers(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find layers whose output nobody reads."""
    alive = set(network.outputs)
    for node in reversed(network.nodes):
        if node.name in alive:
            alive.update(node.inputs)
    for cost in layers:
        if cost.name not in alive:
            yield Note("dead-layer", cost.name, "no output of the network depends on it")
    if INPUT not in alive:
        yield Note("dead-layer", INPUT, "no output of the network depends on it")


RULES: tuple[Callable[[Network, Sequence[LayerCost]], Iterator[Note]], ...] = (
    _redundant_biases,
    _dropped_edges,
    _idle_windows,
    _dead_layers,
)
