"""An oracle for the layer rules: numbers that count what is done to them, and naive loops.

Every kind is computed literally, element by element, from its mathematical definition. The
loops know nothing of convcost: they take a kind's attributes by name. What is counted:

- a sum of K terms starts with its first term, so it is K - 1 adds; a bias is one more add;
- a subtraction is an add; a change of sign is free;
- the larger or smaller of two numbers is one comparison;
- padding is read and computed with like any other element;
- an expression of constants alone (``alpha / size``) is a constant;
- indices, and the number of elements a mean is divided by, are geometry, not arithmetic.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from itertools import chain, count, product
from typing import Any, Literal, NamedTuple, NotRequired, TypedDict, Unpack, cast

GOLDEN = (math.sqrt(5) - 1) / 2
MOMENTUM = 0.9
EPSILON = 1e-5


# Numbers that count ---------------------------------------------------------------------


@dataclass(slots=True)
class Tally:
    """How many scalar operations of each sort were done."""

    multiplies: int = 0
    adds: int = 0
    comparisons: int = 0
    divisions: int = 0
    exponentials: int = 0
    square_roots: int = 0


@dataclass(slots=True, eq=False)
class Scalar:
    """A number that writes down in its tally every operation it takes part in."""

    value: float
    tally: Tally

    def __float__(self) -> float:
        return float(self.value)

    def __neg__(self) -> Scalar:
        return Scalar(-self.value, self.tally)

    def __add__(self, other: Scalar | float) -> Scalar:
        self.tally.adds += 1
        return Scalar(self.value + float(other), self.tally)

    def __sub__(self, other: Scalar | float) -> Scalar:
        self.tally.adds += 1
        return Scalar(self.value - float(other), self.tally)

    def __mul__(self, other: Scalar | float) -> Scalar:
        self.tally.multiplies += 1
        return Scalar(self.value * float(other), self.tally)

    def __truediv__(self, other: Scalar | float) -> Scalar:
        self.tally.divisions += 1
        divisor = float(other)
        return Scalar(self.value / divisor if divisor else math.nan, self.tally)

    def __lt__(self, other: Scalar | float) -> bool:
        self.tally.comparisons += 1
        return self.value < float(other)

    def exp(self) -> Scalar:
        """Return e to the power of this."""
        self.tally.exponentials += 1
        return Scalar(math.exp(self.value), self.tally)

    def power(self, exponent: float) -> Scalar:
        """Return this to the power of ``exponent``."""
        self.tally.exponentials += 1
        real = self.value > 0 or float(exponent).is_integer()
        return Scalar(self.value**exponent if real else math.nan, self.tally)

    def log(self) -> Scalar:
        """Return the natural logarithm of this."""
        self.tally.exponentials += 1
        return Scalar(math.log(self.value) if self.value > 0 else math.nan, self.tally)

    def erf(self) -> Scalar:
        """Return the error function of this."""
        self.tally.exponentials += 1
        return Scalar(math.erf(self.value), self.tally)

    def square_root(self) -> Scalar:
        """Return the square root of this."""
        self.tally.square_roots += 1
        return Scalar(math.sqrt(self.value) if self.value > 0 else math.nan, self.tally)


Bank = defaultdict[tuple[int, ...], Scalar]
"""Stored numbers, each made when a loop first asks for it: its length is what was touched."""


class Abacus:
    """What one computation counts: its operations, and the stored numbers it touches."""

    def __init__(self, *, training: bool = False) -> None:
        """Start from nothing; ``training`` is what batch norm and dropout ask for."""
        self.training = training
        self.tally = Tally()
        self._steps = count(1)
        self.weights: Bank = defaultdict(self.number)
        self.biases: Bank = defaultdict(self.number)
        self.scales: Bank = defaultdict(self.number)
        self.shifts: Bank = defaultdict(self.number)
        self.constants: Bank = defaultdict(self.number)
        self.means: Bank = defaultdict(self.number)
        self.variances: Bank = defaultdict(lambda: self.scalar(self.draw() + 0.5))

    def scalar(self, value: float) -> Scalar:
        """Return a number of this abacus."""
        return Scalar(value, self.tally)

    def draw(self) -> float:
        """Return the next of a fixed sequence that fills the range from 0 to 1 evenly."""
        return next(self._steps) * GOLDEN % 1

    def number(self) -> Scalar:
        """Return some number from -2 to 2."""
        return self.scalar(4 * self.draw() - 2)

    def tensor(self, shape: tuple[int, ...]) -> Nested:
        """Return nested lists of some numbers."""
        return shaped(shape, lambda _: self.number())

    def planes(self, *planes: list[list[float]]) -> Map:
        """Return one image with these channels."""
        return [[[[self.scalar(value) for value in row] for row in plane] for plane in planes]]

    def parameters(self) -> dict[str, int]:
        """Return how many learned numbers of each role were touched."""
        return {
            "weights": len(self.weights),
            "biases": len(self.biases),
            "scales": len(self.scales),
            "shifts": len(self.shifts),
        }

    def statistics(self) -> int:
        """Return how many running statistics were touched."""
        return len(self.means) + len(self.variances)


# Tensors as nested lists ----------------------------------------------------------------

Plane = list[list[Scalar]]
Map = list[list[Plane]]
Rows = list[list[Scalar]]
Nested = list[Any]
"""Lists of any depth; a batch, and channels in it."""
Index = tuple[int, ...]


def shaped(shape: Index, make: Callable[[Index], Scalar]) -> Nested:
    """Return nested lists with what is made for every place, the last axis fastest."""

    def inside(place: Index) -> Any:
        if len(place) == len(shape):
            return make(place)
        return [inside((*place, i)) for i in range(shape[len(place)])]

    return cast("Nested", inside(()))


def at(x: Any, place: Index) -> Scalar:
    """Return the number at a place."""
    for i in place:
        x = x[i]
    return cast("Scalar", x)


def places_of(shape: Index) -> Iterator[Index]:
    """Return all places of a shape, the last axis fastest."""
    return product(*map(range, shape))


def leaves(x: object) -> Iterator[Scalar]:
    """Return the numbers of nested lists, in order."""
    if isinstance(x, list):
        for item in x:
            yield from leaves(item)
    else:
        yield cast("Scalar", x)


def as_map(x: Nested) -> Map:
    """Return a batch of any rank as feature maps: what is behind the channels in one row."""
    if len(lengths(x)) == 4:
        return x
    return [[[list(leaves(channel))] for channel in example] for example in x]


def ranked_like(x: Nested, result: Map) -> Nested:
    """Return the result in the shape of ``x``."""
    numbers = leaves(result)
    return shaped(lengths(x), lambda _: next(numbers))


def lengths(x: object) -> tuple[int, ...]:
    """Return the lengths of nested lists, all alike on each level."""
    if not isinstance(x, list):
        return ()
    (inner,) = {lengths(item) for item in x}
    return (len(x), *inner)


def values(x: object) -> list[float]:
    """Return the plain numbers of nested lists, in order."""
    if isinstance(x, Scalar):
        return [x.value]
    assert isinstance(x, list)
    return [value for item in x for value in values(item)]


def each(function: Callable[..., Scalar], *tensors: Nested) -> Nested:
    """Apply a function to every element, or to all that stand at one place."""
    assert len({lengths(x) for x in tensors}) == 1
    return shaped(lengths(tensors[0]), lambda place: function(*[at(x, place) for x in tensors]))


def flatten(x: Nested) -> Rows:
    """See every example as one row."""
    return [list(leaves(example)) for example in x]


# Sums and extremes ----------------------------------------------------------------------


def total(terms: Iterable[Scalar]) -> Scalar:
    """Add all terms to the first: an add for every term but one."""
    return reduce(operator.add, terms)


def larger(left: Scalar, right: Scalar | float) -> Scalar:
    """Return the larger of two: one comparison."""
    return Scalar(float(right), left.tally) if left < right else left


def smaller(left: Scalar, right: Scalar | float) -> Scalar:
    """Return the smaller of two: one comparison."""
    return left if left < right else Scalar(float(right), left.tally)


def dot(left: Iterable[Scalar], right: Iterable[Scalar]) -> Scalar:
    """Multiply pair by pair and add up the products."""
    return total([a * b for a, b in zip(left, right, strict=True)])


# Windows, enumerated --------------------------------------------------------------------

Pair = tuple[int, int]
Same = Literal["same", "same_lower"]
Padding = Same | tuple[Pair, Pair]


@dataclass(frozen=True, slots=True)
class Axis:
    """The windows on one axis: for each, which indices of the input it reads.

    An index below 0 or beyond ``inside`` is padding; one beyond ``padded`` hangs over.
    """

    windows: list[list[int]]
    inside: range
    padded: range

    @property
    def fits(self) -> bool:
        """Whether the first window lies within the input and its padding."""
        return bool(self.windows) and self.windows[0][-1] in self.padded


def same_padding(extent: int, reach: int, stride: int) -> Pair:
    """Return TensorFlow's padding for ``SAME``: the odd one goes behind.

    Source: Notes on padding in tensorflow/python/ops/nn_ops.py.
    """
    rest = extent % stride
    missing = max(reach - (rest or stride), 0)
    return missing // 2, missing - missing // 2


class Slide(NamedTuple):
    """How a window moves along one axis."""

    kernel: int
    stride: int
    padding: Same | Pair
    dilation: int
    rounding: str = "valid"

    def along(self, extent: int) -> Axis:
        """Try the windows one after the other.

        ``valid`` takes those that lie within the input and its padding. ``full`` goes on
        until a window reaches the end, as rounding up does. ``clamped`` leaves out of
        these what would start behind the input.
        """
        taps = range(0, self.kernel * self.dilation, self.dilation)
        reach = taps[-1] + 1
        if isinstance(self.padding, str):
            before, after = same_padding(extent, reach, self.stride)
            if self.padding == "same_lower":  # as ONNX's auto_pad has it: the odd one before
                before, after = after, before
        else:
            before, after = self.padding
        end = extent + after
        starts = [-before]
        while starts[-1] + reach < end:
            starts.append(starts[-1] + self.stride)
        if self.rounding == "valid" or isinstance(self.padding, str):
            starts = [start for start in starts if start + reach <= end]
        elif self.rounding == "clamped":
            starts = [start for start in starts if start < extent]
        windows = [[start + tap for tap in taps] for start in starts]
        return Axis(windows, range(extent), range(-before, end))


class Sliding(TypedDict):
    """How a window moves along the rows and the columns."""

    kernel: Pair
    stride: Pair
    padding: Padding
    dilation: Pair
    rounding: NotRequired[str]


def window_axes(x: Map, sliding: Sliding) -> Iterator[Axis]:
    """Return the windows on the rows, then those on the columns."""
    for i, extent in enumerate((len(x[0][0]), len(x[0][0][0]))):
        yield Slide(
            sliding["kernel"][i],
            sliding["stride"][i],
            sliding["padding"] if isinstance(sliding["padding"], str) else sliding["padding"][i],
            sliding["dilation"][i],
            sliding.get("rounding", "valid"),
        ).along(extent)


def patch(plane: Plane, down: list[int], across: list[int], outside: Scalar) -> list[Scalar]:
    """Return what a window reads of a plane; ``outside`` is what padding holds."""
    inside_rows, inside_columns = range(len(plane)), range(len(plane[0]))
    return [
        plane[i][j] if i in inside_rows and j in inside_columns else outside
        for i in down
        for j in across
    ]


# The kinds, one function each -----------------------------------------------------------


def conv2d(
    abacus: Abacus,
    x: Map,
    *,
    filters: int,
    groups: int,
    bias: bool,
    **sliding: Unpack[Sliding],
) -> Map:
    """Cross-correlate: a dot product over a patch of the group's channels, then the bias."""
    rows, columns = window_axes(x, sliding)
    channels = len(x[0]) // groups
    taps = list(product(*map(range, sliding["kernel"])))
    zero = abacus.scalar(0)

    def output(image: list[Plane], out: int, down: list[int], across: list[int]) -> Scalar:
        first = out // (filters // groups) * channels
        inputs = [patch(image[first + c], down, across, zero) for c in range(channels)]
        weights = [abacus.weights[out, c, a, b] for c in range(channels) for a, b in taps]
        result = dot(chain(*inputs), weights)
        return result + abacus.biases[out,] if bias else result

    return [
        [
            [
                [output(image, out, down, across) for across in columns.windows]
                for down in rows.windows
            ]
            for out in range(filters)
        ]
        for image in x
    ]


