"""An oracle for backward work: the gradients of every kind, by numbers that count, in naive loops.

The numbers are those of :mod:`counting`, whose loops are the forward pass; what they count
holds here as well. Besides:

- what the gradients of the inputs take and what those of the parameters take is counted
  apart; what both need is counted with the parameters;
- a gradient that is a dot product is one: K products and K - 1 adds. The gradient of a
  convolution's weight is one over the positions of all images, padded ones included, that
  of a dense weight over the images; the gradient of a dense input is one over the units;
- the gradient of a bias or a shift is a sum of K terms: K - 1 adds;
- what sliding windows scatter is added into zeros, one add for every contribution. It is
  done on the padded input, so that no tap is left out, and the padding is cut off at the end;
- a copy, a slice, a view, and a choice between two numbers that are there are free; what is
  compared to choose is counted, and nothing is left out because of how a comparison ended;
- what the forward pass saved is not computed again. That is its inputs and its outputs;
  which element was the largest of its window; a batch's mean and root, which is the square
  root of variance + epsilon; the denominators of lrn before they are raised to a power; and
  the mask of dropout. Where a loop here computes such a thing it does so with the numbers
  of the forward pass, on whose tally it falls;
- gradients that meet where an output is used more than once are added by the network, not
  by a layer.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain, product
from typing import TypeVar, Unpack, cast

from counting import (
    EPSILON,
    Abacus,
    Bank,
    Map,
    Nested,
    Rows,
    Scalar,
    Sliding,
    as_map,
    dot,
    each,
    lengths,
    patch,
    ranked_like,
    shaped,
    total,
    window_axes,
)
from counting import flatten as as_rows

T = TypeVar("T")


# A backward pass ------------------------------------------------------------------------


class Pass:
    """What the forward pass saved, the gradient that comes from behind, and two abaci.

    ``for_inputs`` counts what the gradients of the inputs take, ``for_parameters`` what
    those of the parameters take. The latter end up in its banks, under the parameters' keys.
    """

    def __init__(
        self, forward: Abacus, inputs: tuple[Nested, ...], output: Nested, gradient: Nested
    ) -> None:
        """Start from a forward pass and the gradient of its output."""
        self.forward = forward
        self.inputs = inputs
        self.output = output
        self.for_inputs = Abacus()
        self.for_parameters = Abacus()
        self.gradient = counted_by(self.for_inputs, gradient)

    @property
    def x(self) -> Map:
        """The first input, as feature maps."""
        return as_map(self.inputs[0])

    @property
    def y(self) -> Map:
        """The output, as feature maps."""
        return as_map(self.output)

    @property
    def dy(self) -> Map:
        """The gradient of the output, as feature maps."""
        return as_map(self.gradient)

    def zeros(self) -> Bank:
        """Return a zero for every place: where gradients of inputs are gathered."""
        return defaultdict(lambda: self.for_inputs.scalar(0))


Gradients = tuple[Nested, ...]
"""One for each input."""


def counted_by(abacus: Abacus, x: T) -> T:
    """Return the same numbers; what is done to them goes to this abacus."""
    if isinstance(x, Scalar):
        return cast("T", abacus.scalar(x.value))
    assert isinstance(x, list)
    return cast("T", [counted_by(abacus, item) for item in x])


def cut_out(gathered: Bank, x: Nested) -> Nested:
    """Return what was gathered at the places of a tensor; the padding is left behind."""
    result = [
        [
            [[gathered[n, c, i, j] for j in range(len(row))] for i, row in enumerate(plane)]
            for c, plane in enumerate(image)
        ]
        for n, image in enumerate(as_map(x))
    ]
    return ranked_like(x, result)


def positions(x: Map) -> Iterator[tuple[int, int, int]]:
    """Return image, row and column of every vector of channels."""
    return product(range(len(x)), range(len(x[0][0])), range(len(x[0][0][0])))


# The kinds, one function each -----------------------------------------------------------


def conv2d(
    back: Pass, *, filters: int, groups: int, bias: bool, **sliding: Unpack[Sliding]
) -> Gradients:
    """Scatter every output's gradient over its patch, and gather every weight's over the images."""
    rows, columns = window_axes(back.x, sliding)
    channels = len(back.x[0]) // groups
    weights, zero = back.forward.weights, back.forward.scalar(0)
    dx = back.zeros()
    for n, out, (i, down), (j, across) in product(
        range(len(back.x)), range(filters), enumerate(rows.windows), enumerate(columns.windows)
    ):
        first = out // (filters // groups) * channels
        for c, (a, row), (b, column) in product(
            range(channels), enumerate(down), enumerate(across)
        ):
            dx[n, first + c, row, column] += back.dy[n][out][i][j] * weights[out, c, a, b]

    learned, kernel = back.for_parameters, map(range, sliding["kernel"])
    dy = counted_by(learned, back.dy)
    for out, c, a, b in product(range(filters), range(channels), *kernel):
        first = out // (filters // groups) * channels
        seen = [
            patch(image[first + c], [down[a]], [across[b]], zero)[0]
            for image in back.x
            for down in rows.windows
            for across in columns.windows
        ]
        learned.weights[out, c, a, b] = dot(of_channel(dy, out), seen)
    if bias:
        for out in range(filters):
            learned.biases[out,] = total(of_channel(dy, out))
    return (cut_out(dx, back.x),)


def of_channel(x: Map, c: int) -> list[Scalar]:
    """Return the elements of one channel in all images."""
    return [x[n][c][i][j] for n, i, j in positions(x)]


def pool2d(back: Pass, *, mode: str, count_padding: bool, **sliding: Unpack[Sliding]) -> Gradients:
    """Add to the largest element of every window, or the quotient to all of its elements."""
    rows, columns = window_axes(back.x, sliding)
    outside = back.forward.scalar(-math.inf)
    dx = back.zeros()
    for n, c, (i, down), (j, across) in product(
        range(len(back.x)),
        range(len(back.x[0])),
        enumerate(rows.windows),
        enumerate(columns.windows),
    ):
        places = list(product(down, across))
        gradient = back.dy[n][c][i][j]
        if mode == "max":
            places = [places[largest(patch(back.x[n][c], down, across, outside))]]
        else:
            within = [axis.padded if count_padding else axis.inside for axis in (rows, columns)]
            counted = [row in within[0] and column in within[1] for row, column in places]
            gradient = gradient / sum(counted)
        for row, column in places:
            dx[n, c, row, column] += gradient
    return (cut_out(dx, back.x),)


def largest(elements: list[Scalar]) -> int:
    """Return where the largest element is, the first of several: the forward pass saved it."""
    return max(range(len(elements)), key=lambda i: elements[i].value)


def global_pool2d(back: Pass, *, mode: str) -> Gradients:
    """Copy to the largest element of every channel, or the quotient to all of its elements."""
    dx = back.zeros()
    for n, image in enumerate(back.x):
        for c, plane in enumerate(image):
            places = list(product(range(len(plane)), range(len(plane[0]))))
            gradient = back.dy[n][c][0][0]
            if mode == "max":
                places = [places[largest(list(chain(*plane)))]]
            else:
                gradient = gradient / len(places)
            dx.update({(n, c, i, j): gradient for i, j in places})
    return (cut_out(dx, back.x),)


def dense(back: Pass, *, units: int, bias: bool, flatten: bool = True) -> Gradients:
    """Take for every input a dot product over the units, for every weight one over the vectors."""
    x, dy = (rows_of(of, flatten=flatten) for of in (back.inputs[0], back.gradient))
    features = range(len(x[0]))
    weights = [[back.forward.weights[unit, f] for unit in range(units)] for f in features]
    dx = [[dot(row, weights[f]) for f in features] for row in dy]

    learned = back.for_parameters
    by_unit = list(zip(*counted_by(learned, dy), strict=True))
    for unit, f in product(range(units), features):
        learned.weights[unit, f] = dot(by_unit[unit], [row[f] for row in x])
    if bias:
        for unit in range(units):
            learned.biases[unit,] = total(by_unit[unit])
    return (folded_like(back.inputs[0], dx),)


def rows_of(x: Nested, *, flatten: bool) -> Rows:
    """See every example as a row, or list the vectors along the last axis."""
    if flatten or len(lengths(x)) == 2:
        return as_rows(x)
    return [row for item in x for row in rows_of(item, flatten=False)]


def folded_like(x: Nested, rows: Rows) -> Nested:
    """See rows as a tensor of this shape."""
    numbers = iter(chain(*rows))
    return shaped(lengths(x), lambda _: next(numbers))


def batch_norm(back: Pass, *, scale: bool, shift: bool) -> Gradients:
    """Go back through every channel's scale and shift, and through the statistics of the batch."""
    dx = back.zeros()
    for c in range(len(back.x[0])):
        result = _normalized(back, c, scale=scale, shift=shift)
        dx.update({(n, c, i, j): g for (n, i, j), g in zip(positions(back.x), result, strict=True)})
    return (cut_out(dx, back.inputs[0]),)


