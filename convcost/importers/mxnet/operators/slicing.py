"""Parts of tensors: slices, splits and crops."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from convcost.dims import Dim, exact_div, floor_div
from convcost.importers.extents import written
from convcost.importers.mxnet.operation import Operation, Rule
from convcost.spec import Written

_ROWS = 2  # the first axis of an image
_MOST_PARTS = 1000


@dataclass(frozen=True, slots=True)
class Cut:
    """A slice along one axis; a stop of 0 is the end."""

    axis: int
    start: Dim = 0
    stop: Dim = 0
    step: int = 1

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut away."""
        return (self.start, self.stop, self.step) == (0, 0, 1)

    def attributes(self) -> dict[str, Written]:
        """Return the attributes of a layer that cuts."""
        values = {"start": self.start, "stop": self.stop, "step": self.step}
        usual = {"start": 0, "stop": 0, "step": 1}
        own = {key: written(value) for key, value in values.items() if value != usual[key]}
        return {"axis": self.axis, **own}


def cut(op: Operation, source: str, cuts: Sequence[Cut], part: str = "") -> str:
    """Put one slice behind another; the last one has the operator's name, or its part's."""
    real = [each for each in cuts if not each.is_whole]
    for each in real[:-1]:
        source = op.put_part(f"axis{each.axis}", "slice", source, **each.attributes())
    kind, attributes = ("slice", real[-1].attributes()) if real else ("identity", {})
    if part:
        return op.put_part(part, kind, source, **attributes)
    return op.put(kind, source, **attributes)


def slice_(op: Operation) -> str:
    """Read slice: begin, end and step for the first axes."""
    begins, ends, steps = (op.attributes.slots(key) for key in ("begin", "end", "step"))
    if not begins or len(begins) != len(ends) or len(begins) > op.rank(op.inputs[0]):
        raise op.attributes.error("begin and end: expected as many of both as axes, or fewer")
    cuts = []
    for axis, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        step = (steps[axis] if axis < len(steps) else None) or 1
        cuts.append(_cut(op, axis, begin, end, step))
    return cut(op, op.inputs[0], cuts)


def slice_axis(op: Operation) -> str:
    """Read slice_axis."""
    axis = op.axis(op.attributes.integer("axis"), op.rank(op.inputs[0]))
    end = op.attributes.integer("end") if "end" in op.attributes else None
    return cut(op, op.inputs[0], [_cut(op, axis, op.attributes.integer("begin"), end, 1)])


def _cut(op: Operation, axis: int, begin: int | None, end: int | None, step: int) -> Cut:
    if step < 0:
        raise op.unknown("backwards")
    if end == 0:
        raise op.attributes.error("end: a slice up to 0 is empty")
    return Cut(axis, begin or 0, end or 0, step)


def slice_like(op: Operation) -> str:
    """Read slice_like: the extents of another tensor, from the first position on."""
    shape, like = (op.shape(source) for source in op.inputs[:2])
    axes = op.attributes.extents("axes", ()) or tuple(range(min(len(shape), len(like))))
    chosen = [op.axis(axis, len(shape)) for axis in axes]
    cuts = [Cut(axis, 0, like[axis]) for axis in chosen if shape[axis] != like[axis]]
    return cut(op, op.inputs[0], cuts)


def crop(op: Operation) -> str:
    """Read Crop: rows and columns, as many as another tensor has or as are given."""
    shape = op.shape(op.inputs[0])
    sizes: Sequence[Dim] = op.attributes.extents("h_w", (0, 0))
    if len(op.inputs) > 1:
        sizes = op.shape(op.inputs[1])[_ROWS:]
    offsets: Sequence[Dim] = op.attributes.extents("offset", (0, 0))
    if op.attributes.flag("center_crop", otherwise=False):
        pairs = zip(shape[_ROWS:], sizes, strict=True)
        offsets = [floor_div(extent - size, 2) for extent, size in pairs]
    if len(offsets) != len(sizes) or len(shape) != _ROWS + len(sizes):
        raise op.attributes.error("expected rows and columns")
    cuts = [
        Cut(_ROWS + index, start, start + size)
        for index, (start, size) in enumerate(zip(offsets, sizes, strict=True))
        if shape[_ROWS + index] != size
    ]
    return cut(op, op.inputs[0], cuts)


def split(op: Operation) -> tuple[str, ...]:
    """Read SliceChannel: equal parts along an axis."""
    count = op.attributes.integer("num_outputs")
    return _split(op, op.attributes.integer("axis", 1), count, ())


def split_anywhere(op: Operation) -> tuple[str, ...]:
    """Read _split_v2: parts that begin at given positions, or equal ones."""
    count = op.attributes.integer("sections", 0)
    begins = op.attributes.extents("indices", ())
    return _split(op, op.attributes.integer("axis", 0), count, begins)


def _split(op: Operation, axis: int, count: int, begins: Sequence[Dim]) -> tuple[str, ...]:
    axis = op.axis(axis, op.rank(op.inputs[0]))
    if not 0 < (count or len(begins)) <= _MOST_PARTS:
        raise op.attributes.error(f"expected 1 to {_MOST_PARTS} parts, got {count or len(begins)}")
    if count == 1:
        return (op.put("identity"),)
    if count:
        extent = exact_div(op.shape(op.inputs[0])[axis], count, what="extent of a part")
        begins = [extent * index for index in range(count)]
    ends = [*begins[1:], 0]
    found = []
    for index, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        part = cut(op, op.inputs[0], [Cut(axis, begin, end)], part=str(index))
        if op.attributes.flag("squeeze_axis", otherwise=False):
            part = op.put_part(f"{index}_squeezed", "squeeze", part, axes=(axis,))
        found.append(part)
    return tuple(found)


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "slice": Rule(slice_),
        "slice_axis": Rule(slice_axis),
        "slice_like": Rule(slice_like, 2),
        "Crop": Rule(crop, 2),
        "SliceChannel": Rule(split),
        "split": Rule(split),
        "_split_v2": Rule(split_anywhere),
    }
)
