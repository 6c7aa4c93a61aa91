"""A serialized ONNX model without its weights: what is left is small, and parses at once.

Of Protocol Buffers' wire format this knows only how to step over a field. The messages on
the way from a model to its tensors are opened if they are large; of a tensor, the data that
is larger than :data:`LARGEST_DATA` is left out, everything else is kept byte for byte. So a
file of any size costs the pages that its structure is on.

Source: Protocol Buffers, Encoding; the field numbers are those of ONNX's ``onnx-ml.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from convcost.errors import ImportFormatError

LARGEST_DATA = 1 << 14  # bytes of a tensor that are kept: what shapes are computed from is small
LARGEST_REST = 1 << 25  # bytes of a model without its weights
MOST_FIELDS = 400_000  # that are stepped over one by one
DEEPEST = 60  # messages in messages

_OPENED: Mapping[str, Mapping[int, str]] = MappingProxyType(
    {
        "model": {7: "graph", 25: "function"},
        "graph": {1: "node", 5: "tensor", 15: "sparse"},
        "function": {7: "node"},
        "node": {5: "attribute"},
        "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse"},
        "sparse": {1: "tensor", 2: "tensor"},
        "tensor": {},
    }
)
_LEFT_OUT: Mapping[str, frozenset[int]] = MappingProxyType(
    {
        "model": frozenset({6, 20}),  # doc_string, training_info
        "graph": frozenset({10}),  # doc_string
        "tensor": frozenset({4, 5, 6, 7, 9, 10, 11}),  # the data in all its types
    }
)
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


def without_weights(data: memoryview) -> bytes:
    """Return a serialized model whose large tensors have no data.

    Raises: ImportFormatError if these bytes are no messages in messages, or too many.
    """
    return b"".join(_Trimmer(data).pieces("model", 0, len(data), depth=0))


class _Trimmer:
    """Walk messages, keeping what is wanted."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._fields_left = MOST_FIELDS
        self._bytes_left = LARGEST_REST

    def pieces(self, kind: str, start: int, end: int, *, depth: int) -> list[bytes]:
        """Return what is kept of a message, in order."""
        if depth > DEEPEST:
            raise ImportFormatError(f"messages nested more than {DEEPEST} deep")
        opened, left_out = _OPENED[kind], _LEFT_OUT.get(kind, frozenset())
        kept: list[bytes] = []
        run = start  # where the bytes begin that are kept as they are
        for field, tag_at, inside, after in self._fields(start, end):
            if after - inside <= LARGEST_DATA:
                continue
            if field in left_out:
                kept.append(self._kept(run, tag_at))
            elif field in opened:
                parts = self.pieces(opened[field], inside, after, depth=depth + 1)
                length = _varint(sum(map(len, parts)))
                kept += [self._kept(run, tag_at), _varint(field << 3 | _BYTES), length, *parts]
            else:
                continue
            run = after
        kept.append(self._kept(run, end))
        return kept

    def _kept(self, start: int, end: int) -> bytes:
        self._bytes_left -= end - start
        if self._bytes_left < 0:
            limit = f"{LARGEST_REST >> 20} MiB"
            raise ImportFormatError(f"more than {limit} are left without the weights")
        return bytes(self._data[start:end])

    def _fields(self, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
        """Give of every field its number, where it begins, and where its value does and ends."""
        at = start
        while at < end:
            self._fields_left -= 1
            if self._fields_left < 0:
                raise ImportFormatError(f"more than {MOST_FIELDS:,} fields")
            begin = at
            tag, at = self._number(at, end)
            wire, field = tag & 7, tag >> 3
            inside = at
            if wire == _BYTES:
                length, inside = self._number(at, end)
                at = inside + length
            elif wire == _VARINT:
                _, at = self._number(at, end)
            elif wire in {_EIGHT_BYTES, _FOUR_BYTES}:
                at += 8 if wire == _EIGHT_BYTES else 4
            if wire not in {_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES} or not field:
                raise ImportFormatError(f"at byte {begin:,} no field begins")
            if at > end:
                raise ImportFormatError(
                    f"cut off: the field at byte {begin:,} has {at - begin:,} bytes, there are"
                    f" {end - begin:,}"
                )
            yield field, begin, inside, at

    def _number(self, at: int, end: int) -> tuple[int, int]:
        """Return the varint at a place, and the place behind it."""
        number = 0
        for index in range(_LONGEST_VARINT):
            if at + index >= end:
                raise ImportFormatError(f"cut off at byte {end:,}")
            byte = self._data[at + index]
            number |= (byte & 0x7F) << 7 * index
            if byte < 0x80:  # noqa: PLR2004 - the last byte has no continuation bit
                return number, at + index + 1
        raise ImportFormatError(f"at byte {at:,} a number has no end")


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))
