"""Small ONNX models, and what onnx itself computes with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

import convcost
from convcost import NetworkCost
from convcost.analyse import infer_shapes
from convcost.graph import Network, build
from convcost.importers.onnx import read_file
from convcost.spec import NetworkSpec

Array = np.ndarray[Any, Any]
IMAGE = ("N", 4, 12, 10)
RANDOM = np.random.default_rng(20)


def weights(*shape: int) -> Array:
    """Return random numbers between 0 and 1."""
    return RANDOM.random(shape, np.float32)


def integers(*values: int) -> Array:
    """Return whole numbers as ONNX has them in shapes."""
    return np.asarray(values, np.int64)


def floats(*values: float) -> Array:
    """Return decimal numbers."""
    return np.asarray(values, np.float32)


def number(value: float) -> Array:
    """Return one decimal number, of no axes."""
    return np.asarray(value, np.float32)


def node(kind: str, inputs: str, outputs: str = "y", **attributes: Any) -> onnx.NodeProto:
    """Return a node; names are given between blanks, ``_`` for one left out."""
    names = [name if name != "_" else "" for name in inputs.split()]
    return helper.make_node(kind, names, outputs.split(), **attributes)


@dataclass
class Model:
    """A model as these tests write it: nodes, initializers, inputs by name, outputs."""

    nodes: Sequence[onnx.NodeProto]
    initializers: Mapping[str, Array] = field(default_factory=dict)
    inputs: Mapping[str, Sequence[int | str]] = field(default_factory=lambda: {"x": IMAGE})
    outputs: Iterable[str] = ("y",)
    opset: int = 17
    functions: Sequence[onnx.FunctionProto] = ()
    stated: Mapping[str, Sequence[int | str]] = field(default_factory=dict)

    def proto(self, ir: int = 9) -> onnx.ModelProto:
        """Return ONNX's own message."""
        graph = helper.make_graph(
            list(self.nodes),
            "graph",
            [_value(name, shape) for name, shape in self.inputs.items()],
            [_value(name, self.stated.get(name)) for name in self.outputs],
            [numpy_helper.from_array(array, name) for name, array in self.initializers.items()],
            value_info=[_value(name, shape) for name, shape in self.stated.items()],
        )
        domains = {each.domain for each in self.functions}
        opsets = [
            helper.make_opsetid("", self.opset),
            *(helper.make_opsetid(d, 1) for d in domains),
        ]
        return helper.make_model(
            graph, opset_imports=opsets, functions=list(self.functions), ir_version=ir
        )

    def saved(self, folder: Path) -> Path:
        """Write the model to a file."""
        path = folder / "model.onnx"
        onnx.save(self.proto(), path)
        return path

    def spec(self, folder: Path, **options: Any) -> NetworkSpec:
        """Import the model."""
        return read_file(self.saved(folder), **options)

    def network(self, folder: Path, sizes: Mapping[str, int] | None = None) -> Network:
        """Import the model, its dynamic axes as long as ``sizes`` say."""
        spec = self.spec(folder)
        needed = {name: size for name, size in (sizes or {}).items() if name in spec.parameters}
        return build(spec, parameters=needed)

    def cost(self, folder: Path, batch: int = 1) -> NetworkCost:
        """Import the model and analyse it."""
        return convcost.analyse(self.network(folder), batch=batch)

    def shapes(self, folder: Path, sizes: Mapping[str, int]) -> list[tuple[Any, ...]]:
        """Return the shapes of the outputs, as convcost has them."""
        network = self.network(folder, sizes)
        inferred = infer_shapes(network, batch=sizes["N"])
        return [inferred[name].shape for name in network.outputs]

    def computed(self, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
        """Return the shapes of what onnx's reference implementation computes."""
        given = {
            name: weights(*(e if isinstance(e, int) else sizes[e] for e in shape))
            for name, shape in self.inputs.items()
        }
        with np.errstate(all="ignore"):
            outputs: Any = ReferenceEvaluator(self.proto()).run(None, given)
        return [output.shape for output in outputs]

    def inferred(self, sizes: Mapping[str, int]) -> list[tuple[int, ...]]:
        """Return the shapes of the outputs as onnx infers them."""
        proto = self.proto()
        for value in proto.graph.input:
            for dim in value.type.tensor_type.shape.dim:
                dim.dim_value = sizes.get(dim.dim_param, dim.dim_value)
        made = shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True)
        return [
            tuple(dim.dim_value for dim in output.type.tensor_type.shape.dim)
            for output in made.graph.output
        ]


def _value(name: str, shape: Sequence[int | str] | None) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
