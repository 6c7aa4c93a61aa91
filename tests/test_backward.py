"""Backward work against an independent count, whose gradients are measured first.

The loops are in :mod:`counting_backward`. What they return is compared with the slopes of
the forward loops in :mod:`counting`, by central differences; then what they count is
compared with the rules.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast, get_args

import counting
import counting_arrays_backward as arrays_backward
import counting_backward as backward
import counting_elementwise as elementwise
import counting_elementwise_backward as elementwise_backward
import counting_resampling_backward as resampling_backward
import counting_shapes
import pytest
from counting import Abacus, Bank, Nested, Scalar, lengths, values
from counting_backward import Gradients, Pass
from hypothesis import given, settings
from hypothesis import strategies as st
from test_oracle import ORACLES, attributes_of

from convcost.layers import (
    KINDS,
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Constant,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Divide,
    Dropout,
    Expand,
    Flatten,
    Gather,
    GlobalPool2d,
    GroupNorm,
    Identity,
    Input,
    InstanceNorm,
    LayerNorm,
    Lrn,
    Matmul,
    Maximum,
    Minimum,
    Multiply,
    Pad,
    Pool2d,
    Prelu,
    Reduce,
    Reshape,
    Resize,
    Slice,
    Squeeze,
    Subtract,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.layers.activation import ALONG_AN_AXIS, Function
from convcost.layers.arithmetic import Operation
from convcost.layers.reduce import Reduction
from convcost.layers.resize import Interpolation
from convcost.optimizers import OPTIMIZERS
from convcost.tensors import Array, FeatureMap, Tensor, Vector
from convcost.work import Backward, Work

LOOPS: dict[type[AbstractLayer], Callable[..., Gradients]] = {
    Conv2d: backward.conv2d,
    Pool2d: backward.pool2d,
    GlobalPool2d: backward.global_pool2d,
    Dense: backward.dense,
    BatchNorm: backward.batch_norm,
    Activation: elementwise_backward.activation,
    Lrn: backward.lrn,
    Dropout: backward.dropout,
    Flatten: backward.flattened,
    Add: elementwise_backward.add,
    Subtract: elementwise_backward.subtract,
    Multiply: elementwise_backward.multiply,
    Divide: elementwise_backward.divide,
    Maximum: elementwise_backward.maximum,
    Minimum: elementwise_backward.minimum,
    Arithmetic: elementwise_backward.arithmetic,
    ConvTranspose2d: resampling_backward.conv_transpose2d,
    Resize: resampling_backward.resize,
    Reduce: arrays_backward.reduce,
    Matmul: arrays_backward.matmul,
    LayerNorm: arrays_backward.layer_norm,
    InstanceNorm: arrays_backward.instance_norm,
    GroupNorm: arrays_backward.group_norm,
    Prelu: elementwise_backward.prelu,
    Concat: backward.concat,
    Identity: backward.identity,
    Constant: counting_shapes.constant_backward,
    **{
        kind: counting_shapes.backward(kind.kind)
        for kind in (Reshape, Transpose, Squeeze, Unsqueeze, Slice, Gather, Pad, Expand)
    },
}

STEP = 1e-5


# Forward, backward, and the slope of a loss ------------------------------------------------


@dataclass(frozen=True, slots=True)
class Forward:
    """A forward pass in training: its numbers, and what it returned."""

    abacus: Abacus
    inputs: tuple[Nested, ...]
    output: Nested

    def loss(self, weights: Nested) -> float:
        """Return the sum of the outputs times some weights.

        A window that saw nothing but padding has no finite output, and is left out.
        """
        pairs = zip(values(self.output), values(weights), strict=True)
        return math.fsum(y * weight for y, weight in pairs if math.isfinite(y))


def banks(abacus: Abacus) -> tuple[Bank, ...]:
    """Return the learned numbers by role."""
    return abacus.weights, abacus.biases, abacus.scales, abacus.shifts


def learned(abacus: Abacus) -> list[float]:
    """Return all learned numbers, or their gradients, in one order."""
    return [float(bank[key]) for bank in banks(abacus) for key in sorted(bank)]


def scalars(x: Nested) -> list[Scalar]:
    """Return the numbers of a tensor, to be changed where they are."""
    return list(counting.leaves(x))


def needs_positive(layer: AbstractLayer) -> bool:
    """Return whether a layer is only defined above 0, or steep near it."""
    match layer:
        case Activation(function="log" | "sqrt" | "reciprocal") | Divide():
            return True
        case Arithmetic(function="power" | "divide"):
            return True
    return False


def attributes(layer: AbstractLayer) -> dict[str, Any]:
    """Return a layer's attributes by name; lrn's constants are such that all terms matter."""
    constants = {"constants": (3, 0.5, 2)} if isinstance(layer, Lrn) else {}
    return attributes_of(layer) | constants


def forward(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> Forward:
    """Run the forward loop on numbers that are the same every time."""
    return moved(layer, shapes, None, [])


def moved(
    layer: AbstractLayer, shapes: tuple[Tensor, ...], first: Forward | None, steps: Sequence[float]
) -> Forward:
    """Run it again, with a step added to each of the first inputs and learned numbers."""
    abacus = Abacus(training=True)
    if needs_positive(layer):
        abacus.scales.default_factory = lambda: abacus.scalar(abacus.draw() + 0.5)
    inputs = tuple(abacus.tensor(cast("tuple[int, ...]", shape.shape)) for shape in shapes)
    if needs_positive(layer):
        for number in (number for x in inputs for number in scalars(x)):
            number.value = abs(number.value) + 0.5
    if first:
        rest = iter(steps)
        for number in (number for x in inputs for number in scalars(x)):
            number.value += next(rest)
        for bank, known in zip(banks(abacus), banks(first.abacus), strict=True):
            for key in sorted(known):
                bank[key] = abacus.scalar(known[key].value + next(rest))
    output = ORACLES[type(layer)].loop(abacus, *inputs, **attributes(layer))
    return Forward(abacus, inputs, output)


def slope(
    layer: AbstractLayer,
    shapes: tuple[Tensor, ...],
    first: Forward,
    weights: Nested,
    direction: Sequence[float],
) -> float:
    """Return how fast the loss grows along a direction: a central difference."""
    ahead, behind = (
        moved(layer, shapes, first, [sign * STEP * d for d in direction]).loss(weights)
        for sign in (1, -1)
    )
    return (ahead - behind) / (2 * STEP)


def run_back(layer: AbstractLayer, first: Forward, weights: Nested) -> tuple[Pass, list[float]]:
    """Run the backward loop; return its pass, and every gradient in the order of ``moved``."""
    back = Pass(first.abacus, first.inputs, first.output, weights)
    gradients = LOOPS[type(layer)](back, **attributes(layer))
    assert [lengths(g) for g in gradients] == [lengths(x) for x in first.inputs]
    for bank, known in zip(banks(back.for_parameters), banks(first.abacus), strict=True):
        assert {*bank} == {*known}
    return back, values(list(gradients)) + learned(back.for_parameters)


def random_weights(first: Forward) -> Nested:
    """Return some number for every output."""
    return first.abacus.tensor(lengths(first.output))


def work_of(back: Pass) -> dict[str, dict[str, int]]:
    """Return what was counted, as the fields of a Backward."""
    return {
        "inputs": asdict(back.for_inputs.tally),
        "parameters": asdict(back.for_parameters.tally),
    }


def check(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> None:
    """Compare what the rule says with what the loop was seen to do."""
    first = forward(layer, shapes)
    back, _ = run_back(layer, first, random_weights(first))
    assert asdict(layer.backward_work(*shapes)) == work_of(back)


def check_every_gradient(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> None:
    """Compare each gradient with the slope along the one number it belongs to."""
    first = forward(layer, shapes)
    weights = random_weights(first)
    _, gradients = run_back(layer, first, weights)
    each = range(len(gradients))
    slopes = [slope(layer, shapes, first, weights, [float(i == k) for i in each]) for k in each]
    assert gradients == pytest.approx(slopes, rel=1e-5, abs=1e-7)


# The loops: that they return gradients -----------------------------------------------------

tiny = FeatureMap(2, 2, 3, 2)
wide = FeatureMap(1, 5, 1, 2)
vector = Vector(3, 4)

SMALL: list[tuple[AbstractLayer, tuple[Tensor, ...]]] = [
    (Conv2d(filters=2, kernel=(2, 2)), (tiny,)),
    (
        Conv2d(
            filters=4,
            kernel=(2, 1),
            stride=(2, 1),
            padding=((1, 0), (0, 2)),
            dilation=(2, 1),
            groups=2,
            bias=False,
        ),
        (FeatureMap(1, 4, 4, 2),),
    ),
    (Conv2d(filters=1, kernel=(3, 2), stride=(1, 2), padding="same"), (tiny,)),
    *(
        (Pool2d(mode=mode, kernel=(2, 2), stride=(1, 1), padding=((1, 0), (0, 1))), (tiny,))
        for mode in ("max", "average")
    ),
    (
        Pool2d(
            mode="average",
            kernel=(2, 3),
            stride=(2, 2),
            padding=((0, 1), (1, 1)),
            rounding="full",
            count_padding=False,
        ),
        (tiny,),
    ),
    (Pool2d(mode="max", kernel=(2, 2), stride=(2, 1), rounding="clamped"), (tiny,)),
    (GlobalPool2d(mode="max"), (tiny,)),
    (GlobalPool2d(mode="average"), (tiny,)),
    (Dense(units=2), (tiny,)),
    (Dense(units=3, bias=False), (vector,)),
    (Dense(units=2, flatten=False), (tiny,)),
    (Dense(units=2, flatten=False), (vector,)),
    *(
        (BatchNorm(scale=scale, shift=shift), (x,))
        for scale in (False, True)
        for shift in (False, True)
        for x in (tiny, vector)
    ),
    *((Activation(function=f), (x,)) for f in get_args(Function) for x in (tiny, vector)),
    *((Activation(function=f, axis=a), (tiny,)) for f in ALONG_AN_AXIS for a in (0, -1)),
    *((Lrn(size=size), (wide,)) for size in (1, 2, 3, 4)),
    (Dropout(rate=0.5), (tiny,)),
    (Flatten(), (tiny,)),
    (Add(), (vector, vector)),
    (Add(), (Vector(1, 4), Vector(3, 1), vector)),
    (Subtract(), (tiny, FeatureMap(1, 2, 1, 2))),
    (Multiply(), (tiny, tiny, FeatureMap(2, 2, 1, 1), tiny)),
    (Multiply(), (FeatureMap(2, 2, 1, 1), tiny)),
    (Divide(), (tiny, FeatureMap(2, 1, 3, 2))),
    (Divide(), (Vector(1, 4), Vector(3, 1))),
    (Maximum(), (tiny, tiny, FeatureMap(2, 2, 1, 1))),
    (Minimum(), (Vector(1, 4), vector, vector)),
    *(
        (Arithmetic(function=f, operand=operand, learned=learned), (x,))
        for f in get_args(Operation)
        for learned in (False, True)
        for operand, x in (((), vector), ((2, 1, 1), tiny), ((2, 3, 1, 4), Array((1, 3, 4))))
    ),
    (ConvTranspose2d(filters=2, kernel=(2, 2)), (tiny,)),
    (
        ConvTranspose2d(
            filters=4,
            kernel=(3, 2),
            stride=(2, 1),
            padding=((1, 0), (0, 1)),
            output_padding=(1, 0),
            dilation=(1, 2),
            groups=2,
            bias=False,
        ),
        (FeatureMap(2, 4, 2, 2),),
    ),
    *((Resize(mode=mode, size=(4, 3)), (tiny,)) for mode in get_args(Interpolation)),
    (Resize(mode="linear", divisor=(2, 1)), (FeatureMap(1, 2, 5, 3),)),
    *(
        (Reduce(function=function, axes=axes, keep=keep), (tiny,))
        for function in get_args(Reduction)
        for axes, keep in (((2, -1), True), ((0,), False))
    ),
    (Matmul(), (Vector(2, 3), Vector(3, 2))),
    (Matmul(), (FeatureMap(2, 1, 3, 2), FeatureMap(1, 2, 2, 3))),
    *(
        (LayerNorm(dimensions=d, scale=scale, shift=shift), (x,))
        for scale in (False, True)
        for shift in (False, True)
        for d, x in ((1, vector), (2, tiny))
    ),
    *(
        (layer(scale=scale, shift=shift), (FeatureMap(2, 4, 1, 3),))
        for scale in (False, True)
        for shift in (False, True)
        for layer in (InstanceNorm, partial(GroupNorm, groups=2))
    ),
    *((Prelu(shared=shared), (x,)) for shared in (False, True) for x in (tiny, vector)),
    (Concat(), (tiny, FeatureMap(2, 1, 3, 2), tiny)),
    (Concat(axis=-1), (tiny, FeatureMap(2, 2, 3, 1))),
    (Concat(axis=0), (vector, vector)),
    (Identity(), (vector,)),
    (Reshape(shape=(0, -1, 3)), (tiny,)),
    (Transpose(permutation=(0, 3, 1, 2)), (tiny,)),
    (Squeeze(axes=(2,)), (wide,)),
    (Unsqueeze(axes=(1, -1)), (vector,)),
    (Slice(axis=-1, start=1, step=2), (vector,)),
    (Gather(axis=1, count=9), (vector,)),
    (Pad(before=(0, 0, 2, -1), after=(0, 1, -1, 0)), (tiny,)),
    (Expand(shape=(1, 0, 3, 2)), (wide,)),
    *((Constant(shape=(0, 2, 0), learned=learned), (tiny,)) for learned in (True, False)),
]


@pytest.mark.parametrize(
    ("layer", "shapes"), SMALL, ids=[f"{i}-{layer.kind}" for i, (layer, _) in enumerate(SMALL)]
)
def test_every_gradient_is_a_slope(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> None:
    """One by one, for inputs and parameters: what the loss changes by, over the change."""
    check_every_gradient(layer, shapes)


def test_every_kind_is_measured() -> None:
    """The input computes nothing; every other kind has a loop, and its gradients are tried."""
    measured = {*KINDS} - {Input, Uncounted}  # of which nothing is known
    assert {*LOOPS} == measured == {type(layer) for layer, _ in SMALL}


@pytest.mark.parametrize("kind", LOOPS, ids=lambda kind: kind.kind)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_gradients_add_up_to_the_slope(kind: type[AbstractLayer], data: st.DataObject) -> None:
    """Whatever is drawn: along a direction that no number is left out of."""
    layer, shapes = data.draw(ORACLES[kind].examples)
    first = forward(layer, shapes)
    weights = random_weights(first)
    _, gradients = run_back(layer, first, weights)
    direction = [float(first.abacus.number()) for _ in gradients]
    along = [g * d for g, d in zip(gradients, direction, strict=True)]
    measured = slope(layer, shapes, first, weights, direction)
    scale = math.fsum(map(abs, along))
    assert math.fsum(along) == pytest.approx(measured, abs=1e-6 * (1 + scale))


@pytest.mark.parametrize("x", [-7, -3.5, -2.75, -2, -0.5, 0.5, 1, 2.25, 2.75, 3.5, 5.5, 6.5])
@pytest.mark.parametrize("function", elementwise.FUNCTIONS)
def test_slopes_of_every_piece(function: str, x: float) -> None:
    """On both sides of wherever a function bends."""
    abacus = Abacus()
    x = abs(x) if function in {"log", "sqrt"} else x
    f = elementwise.FUNCTIONS[function]
    ahead, behind = (float(f(abacus.scalar(x + step))) for step in (STEP, -STEP))
    number, upstream = abacus.scalar(x), abacus.scalar(3)
    result = elementwise_backward.SLOPES[function](upstream, number, f(number))
    assert float(result) == pytest.approx(3 * (ahead - behind) / (2 * STEP), rel=1e-8, abs=1e-8)


# The rules ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOOPS, ids=lambda kind: kind.kind)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_rule_agrees_with_count(kind: type[AbstractLayer], data: st.DataObject) -> None:
    """The work for the inputs and that for the parameters are what the loop does."""
    layer, shapes = data.draw(ORACLES[kind].examples)
    check(layer, shapes)


@pytest.mark.parametrize(
    ("layer", "shapes"), SMALL, ids=[f"{i}-{layer.kind}" for i, (layer, _) in enumerate(SMALL)]
)
def test_rule_agrees_with_count_where_gradients_were_measured(
    layer: AbstractLayer, shapes: tuple[Tensor, ...]
) -> None:
    """No function, mode or choice of parameters is left to chance."""
    check(layer, shapes)


def test_the_input_takes_nothing() -> None:
    """Nothing is behind it."""
    assert Input(extents=(3, 2, 2)).backward_work() == Backward()


# The loops: that they count as they say ----------------------------------------------------

BY_HAND: list[tuple[AbstractLayer, tuple[Tensor, ...], Backward]] = [
    (  # 4 positions, 4 taps: 4 weights with 4 products each, a bias with 4 terms
        Conv2d(filters=1, kernel=(2, 2)),
        (FeatureMap(1, 1, 3, 3),),
        Backward(Work(multiplies=16, adds=16), Work(multiplies=16, adds=4 * 3 + 3)),
    ),
    (  # padding costs like the rest: 16 positions, 9 taps
        Conv2d(filters=1, kernel=(3, 3), padding=((1, 1), (1, 1)), bias=False),
        (FeatureMap(1, 1, 4, 4),),
        Backward(Work(multiplies=144, adds=144), Work(multiplies=144, adds=9 * 15)),
    ),
    (  # 2 images of 3 features, 5 units
        Dense(units=5),
        (Vector(2, 3),),
        Backward(Work(multiplies=30, adds=6 * 4), Work(multiplies=30, adds=15 + 5)),
    ),
    (  # 2 channels of 6 elements
        BatchNorm(),
        (FeatureMap(1, 2, 2, 3),),
        Backward(
            Work(multiplies=24, adds=24, divisions=6),
            Work(multiplies=12, adds=12 + 10 + 10, divisions=12),
        ),
    ),
    (  # 2 vectors of 3
        Activation(function="softmax"),
        (Vector(2, 3),),
        Backward(Work(multiplies=12, adds=2 * (2 + 3))),
    ),
    (  # 4 windows of 4
        Pool2d(mode="average", kernel=(2, 2), stride=(1, 1)),
        (FeatureMap(1, 1, 3, 3),),
        Backward(Work(adds=16, divisions=4)),
    ),
    (  # 3 vectors of 2 features, 4 units: 2 * 4 weights of 3 products each, 4 sums
        Dense(units=4, flatten=False),
        (Array((1, 3, 2)),),
        Backward(Work(multiplies=24, adds=6 * 3), Work(multiplies=24, adds=8 * 2 + 4 * 2)),
    ),
    (  # 6 outputs: 6 quotients, 6 products, 6 quotients; a row and a column summed up
        Divide(),
        (Vector(1, 3), Vector(2, 1)),
        Backward(Work(multiplies=6, divisions=12, adds=3 + 4)),
    ),
    (  # 6 outputs of which 3 belong to each scale
        Arithmetic(function="multiply", operand=(2, 1), learned=True),
        (Array((1, 2, 3)),),
        Backward(Work(multiplies=6), Work(multiplies=6, adds=2 * 2)),
    ),
    (  # the map: 6 products; the gate of each of 2 channels: 3 products, 2 adds
        Multiply(),
        (FeatureMap(1, 2, 1, 3), FeatureMap(1, 2, 1, 1)),
        Backward(Work(multiplies=12, adds=4)),
    ),
]


@pytest.mark.parametrize(
    ("layer", "shapes", "expected"), BY_HAND, ids=[layer.kind for layer, _, _ in BY_HAND]
)
def test_counts_by_hand(
    layer: AbstractLayer, shapes: tuple[Tensor, ...], expected: Backward
) -> None:
    """What the head of the loops' file says, in numbers."""
    first = forward(layer, shapes)
    back, _ = run_back(layer, first, random_weights(first))
    assert work_of(back) == asdict(expected)


