"""What moves elements and computes nothing: joining, turning, padding, repeating."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from convcost.dims import Dim, exact_div
from convcost.importers.extents import written
from convcost.importers.mxnet.operation import Operation, Rule
from convcost.importers.mxnet.operators.reshaping import as_target
from convcost.spec import Written

_MOST_COPIES = 1000


def concat(op: Operation) -> str:
    """Read Concat."""
    axis = op.axis(op.attributes.integer("dim", 1), op.rank(op.inputs[0]))
    return _joined(op, axis, op.inputs)


def concatenate(op: Operation) -> str:
    """Read the concatenate of MXNet's numpy."""
    axis = op.axis(op.attributes.integer("axis", 0), op.rank(op.inputs[0]))
    return _joined(op, axis, op.inputs)


def stack(op: Operation) -> str:
    """Read stack: each gets an axis, along which they are joined."""
    rank = op.rank(op.inputs[0]) + 1
    axis = op.axis(op.attributes.integer("axis", 0), rank)
    parts = [
        op.put_part(str(index), "unsqueeze", source, axes=(axis,))
        for index, source in enumerate(op.inputs)
    ]
    return _joined(op, axis, parts)


def _joined(op: Operation, axis: int, sources: Sequence[str]) -> str:
    if len(sources) == 1:
        return op.put("identity", sources[0])
    return op.put("concat", *sources, **({"axis": axis} if axis != 1 else {}))


def flatten(op: Operation) -> str:
    """Read Flatten."""
    return op.put("flatten")


def transpose(op: Operation) -> str:
    """Read transpose: all axes turned round unless it says which goes where."""
    rank = op.rank(op.inputs[0])
    axes = op.attributes.extents("axes", ()) or tuple(range(rank))[::-1]
    return op.put("transpose", permutation=tuple(op.axis(axis, rank) for axis in axes))


def swap_axes(op: Operation) -> str:
    """Read SwapAxis."""
    rank = op.rank(op.inputs[0])
    one, other = (op.axis(op.attributes.integer(key, 0), rank) for key in ("dim1", "dim2"))
    permutation = list(range(rank))
    permutation[one], permutation[other] = other, one
    return op.put("transpose", permutation=tuple(permutation))


def expand_dims(op: Operation) -> str:
    """Read expand_dims."""
    axis = op.axis(op.attributes.integer("axis"), op.rank(op.inputs[0]) + 1)
    return op.put("unsqueeze", axes=(axis,))


def squeeze(op: Operation) -> str:
    """Read squeeze: the axes it names, or all of one position."""
    rank = op.rank(op.inputs[0])
    axes = tuple(op.axis(axis, rank) for axis in op.attributes.extents("axis", ()))
    if not axes:
        axes = tuple(i for i, extent in enumerate(op.shape(op.inputs[0])) if extent == 1)
    return op.put("squeeze", axes=axes) if axes else op.put("identity")


def pad(op: Operation) -> str:
    """Read Pad: before and after every axis in turn."""
    widths = op.attributes.extents("pad_width")
    if len(widths) != 2 * op.rank(op.inputs[0]):
        raise op.attributes.error("pad_width: expected two numbers for every axis")
    return op.put("pad", before=widths[::2], after=widths[1::2])


def broadcast_to(op: Operation) -> str:
    """Read broadcast_to: 0 keeps an axis."""
    return op.put("expand", shape=op.attributes.extents("shape"))


def broadcast_axis(op: Operation) -> str:
    """Read broadcast_axis: some axes, each with its new extent."""
    rank = op.rank(op.inputs[0])
    axes, sizes = (op.attributes.extents(key, ()) for key in ("axis", "size"))
    if len(axes) != len(sizes):
        raise op.attributes.error("axis and size: expected as many of both")
    shape = [0] * rank
    for axis, size in zip(axes, sizes, strict=True):
        shape[op.axis(axis, rank)] = size
    return op.put("expand", shape=tuple(shape))


def broadcast_like(op: Operation) -> str:
    """Read broadcast_like, of whole shapes."""
    if "lhs_axes" in op.attributes or "rhs_axes" in op.attributes:
        raise op.unknown("of some axes")
    shape, like = (op.shape(source) for source in op.inputs[:2])
    pairs = enumerate(zip(shape, like, strict=False))
    target = tuple(0 if one == other else _extent(op, i, other) for i, (one, other) in pairs)
    return op.put("expand", op.inputs[0], shape=target)