def pool2d(
    abacus: Abacus, x: Map, *, mode: str, count_padding: bool, **sliding: Unpack[Sliding]
) -> Map:
    """Take the maximum of every window, or its sum over how many of its elements count."""
    rows, columns = window_axes(x, sliding)
    outside = abacus.scalar(-math.inf if mode == "max" else 0)

    def output(plane: Plane, down: list[int], across: list[int]) -> Scalar:
        elements = patch(plane, down, across, outside)
        if mode == "max":
            return reduce(larger, elements)
        counted = [
            len([i for i in taps if i in (axis.padded if count_padding else axis.inside)])
            for axis, taps in ((rows, down), (columns, across))
        ]
        return total(elements) / math.prod(counted)

    return [
        [
            [[output(plane, down, across) for across in columns.windows] for down in rows.windows]
            for plane in image
        ]
        for image in x
    ]


def global_pool2d(_: Abacus, x: Map, *, mode: str) -> Map:
    """Reduce every channel to its maximum, or to its sum over its size."""

    def output(plane: Plane) -> Scalar:
        elements = list(chain(*plane))
        return reduce(larger, elements) if mode == "max" else total(elements) / len(elements)

    return [[[[output(plane)]] for plane in image] for image in x]


def dense(abacus: Abacus, x: Nested, *, units: int, bias: bool, flatten: bool = True) -> Nested:
    """Take for every unit a dot product over all features, or the last axis; then the bias."""

    def output(row: list[Scalar], unit: int) -> Scalar:
        result = dot(row, [abacus.weights[unit, feature] for feature in range(len(row))])
        return result + abacus.biases[unit,] if bias else result

    if flatten:
        return [[output(list(leaves(row)), unit) for unit in range(units)] for row in x]
    shape = (*lengths(x)[:-1], units)
    return shaped(shape, lambda place: output(vector_at(x, place[:-1]), place[-1]))


