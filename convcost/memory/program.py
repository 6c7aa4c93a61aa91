"""A pass over a network as steps that read and write tensors, for whoever plans memory."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field, replace

from convcost.cost import LayerCost, NetworkCost
from convcost.dims import Dim
from convcost.layers import Add
from convcost.training import with_gradient


@dataclass(frozen=True, slots=True)
class Step:
    """What one layer does in one pass: the tensors it reads, and those it writes anew.

    The loss between the passes is a step without a layer. A write that ``overwrites`` a read
    may take its memory, if nothing else needs that and it is as large; one that ``views`` a
    read always does.
    """

    layer: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    overwrites: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)
    backward: bool = False

    @property
    def name(self) -> str:
        """What the step is called."""
        return (f"{self.layer} backward" if self.backward else self.layer) or "loss"


@dataclass(frozen=True, slots=True)
class Program:
    """Steps in their order, the bytes of every tensor, and the tensors alive at the end.

    What is read without a size (the input) and parameters are outside of it.
    """

    steps: tuple[Step, ...]
    sizes: Mapping[str, Dim]
    kept: frozenset[str]


def inference(cost: NetworkCost) -> Program:
    """Return the forward pass at inference."""
    sizes = {layer.name: layer.activation_bytes for layer in cost.layers}
    return Program(tuple(map(_forward, cost.layers)), sizes, frozenset(cost.outputs))


def training(cost: NetworkCost) -> Program:
    """Return a forward pass, a step of the loss, and the backward pass.

    The loss reads the network's outputs and writes their gradients. No gradient is made of
    what does not depend on a parameter; one to which several readers contribute is added up
    in place.
    """
    sizes: dict[str, Dim] = {layer.name: layer.activation_bytes for layer in cost.layers}
    steps = []
    for layer in cost.layers:
        extra = _extra(layer)
        sizes |= extra
        step = _forward(layer)
        steps.append(replace(step, writes=(*step.writes, *extra)))
    flowing = with_gradient(cost)
    heads = [gradient(name) for name in dict.fromkeys(cost.outputs) if name in flowing]
    made = set(heads)
    steps.append(Step("", tuple(cost.outputs), tuple(heads)))
    steps.extend(
        _backward(layer, flowing, made) for layer in reversed(cost.layers) if layer.name in flowing
    )
    sizes |= {gradient(layer.name): layer.activation_bytes for layer in cost.layers}
    return Program(tuple(steps), sizes, frozenset(cost.outputs))


def gradient(name: str) -> str:
    """Return what the gradient of a tensor is called."""
    return f"d {name}"


def _forward(layer: LayerCost) -> Step:
    sources = tuple(dict.fromkeys(layer.inputs))
    if layer.layer.sharing == "view":
        return Step(layer.name, sources, (layer.name,), views={layer.name: sources[0]})
    over = {layer.name: sources} if layer.layer.sharing == "in place" else {}
    return Step(layer.name, sources, (layer.name,), over)


def _extra(layer: LayerCost) -> dict[str, Dim]:
    """Return what a forward pass keeps that is neither input nor output, if anything."""
    saved = layer.layer.saved(*layer.input_shapes)
    size = saved.elements * layer.element_bytes + saved.mask_bytes
    return {f"{layer.name} saved": size} if size != 0 else {}


def _backward(layer: LayerCost, flowing: Container[str], made: set[str]) -> Step:
    """Return a layer's backward step; ``made`` are the gradients there are, and grows."""
    own = gradient(layer.name)
    saved = layer.layer.saved(*layer.input_shapes)
    reads = [own, *_extra(layer)]
    if saved.inputs:
        reads += layer.inputs
    if saved.output:
        reads.append(layer.name)
    wanted = [gradient(name) for name in dict.fromkeys(layer.inputs) if name in flowing]
    new = [name for name in wanted if name not in made]
    made.update(new)
    reads += [name for name in wanted if name not in new]
    views = {new[0]: own} if new and layer.layer.sharing == "view" else {}
    # An addition hands its own gradient on: whichever input's comes first may take its place.
    shares = layer.layer.sharing == "in place" or isinstance(layer.layer, Add)
    over = dict.fromkeys(new, (own,)) if shares else {}
    distinct = tuple(dict.fromkeys(reads))
    return Step(layer.name, distinct, tuple(new), over, views, backward=True)
