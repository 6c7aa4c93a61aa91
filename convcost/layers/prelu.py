"""PReLU: a rectifier whose slope below zero is learned.

``x`` where x > 0, else ``a * x``: a comparison and a multiply for every element. Backward,
``dx = dy * (1 or a)`` and ``da = sum of (dy * x where x <= 0, else 0)``; the comparison that
both need is counted with the parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim
from convcost.layers.base import AbstractLayer, Sharing
from convcost.tensors import Tensor
from convcost.work import Backward, Parameters, Saved, Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Prelu(AbstractLayer):
    """Scale what is below zero by a learned slope: one a channel, or one in all (``shared``).

    Shapes: input (N, C, ...); weight (C,), or (1,) if shared; output as input.
    Units: scalar operations per batch.
    Source: He, Zhang, Ren & Sun, arXiv:1502.01852, equations 1 and 9.
    """

    kind: ClassVar[str] = "prelu"
    label: ClassVar[str] = "prelu"
    sharing: ClassVar[Sharing] = "in place"

    shared: bool = False

    def output_shape(self, x: Tensor) -> Tensor:
        """Return the input's shape."""
        self._slopes(x)
        return x

    def parameters(self, x: Tensor) -> Parameters:
        """Return a slope for every channel, or one."""
        return Parameters(weights=self._slopes(x))

    def work(self, x: Tensor) -> Work:
        """Return a comparison and a multiply for every element."""
        return Work(comparisons=1, multiplies=1) * x.elements

    def saved(self, x: Tensor) -> Saved:
        """Keep the input: a slope may be negative, so that the output does not tell its sign."""
        del x
        return Saved(inputs=True)

    def backward_work(self, x: Tensor) -> Backward:
        """Return a product for every element, and for a slope the sum of products."""
        elements = x.elements
        learned = Work(comparisons=elements, multiplies=elements, adds=elements - self._slopes(x))
        return Backward(inputs=Work(multiplies=elements), parameters=learned)

    def _slopes(self, x: Tensor) -> Dim:
        return 1 if self.shared else x.channels