def vector_at(x: Any, place: Index) -> list[Scalar]:
    """Return the numbers along the last axis at a place of the others."""
    for i in place:
        x = x[i]
    return cast("list[Scalar]", x)


def batch_norm(abacus: Abacus, x: Nested, *, scale: bool, shift: bool) -> Nested:
    """Normalize every channel over batch, rows and columns; then scale and shift it."""
    images = as_map(x)
    by_channel = [list(chain(*chain(*planes))) for planes in zip(*images, strict=True)]
    channels = [
        iter(_normalized(abacus, c, elements, scale=scale, shift=shift))
        for c, elements in enumerate(by_channel)
    ]
    result = [
        [[[next(channels[c]) for _ in row] for row in plane] for c, plane in enumerate(image)]
        for image in images
    ]
    return ranked_like(x, result)


def _normalized(
    abacus: Abacus, channel: int, elements: list[Scalar], *, scale: bool, shift: bool
) -> list[Scalar]:
    """Normalize one channel: in training by its own mean and variance, which move the stored."""
    key = (channel,)
    mean = total(elements) / len(elements) if abacus.training else abacus.means[key]
    deviations = [element - mean for element in elements]
    if abacus.training:
        variance = total([d * d for d in deviations]) / len(elements)
        _move(abacus.means, key, mean)
        _move(abacus.variances, key, variance)
    else:
        variance = abacus.variances[key]
    deviation = (variance + EPSILON).square_root()
    result = [d / deviation for d in deviations]
    if scale:
        result = [y * abacus.scales[key] for y in result]
    return [y + abacus.shifts[key] for y in result] if shift else result


