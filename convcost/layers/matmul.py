"""Products of two matrices that layers give.

One output is a dot product: as many multiplies as the matrices share, one add fewer.
Backward, with ``y = a @ b``: ``da = dy @ transposed(b)`` and ``db = transposed(a) @ dy``, dot
products again; what was read for several matrices has its gradients added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from convcost.dims import Dim, equal, require
from convcost.errors import ShapeError
from convcost.layers.base import AbstractLayer
from convcost.layers.broadcast import broadcast, elements_in, require_two
from convcost.tensors import Tensor, tensor
from convcost.work import Backward, Saved, Work

_MATRIX = 2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Matmul(AbstractLayer):
    """Multiply the matrices on the last two axes; the axes before them meet as in NumPy.

    Its multiplies are not among the macs, which are of convolutions and dense layers.

    Shapes: inputs (..., rows, K) and (..., K, columns) of one rank; output (..., rows, columns).
    Units: scalar operations per batch.
    Raises: ShapeError if there are not two inputs of one rank, or extents do not meet.
    Source: ONNX, MatMul; NumPy, matmul.
    """

    kind: ClassVar[str] = "matmul"
    label: ClassVar[str] = "matmul"
    joins: ClassVar[bool] = True

    def output_shape(self, *inputs: Tensor) -> Tensor:
        """Return the leading extents of both, the rows of the first, the columns of the second."""
        require_two(inputs)
        a, b = (x.shape for x in inputs)
        if len(a) != len(b) or len(a) < _MATRIX:
            raise ShapeError(f"expected two tensors of one rank, 2 or more, got {a} and {b}")
        require(equal(a[-1], b[-2]), "columns of {} are not the rows of {}", a, b)
        return tensor((*broadcast([a[:-2], b[:-2]], "leading axes"), a[-2], b[-1]))

    def work(self, *inputs: Tensor) -> Work:
        """Return a dot product for every output."""
        products, outputs = self._products(*inputs), self.output_shape(*inputs).elements
        return Work(multiplies=products, adds=products - outputs)

    def saved(self, *inputs: Tensor) -> Saved:
        """Keep both: each is a factor of the other's gradient."""
        del inputs
        return Saved(inputs=True)

    def backward_work(self, *inputs: Tensor) -> Backward:
        """Return a dot product for every element of both, at every place it was read."""
        products = self._products(*inputs)
        a, b = (x.shape for x in inputs)
        leading = broadcast([a[:-2], b[:-2]])
        elements = [elements_in(leading, x[:-2]) * x[-2] * x[-1] for x in (a, b)]
        return Backward(inputs=Work(multiplies=2 * products, adds=2 * products - sum(elements)))

    def _products(self, *inputs: Tensor) -> Dim:
        return self.output_shape(*inputs).elements * inputs[0].shape[-1]
