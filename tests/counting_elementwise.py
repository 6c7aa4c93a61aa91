"""The oracle's loops for what is done element by element, alone or with other tensors.

What is counted is said in :mod:`counting`. Besides: erf and log are counted with exp and
powers, both branches of a choice are computed, and what is chosen by is a comparison.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from functools import reduce

from counting import (
    Abacus,
    Index,
    Nested,
    Scalar,
    at,
    each,
    larger,
    lengths,
    places_of,
    shaped,
    smaller,
    total,
)

# Functions of one element ---------------------------------------------------------------


def relu(x: Scalar) -> Scalar:
    """Return max(x, 0)."""
    return larger(x, 0)


def relu6(x: Scalar) -> Scalar:
    """Return min(max(x, 0), 6)."""
    return smaller(larger(x, 0), 6)


def sigmoid(x: Scalar) -> Scalar:
    """Return 1 / (1 + exp(-x))."""
    return Scalar(1, x.tally) / ((-x).exp() + 1)


def tanh(x: Scalar) -> Scalar:
    """Return (e - 1) / (e + 1) with e = exp(2 x), taken once."""
    e = (x * 2).exp()
    return (e - 1) / (e + 1)


def hard_sigmoid(x: Scalar) -> Scalar:
    """Return min(max(0.2 x + 0.5, 0), 1)."""
    return smaller(larger(x * 0.2 + 0.5, 0), 1)


def hard_swish(x: Scalar) -> Scalar:
    """Return x * min(max(x + 3, 0), 6) / 6."""
    return x * smaller(larger(x + 3, 0), 6) / 6


def swish(x: Scalar) -> Scalar:
    """Return x * sigmoid(x)."""
    return x * sigmoid(x)


def positive(x: Scalar, yes: Scalar, no: Scalar) -> Scalar:
    """Return one of two numbers that are there, by whether x > 0."""
    return yes if Scalar(0, x.tally) < x else no


def leaky_relu(x: Scalar) -> Scalar:
    """Return x where x > 0, else x / 4."""
    return positive(x, x, x * 0.25)


ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805


def elu(x: Scalar) -> Scalar:
    """Return x where x > 0, else alpha * (exp(x) - 1)."""
    return positive(x, x, (x.exp() - 1) * ALPHA)


def selu(x: Scalar) -> Scalar:
    """Return an elu, scaled."""
    return elu(x) * SCALE


def gelu(x: Scalar) -> Scalar:
    """Return x * (1 + erf(x / sqrt(2))) / 2."""
    return x * ((x * math.sqrt(1 / 2)).erf() + 1) * 0.5


def gelu_tanh(x: Scalar) -> Scalar:
    """Return x * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x**3))) / 2, by Horner."""
    a = math.sqrt(2 / math.pi)
    inner = x * (x * x * (a * 0.044715) + a)
    return x * (tanh(inner) + 1) * 0.5


def erf(x: Scalar) -> Scalar:
    """Return the error function."""
    return x.erf()


def exp(x: Scalar) -> Scalar:
    """Return e to the power of x."""
    return x.exp()


def log(x: Scalar) -> Scalar:
    """Return the natural logarithm."""
    return x.log()


def sqrt(x: Scalar) -> Scalar:
    """Return the square root."""
    return x.square_root()


def absolute(x: Scalar) -> Scalar:
    """Return x where x > 0, else -x."""
    return positive(x, x, -x)


def neg(x: Scalar) -> Scalar:
    """Return -x."""
    return -x


def reciprocal(x: Scalar) -> Scalar:
    """Return 1 / x."""
    return Scalar(1, x.tally) / x


def square(x: Scalar) -> Scalar:
    """Return x * x."""
    return x * x


def power(x: Scalar) -> Scalar:
    """Return the third power."""
    return x.power(3)


def clip(x: Scalar) -> Scalar:
    """Return min(max(x, -1), 2)."""
    return smaller(larger(x, -1), 2)


def softplus(x: Scalar) -> Scalar:
    """Return log(1 + exp(x))."""
    return (x.exp() + 1).log()


def mish(x: Scalar) -> Scalar:
    """Return x * tanh(softplus(x))."""
    return x * tanh(softplus(x))


def softsign(x: Scalar) -> Scalar:
    """Return x / (1 + abs(x))."""
    return x / (absolute(x) + 1)


_NAMED: tuple[Callable[[Scalar], Scalar], ...] = (
    *(relu, relu6, sigmoid, tanh, hard_sigmoid, hard_swish, swish, leaky_relu, elu, selu),
    *(gelu, gelu_tanh, erf, exp, log, sqrt, neg, reciprocal, square, power, clip),
    *(softplus, mish, softsign),
)
FUNCTIONS = {function.__name__: function for function in _NAMED} | {"abs": absolute}


def activation(abacus: Abacus, x: Nested, *, function: str, axis: int = 1) -> Nested:
    """Apply a function to every element, or softmax along an axis."""
    del abacus
    if function in VECTORS:
        return along(VECTORS[function], x, axis=axis)
    return each(FUNCTIONS[function], x)


# Softmax --------------------------------------------------------------------------------


def vector(x: Nested, place: Index, axis: int) -> list[Scalar]:
    """Return the numbers along an axis at a place of the others."""
    return [at(x, (*place[:axis], i, *place[axis:])) for i in range(lengths(x)[axis])]


def along(function: Callable[..., list[Scalar]], *tensors: Nested, axis: int) -> Nested:
    """Apply a function to the vectors along an axis that stand at one place."""
    shape = lengths(tensors[0])
    axis %= len(shape)
    others = (*shape[:axis], *shape[axis + 1 :])
    found = {
        place: function(*[vector(x, place, axis) for x in tensors]) for place in places_of(others)
    }
    return shaped(shape, lambda at: found[*at[:axis], *at[axis + 1 :]][at[axis]])


def softmax(numbers: list[Scalar]) -> list[Scalar]:
    """Return exp(v - largest) over the sum of all of these."""
    largest = reduce(larger, numbers)
    powers = [(value - largest).exp() for value in numbers]
    divisor = total(powers)
    return [power / divisor for power in powers]


def log_softmax(numbers: list[Scalar]) -> list[Scalar]:
    """Return v - largest - log(sum of exp(v - largest))."""
    largest = reduce(larger, numbers)
    below = [value - largest for value in numbers]
    logarithm = total([value.exp() for value in below]).log()
    return [value - logarithm for value in below]


VECTORS = {function.__name__: function for function in (softmax, log_softmax)}


def prelu(abacus: Abacus, x: Nested, *, shared: bool) -> Nested:
    """Return x where x > 0, else x times the slope of its channel, or the one slope."""

    def output(place: Index) -> Scalar:
        value = at(x, place)
        return positive(value, value, value * abacus.weights[0 if shared else place[1],])

    return shaped(lengths(x), output)


# Several tensors ------------------------------------------------------------------------


def read_again(shape: Index, place: Index) -> Index:
    """Return where a tensor of this shape is read for a place: at 0 where it has one element."""
    aligned = place[len(place) - len(shape) :]
    return tuple(0 if extent == 1 else i for extent, i in zip(shape, aligned, strict=True))


def joined(shapes: list[Index]) -> Index:
    """Return the shape on which tensors meet."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    extents = [{*axis} - {1} or {1} for axis in zip(*padded, strict=True)]
    return tuple(extent for (extent,) in extents)


