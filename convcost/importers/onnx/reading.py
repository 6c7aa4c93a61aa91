"""An ONNX file to its message, without the weights, and with what it must have checked."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.errors import ImportFormatError, MissingDependencyError
from convcost.importers.onnx.external import take_small
from convcost.importers.onnx.wire import without_weights

if TYPE_CHECKING:
    import onnx

OLDEST_OPSET, OLDEST_IR = 7, 3
MOST_SUBGRAPHS = 10_000


def read_model(path: Path) -> onnx.ModelProto:
    """Read a file's model; no weights are in it, only what is small.

    Raises: ImportFormatError if this is no ONNX model; MissingDependencyError without onnx.
    """
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise MissingDependencyError(
            "reading ONNX files needs the library onnx: pip install 'convcost[onnx]'"
        ) from None
    try:
        model = onnx.ModelProto()
        model.ParseFromString(_trimmed(path))
    except DecodeError:
        raise ImportFormatError(f"{path}: not an ONNX model: its messages are damaged") from None
    except ImportFormatError as error:
        raise error.at(f"{path}: not an ONNX model", None) from None
    _require_model(model, path)
    for tensor in _tensors(model):
        take_small(tensor, path)
    return model


def opsets(imports: object, path: Path) -> dict[str, int]:
    """Return the version of every operator set that a model or a function imports."""
    versions: dict[str, int] = {}
    for item in imports:  # type: ignore[attr-defined]
        domain = "" if item.domain == "ai.onnx" else item.domain
        versions[domain] = item.version
    if versions.get("", OLDEST_OPSET) < OLDEST_OPSET:
        raise ImportFormatError(
            f"{path}: expected operators of opset {OLDEST_OPSET} or newer, got {versions['']}"
        )
    return versions


def _trimmed(path: Path) -> bytes:
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            view = memoryview(data)
            try:
                return without_weights(view)
            finally:
                view.release()
    except ValueError:  # an empty file cannot be mapped
        raise ImportFormatError("the file is empty") from None
    except OSError as error:
        raise ImportFormatError(f"cannot read it: {error.strerror or error}") from None


def _require_model(model: onnx.ModelProto, path: Path) -> None:
    if not model.HasField("graph"):
        raise ImportFormatError(f"{path}: not an ONNX model: there is no graph in it")
    if not model.graph.node:
        raise ImportFormatError(f"{path}: the graph has no nodes")
    if model.ir_version < OLDEST_IR:
        raise ImportFormatError(
            f"{path}: expected IR version {OLDEST_IR} or newer, got {model.ir_version}"
        )
    if not model.opset_import:
        raise ImportFormatError(f"{path}: it does not say which operator sets it uses")


def _tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """Give all tensors of a model: initializers, and values of attributes, at any depth."""
    waiting: list[onnx.GraphProto | onnx.FunctionProto] = [model.graph, *model.functions]
    while waiting:
        graph = waiting.pop()
        yield from getattr(graph, "initializer", ())
        for node in graph.node:
            for attribute in node.attribute:
                yield attribute.t
                yield from attribute.tensors
                waiting += [attribute.g] if attribute.HasField("g") else []
                waiting += attribute.graphs
