"""A training step as operations: a layer's forward pass, its backward pass, and its update.

Backward, a layer reads its inputs again and the output's gradient, and writes a gradient of
every input that has one and of its parameters; where several layers read an output, their
gradients are added up first. The optimizer is plain gradient descent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim
from convcost.layers import Add, Conv2d
from convcost.prediction.convolutions import DEPTHWISE
from convcost.prediction.layouts import layouts
from convcost.prediction.machine import Machine
from convcost.prediction.predict import Operation
from convcost.prediction.terms import Terms, levels, moved_bytes, terms
from convcost.training import with_gradient

FORWARD, BACKWARD, UPDATE = "forward", "backward", "update"
"""The phases of a step; an operation's name is its layer's and the phase."""
_WIDEST = 3  # columns


def step_operations(cost: NetworkCost, machine: Machine) -> list[Operation]:
    """Return the operations of a training step of a network analysed in training mode."""
    flowing = with_gradient(cost)
    readers = Counter(cost.outputs)
    for layer in cost.layers:
        if layer.name in flowing:
            readers.update(layer.inputs)
    blocked = layouts(cost, [(layer,) for layer in cost.layers])

    def forward(layer: LayerCost) -> Terms:
        return terms(layer, machine, [blocked.get(name, False) for name in layer.inputs])

    found = [_operation(layer, FORWARD, forward(layer)) for layer in cost.layers]
    for layer in reversed(cost.layers):
        if layer.name in flowing and not _hands_on(layer):
            wanted = sum(name in flowing for name in dict.fromkeys(layer.inputs))
            made = _backward(layer, forward(layer), machine, wanted, readers[layer.name] - 1)
            found.append(_operation(layer, BACKWARD, made))
    found += [_operation(each, UPDATE, update) for each, update in _updates(cost)]
    return found


def _operation(layer: LayerCost, phase: str, made: Terms) -> Operation:
    return Operation(f"{layer.name} {phase}", (layer.name,), made)


def _hands_on(layer: LayerCost) -> bool:
    """Whether the output's gradient is that of every input, as it is."""
    alike = all(x == layer.output for x in layer.input_shapes)
    return isinstance(layer.layer, Add) and alike


def _backward(layer: LayerCost, forward: Terms, machine: Machine, wanted: int, sums: int) -> Terms:
    """Return the terms of a backward pass: as many gradients of inputs, and sums before it."""
    weight_bytes = layer.parameters.count * layer.element_bytes
    gradients = wanted + (layer.parameters.weights != 0)
    values: dict[str, Dim] = {
        name: amount * (gradients if name == "multiply_adds" else 1)
        for name, amount in forward.values.items()
        if name not in {"bytes_l2", "bytes_l3", "bytes_memory", "weight_bytes"}
    }
    read = moved_bytes(layer)
    written = read - layer.activation_bytes if wanted else 0
    added = layer.activation_bytes * (3 * sums)
    values |= levels(read + written + added, machine)
    values["weight_bytes"] = 2 * weight_bytes
    kept = {name: value for name, value in values.items() if value != 0}
    kernel = f"wide {forward.kernel}" if _is_wide(layer, forward) else forward.kernel
    return Terms(f"{kernel} {BACKWARD}", kept)


def _is_wide(layer: LayerCost, forward: Terms) -> bool:
    """Whether oneDNN has no kernel for the gradient of a depthwise convolution's weights.

    Source: oneDNN 2.0, src/cpu/x64/jit_uni_dw_conv_kernel_utils.hpp (init_conf).
    """
    if forward.kernel != DEPTHWISE:
        return False
    assert isinstance(layer.layer, Conv2d)  # noqa: S101 - that is its kernel
    return layer.layer.kernel[1] > _WIDEST


def _updates(cost: NetworkCost) -> Iterator[tuple[LayerCost, Terms]]:
    """Yield the update of every array, for the layers that have some: read both, write one."""
    for layer in cost.layers:
        count = layer.parameters.count
        if count != 0:
            arrays = sum(
                role != 0
                for role in (
                    layer.parameters.weights,
                    layer.parameters.biases,
                    layer.parameters.scales,
                    layer.parameters.shifts,
                )
            )
            values = {"weight_bytes": 3 * count * layer.element_bytes, "launches": arrays}
            yield layer, Terms(UPDATE, values)