def _extent(op: Operation, axis: int, extent: Dim) -> Written:
    if axis == 0:
        raise op.unknown("along the batch")
    return written(extent)


def tile(op: Operation) -> str:
    """Read tile: copies laid along axes."""
    rank = op.rank(op.inputs[0])
    times = op.attributes.extents("reps")
    if len(times) > rank:
        raise op.unknown("with more axes")
    return _copies(op, dict(enumerate(times, start=rank - len(times))))


def repeat(op: Operation) -> str:
    """Read repeat along an axis: every position again and again, which are as many."""
    if "axis" not in op.attributes:
        raise op.unknown("over all axes")
    axis = op.axis(op.attributes.integer("axis"), op.rank(op.inputs[0]))
    return _copies(op, {axis: op.attributes.integer("repeats")})


def _copies(op: Operation, times: Mapping[int, int]) -> str:
    source = op.inputs[0]
    real = {axis: count for axis, count in times.items() if count != 1}
    if any(not 0 < count <= _MOST_COPIES for count in real.values()):
        raise op.attributes.error(f"expected 1 to {_MOST_COPIES} copies")
    for axis, count in list(real.items())[:-1]:
        extra = {"axis": axis} if axis != 1 else {}
        source = op.put_part(f"axis{axis}", "concat", *[source] * count, **extra)
    if not real:
        return op.put("identity", source)
    axis, count = list(real.items())[-1]
    return _joined(op, axis, [source] * count)


def depth_to_space(op: Operation) -> str:
    """Read depth_to_space: channels become the positions of blocks."""
    size = op.attributes.integer("block_size")
    _, channels, height, width = op.shape(op.inputs[0])
    left = exact_div(channels, size * size, what="channels of a position")
    apart = (0, size, size, written(left), written(height), written(width))
    together = (0, left, height * size, width * size)
    return _regrouped(op, apart, (0, 3, 4, 1, 5, 2), together)


def space_to_depth(op: Operation) -> str:
    """Read space_to_depth: the positions of blocks become channels."""
    size = op.attributes.integer("block_size")
    _, channels, height, width = op.shape(op.inputs[0])
    rows = exact_div(height, size, what="rows of blocks")
    columns = exact_div(width, size, what="columns of blocks")
    apart = (0, written(channels), written(rows), size, written(columns), size)
    return _regrouped(op, apart, (0, 3, 5, 1, 2, 4), (0, channels * size * size, rows, columns))


def _regrouped(
    op: Operation, apart: tuple[Written, ...], turned: tuple[int, ...], shape: Sequence[Dim]
) -> str:
    blocks = op.put_part("blocks", "reshape", shape=apart)
    moved = op.put_part("moved", "transpose", blocks, permutation=turned)
    return op.put("reshape", moved, shape=as_target(op, shape))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(("Concat", "concat"), Rule(concat, None)),
        "_npi_concatenate": Rule(concatenate, None),
        **dict.fromkeys(("stack", "_npi_stack"), Rule(stack, None)),
        **dict.fromkeys(("Flatten", "flatten"), Rule(flatten)),
        **dict.fromkeys(("transpose", "_np_transpose", "_npi_transpose"), Rule(transpose)),
        **dict.fromkeys(("SwapAxis", "swapaxes"), Rule(swap_axes)),
        "expand_dims": Rule(expand_dims),
        **dict.fromkeys(("squeeze", "_np_squeeze", "_npi_squeeze"), Rule(squeeze)),
        **dict.fromkeys(("Pad", "pad", "_npi_pad"), Rule(pad)),
        **dict.fromkeys(("broadcast_to", "_npi_broadcast_to"), Rule(broadcast_to)),
        **dict.fromkeys(("broadcast_axis", "broadcast_axes"), Rule(broadcast_axis)),
        "broadcast_like": Rule(broadcast_like, 2),
        "tile": Rule(tile),
        "repeat": Rule(repeat),
        "depth_to_space": Rule(depth_to_space),
        "space_to_depth": Rule(space_to_depth),
    }
)
