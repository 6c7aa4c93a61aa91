"""On what a kernel works: a machine's vectors, blocks of channels, and the map it reads."""

from __future__ import annotations

from dataclasses import dataclass

from convcost.cost import LayerCost
from convcost.dims import Dim, ceil_div
from convcost.prediction.machine import Machine
from convcost.tensors import FeatureMap


@dataclass(frozen=True, slots=True)
class Setting:
    """The machine, and whether a layer works on blocks of channels."""

    machine: Machine
    blocked: bool

    def vectors(self, channels: Dim) -> Dim:
        """Return the vectors that hold so many channels."""
        return ceil_div(channels, self.machine.lanes)

    def rounded(self, channels: Dim) -> Dim:
        """Return the channels that whole vectors hold."""
        return self.vectors(channels) * self.machine.lanes


def calls(cost: LayerCost, setting: Setting) -> Dim:
    """Return the calls of a kernel that makes a row of outputs, of one vector of channels."""
    output = cost.output
    assert isinstance(output, FeatureMap)  # noqa: S101 - of what has rows
    return output.n * setting.vectors(output.c) * output.h


def feature_map(cost: LayerCost) -> FeatureMap:
    """Return the one input of a layer, which is a feature map."""
    (x,) = cost.input_shapes
    assert isinstance(x, FeatureMap)  # noqa: S101 - all that these kinds accept
    return x