def _move(bank: Bank, key: tuple[int, ...], observed: Scalar) -> None:
    """Move a running statistic towards what was observed."""
    bank[key] = bank[key] * MOMENTUM + observed * (1 - MOMENTUM)


def lrn(
    abacus: Abacus,
    x: Map,
    *,
    size: int,
    constants: tuple[float, float, float] = (1e-4, 0.75, 2),
) -> Map:
    """Divide every element by (k + alpha/size * squares of the channels around it) ** beta."""
    alpha, beta, k = constants
    zero = abacus.scalar(0)

    def output(image: list[Plane], c: int, i: int, j: int) -> Scalar:
        around = range(c - size // 2, c - size // 2 + size)
        near = [image[near][i][j] if near in range(len(image)) else zero for near in around]
        return image[c][i][j] / (dot(near, near) * (alpha / size) + k).power(beta)

    return [
        [
            [[output(image, c, i, j) for j in range(len(row))] for i, row in enumerate(plane)]
            for c, plane in enumerate(image)
        ]
        for image in x
    ]


def dropout(abacus: Abacus, x: Nested, *, rate: float) -> Nested:
    """In training, multiply by 1/(1 - rate) where a random number is below 1 - rate, else by 0."""
    if not abacus.training:
        return x
    kept = 1 / (1 - rate)
    return each(lambda value: value * (kept if abacus.scalar(abacus.draw()) < 1 - rate else 0), x)


def concat(_: Abacus, *tensors: Nested, axis: int) -> Nested:
    """Lay tensors behind one another along an axis."""
    return joined(tensors, axis % len(lengths(tensors[0])))


def joined(tensors: tuple[Nested, ...], axis: int) -> Nested:
    """Lay nested lists behind one another, as deep as the axis is."""
    if axis == 0:
        return list(chain(*tensors))
    return [joined(parts, axis - 1) for parts in zip(*tensors, strict=True)]


def flattened(_: Abacus, x: Nested) -> Rows:
    """See every image as one row."""
    return flatten(x)


def identity(_: Abacus, x: Nested) -> Nested:
    """Hand the input on."""
    return x


# Convolution as a matrix product --------------------------------------------------------


def im2col(abacus: Abacus, x: Map, **sliding: Unpack[Sliding]) -> Rows:
    """Lay out the patch of every position as a column: c * k_h * k_w rows, n * h' * w' columns."""
    rows, columns = window_axes(x, sliding)
    zero = abacus.scalar(0)
    patches = [
        [value for plane in image for value in patch(plane, down, across, zero)]
        for image in x
        for down in rows.windows
        for across in columns.windows
    ]
    return [list(row) for row in zip(*patches, strict=True)]


def matrix_product(left: Rows, right: Rows) -> Rows:
    """Multiply two matrices: a dot product of every row with every column."""
    columns = list(zip(*right, strict=True))
    return [[dot(row, column) for column in columns] for row in left]
