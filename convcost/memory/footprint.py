"""What the memory of a network is made of, each part by itself, and its peak."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from convcost.cost import ELEMENT_BYTES, LayerCost, NetworkCost
from convcost.dims import Dim, add_up
from convcost.errors import ConvcostError, nearest
from convcost.largest import largest
from convcost.layers import Conv2d
from convcost.memory.arena import Plan, first_fit
from convcost.memory.liveness import Buffer, buffers, live_bytes
from convcost.memory.program import Program, inference, training
from convcost.optimizers import OPTIMIZERS
from convcost.tensors import FeatureMap

Allocator = Literal["none", "ideal", "first-fit", "mxnet"]
"""How tensors get memory: each its own; as little as their lifetimes allow; at offsets of one
arena, first fit; or as MXNet's planner gives it to them."""

_HALVES = ("float16", "bfloat16")  # trained with weights and optimizer state in float32


@dataclass(frozen=True)
class Footprint:
    """The memory that a network takes, in bytes.

    In training there are gradients, an optimizer's state and, for weights of 16 bits, a
    float32 copy of them (Micikevicius et al., arXiv:1710.03740, section 3.1). Activations
    are what layers output; the inputs are not among them. ``im2col`` adds a workspace as large
    as the largest convolution's patches of one image take.
    """

    cost: NetworkCost
    optimizer: str = "sgd"
    im2col: bool = False

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            known = nearest(self.optimizer, OPTIMIZERS)
            raise ConvcostError(f"unknown optimizer {self.optimizer!r}; {known}")

    @cached_property
    def program(self) -> Program:
        """The steps of a pass at inference, or of a training step."""
        return (training if self.cost.training else inference)(self.cost)

    @cached_property
    def buffers(self) -> list[Buffer]:
        """The memory that the steps take turns in."""
        return buffers(self.program)

    @cached_property
    def live(self) -> list[Dim]:
        """The bytes that are needed at every step: activations and their gradients."""
        return live_bytes(self.program, self.buffers)

    @cached_property
    def plan(self) -> Plan:
        """Offsets in one arena for all buffers."""
        return first_fit(self.buffers)

    @cached_property
    def _mxnet_plan(self) -> int:
        from convcost.memory.mxnet import planned  # what only this allocator needs

        return planned(self.cost)

    @property
    def parts(self) -> dict[str, Dim]:
        """What is there from beginning to end, by name.

        An optimizer's state is as wide as the parameters that it updates.
        """
        learned = add_up(layer.parameters.count for layer in self.cost.layers)
        statistics = add_up(layer.statistics for layer in self.cost.layers)
        given = (self.cost.input, *self.cost.inputs.values())
        width, training_ = ELEMENT_BYTES[self.cost.dtype], self.cost.training
        master = 4 * learned if training_ and self.cost.dtype in _HALVES else 0
        state = OPTIMIZERS[self.optimizer].state * (master or learned * width)
        return {
            "parameters": learned * width,
            "statistics": statistics * width,
            "gradients": learned * width if training_ else 0,
            "master_parameters": master,
            "optimizer": state if training_ else 0,
            "input": add_up(x.elements for x in given) * width,
            "workspace": largest(map(_patches, self.cost.layers)) * width if self.im2col else 0,
        }

    @property
    def activations(self) -> Dim:
        """The outputs of all layers."""
        return add_up(layer.activation_bytes for layer in self.cost.layers)

    @property
    def saved(self) -> Dim:
        """What is kept from the forward pass for the backward pass."""
        if not self.cost.training:
            return 0
        loss = len(self.cost.layers)  # the step between the passes
        return add_up(each.size for each in self.buffers if each.first < loss < each.last)

    @property
    def peak_ideal(self) -> Dim:
        """The most that is needed at one step: no plan for these steps takes less."""
        return largest(self.live)

    def peak(self, allocator: Allocator) -> Dim:
        """Return what an allocator takes for activations and their gradients."""
        if allocator == "ideal":
            return self.peak_ideal
        if allocator == "none":
            return add_up(self.program.sizes[name] for name in _written(self.program))
        return self._mxnet_plan if allocator == "mxnet" else self.plan.size

    def total(self, allocator: Allocator) -> Dim:
        """Return the sum of all parts, with what an allocator takes."""
        return add_up(self.parts.values()) + self.peak(allocator)

    @property
    def closed(self) -> dict[str, Dim]:
        """What has a closed form, by name: the parts, and the activations but for their plan."""
        return {
            **self.parts,
            "activations_sum": self.activations,
            "saved": self.saved,
            "peak_ideal": self.peak_ideal,
        }

    def sizes(self, allocator: Allocator) -> dict[str, Dim]:
        """Return all parts, the planned peak and the total, by name.

        ``peak_plan`` is what the allocator takes, but the first-fit plan for the ideal one.
        """
        planner: Allocator = "first-fit" if allocator == "ideal" else allocator
        plan, total = self.peak(planner), self.total(allocator)
        return {**self.closed, "peak_plan": plan, "total": total}

    @property
    def peak_step(self) -> int | None:
        """The first step at which the most is needed; none if there are no steps.

        Takes a network analysed at numbers.
        """
        return self.live.index(self.peak_ideal) if self.live else None

    @property
    def alive_at_peak(self) -> list[Buffer]:
        """The buffers that are needed at the peak."""
        step = self.peak_step
        return [
            each for each in self.buffers if step is not None and each.first <= step <= each.last
        ]


def _written(program: Program) -> Iterable[str]:
    return (name for step in program.steps for name in step.writes)


def _patches(layer: LayerCost) -> Dim:
    """Return the elements of a convolution's patches of one image; none for a plain 1x1."""
    match layer.layer, layer.input_shapes, layer.output:
        case Conv2d(kernel=(1, 1), stride=(1, 1), padding=((0, 0), (0, 0))), _, _:
            return 0
        case Conv2d() as conv, (FeatureMap(c=channels),), FeatureMap(h=rows, w=columns):
            return channels * conv.taps * rows * columns
    return 0
