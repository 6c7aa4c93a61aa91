"""A model's inputs: images and other data, and weights that an exporter made inputs as well."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from convcost.dims import Dim
from convcost.errors import ImportFormatError
from convcost.importers.onnx.extents import BATCH, Parameters
from convcost.importers.onnx.operator import text_of
from convcost.importers.onnx.shapes import Stated, stated_shape
from convcost.importers.onnx.values import FLOATING, Constant, Source

if TYPE_CHECKING:
    import onnx

    from convcost.importers.onnx.graph import Plan

_IMAGE = ("channels", "height", "width")
_WEIGHTS: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "BatchNormalization": frozenset({1, 2, 3, 4}),
        "Conv": frozenset({1, 2}),
        "ConvTranspose": frozenset({1, 2}),
        "Gemm": frozenset({1, 2}),
        "GroupNormalization": frozenset({1, 2}),
        "InstanceNormalization": frozenset({1, 2}),
        "LayerNormalization": frozenset({1, 2}),
        "PRelu": frozenset({1}),
    }
)
"""The inputs of operators at which weights stand."""
_NAMED = re.compile(
    r".+\.(\w*(weight|bias|gamma|beta|table|token|embedding)\w*|running_\w+)|onnx::\w+_\d+"
)
"""What authors call what a module learns, and an exporter what it made of that."""


class Inputs:
    """The inputs of a model that its outputs need, told apart.

    The first axis of all data is the batch. Files for one size of it have that as ``batch``;
    others call it ``batch_name``.
    """

    def __init__(self, graph: onnx.GraphProto, plan: Plan, parameters: Parameters) -> None:
        """Tell inputs apart.

        Raises: ImportFormatError if an input has no shape, or they are of unlike batches.
        """
        self._parameters = parameters
        self.weights: dict[str, Constant] = {}
        self.batch: int | None = None
        self.batch_name = ""
        initializers = {text_of(tensor.name) for tensor in graph.initializer}
        given = [value for value in graph.input if text_of(value.name) not in initializers]
        given = [value for value in given if plan.reads[text_of(value.name)]]
        stated: dict[str, Stated] = {}
        for value in given:
            name, shape = text_of(value.name), stated_shape(value)
            if shape is None:
                raise ImportFormatError(f"input {name!r}: the file does not say its shape")
            if len(given) > 1 and _is_weight(name, shape, plan):
                floating = value.type.tensor_type.elem_type in FLOATING
                sizes = tuple(extent for extent in shape if isinstance(extent, int))
                self.weights[name] = Constant(sizes, floating, (Source(name, prod(sizes)),))
            else:
                stated[name] = shape
        self._find_batch(stated)
        self.data = {name: self._extents(name, shape) for name, shape in stated.items()}

    def _find_batch(self, stated: Mapping[str, Stated]) -> None:
        for name, shape in stated.items():
            if len(shape) <= 1:
                raise ImportFormatError(
                    f"input {name!r}: expected axes behind the batch, got {len(shape)} axes in all"
                )
        firsts = {shape[0] for shape in stated.values()}
        sizes = sorted(first for first in firsts if isinstance(first, int))
        if len(sizes) > 1:
            raise ImportFormatError(f"inputs of unlike batches: {sizes[0]} and {sizes[1]}")
        if sizes and len(firsts) == 1:
            self.batch = sizes[0]
        self.batch_name = next((str(f) for f in firsts if isinstance(f, str) and f), "")

    def _extents(self, name: str, shape: Stated) -> tuple[Dim, ...]:
        rank = len(shape) - 1
        names = _IMAGE if rank == len(_IMAGE) else [f"{name}_{i + 1}" for i in range(rank)]
        extents: list[Dim] = [BATCH]
        for extent, called in zip(shape[1:], names, strict=True):
            if isinstance(extent, int):
                extents.append(extent)
            elif extent and extent == self.batch_name:
                raise ImportFormatError(f"input {name!r}: {extent!r} is the batch, and an axis")
            else:
                extents.append(self._parameters.symbol(extent or called))
        return tuple(extents)


def _is_weight(name: str, shape: Sequence[int | str], plan: Plan) -> bool:
    """Whether an input is what layers learn: by its name, or by where it is read."""
    if not all(isinstance(extent, int) for extent in shape):
        return False
    if _NAMED.fullmatch(name):
        return True
    places = [
        (text_of(node.op_type), index)
        for _, node in plan.nodes
        for index, read in enumerate(node.input)
        if read == name
    ]
    return bool(places) and all(index in _WEIGHTS.get(kind, ()) for kind, index in places)
