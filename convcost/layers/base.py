"""What every layer kind states about itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from convcost.dims import Dim
from convcost.tensors import Array, FeatureMap, Tensor, Vector
from convcost.work import Backward, Parameters, Saved, Work

Sharing = Literal["none", "in place", "view"]
"""Whether an output takes memory of its own; or its input's, if nothing else needs that and
it is as large; or always its input's, of which it is but another view."""


class AbstractLayer(ABC):
    """A layer: fixed attributes, and pure rules from input shapes to output shape and cost.

    A kind is a frozen dataclass whose fields are its attributes in a spec. The rules use
    ``+ - * //`` and :mod:`convcost.dims` alone, so that they hold for integers and symbols.
    """

    __slots__ = ()

    kind: ClassVar[str]
    """Its name in specs and reports."""
    label: ClassVar[str]
    """What a layer without a name is called, with a number behind it."""
    joins: ClassVar[bool] = False
    """Whether it takes several inputs; otherwise it takes one."""
    least_inputs: ClassVar[int] = 2
    """How many inputs it takes at least, if it takes several."""
    counted: ClassVar[bool] = True
    """Whether there is a rule for what it costs; if not, every total is a lower bound."""
    accepts: ClassVar[tuple[type[Tensor], ...]] = (FeatureMap, Vector, Array)
    """The sorts of tensor it takes."""
    multiplies_are_macs: ClassVar[bool] = False
    """Whether its multiplies are counted as multiply-accumulates."""

    sharing: ClassVar[Sharing] = "none"
    """Whether its output may take the memory of an input."""

    # Each rule takes as many tensors as the kind has inputs, of the sort it accepts:
    # `Any` is what lets a kind narrow both.

    @abstractmethod
    def output_shape(self, *inputs: Any) -> Tensor:
        """Return the output's shape, or raise ShapeError."""

    def parameters(self, *inputs: Any) -> Parameters:
        """Return the learned parameters by role; none, unless a kind says otherwise."""
        del inputs
        return Parameters()

    def statistics(self, *inputs: Any) -> Dim:
        """Return the elements kept but not learned; none, unless a kind says otherwise."""
        del inputs
        return 0

    @abstractmethod
    def work(self, *inputs: Any) -> Work:
        """Return the operations of a forward pass at inference."""

    def training_work(self, *inputs: Any) -> Work:
        """Return the operations of a forward pass in training; the same unless overridden."""
        return self.work(*inputs)

    def saved(self, *inputs: Any) -> Saved:
        """Return what the backward pass needs kept; nothing, unless a kind says otherwise."""
        del inputs
        return Saved()

    def backward_work(self, *inputs: Any) -> Backward:
        """Return the operations of a backward pass; none, unless a kind says otherwise."""
        del inputs
        return Backward()