def test_counted_by_moves_no_count() -> None:
    """The same numbers are counted where they went, and the first abacus sees nothing."""
    first, second = Abacus(), Abacus()
    x = [[first.scalar(2), first.scalar(3)]]
    ((a, b),) = backward.counted_by(second, x)
    assert (a * b).value == 6
    assert (first.tally.multiplies, second.tally.multiplies) == (0, 1)


# The optimizers ----------------------------------------------------------------------------


def run(name: str, gradients: list[float], **constants: Any) -> tuple[Abacus, list[float]]:
    """Return the abacus of some steps from 1, and where each of them led."""
    abacus = Abacus()
    size, step = backward.OPTIMIZERS[name]
    state = [abacus.scalar(0) for _ in range(size)]
    path = [abacus.scalar(1)]
    for time, gradient in enumerate(gradients, start=1):
        path.append(step(path[-1], abacus.scalar(gradient), state, time, **constants))
    return abacus, values(path[1:])


def test_every_optimizer_has_an_oracle() -> None:
    """Each is run below."""
    assert {*OPTIMIZERS} == {*backward.OPTIMIZERS}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_agrees_with_count(name: str) -> None:
    """The work of a parameter is that of its step, the tenth as the first."""
    for steps in (1, 10):
        abacus, _ = run(name, [0.5] * steps)
        assert asdict(OPTIMIZERS[name].work * steps) == asdict(abacus.tally)


