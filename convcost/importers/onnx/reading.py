"""An ONNX file to its message, without the weights, and with what it must have checked."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from convcost.errors import ImportFormatError, MissingDependencyError
from convcost.importers.onnx.operator import text_of
from convcost.importers.onnx.wire import without_weights

if TYPE_CHECKING:
    import onnx

OLDEST_OPSET, OLDEST_IR = 7, 3
MOST_SUBGRAPHS = 10_000


def read_model(path: Path) -> onnx.ModelProto:
    """Read a file's model; no weights are in it, not those in other files either.

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
        _require_inside(tensor, path)
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


def _require_inside(tensor: onnx.TensorProto, path: Path) -> None:
    """Refuse data in a file that is not in the model's folder; it is never opened."""
    if not tensor.external_data:
        return
    for entry in tensor.external_data:
        if text_of(entry.key) != "location":
            continue
        place = PureWindowsPath(text_of(entry.value))  # takes both sorts of slashes
        folder = path.parent.resolve()
        legal = not place.anchor and "\0" not in str(place)
        inside = (folder / Path(*place.parts)).resolve() if legal else None
        if inside is None or not inside.is_relative_to(folder):
            raise ImportFormatError(
                f"{path}: the data of {tensor.name!r} is in {entry.value!r}, outside the model's"
                " folder"
            )
