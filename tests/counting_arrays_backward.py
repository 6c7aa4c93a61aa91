"""The oracle's backward loops for reductions, products of matrices and norms.

What is counted is said in :mod:`counting_backward`. Besides: the mean and the root of a group
are saved, and the place of an element that was chosen.
"""

from __future__ import annotations

from collections import defaultdict

from counting import (
    EPSILON,
    Index,
    Scalar,
    at,
    dot,
    lengths,
    places_of,
    shaped,
    total,
)
from counting_arrays import Key, channel_keys, gathered, layer_keys, named
from counting_backward import Gradients, Pass, counted_by
from counting_elementwise import read_again


def reduce(back: Pass, *, function: str, axes: Index, keep: bool) -> Gradients:
    """Copy to all elements, after a division for a mean; or to the one that was chosen."""
    x = back.inputs[0]
    found: dict[Index, Scalar] = {}
    for place, sources in gathered(x, axes, keep=keep).items():
        gradient = at(back.gradient, place)
        if function == "mean":
            gradient /= len(sources)
        reached = sources
        if function in {"max", "min"}:
            best = max if function == "max" else min
            reached = [best(sources, key=lambda source: at(x, source).value)]
        zero = back.for_inputs.scalar(0)
        found |= dict.fromkeys(sources, zero) | dict.fromkeys(reached, gradient)
    return (shaped(lengths(x), lambda place: found[place]),)


def matmul(back: Pass) -> Gradients:
    """Take a dot product over columns for the first, over rows for the second."""
    a, b = (counted_by(back.for_inputs, x) for x in back.inputs)
    shapes, output = (lengths(a), lengths(b)), lengths(back.output)
    rows, columns = range(output[-2]), range(output[-1])
    met: tuple[defaultdict[Index, list[Scalar]], ...] = (defaultdict(list), defaultdict(list))
    for leading in places_of(output[:-2]):
        left, right = (read_again(shape[:-2], leading) for shape in shapes)

        def dy(row: int, column: int, leading: Index = leading) -> Scalar:
            return at(back.gradient, (*leading, row, column))

        for k in range(shapes[0][-1]):
            for row in rows:
                products = [at(b, (*right, k, column)) for column in columns]
                da = dot([dy(row, column) for column in columns], products)
                met[0][*left, row, k].append(da)
            for column in columns:
                products = [at(a, (*left, row, k)) for row in rows]
                db = dot([dy(row, column) for row in rows], products)
                met[1][*right, k, column].append(db)
    da_sums, db_sums = (
        shaped(shape, lambda place, of=of: total(of[place]))  # type: ignore[misc]
        for shape, of in zip(shapes, met, strict=True)
    )
    return da_sums, db_sums


# Norms within an example ----------------------------------------------------------------


def normalized(back: Pass, keys: tuple[Key, Key], *, learned: str) -> Gradients:
    """Go back group by group; what a scale needs of the normalized input is there for it."""
    group_of, scale_of = keys
    ours, theirs = back.for_inputs, back.for_parameters
    x, dy = back.inputs[0], back.gradient
    groups: defaultdict[Index, list[Index]] = defaultdict(list)
    for place in places_of(lengths(x)):
        groups[group_of(place)].append(place)
    found: dict[Index, Scalar] = {}
    normal: dict[Index, Scalar] = {}
    for places in groups.values():
        elements = [at(x, place) for place in places]
        size = len(elements)
        mean = total(elements) / size
        root = (total([(e - mean).power(2) for e in elements]) / size + EPSILON).square_root()
        by = theirs if "scale" in learned else ours
        moved = counted_by(by, elements)
        hats = [(element - mean) / root for element in moved]
        normal |= dict(zip(places, hats, strict=True))
        hats = counted_by(ours, hats)
        scaled = [at(dy, place) for place in places]
        if "scale" in learned:
            factors = [back.forward.scales[scale_of(place)].value for place in places]
            scaled = [g * factor for g, factor in zip(scaled, factors, strict=True)]
        flat, steep = total(scaled) / size, dot(scaled, hats) / size
        inverse = ours.scalar(1) / root
        for place, g, hat in zip(places, scaled, hats, strict=True):
            found[place] = (g - flat - hat * steep) * inverse
    _sums(back, normal, scale_of, learned=learned)
    return (shaped(lengths(x), lambda place: found[place]),)


def _sums(back: Pass, normal: dict[Index, Scalar], scale_of: Key, *, learned: str) -> None:
    """Sum up dy for every shift, and dy times the normalized input for every scale."""
    theirs = back.for_parameters
    dy = counted_by(theirs, back.gradient)
    met: defaultdict[Index, list[Index]] = defaultdict(list)
    for place in normal:
        met[scale_of(place)].append(place)
    for key, places in met.items():
        gradients = [at(dy, place) for place in places]
        if "scale" in learned:
            theirs.scales[key] = dot(gradients, [normal[place] for place in places])
        if "shift" in learned:
            theirs.shifts[key] = total(gradients)


def layer_norm(back: Pass, *, dimensions: int, scale: bool, shift: bool) -> Gradients:
    """Go back over the last axes."""
    keys = layer_keys(back.inputs[0], dimensions)
    return normalized(back, keys, learned=named(scale=scale, shift=shift))


def instance_norm(back: Pass, *, scale: bool, shift: bool) -> Gradients:
    """Go back through every channel of every example."""
    keys = channel_keys(back.inputs[0], lengths(back.inputs[0])[1])
    return normalized(back, keys, learned=named(scale=scale, shift=shift))


def group_norm(back: Pass, *, groups: int, scale: bool, shift: bool) -> Gradients:
    """Go back through groups of channels."""
    keys = channel_keys(back.inputs[0], groups)
    return normalized(back, keys, learned=named(scale=scale, shift=shift))
