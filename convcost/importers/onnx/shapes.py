"""What a file itself says about the shapes of its tensors, to compare with what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.dims import Dim
from convcost.errors import ImportFormatError
from convcost.importers.onnx.extents import (
    BATCH,
    LARGEST_EXTENT,
    Parameters,
    at_batch,
    of_sample,
    shown,
)
from convcost.importers.onnx.operator import Operator, text_of
from convcost.importers.onnx.values import MOST_RANK, Data

if TYPE_CHECKING:
    import onnx

    from convcost.importers.onnx.inputs import Inputs

Stated = tuple[int | str, ...]
"""A shape as a file states it: names for dynamic axes, "" for what it leaves open."""


class Shapes:
    """The shapes that a model states."""

    def __init__(self, model: onnx.ModelProto, inputs: Inputs, parameters: Parameters) -> None:
        """Read the shapes of a model's tensors."""
        self._model = model
        self._inputs = inputs
        self._parameters = parameters
        self._stated: dict[str, Stated] = {}
        self._inferred = False
        self._read(model.graph)

    def stated(self, name: str) -> Stated:
        """Return the shape that the file states for a tensor; nothing if it does not."""
        return self._stated.get(name, ())

    def require(self, name: str, data: Data, operator: Operator) -> None:
        """Require what was computed to be what the file states.

        Raises: ImportFormatError, with both shapes.
        """
        stated = self._stated.get(name)
        if stated is None:
            return
        ours = data.shape
        if self._inputs.batch is not None:
            ours = tuple(at_batch(extent, self._inputs.batch) for extent in ours)
        agree = len(stated) == len(ours) and all(map(_agree, ours, stated))
        if not agree:
            asked = "; its ceil_mode leaves out a last window that starts in padding"
            raise operator.error(
                f"the file states the shape {_shown(stated)} for {name!r}, which comes to"
                f" {shown(ours)}{asked if 'ceil_mode' in operator.attributes else ''}"
            )

    def of(self, name: str) -> tuple[Dim, ...] | None:
        """Return the shape that the file states for a tensor, or that can be inferred."""
        shape = self._known(name)
        if shape is None and not self._inferred:
            self._infer()
            shape = self._known(name)
        return shape

    def _known(self, name: str) -> tuple[Dim, ...] | None:
        stated = self._stated.get(name)
        if stated is None:
            return None
        extents: list[Dim] = []
        for axis, extent in enumerate(stated):
            if axis == 0 and extent in {self._inputs.batch, self._inputs.batch_name}:
                extents.append(BATCH)
            elif isinstance(extent, int):
                extents.append(extent)
            else:
                known = self._parameters.known(extent)
                if known is None:
                    return None
                extents.append(known)
        return tuple(extents)

    def _infer(self) -> None:
        """Let onnx infer what the file does not state."""
        from onnx import shape_inference

        self._inferred = True
        try:
            self._read(shape_inference.infer_shapes(self._model).graph)
        except Exception:
            return

    def _read(self, graph: onnx.GraphProto) -> None:
        for value in (*graph.value_info, *graph.output):
            shape = stated_shape(value)
            if shape is not None:
                self._stated[text_of(value.name)] = shape


def stated_shape(value: onnx.ValueInfoProto) -> Stated | None:
    """Return the shape of a value; None if it has none, or is no tensor."""
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        return None
    dims = value.type.tensor_type.shape.dim
    if len(dims) > MOST_RANK or any(dim.dim_value > LARGEST_EXTENT for dim in dims):
        raise ImportFormatError(f"{text_of(value.name)!r}: such a shape cannot be")
    return tuple(
        dim.dim_value if dim.dim_value > 0 else text_of(dim.dim_param).strip() for dim in dims
    )


def _agree(ours: Dim, stated: int | str) -> bool:
    """Whether an extent is what a file states, as far as both are known."""
    return (
        isinstance(stated, str)
        or not isinstance(ours, int)
        or of_sample(ours) is not None
        or ours == stated
    )


def _shown(stated: Stated) -> str:
    return "(" + ", ".join(str(extent or "?") for extent in stated) + ")"
