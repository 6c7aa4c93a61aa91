"""Output shapes of one operator, as onnx infers them from the shapes that came so far."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from convcost.dims import Dim
from convcost.importers.onnx.operator import Operator, text_of
from convcost.importers.onnx.values import Constant, Data, Value

if TYPE_CHECKING:
    import onnx

_LARGEST = 1 << 62


def inferred(
    node: onnx.NodeProto, operator: Operator, values: Sequence[Value | None]
) -> dict[str, tuple[Dim, ...]]:
    """Return the shapes of an operator's outputs that onnx can tell.

    It is asked about a model of this one node: the batch is a number in it as elsewhere, and
    a dynamic axis a name that comes back.
    """
    from onnx import helper, numpy_helper, shape_inference

    names: dict[str, Dim] = {}
    inputs, initializers = [], []
    for name, value in dict(zip(operator.inputs, values, strict=True)).items():
        known = value.known if isinstance(value, Constant) else None
        if known is not None and known.dtype != object:
            initializers.append(numpy_helper.from_array(known, name))
        elif isinstance(value, Data | Constant):
            type_ = 7 if isinstance(value, Constant) and not value.floating else 1
            shape = [_named(extent, names) for extent in value.shape]
            inputs.append(helper.make_tensor_value_info(name, type_, shape))
    outputs = [helper.make_empty_tensor_value_info(name) for name in operator.outputs if name]
    graph = helper.make_graph([node], "one", inputs, outputs, initializers)
    opset = helper.make_opsetid(operator.domain, operator.version)
    model = helper.make_model(graph, opset_imports=[opset])
    try:
        made = shape_inference.infer_shapes(model, data_prop=True).graph
    except Exception:  # whatever it raises, nothing is inferred
        return {}
    shapes = {text_of(output.name): _shape(output, names) for output in made.output}
    return {name: shape for name, shape in shapes.items() if shape is not None}


def _named(extent: Dim, names: dict[str, Dim]) -> int | str:
    if isinstance(extent, int):
        return extent
    name = f"axis {extent}"
    names[name] = extent
    return name


def _shape(output: onnx.ValueInfoProto, names: dict[str, Dim]) -> tuple[Dim, ...] | None:
    if not output.type.tensor_type.HasField("shape"):
        return None
    extents: list[Dim] = []
    for dim in output.type.tensor_type.shape.dim:
        if dim.dim_param in names:
            extents.append(names[dim.dim_param])
        elif 0 < dim.dim_value < _LARGEST:
            extents.append(dim.dim_value)
        else:
            return None
    return tuple(extents) or None
