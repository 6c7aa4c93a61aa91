"""The oracle's backward loops for what is done element by element.

What is counted is said in :mod:`counting_backward`. Besides: what is read at several places
has its gradient summed up over them, an add for every place but one.
"""

from __future__ import annotations

import math
import operator
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from counting import Abacus, Index, Nested, Scalar, at, dot, each, lengths, places_of, shaped, total
from counting_backward import Gradients, Pass, counted_by
from counting_elementwise import (
    ALPHA,
    ROLES,
    SCALE,
    absolute,
    along,
    positive,
    read_again,
    sigmoid,
    softplus,
)
from counting_elementwise import tanh as tanh_of

# Functions of one element ---------------------------------------------------------------


def between(low: float, x: Scalar, high: float) -> bool:
    """Return whether a number lies between two others: two comparisons, however they end."""
    above, below = Scalar(low, x.tally) < x, x < high
    return above and below


def relu(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy where y > 0."""
    return positive(y, dy, Scalar(0, dy.tally))


def relu6(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy where 0 < y < 6."""
    return dy if between(0, y, 6) else Scalar(0, dy.tally)


def sigmoid_slope(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * y * (1 - y)."""
    return dy * y * (-y + 1)


def tanh(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (1 - y * y)."""
    return dy * (-(y * y) + 1)


def hard_sigmoid(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return 0.2 dy where 0 < y < 1."""
    rising = dy * 0.2
    return rising if between(0, y, 1) else Scalar(0, dy.tally)


def hard_swish(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * (x/3 + 1/2) where -3 < x < 3, and above it dy."""
    rising = dy * (x * (1 / 3) + 0.5)
    if between(-3, x, 3):
        return rising
    return dy if x.value > 0 else Scalar(0, dy.tally)


def swish(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * s * (1 + x * (1 - s)) with s = sigmoid(x), taken again."""
    s = sigmoid(x)
    return dy * (s * (x * (-s + 1) + 1))


def leaky_relu(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (1 or 1/4)."""
    return dy * positive(y, Scalar(1, dy.tally), Scalar(0.25, dy.tally))


def elu(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (1 or y + alpha)."""
    return dy * positive(y, Scalar(1, dy.tally), y + ALPHA)


def selu(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (scale or y + alpha * scale)."""
    return dy * positive(y, Scalar(SCALE, dy.tally), y + ALPHA * SCALE)


def gelu(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy times the normal distribution's function and x times its density."""
    below = (x * math.sqrt(1 / 2)).erf() * 0.5 + 0.5
    return dy * (below + x * (x * x * -0.5).exp() * (1 / math.sqrt(2 * math.pi)))


def gelu_tanh(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * (1 + t + x * (1 - t*t) * (a + 3 b x*x)) / 2, with x*x taken once."""
    a = math.sqrt(2 / math.pi)
    b = a * 0.044715
    squared = x * x
    t = tanh_of(x * (squared * b + a))
    rising = x * (-(t * t) + 1) * (squared * (3 * b) + a)
    return dy * (t + 1 + rising) * 0.5


def erf(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * exp(-x*x) * 2 / sqrt(pi)."""
    return dy * (-(x * x)).exp() * (2 / math.sqrt(math.pi))


def exp(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * y."""
    return dy * y


def log(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy / x."""
    return dy / x


def sqrt(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy / 2 / y."""
    return dy * 0.5 / y


def abs_slope(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy or -dy."""
    return positive(x, dy, -dy)


def neg(dy: Scalar, _: Scalar, __: Scalar) -> Scalar:
    """Return -dy."""
    return -dy


def reciprocal(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return -dy * y * y."""
    return -(dy * y * y)


def square(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * 2 * x."""
    return dy * 2 * x


def power(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * 3 * x**2."""
    return dy * 3 * x.power(2)


def clip(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy where -1 < y < 2."""
    return dy if between(-1, y, 2) else Scalar(0, dy.tally)


def softplus_slope(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (1 - exp(-y))."""
    return dy * (-(-y).exp() + 1)


def mish(dy: Scalar, x: Scalar, _: Scalar) -> Scalar:
    """Return dy * (t + x * (1 - t*t) * s), t and the sigmoid s taken again."""
    t = tanh_of(softplus(x))
    return dy * (t + x * (-(t * t) + 1) * sigmoid(x))


def softsign(dy: Scalar, _: Scalar, y: Scalar) -> Scalar:
    """Return dy * (1 - abs(y)) squared."""
    root = -absolute(y) + 1
    return dy * (root * root)


_NAMED: tuple[Callable[[Scalar, Scalar, Scalar], Scalar], ...] = (
    *(relu, relu6, tanh, hard_sigmoid, hard_swish, swish, leaky_relu, elu, selu, gelu),
    *(gelu_tanh, erf, exp, log, sqrt, neg, reciprocal, square, power, clip, mish, softsign),
)
SLOPES = {function.__name__: function for function in _NAMED} | {
    "sigmoid": sigmoid_slope,
    "abs": abs_slope,
    "softplus": softplus_slope,
}


def activation(back: Pass, *, function: str, axis: int) -> Gradients:
    """Multiply by a function's slope at every element, or go back through softmax."""
    x, y = (counted_by(back.for_inputs, saved) for saved in (back.inputs[0], back.output))
    if function in VECTORS:
        return (along(VECTORS[function], back.gradient, y, axis=axis),)
    return (each(SLOPES[function], back.gradient, x, y),)


def softmax(dy: list[Scalar], y: list[Scalar]) -> list[Scalar]:
    """Return y * (dy - dot(dy, y))."""
    level = dot(dy, y)
    return [(g - level) * value for g, value in zip(dy, y, strict=True)]


def log_softmax(dy: list[Scalar], y: list[Scalar]) -> list[Scalar]:
    """Return dy - exp(y) * sum(dy)."""
    level = total(dy)
    return [g - value.exp() * level for g, value in zip(dy, y, strict=True)]


VECTORS = {function.__name__: function for function in (softmax, log_softmax)}


def prelu(back: Pass, *, shared: bool) -> Gradients:
    """Multiply by 1 or the slope; and sum up dy * x for every slope, 0 where x > 0."""
    learned = back.for_parameters
    x, dy = (counted_by(learned, of) for of in (back.inputs[0], back.gradient))
    chosen: dict[Index, float] = {}
    met: defaultdict[Index, list[Scalar]] = defaultdict(list)
    for place in places_of(lengths(x)):
        key = (0 if shared else place[1],)
        value, product = at(x, place), at(dy, place) * at(x, place)
        slope = back.forward.weights[key].value
        factor = positive(value, Scalar(1, value.tally), Scalar(slope, value.tally))
        met[key].append(product if factor.value == slope else learned.scalar(0))
        chosen[place] = factor.value
    for slope_of, terms in met.items():
        learned.weights[slope_of] = total(terms)
    return (shaped(lengths(x), lambda place: at(back.gradient, place) * chosen[place]),)


# Several tensors ------------------------------------------------------------------------


def summed(shape: Index, output: Index, gradient: Callable[[Index], Scalar]) -> Nested:
    """Return the gradient of a tensor of this shape: summed up where it was read again."""
    met: defaultdict[Index, list[Scalar]] = defaultdict(list)
    for place in places_of(output):
        met[read_again(shape, place)].append(gradient(place))
    return shaped(shape, lambda place: total(met[place]))


Slope = Callable[[Scalar, list[Scalar], int], Scalar]
"""From dy and what stands at one place in all inputs, the gradient of one of them."""


def joining(slope: Slope) -> Callable[..., Gradients]:
    """Return the backward loop of a join."""

    def loop(back: Pass) -> Gradients:
        inputs = [counted_by(back.for_inputs, x) for x in back.inputs]
        shapes = [lengths(x) for x in inputs]

        def gradient(place: Index, i: int) -> Scalar:
            pairs = zip(inputs, shapes, strict=True)
            items = [at(x, read_again(shape, place)) for x, shape in pairs]
            return slope(at(back.gradient, place), items, i)

        output = lengths(back.output)
        return tuple(
            summed(shape, output, lambda place, i=i: gradient(place, i))  # type: ignore[misc]
            for i, shape in enumerate(shapes)
        )

    return loop


def _multiply(dy: Scalar, items: list[Scalar], i: int) -> Scalar:
    """Multiply by all other inputs."""
    return reduce(operator.mul, [item for k, item in enumerate(items) if k != i], dy)


def _divide(dy: Scalar, items: list[Scalar], i: int) -> Scalar:
    """Return dy / b; for the divisor, minus that times a, over b."""
    a, b = items
    if i == 0:
        return dy / b
    quotient = Scalar(dy.value / b.value, dy.tally)  # is there, from the other gradient
    return -(quotient * a / b)


def chosen_by(precedes: Callable[[Scalar, Scalar], bool]) -> Slope:
    """Return dy for the input that was chosen: found again once, with the first gradient."""

    def slope(dy: Scalar, items: list[Scalar], i: int) -> Scalar:
        if i > 0:
            items = [Scalar(item.value, Abacus().tally) for item in items]
        best = 0
        for k in range(1, len(items)):
            best = k if precedes(items[best], items[k]) else best
        return dy if i == best else Scalar(0, dy.tally)

    return slope


add = joining(lambda dy, _, __: dy)
subtract = joining(lambda dy, _, i: -dy if i else dy)
multiply = joining(_multiply)
divide = joining(_divide)
maximum = joining(chosen_by(operator.lt))
minimum = joining(chosen_by(lambda best, other: other < best))


# One constant tensor --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at one place: numbers of one abacus, and what is known about them.

    ``lowered`` is the exponent less 1, ``chosen`` whether x was taken and not the constant.
    """

    dy: Scalar
    x: Scalar
    y: Scalar
    constant: float
    lowered: float
    chosen: bool


def zero(of: Scalar) -> Scalar:
    """Return a zero of the same abacus."""
    return Scalar(0, of.tally)


OF_INPUT: dict[str, Callable[[Place], Scalar]] = {
    "add": lambda at: at.dy,
    "subtract": lambda at: at.dy,
    "multiply": lambda at: at.dy * at.constant,
    "divide": lambda at: at.dy / at.constant,
    "power": lambda at: at.dy * at.constant * at.x.power(at.lowered),
    "maximum": lambda at: at.dy if at.chosen else zero(at.dy),
    "minimum": lambda at: at.dy if at.chosen else zero(at.dy),
}
OF_CONSTANT: dict[str, Callable[[Place], Scalar]] = {
    "add": lambda at: at.dy,
    "subtract": lambda at: -at.dy,
    "multiply": lambda at: at.dy * at.x,
    "divide": lambda at: at.dy * at.x,  # over the constant's square once they are summed up
    "power": lambda at: at.dy * at.y * at.x.log(),
    "maximum": lambda at: zero(at.dy) if at.chosen else at.dy,
    "minimum": lambda at: zero(at.dy) if at.chosen else at.dy,
}


def arithmetic(back: Pass, *, function: str, operand: Index, learned: bool) -> Gradients:
    """Go back to the input, and to the constant if it is learned."""
    role = ROLES.get(function, "weights")
    bank = getattr(back.forward, role) if learned else back.forward.constants
    constants = {key: number.value for key, number in bank.items()}
    x, output = back.inputs[0], lengths(back.output)
    ours, theirs = back.for_inputs, back.for_parameters
    # What follows from constants alone is a constant; of learned ones it is computed.
    lowered = {
        key: (ours.scalar(value) - 1).value if learned and function == "power" else value - 1
        for key, value in constants.items()
    }
    teller = theirs if learned else ours
    chosen = {
        place: was_chosen(
            function,
            teller.scalar(at(back.output, place).value),
            teller.scalar(constants[read_again(operand, place)]),
        )
        for place in places_of(output)
    }

    def numbers(abacus: Abacus, place: Index) -> Place:
        key = read_again(operand, place)
        found = (
            at(back.gradient, place),
            at(x, read_again(lengths(x), place)),
            at(back.output, place),
        )
        dy, value, y = (abacus.scalar(number.value) for number in found)
        return Place(dy, value, y, constants[key], lowered[key], chosen[place])

    if learned:
        slope = OF_CONSTANT[function]
        sums = summed(operand, output, lambda place: slope(numbers(theirs, place)))
        for key in places_of(operand):
            total_of, c = at(sums, key), theirs.scalar(constants[key])
            quotient = -(total_of / (c * c)) if function == "divide" else total_of
            getattr(theirs, role)[key] = quotient
    of_input = OF_INPUT[function]
    return (summed(lengths(x), output, lambda place: of_input(numbers(ours, place))),)


def was_chosen(function: str, y: Scalar, constant: Scalar) -> bool:
    """Return whether an extreme was x and not the constant, by one comparison."""
    if function == "maximum":
        return constant < y
    return function == "minimum" and y < constant