def test_sgd_values() -> None:
    """Against the gradient, an eighth of it."""
    assert run("sgd", [2, -4])[1] == [0.75, 1.25]


def test_momentum_values() -> None:
    """Velocities -1/4, 3/4 * -1/4 + 1/2 = 5/16, and 3/4 * 5/16 = 15/64."""
    assert run("momentum", [2, -4, 0])[1] == [1 - 1 / 4, 1 + 1 / 16, 1 + 19 / 64]


def test_adam_values() -> None:
    """By hand with beta1 = 1/2, beta2 = 3/4: g = 2, then g = -4.

    m = 1, v = 1; corrected 2 and 4: a step of 2 / 2. Then m = -3/2, v = 3/4 + 4 = 19/4;
    corrected by 3/4 and 7/16 they are -2 and 76/7.
    """
    _, path = run("adam", [2, -4], constants=(0.5, 0.75, 0))
    assert path == pytest.approx([1 - 1 / 8, 1 - 1 / 8 + 2 / math.sqrt(76 / 7) / 8])


def test_adam_moves_by_its_rate_under_a_steady_gradient() -> None:
    """Section 2.1: corrected, both moments are those of the gradient from the first step on."""
    _, path = run("adam", [-0.3] * 5)
    assert path == pytest.approx([1 + 0.125 * time for time in range(1, 6)])
