"""An ONNX model as it is being put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import convcost
from convcost.cost import LayerCost, NetworkCost
from convcost.errors import ExportError
from convcost.graph import Network
from convcost.layers import Input
from convcost.tensors import Tensor

OPSET = 20
"""The operators' version, of 2023, unless a layer requires a newer one."""
IR = MappingProxyType({20: 9, 21: 10})
"""The format's version that came with an opset."""
LARGEST = 2**31 - 2**20  # bytes: Protocol Buffers end at 2 GiB
BATCH = "N"

_NOT_ZERO = 2.0**-10


class Model:
    """The nodes and the weights so far. A tensor is called as the layer that gives it."""

    def __init__(self, network: Network, batch: int | None, *, random: bool) -> None:
        """Begin with the network's inputs; ``random`` weights are of He's scale."""
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._network = network
        self._opset = OPSET
        self._batch: int | str = BATCH if batch is None else batch
        self._random = np.random.default_rng(0) if random else None
        self._bytes = 0
        self._taken = {node.name for node in network.nodes}

    def node(self, cost: LayerCost) -> NodeMaker:
        """Return what makes the nodes of a layer."""
        return NodeMaker(self, cost)

    def require(self, opset: int) -> None:
        """Write operators of this version at least."""
        self._opset = max(self._opset, opset)

    def weight(self, name: str, shape: Sequence[Any], value: float) -> str:
        """Add a learned tensor, or a statistic: all ``value``, unless it is to be random."""
        extents = [int(extent) for extent in shape]
        name = self.free(name)
        if self._random is None:
            # Readers take zeros that nobody named for a bias that is none.
            given = helper.make_tensor("value", TensorProto.FLOAT, [1], [value or _NOT_ZERO])
            inputs = [self.constant(f"{name}.shape", extents)]
            self.nodes.append(
                helper.make_node("ConstantOfShape", inputs, [name], name=name, value=given)
            )
            return name
        self._bytes += 4 * prod(extents)
        if self._bytes > LARGEST:
            raise ExportError("weights of more than 2 GiB do not fit into an ONNX file")
        array = np.full(extents, value, np.float32)
        if len(extents) > 1:  # He et al., arXiv:1502.01852, equation 10
            scale = np.float32(np.sqrt(2 / prod(extents[1:])))
            array = self._random.standard_normal(extents, np.float32) * scale
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def constant(self, name: str, values: Any, kind: type[Any] = np.int64) -> str:
        """Add a small tensor of numbers, whole ones unless ``kind`` says otherwise."""
        name = self.free(name)
        self.constants.append(numpy_helper.from_array(np.asarray(values, kind), name))
        return name

    def free(self, name: str) -> str:
        """Return a name that nothing has."""
        found, number = name, 1
        while found in self._taken:
            number += 1
            found = f"{name}_{number}"
        self._taken.add(found)
        return found

    def serialized(self, cost: NetworkCost) -> bytes:
        """Return the whole model."""
        inputs = [node for node in self._network.nodes if isinstance(node.layer, Input)]
        shapes: dict[str, Tensor] = {node.name: node.layer.output_shape() for node in inputs}
        shapes |= {each.name: each.output for each in cost.layers}
        graph = helper.make_graph(
            self.nodes,
            self._network.name,
            [self._described(node.name, shapes[node.name]) for node in inputs],
            [self._described(name, shapes[name]) for name in cost.outputs],
            self.constants,
        )
        model = helper.make_model(
            graph,
            producer_name="convcost",
            producer_version=convcost.__version__,
            opset_imports=[helper.make_opsetid("", self._opset)],
            ir_version=IR[self._opset],
            doc_string="Its weights are made up.",
        )
        return model.SerializeToString()  # type: ignore[no-any-return]

    def _described(self, name: str, tensor: Tensor) -> onnx.ValueInfoProto:
        """Return a name with its type and shape."""
        shape = (self._batch, *(int(extent) for extent in tensor.shape[1:]))
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


@dataclass(frozen=True, slots=True)
class NodeMaker:
    """Makes the nodes of one layer; the last of them is called as the layer."""

    model: Model
    cost: LayerCost

    @property
    def inputs(self) -> tuple[str, ...]:
        """The tensors that the layer reads."""
        return self.cost.inputs

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Their shapes."""
        return tuple(tuple(map(int, shape.shape)) for shape in self.cost.input_shapes)

    def last(self, operator: str, *inputs: str, **attributes: Any) -> None:
        """Add the node that gives the layer's output; without ``inputs`` it reads the layer's."""
        name = self.cost.name
        read = inputs or self.inputs
        self.model.nodes.append(helper.make_node(operator, read, [name], name=name, **attributes))

    def before(self, part: str, operator: str, *inputs: str, **attributes: Any) -> str:
        """Add a node that helps the last one; return its output."""
        name = self.model.free(f"{self.cost.name}_{part}")
        self.model.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def weight(self, role: str, *shape: Any, value: float = 0) -> str:
        """Add a learned tensor of the layer."""
        return self.model.weight(f"{self.cost.name}.{role}", shape, value)

    def integers(self, role: str, values: Sequence[Any]) -> str:
        """Add whole numbers that the layer needs."""
        return self.model.constant(f"{self.cost.name}.{role}", [int(value) for value in values])

    def number(self, role: str, value: float) -> str:
        """Add a number that the layer needs."""
        return self.model.constant(f"{self.cost.name}.{role}", value, np.float32)

    def decimals(self, role: str, values: Sequence[float]) -> str:
        """Add numbers that the layer needs."""
        return self.model.constant(f"{self.cost.name}.{role}", values, np.float32)

    def fixed(self, role: str, shape: Sequence[Any], value: float) -> str:
        """Add numbers that nobody learns, all ``value``: a node, for initializers are learned."""
        array = np.full([int(extent) for extent in shape], value, np.float32)
        return self.before(role, "Constant", value=numpy_helper.from_array(array))

    def learned(self, role: str, shape: Sequence[Any], value: float) -> str:
        """Add a learned tensor that is an initializer in any case: in arithmetic that tells."""
        array = np.full([int(extent) for extent in shape], value)
        return self.model.constant(f"{self.cost.name}.{role}", array, np.float32)
