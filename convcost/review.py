"""Remarks a careful reviewer would make about a network.

Each rule looks at layers with their shapes and yields notes. Where a size is a symbol,
what depends on it is left unsaid.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from convcost.cost import LayerCost, Note
from convcost.graph import Network
from convcost.layers import AbstractLayer, BatchNorm, Conv2d, Dense, Input
from convcost.layers.window import AbstractWindowLayer
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
        if cost.name in network.outputs:
            continue  # there it is seen
        if behind and all(isinstance(reader, BatchNorm) for reader in behind):
            message = (
                f"its bias is redundant: the batch norm behind it subtracts the mean,"
                f" which wastes {cost.parameters.biases} parameters"
            )
            yield Note("redundant-bias", cost.name, message)


@dataclass(frozen=True, slots=True)
class _Axis:
    """A window along one axis of a layer, all sizes known."""

    name: str
    extent: int
    positions: int
    kernel: int
    stride: int
    dilation: int
    before: int

    @property
    def last_start(self) -> int:
        return (self.positions - 1) * self.stride - self.before

    @property
    def reach(self) -> int:
        return self.dilation * (self.kernel - 1) + 1

    def sees_nothing(self, start: int) -> bool:
        """Whether a window that starts here has no tap inside its input."""
        skipped = max(0, -(start // self.dilation))  # taps before the input
        return skipped >= self.kernel or start + skipped * self.dilation >= self.extent


def _axes(cost: LayerCost) -> Iterator[_Axis]:
    """Yield the axes of a layer that slides a window; none where a size is a symbol."""
    x, y = cost.input_shapes[0], cost.output
    if not (
        isinstance(cost.layer, AbstractWindowLayer)
        and isinstance(x, FeatureMap)
        and isinstance(y, FeatureMap)
    ):
        return
    rows, columns = cost.layer.windows
    for name, window, extent, positions in (("row", rows, x.h, y.h), ("column", columns, x.w, y.w)):
        before, _ = window.margins(extent)
        sizes = (extent, positions, window.kernel, window.stride, window.dilation, before)
        known = [size for size in sizes if isinstance(size, int)]
        if len(known) == len(sizes):
            yield _Axis(name, *known)


def _dropped_edges(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find windows that stop before the end of their input, and so never see it."""
    del network
    for cost in layers:
        parts = []
        for axis in _axes(cost):
            dropped = axis.extent - (axis.last_start + axis.reach)
            # A stride longer than the window skips inside as well; that is its purpose.
            if dropped > 0 and axis.reach >= axis.stride:
                last = f"last {dropped} {axis.name}s" if dropped > 1 else f"last {axis.name}"
                parts.append(f"the {last} of {axis.extent}")
        if parts:
            yield Note("dropped-edge", cost.name, f"never sees {' and '.join(parts)}")


def _idle_windows(network: Network, layers: Sequence[LayerCost]) -> Iterator[Note]:
    """Find windows that hold nothing but padding."""
    del network
    for cost in layers:
        parts = [
            f"{axis.name}s"
            for axis in _axes(cost)
            if axis.sees_nothing(-axis.before) or axis.sees_nothing(axis.last_start)
        ]
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
    for node in network.nodes:
        if isinstance(node.layer, Input) and node.name not in alive:
            yield Note("dead-layer", node.name, "no output of the network depends on it")


RULES: tuple[Callable[[Network, Sequence[LayerCost]], Iterator[Note]], ...] = (
    _redundant_biases,
    _dropped_edges,
    _idle_windows,
    _dead_layers,
)
