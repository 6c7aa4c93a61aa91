"""Data of tensors in other files: refused outside the model's folder, read only if small.

Weights are never loaded. But some exporters put every tensor into another file, those as
well that shapes are computed from: these are small, and read one by one.
"""

from __future__ import annotations

from math import prod
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from convcost.errors import ImportFormatError
from convcost.importers.onnx.operator import text_of
from convcost.importers.onnx.wire import LARGEST_DATA

if TYPE_CHECKING:
    import onnx

_ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""By TensorProto.DataType."""
_INLINE = 0


def take_small(tensor: onnx.TensorProto, path: Path) -> None:
    """Put the data of a small tensor into it, if it is in another file that is there.

    Raises: ImportFormatError if that file is not in the model's folder.
    """
    if not tensor.external_data:
        return
    entries = {text_of(entry.key): text_of(entry.value) for entry in tensor.external_data}
    place = _inside(entries.get("location", ""), tensor, path)
    size = prod(tensor.dims) * _ITEM_BYTES.get(tensor.data_type, LARGEST_DATA + 1)
    if not 0 < size <= LARGEST_DATA:
        return
    offset = entries.get("offset", "0")
    if not offset.isdecimal() or len(offset) > 20:  # noqa: PLR2004 - digits of 64 bits
        raise ImportFormatError(f"{path}: the data of {tensor.name!r} begins at {offset[:40]!r}")
    try:
        data = _part(place, int(offset), size) if place.is_file() else b""
    except (OSError, OverflowError):  # a name or a place that no file can have
        return
    if len(data) == size:
        tensor.raw_data = data
        tensor.data_location = _INLINE  # type: ignore[assignment]


def _part(place: Path, offset: int, size: int) -> bytes:
    with place.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def _inside(location: str, tensor: onnx.TensorProto, path: Path) -> Path:
    """Return the place of a file in the model's folder."""
    place = PureWindowsPath(location)  # takes both sorts of slashes
    folder = path.parent.resolve()
    legal = not place.anchor and "\0" not in location
    try:
        inside = (folder / Path(*place.parts)).resolve() if legal else None
    except (OSError, RuntimeError):  # links in a circle
        inside = None
    if inside is None or not inside.is_relative_to(folder):
        raise ImportFormatError(
            f"{path}: the data of {tensor.name!r} is in {location!r}, outside the model's folder"
        )
    return inside
