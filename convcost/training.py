"""A training step: forward, backward and update, each part by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import add_up
from convcost.errors import ConvcostError, nearest
from convcost.optimizers import OPTIMIZERS
from convcost.work import NO_WORK, Backward, Work


@dataclass(frozen=True, slots=True)
class TrainingStep:
    """The work of one step on a batch, in scalar operations; the loss is not part of it.

    ``sums`` add up the gradients of what several layers read.
    """

    forward: Work
    backward_inputs: Work
    backward_parameters: Work
    sums: Work
    update: Work


def training_step(cost: NetworkCost, optimizer: str = "sgd") -> TrainingStep:
    """Return the work of a training step of a network analysed in training mode.

    Raises: ConvcostError for an unknown optimizer.
    """
    if optimizer not in OPTIMIZERS:
        raise ConvcostError(f"unknown optimizer {optimizer!r}; {nearest(optimizer, OPTIMIZERS)}")
    backward = [work for _, work in backward_work(cost)]
    learned = add_up(layer.parameters.count for layer in cost.layers)
    return TrainingStep(
        forward=cost.total().work,
        backward_inputs=sum((work.inputs for work in backward), NO_WORK),
        backward_parameters=sum((work.parameters for work in backward), NO_WORK),
        sums=_sums(cost),
        update=OPTIMIZERS[optimizer].work * learned,
    )


def backward_work(cost: NetworkCost) -> Iterator[tuple[LayerCost, Backward]]:
    """Yield every layer with the work of its backward pass.

    No gradient is made of what does not depend on a parameter, such as the first layer's
    input, or of what no output depends on.
    """
    flowing = with_gradient(cost)
    for layer in cost.layers:
        if layer.name not in flowing:
            yield layer, Backward()
            continue
        work = layer.layer.backward_work(*layer.input_shapes)
        wanted = not flowing.isdisjoint(layer.inputs)
        yield layer, Backward(work.inputs if wanted else NO_WORK, work.parameters)


def with_gradient(cost: NetworkCost) -> frozenset[str]:
    """Return the layers whose output has a gradient.

    Those are the layers that depend on a parameter and on which an output depends.
    """
    learning: set[str] = set()
    for layer in cost.layers:
        if layer.parameters.count != 0 or not learning.isdisjoint(layer.inputs):
            learning.add(layer.name)
    reached = set(cost.outputs)
    for layer in reversed(cost.layers):
        if layer.name in reached:
            reached.update(layer.inputs)
    return frozenset(learning & reached)


def _sums(cost: NetworkCost) -> Work:
    """Return an add for every element of every gradient after the first of a tensor."""
    flowing = with_gradient(cost)
    readers = Counter(cost.outputs)
    for layer in cost.layers:
        if layer.name in flowing:
            readers.update(layer.inputs)
    return Work(
        adds=add_up(
            layer.activations * (readers[layer.name] - 1)
            for layer in cost.layers
            if layer.name in flowing
        )
    )
