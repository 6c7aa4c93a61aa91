"""ONNX files to a ``NetworkSpec``: operators, shapes and the size of weights, never weights.

Source: Open Neural Network Exchange, Operators, opsets 7 to the newest.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from convcost.errors import ImportFormatError
from convcost.spec import NetworkSpec

if TYPE_CHECKING:
    import onnx


def read_file(path: Path, *, allow_unknown: bool = False) -> NetworkSpec:
    """Read an ONNX model; the first axis of its inputs is the batch.

    Raises: ImportFormatError if it is damaged, or has operators that no rule is known for
    and that are not let through; MissingDependencyError without onnx.
    """
    from convcost.importers.onnx.reading import read_model  # onnx comes with it

    model = read_model(path)
    try:
        return _read(model, path, allow_unknown=allow_unknown)
    except ImportFormatError as error:
        raise error.at(str(path), None) from None


def _read(model: onnx.ModelProto, path: Path, *, allow_unknown: bool) -> NetworkSpec:
    from convcost.importers.network import network_spec, refuse_unknown
    from convcost.importers.onnx.assembly import Assembly
    from convcost.importers.onnx.extents import Parameters
    from convcost.importers.onnx.graph import plan
    from convcost.importers.onnx.inputs import Inputs
    from convcost.importers.onnx.operator import text_of
    from convcost.importers.onnx.reading import opsets
    from convcost.importers.onnx.shapes import Shapes
    from convcost.importers.onnx.values import Data
    from convcost.importers.onnx.walk import Scope, Walk, initializers

    graph, parameters = model.graph, Parameters()
    outputs = [text_of(output.name) for output in graph.output]
    known = initializers(graph)
    nodes = plan(graph.node, outputs, {*known, *(text_of(value.name) for value in graph.input)})
    inputs = Inputs(graph, nodes, parameters)
    assembly = Assembly(parameters, inputs.batch)
    scope = Scope({**known, **inputs.weights}, versions=opsets(model.opset_import, path))
    for name, shape in inputs.data.items():
        scope.values[name] = assembly.take(name, shape)
    shapes = Shapes(model, inputs, parameters)
    walk = Walk(model, path, assembly, shapes, lenient=allow_unknown)
    walk.run(nodes, scope)
    if not allow_unknown:
        refuse_unknown("the model", walk.unknown)
    ends = [assembly.end(v) for name in outputs if isinstance(v := scope.values[name], Data)]
    return network_spec(
        name=path.stem,
        file=str(path),
        source=_source(model),
        inputs={name: parameters.written(shape) for name, shape in assembly.inputs.items()},
        parameters=dict.fromkeys(parameters.names),
        layers=list(assembly.layers.values()),
        outputs=list(dict.fromkeys(ends)),
    )


def _source(model: onnx.ModelProto) -> str:
    from convcost.importers.onnx.operator import text_of

    maker = f"{text_of(model.producer_name)} {text_of(model.producer_version)}".strip()
    return f"ONNX, made by {maker}" if maker else "ONNX"
