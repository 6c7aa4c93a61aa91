"""What the names in a graph stand for: data that layers give, or constants of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from convcost.dims import Dim
from convcost.errors import ImportFormatError
from convcost.importers.onnx.extents import LARGEST_EXTENT
from convcost.importers.onnx.operator import UnsupportedError, text_of
from convcost.importers.onnx.wire import LARGEST_DATA

if TYPE_CHECKING:
    import onnx

    Array = np.ndarray[Any, Any]

MOST_RANK = 16


@dataclass(frozen=True, slots=True)
class Data:
    """What depends on an input: the layer that gives it, and its shape.

    ``outside`` says how many steps of the axis that the batch is in are around the batch: 1
    unless an author merged the batch into another axis, behind that.
    """

    layer: str
    shape: tuple[Dim, ...]
    outside: Dim = 1


@dataclass(frozen=True, slots=True)
class Constant:
    """What depends on no input; its numbers are read only where something asks for them.

    ``initializer`` is the tensor of the file that it is, or is made from; ``floating`` says
    that these are no whole numbers.
    """

    shape: tuple[Dim, ...]
    floating: bool
    initializer: str | None = None
    read: Callable[[], Array | None] | None = None

    @property
    def learned(self) -> bool:
        """Whether training may have found it."""
        return self.floating and self.initializer is not None

    @property
    def elements(self) -> Dim:
        """The number of its elements."""
        return prod(self.shape)

    @property
    def known(self) -> Array | None:
        """Its numbers; None if they are too many, or in another file."""
        return self.read() if self.read is not None else None

    def numbers(self) -> Array:
        """Return its numbers.

        Raises: UnsupportedError if they are not known.
        """
        known = self.known
        if known is None:
            raise UnsupportedError(f"needs the values of {self.initializer or 'a large constant'}")
        return known

    def like(self, shape: Sequence[Dim]) -> Constant:
        """Return a constant of another shape made from this one, its numbers not known."""
        return replace(self, shape=tuple(shape), read=None)


@dataclass(frozen=True, slots=True)
class Unknown:
    """What depends on an operator that has no rule."""


Known = Data | Constant
Value = Known | Unknown


def constant_of(
    array: Array, *, floating: bool | None = None, made_from: str | None = None
) -> Constant:
    """Return the constant that has these numbers."""
    floats = array.dtype.kind == "f" if floating is None else floating
    return Constant(tuple(array.shape), floats, made_from, lambda: array)


def constant_in(tensor: onnx.TensorProto, *, initializer: bool) -> Constant:
    """Return the constant of a tensor in a file.

    Raises: ImportFormatError if it has no possible shape.
    """
    name, shape = text_of(tensor.name), tuple(tensor.dims)
    if len(shape) > MOST_RANK or any(not 0 <= extent < LARGEST_EXTENT for extent in shape):
        raise ImportFormatError(f"tensor {name!r}: {list(shape[:MOST_RANK])} is no shape")
    floating = tensor.data_type in _FLOATING
    return Constant(shape, floating, name if initializer else None, lambda: _numbers(tensor, name))


# FLOAT, FLOAT16, DOUBLE, BFLOAT16; the eight-bit floats are of quantized models.
_FLOATING = frozenset({1, 10, 11, 16})
_NUMBERS = _FLOATING | {2, 3, 4, 5, 6, 7, 9, 12, 13}  # and the integers and BOOL
_EXTERNAL = 1
_DATA = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")


def _numbers(tensor: onnx.TensorProto, name: str) -> Array | None:
    """Read a tensor's numbers; None if they are not in the file, or too many."""
    from onnx import numpy_helper

    elements = prod(tensor.dims)
    stored = any(getattr(tensor, field) for field in _DATA)
    if tensor.data_location == _EXTERNAL or elements > LARGEST_DATA:
        return None
    if elements and not stored:
        return None
    if tensor.data_type not in _NUMBERS:
        raise ImportFormatError(f"tensor {name!r}: expected numbers")
    try:
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise ImportFormatError(f"tensor {name!r}: its data is damaged: {error}") from None