def _normalized(back: Pass, c: int, *, scale: bool, shift: bool) -> list[Scalar]:
    """Go back through one channel; what its scale and shift need is there for its input too."""
    ours, learned = back.for_inputs, back.for_parameters
    elements, dy = of_channel(back.x, c), of_channel(back.dy, c)
    size = len(elements)
    mean = total(elements) / size
    root = (total([(x - mean).power(2) for x in elements]) / size + EPSILON).square_root()

    by = learned if scale else ours
    normal = [(x - mean) / root for x in counted_by(by, elements)]
    along = dot(counted_by(by, dy), normal)
    level = total(counted_by(learned if shift else ours, dy))
    if scale:
        learned.scales[c,] = along
    if shift:
        learned.shifts[c,] = level

    factor = ours.scalar(float(back.forward.scales[c,]) if scale else 1) / root
    steep, flat = counted_by(ours, along) / size, counted_by(ours, level) / size
    return [
        (g - flat - h * steep) * factor for g, h in zip(dy, counted_by(ours, normal), strict=True)
    ]


def lrn(
    back: Pass, *, size: int, constants: tuple[float, float, float] = (1e-4, 0.75, 2)
) -> Gradients:
    """Return dy * d**-beta - 2 alpha beta / size * x * (dy * y / d, summed).

    ``d`` is what the forward pass raises to beta. The sum is over the channels in whose
    windows this one lies: with an even size these are not the channels of its own window.
    """
    alpha, beta, k = constants
    zero = back.forward.scalar(0)
    channels = range(len(back.x[0]))

    def window(c: int) -> range:
        return range(c - size // 2, c - size // 2 + size)

    dx = back.zeros()
    for n, i, j in positions(back.x):
        x, y, dy = ([plane[i][j] for plane in image[n]] for image in (back.x, back.y, back.dy))
        near = [[x[b] if b in channels else zero for b in window(c)] for c in channels]
        d = [counted_by(back.for_inputs, dot(v, v) * (alpha / size) + k) for v in near]
        ratios = [dy[c] * y[c] / d[c] for c in channels]
        for c in channels:
            reached = [b for b in range(c - size, c + size + 1) if c in window(b)]
            terms = [ratios[b] if b in channels else back.for_inputs.scalar(0) for b in reached]
            spread = total(terms) * x[c] * (2 * alpha * beta / size)
            dx[n, c, i, j] = dy[c] * d[c].power(-beta) - spread
    return (cut_out(dx, back.x),)


def dropout(back: Pass, *, rate: float) -> Gradients:
    """Multiply by the mask: 1/(1 - rate), but 0 where the forward pass dropped an element."""
    kept = 1 / (1 - rate)
    return (each(lambda dy, y: dy * (kept if y.value else 0), back.gradient, back.output),)


def concat(back: Pass, *, axis: int) -> Gradients:
    """Cut the gradient into what every input gave along the axis."""
    axis %= len(lengths(back.gradient))
    gradients: list[Nested] = []
    first = 0
    for x in back.inputs:
        part = x
        for _ in range(axis):
            part = part[0]
        last = first + len(part)
        gradients.append(cut_between(back.gradient, axis, first, last))
        first = last
    return tuple(gradients)


def cut_between(x: Nested, axis: int, first: int, last: int) -> Nested:
    """Return the positions of an axis from the first one on, without the last."""
    if axis == 0:
        return x[first:last]
    return [cut_between(each, axis - 1, first, last) for each in x]


def flattened(back: Pass) -> Gradients:
    """See every row as the image it was."""
    return (folded_like(back.inputs[0], as_rows(back.gradient)),)


def identity(back: Pass) -> Gradients:
    """Hand the gradient on."""
    return (back.gradient,)


# The optimizers: one step of one parameter ----------------------------------------------

LEARNING_RATE = 0.125


def sgd(w: Scalar, g: Scalar, state: list[Scalar], time: int) -> Scalar:
    """Return w - rate * g."""
    del state, time
    return w - g * LEARNING_RATE


def momentum(w: Scalar, g: Scalar, state: list[Scalar], time: int, *, mu: float = 0.75) -> Scalar:
    """Move v to mu * v - rate * g and return w + v."""
    del time
    (v,) = state
    state[:] = [v * mu - g * LEARNING_RATE]
    return w + state[0]


def adam(
    w: Scalar,
    g: Scalar,
    state: list[Scalar],
    time: int,
    *,
    constants: tuple[float, float, float] = (0.9, 0.999, 1e-8),
) -> Scalar:
    """Follow Kingma & Ba, arXiv:1412.6980v9, algorithm 1; 1 - beta**time is a constant."""
    beta1, beta2, epsilon = constants
    m, v = state
    m = m * beta1 + g * (1 - beta1)
    v = v * beta2 + g * g * (1 - beta2)
    state[:] = [m, v]
    m_hat, v_hat = m / (1 - beta1**time), v / (1 - beta2**time)
    return w - m_hat * LEARNING_RATE / (v_hat.square_root() + epsilon)


OPTIMIZERS: dict[str, tuple[int, Callable[..., Scalar]]] = {
    "sgd": (0, sgd),
    "momentum": (1, momentum),
    "adam": (2, adam),
}
"""How many numbers an optimizer keeps for every parameter, and its step."""
