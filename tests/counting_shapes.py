"""The oracle's loops for what only moves elements, forward and backward.

Every kind says for each place of its output which place of the input it reads, by walking
over lists of indices; numbers are never touched. Backward, what is read at several places has
its gradients added up: an add for every place but one; a gather, which may read a place
several times, scatters into zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from counting import Abacus, Index, Nested, Scalar, at, lengths, places_of, shaped, total
from counting_backward import Gradients, Pass

Source = Callable[[Index], Index | None]
"""Where an output's place reads the input; None where it reads nothing of it."""
Moving = tuple[Index, Source]


def reshape(shape: Index, x: Index) -> Moving:
    """Count the elements off, in order; try how many are left over for -1."""
    places = list(places_of(x))
    wanted = tuple(x[axis] if extent == 0 else extent for axis, extent in enumerate(shape))
    for rest in count(1):
        found = tuple(rest if extent == -1 else extent for extent in wanted)
        if len(list(places_of(found))) == len(places):
            break
    order = dict(zip(places_of(found), places, strict=True))
    return found, lambda place: order[place]


def transpose(permutation: Index, x: Index) -> Moving:
    """Read axis i of the output on the axis of the input that it is."""
    rank = len(x)
    order = [range(rank)[axis] for axis in permutation]

    def source(place: Index) -> Index:
        found = [0] * rank
        for i, axis in enumerate(order):
            found[axis] = place[i]
        return tuple(found)

    return tuple(x[axis] for axis in order), source


def squeeze(axes: Index, x: Index) -> Moving:
    """Leave out axes."""
    left_out = {range(len(x))[axis] for axis in axes}
    kept = [axis for axis in range(len(x)) if axis not in left_out]

    def source(place: Index) -> Index:
        return tuple(place[kept.index(axis)] if axis in kept else 0 for axis in range(len(x)))

    return tuple(x[axis] for axis in kept), source


def unsqueeze(axes: Index, x: Index) -> Moving:
    """Put in axes, one by one from the first."""
    shape = list(x)
    for axis in sorted(range(len(x) + len(axes))[axis] for axis in axes):
        shape.insert(axis, 1)
    put_in = {range(len(shape))[axis] for axis in axes}
    return tuple(shape), lambda place: tuple(i for k, i in enumerate(place) if k not in put_in)


def picked(axis: int, indices: list[int], x: Index) -> Moving:
    """Take positions of an axis."""
    axis = range(len(x))[axis]
    shape = (*x[:axis], len(indices), *x[axis + 1 :])
    return shape, lambda place: (*place[:axis], indices[place[axis]], *place[axis + 1 :])


def slice_(axis: int, start: int, stop: int, step: int, x: Index) -> Moving:
    """Take a Python slice of the positions."""
    return picked(axis, list(range(x[axis]))[start : stop or None : step], x)


def gather(axis: int, number: int, x: Index) -> Moving:
    """Take some positions, again and again."""
    return picked(axis, [(3 * i + 1) % x[axis] for i in range(number)], x)


def pad(before: Index, after: Index, x: Index) -> Moving:
    """Walk from before the first position of every axis to behind the last."""
    axes = [
        list(range(-first, extent + last))
        for first, extent, last in zip(before, x, after, strict=True)
    ]

    def source(place: Index) -> Index | None:
        found = tuple(axis[i] for axis, i in zip(axes, place, strict=True))
        inside = all(i in range(extent) for i, extent in zip(found, x, strict=True))
        return found if inside else None

    return tuple(map(len, axes)), source


def expand(shape: Index, x: Index) -> Moving:
    """Read the one position of an axis again and again."""
    longer = tuple(max(pair) for pair in zip(shape, x, strict=True))
    return longer, lambda place: tuple(
        i if extent > 1 else 0 for i, extent in zip(place, x, strict=True)
    )


def constant(abacus: Abacus, x: Nested, *, shape: Index, learned: bool) -> Nested:
    """Give out numbers that are stored, or learned; on an axis of 0 the same again and again."""
    bank = abacus.weights if learned else abacus.constants
    lengths_ = tuple(extent or lengths(x)[axis] for axis, extent in enumerate(shape))
    return shaped(lengths_, lambda place: bank[stored(shape, place)])


def constant_backward(back: Pass, *, shape: Index, learned: bool) -> Gradients:
    """Add up what comes back to every learned number; the input gets nothing."""
    read: dict[Index, list[Scalar]] = {}
    for place in places_of(lengths(back.gradient)):
        value = at(back.gradient, place).value
        read.setdefault(stored(shape, place), []).append(back.for_parameters.scalar(value))
    if learned:
        for key, gradients in read.items():
            back.for_parameters.weights[key] = total(gradients)
    return (shaped(lengths(back.inputs[0]), lambda _: back.for_inputs.scalar(0)),)


def stored(shape: Index, place: Index) -> Index:
    """Return under which key the number lies that stands at a place."""
    return tuple(i if extent else 0 for i, extent in zip(place, shape, strict=True))


MOVES: dict[str, Callable[..., Moving]] = {
    "reshape": lambda x, shape: reshape(shape, x),
    "transpose": lambda x, permutation: transpose(permutation, x),
    "squeeze": lambda x, axes: squeeze(axes, x),
    "unsqueeze": lambda x, axes: unsqueeze(axes, x),
    "slice": lambda x, axis, start, stop, step: slice_(axis, start, stop, step, x),
    "gather": lambda x, axis, count: gather(axis, count, x),
    "pad": lambda x, before, after: pad(before, after, x),
    "expand": lambda x, shape: expand(shape, x),
}
"""From a shape and a kind's attributes, by its name, to what moves where."""


def forward(kind: str) -> Callable[..., Nested]:
    """Return the loop of a kind."""

    def loop(abacus: Abacus, x: Nested, **attributes: object) -> Nested:
        shape, source = MOVES[kind](lengths(x), **attributes)
        read = {place: source(place) for place in places_of(shape)}
        outside = abacus.scalar(0)
        return shaped(shape, lambda place: outside if read[place] is None else at(x, read[place]))  # type: ignore[arg-type]

    return loop


def backward(kind: str) -> Callable[..., Gradients]:
    """Return the backward loop of a kind."""

    def loop(back: Pass, **attributes: object) -> Gradients:
        x = lengths(back.inputs[0])
        shape, source = MOVES[kind](x, **attributes)
        read: dict[Index, list[Scalar]] = {place: [] for place in places_of(x)}
        for place in places_of(shape):
            found = source(place)
            if found is not None:
                read[found].append(at(back.gradient, place))

        def gathered(place: Index) -> Scalar:
            zero = back.for_inputs.scalar(0)
            if kind == "gather":
                return total([zero, *read[place]])
            return total(read[place]) if read[place] else zero

        return (shaped(x, gathered),)

    return loop
