"""What the names in a graph stand for: data that layers give, or constants of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
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
_MADE_UP = re.compile(r"(val|cst|tmp|tensor|const\w*|onnx::\w*?)_*\d+")
"""What exporters call constants that no author named, learned or not."""

_WEIGHTS = re.compile(r"(?P<layer>[A-Za-z_][\w.\-/]*)[./](weight|kernel|w|gamma)(:0)?")
"""What authors call the weights of a layer: the layer's name stands before it."""


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
class Source:
    """An initializer of the file, and the number of its elements."""

    name: str
    elements: int

    @property
    def is_made_up(self) -> bool:
        """Whether no author named it."""
        return _MADE_UP.fullmatch(self.name) is not None


@dataclass(frozen=True, slots=True)
class Constant:
    """What depends on no input; its numbers are read only where something asks for them.

    ``sources`` are the initializers that it is, or is made from, if these are floats;
    ``floating`` says that its own numbers are.
    """

    shape: tuple[Dim, ...]
    floating: bool
    sources: tuple[Source, ...] = ()
    read: Callable[[], Array | None] | None = None

    @property
    def learned(self) -> bool:
        """Whether training may have found it."""
        return self.floating and bool(self.sources) and not self.is_made_up

    @property
    def is_made_up(self) -> bool:
        """Whether an exporter put it in: no author named it, and all its numbers are the same."""
        if len(self.sources) != 1 or not self.sources[0].is_made_up:
            return False
        known = self.known
        return known is not None and known.size > 0 and bool((known == known.flat[0]).all())

    @property
    def is_plain(self) -> bool:
        """Whether its extents are numbers, and do not follow from an input's."""
        return all(isinstance(extent, int) for extent in self.shape)

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
            raise UnsupportedError("that needs numbers which are not in the file")
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
    array: Array, *, floating: bool | None = None, sources: tuple[Source, ...] = ()
) -> Constant:
    """Return the constant that has these numbers."""
    floats = array.dtype.kind == "f" if floating is None else floating
    return Constant(tuple(array.shape), floats, sources, lambda: array)


def merged(constants: Iterable[Constant]) -> tuple[Source, ...]:
    """Return what a constant is made from that is made from others.

    A single number beside many is a setting, such as the epsilon of a normalization.
    """
    made = [each for each in constants if each.sources]
    learned = made if len(made) == 1 else [each for each in made if not each.is_made_up]
    sources = dict.fromkeys(source for each in learned for source in each.sources)
    many = tuple(source for source in sources if source.elements != 1)
    return many or tuple(sources)


def constant_in(tensor: onnx.TensorProto, *, initializer: bool) -> Constant:
    """Return the constant of a tensor in a file.

    Raises: ImportFormatError if it has no possible shape.
    """
    name, shape = text_of(tensor.name), tuple(tensor.dims)
    if len(shape) > MOST_RANK or any(not 0 <= extent < LARGEST_EXTENT for extent in shape):
        raise ImportFormatError(f"tensor {name!r}: {list(shape[:MOST_RANK])} is no shape")
    floating = tensor.data_type in FLOATING
    sources = (Source(name, prod(shape)),) if initializer and floating else ()
    return Constant(shape, floating, sources, lambda: _numbers(tensor, name))


# FLOAT, FLOAT16, DOUBLE, BFLOAT16; the eight-bit floats are of quantized models.
FLOATING = frozenset({1, 10, 11, 16})
_NUMBERS = FLOATING | {2, 3, 4, 5, 6, 7, 9, 12, 13}  # and the integers and BOOL
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


def owner_of(weights: str) -> str | None:
    """Return the layer that the name of weights says they are of."""
    match = _WEIGHTS.fullmatch(weights)
    return match["layer"] if match else None