def combined(function: Callable[[list[Scalar]], Scalar], tensors: tuple[Nested, ...]) -> Nested:
    """Apply a function to what stands at one place in all tensors."""
    shapes = [lengths(x) for x in tensors]

    def output(place: Index) -> Scalar:
        pairs = zip(tensors, shapes, strict=True)
        return function([at(x, read_again(shape, place)) for x, shape in pairs])

    return shaped(joined(shapes), output)


def folding(function: Callable[[Scalar, Scalar], Scalar]) -> Callable[..., Nested]:
    """Return a loop that folds all tensors, from the first on."""

    def loop(abacus: Abacus, *tensors: Nested) -> Nested:
        del abacus
        return combined(lambda items: reduce(function, items), tensors)

    return loop


add = folding(operator.add)
subtract = folding(operator.sub)
multiply = folding(operator.mul)
divide = folding(operator.truediv)
maximum = folding(larger)
minimum = folding(smaller)

OPERATIONS: dict[str, Callable[[Scalar, Scalar], Scalar]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "power": lambda x, exponent: x.power(float(exponent)),
    "maximum": larger,
    "minimum": smaller,
}
ROLES = {"add": "shifts", "subtract": "shifts", "multiply": "scales", "divide": "scales"}


def arithmetic(
    abacus: Abacus, x: Nested, *, function: str, operand: Index, learned: bool
) -> Nested:
    """Combine every element with a constant that is stored, or learned."""
    bank = getattr(abacus, ROLES.get(function, "weights")) if learned else abacus.constants

    def output(place: Index) -> Scalar:
        value = at(x, read_again(lengths(x), place))
        return OPERATIONS[function](value, bank[read_again(operand, place)])

    return shaped(joined([lengths(x), operand]), output)
