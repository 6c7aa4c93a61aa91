"""The oracle's loops for what works on axes of a tensor: reductions, products, norms.

What is counted is said in :mod:`counting`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from functools import reduce as fold

from counting import (
    EPSILON,
    Abacus,
    Index,
    Nested,
    Scalar,
    at,
    dot,
    larger,
    lengths,
    places_of,
    shaped,
    smaller,
    total,
)
from counting_elementwise import joined, read_again

# Reductions -----------------------------------------------------------------------------

REDUCTIONS: dict[str, Callable[[list[Scalar]], Scalar]] = {
    "mean": lambda elements: total(elements) / len(elements),
    "sum": total,
    "max": lambda elements: fold(larger, elements),
    "min": lambda elements: fold(smaller, elements),
}


def without(place: Index, axes: set[int], *, keep: bool) -> Index:
    """Return a place with 0 along the axes, or without them."""
    if keep:
        return tuple(0 if axis in axes else i for axis, i in enumerate(place))
    return tuple(i for axis, i in enumerate(place) if axis not in axes)


def gathered(x: Nested, axes: Index, *, keep: bool) -> dict[Index, list[Index]]:
    """Return for every place of a reduction the places of the input it stands for."""
    shape = lengths(x)
    chosen = {axis % len(shape) for axis in axes}
    met: defaultdict[Index, list[Index]] = defaultdict(list)
    for place in places_of(shape):
        met[without(place, chosen, keep=keep)].append(place)
    return met


def reduce(_: Abacus, x: Nested, *, function: str, axes: Index, keep: bool) -> Nested:
    """Reduce the elements that one output stands for."""
    met = gathered(x, axes, keep=keep)
    shape = tuple(max(extent) + 1 for extent in zip(*met, strict=True))
    return shaped(shape, lambda place: REDUCTIONS[function]([at(x, i) for i in met[place]]))


# Products of matrices -------------------------------------------------------------------


def matmul(_: Abacus, a: Nested, b: Nested) -> Nested:
    """Take a dot product of every row with every column, matrix by matrix."""
    before, after = lengths(a), lengths(b)
    leading = joined([before[:-2], after[:-2]]) if len(before) > 2 else ()

    def output(place: Index) -> Scalar:
        left, right = (read_again(shape[:-2], place[:-2]) for shape in (before, after))
        row, column = place[-2:]
        inner = range(before[-1])
        return dot(
            [at(a, (*left, row, k)) for k in inner], [at(b, (*right, k, column)) for k in inner]
        )

    return shaped((*leading, before[-2], after[-1]), output)


# Norms within an example ----------------------------------------------------------------

Key = Callable[[Index], Index]
"""From a place to its group, or to its scale."""


def normalized(abacus: Abacus, x: Nested, keys: tuple[Key, Key], *, learned: str) -> Nested:
    """Normalize group by group; ``learned`` names scale, shift, both or neither."""
    group_of, scale_of = keys
    groups: defaultdict[Index, list[Index]] = defaultdict(list)
    for place in places_of(lengths(x)):
        groups[group_of(place)].append(place)
    found: dict[Index, Scalar] = {}
    for places in groups.values():
        elements = [at(x, place) for place in places]
        mean = total(elements) / len(elements)
        deviations = [element - mean for element in elements]
        variance = total([d * d for d in deviations]) / len(elements)
        root = (variance + EPSILON).square_root()
        for place, deviation in zip(places, deviations, strict=True):
            y = deviation / root
            if "scale" in learned:
                y *= abacus.scales[scale_of(place)]
            found[place] = y + abacus.shifts[scale_of(place)] if "shift" in learned else y
    return shaped(lengths(x), lambda place: found[place])


def named(*, scale: bool, shift: bool) -> str:
    """Return what is learned, by name."""
    return ("scale " if scale else "") + ("shift" if shift else "")


def layer_keys(x: Nested, dimensions: int) -> tuple[Key, Key]:
    """Return what is before the last axes, and what is on them."""
    first = len(lengths(x)) - dimensions
    return (lambda place: place[:first]), (lambda place: place[first:])


def channel_keys(x: Nested, groups: int) -> tuple[Key, Key]:
    """Return the example and the group of channels, and the channel."""
    size = lengths(x)[1] // groups
    return (lambda place: (place[0], place[1] // size)), (lambda place: place[1:2])


def layer_norm(abacus: Abacus, x: Nested, *, dimensions: int, scale: bool, shift: bool) -> Nested:
    """Normalize over the last axes."""
    keys = layer_keys(x, dimensions)
    return normalized(abacus, x, keys, learned=named(scale=scale, shift=shift))


def instance_norm(abacus: Abacus, x: Nested, *, scale: bool, shift: bool) -> Nested:
    """Normalize every channel of every example."""
    keys = channel_keys(x, lengths(x)[1])
    return normalized(abacus, x, keys, learned=named(scale=scale, shift=shift))


def group_norm(abacus: Abacus, x: Nested, *, groups: int, scale: bool, shift: bool) -> Nested:
    """Normalize groups of channels of every example."""
    keys = channel_keys(x, groups)
    return normalized(abacus, x, keys, learned=named(scale=scale, shift=shift))
