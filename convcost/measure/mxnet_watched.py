"""Executors with a monitor: told of every operation as it ends. MXNet swallows what one raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import mxnet as mx

from convcost.measure.backend import Done, Part, StepDone
from convcost.measure.mxnet_nodes import layers_together

_LEARNING_RATE = 1e-6  # too little to change what is computed
_BACKWARD = "_backward"  # behind a node's name: what computes its gradients


def update(array: Any, gradient: Any) -> None:
    """Descend along a gradient."""
    mx.nd.sgd_update(array, gradient, lr=_LEARNING_RATE, out=array)


@final
class WatchedMxnetNetwork:
    """A forward pass, operation by operation."""

    def __init__(self, executor: Any, nodes: Mapping[str, tuple[str, ...]]) -> None:
        self._executor = executor
        self._layers = {f"{name}_output": layers[0] for name, layers in nodes.items()}
        self._together = layers_together(nodes)
        self._done: Done = _ignore
        executor.set_monitor_callback(self._hear)

    def together(self) -> dict[str, tuple[str, ...]]:
        """Return the layers that are told of as one, by the name that is told."""
        return self._together

    def run(self, done: Done) -> None:
        """Make a forward pass; tell of every operation's first output, and None of others."""
        self._done = done
        self._executor.forward(is_train=False)
        for output in self._executor.outputs:
            output.wait_to_read()

    def _hear(self, name: bytes, _: int) -> None:
        self._done(self._layers.get(name.decode()))


@final
class WatchedMxnetStep:
    """A training step, operation by operation.

    What no layer is named in, such as a sum of gradients, is taken for a part of what runs next.
    """

    def __init__(
        self,
        executor: Any,
        head_gradients: Sequence[Any],
        nodes: Mapping[str, tuple[str, ...]],
        owners: Mapping[str, str],
    ) -> None:
        self._executor = executor
        self._head_gradients = list(head_gradients)
        self._owners = owners
        self._parts: dict[str, Part] = {}
        for name, (layer, *_) in nodes.items():
            self._parts[f"{name}_output"] = Part("forward", layer)
            for first in ("output", "output0"):
                self._parts[f"{name}{_BACKWARD}_{first}"] = Part("backward", layer)
        self._done: StepDone = _ignore_part
        self._node = "\n"  # no name begins so
        executor.set_monitor_callback(self._hear)

    def run(self, done: StepDone) -> None:
        """Pass forward and backward, and update; tell the phase and the layer of what ended."""
        self._done = done
        self._executor.forward(is_train=True)
        self._executor.backward(self._head_gradients)
        for name, gradient in self._executor.grad_dict.items():
            if gradient is not None:
                done(None)
                update(self._executor.arg_dict[name], gradient)
                gradient.wait_to_read()
                done(Part("update", self._owners[name]))
        mx.nd.waitall()

    def _hear(self, name: bytes, _: int) -> None:
        text = name.decode()
        part = self._parts.get(text)
        if part is not None:
            self._node = text.removesuffix("0").removesuffix("output")
            self._done(part)
        elif text.startswith(self._node):  # another output of the same operation
            self._done(None)


def _ignore(_: str | None) -> None:
    """Hear nothing."""


def _ignore_part(_: Part | None) -> None:
    """Hear nothing."""
