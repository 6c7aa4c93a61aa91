"""Layer kinds by hand: worked rows with their source, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from convcost.dims import symbol
from convcost.errors import ShapeError
from convcost.layers import (
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Conv2d,
    Dense,
    Divide,
    Dropout,
    Flatten,
    GlobalPool2d,
    Input,
    Lrn,
    Maximum,
    Minimum,
    Multiply,
    Pool2d,
    Subtract,
)
from convcost.tensors import Array, FeatureMap, Vector
from convcost.work import Parameters, Work

IMAGE = FeatureMap(1, 3, 224, 224)


def test_convolution_by_hand() -> None:
    # VGG's first layer: 64 filters over 3x3x3, at 224x224 positions.
    conv = Conv2d(filters=64, kernel=(3, 3), padding=((1, 1), (1, 1)))
    assert conv.output_shape(IMAGE) == FeatureMap(1, 64, 224, 224)
    assert conv.parameters(IMAGE) == Parameters(weights=1728, biases=64)
    assert conv.work(IMAGE) == Work(multiplies=86704128, adds=86704128)


def test_convolution_without_bias_adds_one_less_per_output() -> None:
    conv = Conv2d(filters=2, kernel=(1, 1), bias=False)
    x = FeatureMap(5, 3, 2, 2)
    # 5 images, 2 filters, 4 positions; each a dot product of 3: 3 multiplies, 2 adds.
    assert conv.work(x) == Work(multiplies=120, adds=80)
    assert conv.parameters(x) == Parameters(weights=6)


def test_depthwise_convolution_by_hand() -> None:
    conv = Conv2d(filters=32, kernel=(3, 3), padding=((1, 1), (1, 1)), groups=32, bias=False)
    x = FeatureMap(1, 32, 112, 112)
    # MobileNet's second layer (arXiv:1704.04861, table 1): 3x3x32 weights, 9 per output.
    assert conv.parameters(x).count == 288
    assert conv.work(x).multiplies == 9 * 32 * 112 * 112


def test_max_pool_by_hand() -> None:
    pool = Pool2d(mode="max", kernel=(2, 2), stride=(2, 2))
    x = FeatureMap(1, 64, 224, 224)
    assert pool.output_shape(x) == FeatureMap(1, 64, 112, 112)
    assert pool.work(x) == Work(comparisons=3 * 64 * 112 * 112)


def test_global_average_pool_by_hand() -> None:
    pool = GlobalPool2d(mode="average")
    x = FeatureMap(2, 512, 7, 7)
    assert pool.output_shape(x) == FeatureMap(2, 512, 1, 1)
    assert pool.work(x) == Work(adds=2 * 512 * 48, divisions=1024)


def test_dense_takes_maps_and_vectors() -> None:
    dense = Dense(units=4096)
    for x in (FeatureMap(1, 512, 7, 7), Vector(1, 25088)):
        assert dense.output_shape(x) == Vector(1, 4096)
        assert dense.parameters(x) == Parameters(weights=102760448, biases=4096)
        assert dense.work(x) == Work(multiplies=102760448, adds=102760448)


def test_batch_norm_by_hand() -> None:
    x = FeatureMap(2, 3, 1, 1)
    # Two elements in each of three channels: subtract, divide, scale, shift; eps and root.
    assert BatchNorm().work(x) == Work(multiplies=6, adds=15, divisions=6, square_roots=3)
    assert BatchNorm().parameters(x) == Parameters(scales=3, shifts=3)
    assert BatchNorm().statistics(x) == 6
    bare = BatchNorm(scale=False, shift=False)
    assert bare.work(x) == Work(adds=9, divisions=6, square_roots=3)
    assert bare.parameters(x).count == 0


def test_flatten_and_concat_move_without_computing() -> None:
    x = FeatureMap(2, 3, 4, 5)
    assert Flatten().output_shape(x) == Vector(2, 60)
    assert Concat().output_shape(x, x.with_channels(7)) == FeatureMap(2, 10, 4, 5)
    assert Concat(axis=-2).output_shape(x, FeatureMap(2, 3, 6, 5)) == FeatureMap(2, 3, 10, 5)
    assert Concat(axis=2).output_shape(Array((1, 2, 3)), Array((1, 2, 1))) == Array((1, 2, 4))
    assert Concat().work(x, x) == Flatten().work(x) == Work()


def test_a_gate_scales_whole_channels() -> None:
    x, gate = FeatureMap(2, 3, 4, 5), FeatureMap(2, 3, 1, 1)
    assert Multiply().output_shape(x, gate) == x
    assert Multiply().work(x, gate) == Work(multiplies=120)


def test_broadcasting_by_hand() -> None:
    # NumPy's manual, "General broadcasting rules": (8, 1, 6, 1) meets (7, 1, 5) as (8, 7, 6, 5);
    # of one rank here, the batch being the first axis.
    a, b = FeatureMap(8, 1, 6, 1), FeatureMap(1, 7, 1, 5)
    for layer in (Add(), Subtract(), Multiply(), Divide(), Maximum(), Minimum()):
        assert layer.output_shape(a, b) == FeatureMap(8, 7, 6, 5)
        assert layer.work(a, b).operations == 8 * 7 * 6 * 5
    assert Add().work(a, b, b) == Work(adds=2 * 1680)
    assert Divide().work(a, b) == Work(divisions=1680)
    assert Maximum().work(a, b) == Work(comparisons=1680)


def test_arithmetic_by_hand() -> None:
    # The mean and the deviation of every channel, as models take them off their images: 3
    # numbers, 150528 operations each; learned, it is a scale and a shift for every channel.
    mean = Arithmetic(function="subtract", operand=(3, 1, 1))
    deviation = Arithmetic(function="divide", operand=(3, 1, 1))
    assert mean.output_shape(IMAGE) == deviation.output_shape(IMAGE) == IMAGE
    assert mean.work(IMAGE) == Work(adds=150528)
    assert deviation.work(IMAGE) == Work(divisions=150528)
    assert mean.parameters(IMAGE).count == deviation.parameters(IMAGE).count == 0
    scale = Arithmetic(function="multiply", operand=(3, 1, 1), learned=True)
    shift = Arithmetic(function="add", operand=(3, 1, 1), learned=True)
    assert scale.parameters(IMAGE) == Parameters(scales=3)
    assert shift.parameters(IMAGE) == Parameters(shifts=3)
    # A scalar is read everywhere; a larger tensor is met by the input.
    power = Arithmetic(function="power", learned=True)
    assert power.work(IMAGE) == Work(exponentials=150528)
    assert power.parameters(IMAGE) == Parameters(weights=1)
    assert Arithmetic(function="maximum", operand=(3,)).output_shape(Vector(2, 1)) == Vector(2, 3)


def test_dense_on_the_last_axis() -> None:
    # ViT-B/16's projection of 197 tokens of 768 to 3072 (arXiv:2010.11929, table 1).
    dense, tokens = Dense(units=3072, flatten=False), Array((1, 197, 768))
    assert dense.output_shape(tokens) == Array((1, 197, 3072))
    assert dense.parameters(tokens) == Parameters(weights=768 * 3072, biases=3072)
    products = 197 * 768 * 3072
    assert dense.work(tokens) == Work(multiplies=products, adds=products)
    assert Dense(units=5, flatten=False).output_shape(FeatureMap(1, 2, 3, 4)).shape == (1, 2, 3, 5)


@pytest.mark.parametrize(
    ("function", "work"),
    [
        ("leaky_relu", Work(comparisons=1, multiplies=1)),
        ("gelu", Work(multiplies=3, adds=1, exponentials=1)),
        ("softplus", Work(exponentials=2, adds=1)),
        ("sqrt", Work(square_roots=1)),
        ("neg", Work()),
    ],
)
def test_functions_by_hand(function: Any, work: Work) -> None:
    # One element: as many operations as the formula in convcost.layers.functions has signs.
    assert Activation(function=function).work(Vector(1, 1)) == work


def test_softmax_along_another_axis_by_hand() -> None:
    # 12 heads of 197 tokens that look at 197 tokens each: 2364 vectors of 197.
    x = FeatureMap(1, 12, 197, 197)
    vectors, elements = 12 * 197, 12 * 197 * 197
    expected = Work(
        comparisons=vectors * 196,
        adds=vectors * (197 + 196),
        exponentials=elements,
        divisions=elements,
    )
    assert Activation(function="softmax", axis=-1).work(x) == expected
    assert Activation(function="softmax", axis=3).work(x) == expected
    # log_softmax of ten classes: 9 comparisons, 10 + 9 + 10 adds, 10 exponentials and 1 logarithm.
    work = Activation(function="log_softmax").work(Vector(1, 10))
    assert work == Work(comparisons=9, adds=29, exponentials=11)


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Conv2d(filters=64, kernel=(3, 3), groups=2).output_shape(IMAGE),
         "input channels per group: 3 is not divisible by 2"),
        (lambda: Conv2d(filters=3, kernel=(3, 3), groups=2).output_shape(IMAGE),
         "filters per group: 3 is not divisible by 2"),
        (lambda: Conv2d(filters=1, kernel=(5, 5)).output_shape(FeatureMap(1, 3, 4, 9)),
         "height: a window of 5 does not fit into 4 \\+ 0 of padding"),
        (lambda: Conv2d(filters=0, kernel=(1, 1)), "filters must be 1 or more, got 0"),
        (lambda: Conv2d(filters=1, kernel=(1, 0)), "kernel must be 1 or more, got 0"),
        (lambda: Pool2d(mode="max", kernel=(2, 2), stride=(0, 2)), "stride must be 1 or more"),
        (lambda: Pool2d(mode="max", kernel=(2, 2), stride=(2, 2), padding=((0, -1), (0, 0))),
         "padding must be 0 or more, got -1"),
        (lambda: Dense(units=0), "units must be 1 or more"),
        (lambda: Lrn(size=0), "size must be 1 or more"),
        (lambda: Dropout(rate=1.0), "rate must be 0 or more and below 1, got 1.0"),
        (lambda: Input(extents=(3, 0, 1)), "height must be 1 or more"),
        (lambda: Add().output_shape(IMAGE, IMAGE.with_channels(4)),
         r"inputs of unlike shape: \(1, 3, 224, 224\) and \(1, 4, 224, 224\)"),
        (lambda: Add().output_shape(IMAGE, Vector(1, 3)), "inputs of unlike rank"),
        (lambda: Concat().output_shape(IMAGE, FeatureMap(1, 3, 224, 112)), "unlike shape"),
        (lambda: Concat(axis=3).output_shape(IMAGE, FeatureMap(1, 4, 224, 224)), "unlike shape"),
        (lambda: Concat(axis=4).output_shape(IMAGE, IMAGE), "no axis 4 in a tensor of 4"),
        (lambda: Multiply().output_shape(IMAGE, FeatureMap(1, 4, 1, 1)), "unlike shape"),
        (lambda: Multiply().output_shape(Vector(1, 3), FeatureMap(1, 3, 1, 1)), "unlike rank"),
        (lambda: Subtract().output_shape(IMAGE, IMAGE, IMAGE), "exactly two inputs, got 3"),
        (lambda: Divide().output_shape(IMAGE), "exactly two inputs, got 1"),
        (lambda: Arithmetic(function="add", operand=(2,)).output_shape(IMAGE),
         r"input and operand of unlike shape: \(1, 3, 224, 224\) and \(2,\)"),
        (lambda: Arithmetic(function="add", operand=(0,)), "operand must be 1 or more"),
        (lambda: Activation(function="relu", axis=2), "relu is applied to every element"),
        (lambda: Activation(function="softmax", axis=2).output_shape(Vector(1, 3)),
         "no axis 2 in a tensor of 2"),
        (lambda: Activation(function="softmax", axis=-3).output_shape(Vector(1, 3)), "no axis -3"),
        (lambda: Activation(function="softmax", axis=symbol("a")).output_shape(Vector(1, 3)),
         "an axis must be a number, got a"),
        (lambda: Dense(units=1, flatten=False).output_shape(Array((3,))), "behind the batch"),
    ],
)  # fmt: skip
def test_refusals(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        act()


def test_softmax_by_hand() -> None:
    # Ten classes: 9 comparisons, 10 subtractions, 10 exponentials, 9 adds, 10 divisions.
    work = Activation(function="softmax").work(Vector(1, 10))
    assert work == Work(comparisons=9, adds=19, exponentials=10, divisions=10)
