"""What a framework must be able to do to be measured. MXNet is one; others can stand beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from convcost.cost import NetworkCost

Phase = Literal["forward", "backward", "update"]


class Part(NamedTuple):
    """What a training step does for a layer."""

    phase: Phase
    layer: str


Done = Callable[[str | None], None]
StepDone = Callable[[Part | None], None]


@dataclass(frozen=True, slots=True)
class Array:
    """What a framework keeps for a layer: its role and its elements.

    ``role`` is weights, biases, scales, shifts, statistics or constants. ``fixed`` says why the
    array exists although the network does not learn it.
    """

    layer: str
    role: str
    elements: int
    fixed: str | None = None


@dataclass(frozen=True, slots=True)
class Primitive:
    """What ran for a layer, and its multiplies if the library tells what was multiplied."""

    name: str
    multiplies: int | None


@dataclass(frozen=True, slots=True)
class Machine:
    """Where a framework runs: the device as chosen, its name if it has one, and versions."""

    device: str
    processor: str | None
    versions: Mapping[str, str]


class BuiltNetwork(Protocol):
    """A network, built and allocated on a device, with random weights."""

    def inferred_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return every layer's output shape, as the framework infers it."""
        ...

    def run_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return every layer's output shape, as a forward pass gave it."""
        ...

    def arrays(self) -> Sequence[Array]:
        """Return what it learns and keeps."""
        ...

    def planned_bytes(self) -> int:
        """Return the memory that the framework says it allocated for what layers output."""
        ...

    def run(self) -> None:
        """Make a forward pass, and return when it is done."""
        ...

    def work(self) -> dict[str, list[Primitive]]:
        """Return what a pass runs by layer, as the library itself tells."""
        ...

    def step(self) -> None:
        """Make a training step, and return when it is done."""
        ...

    def again(self) -> BuiltNetwork:
        """Return the same network for inference with the same weights, elsewhere in memory."""
        ...

    def watched(self) -> WatchedNetwork:
        """Return the same network with the same weights, to be watched."""
        ...

    def watched_step(self) -> WatchedStep:
        """Return the same network with the same weights, whose training steps are watched."""
        ...


class WatchedNetwork(Protocol):
    """A network that tells of every operation as it ends."""

    def together(self) -> Mapping[str, tuple[str, ...]]:
        """Return the layers that are told of as one, by the layer that is named then."""
        ...

    def run(self, done: Done) -> None:
        """Make a forward pass; tell ``done`` the layer after each of its operations.

        It may be told None besides, in between.
        """
        ...


class WatchedStep(Protocol):
    """A network that tells of every operation of a training step as it ends."""

    def run(self, done: StepDone) -> None:
        """Make a step; tell ``done`` the part after each of its operations.

        What is told as None in between belongs to no part.
        """
        ...


class Backend(Protocol):
    """A framework. It is sent to child processes, and opens its library only there."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def environment(
        self, *, threads: int, fused: bool = False, log: bool = False
    ) -> dict[str, str]:
        """Return the variables that a child process needs before the library is opened."""
        ...

    def machine(self, device: str) -> Machine:
        """Choose a device: auto, cpu, gpu or gpu:N."""
        ...

    def build(self, cost: NetworkCost, device: str, seed: int) -> BuiltNetwork:
        """Build a network; for training if that is what its cost is of."""
        ...

    def plan(self, cost: NetworkCost) -> int:
        """Return the model's prediction of ``planned_bytes``."""
        ...

    def used_bytes(self, device: str) -> int:
        """Return the memory in use: of this process on a CPU, in all on a GPU."""
        ...

    def product(self, size: int, device: str) -> Callable[[], None]:
        """Return a product of two square matrices, to be called again and again."""
        ...

    def copy(self, elements: int, device: str) -> Callable[[], None]:
        """Return a copy of so many float32 elements, to be called again and again."""
        ...
