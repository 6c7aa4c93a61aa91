"""Layer kinds by hand: worked rows with their source, and what each refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from convcost.dims import symbol
from convcost.errors import ShapeError
from convcost.layers import (
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Divide,
    Dropout,
    Flatten,
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
    Pool2d,
    Prelu,
    Reduce,
    Resize,
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


@pytest.mark.parametrize(
    "layer", [Identity(), GroupNorm(groups=3), InstanceNorm(), Prelu(), Dropout(rate=0.5)]
)
def test_some_kinds_keep_the_shape(layer: AbstractLayer) -> None:
    x = FeatureMap(2, 3, 4, 5)
    assert layer.output_shape(x) == x


def test_what_is_handed_on_costs_nothing() -> None:
    x = FeatureMap(2, 3, 4, 5)
    assert Identity().work(x) == Input(extents=(3, 4, 5)).work() == Work()
    assert Input(extents=(3, 4, 5), batch=2).output_shape() == x


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


def test_transposed_convolution_by_hand() -> None:
    # As in DCGAN's generator (arXiv:1511.06434, figure 1): from 4 x 4 of 1024 channels to 8 x 8
    # of 512 by kernels of 5 x 5, stride 2.
    layer = ConvTranspose2d(
        filters=512, kernel=(5, 5), stride=(2, 2), padding=((2, 2), (2, 2)), output_padding=(1, 1)
    )
    x = FeatureMap(1, 1024, 4, 4)
    assert layer.output_shape(x) == FeatureMap(1, 512, 8, 8)
    assert layer.parameters(x) == Parameters(weights=1024 * 512 * 25, biases=512)
    products = 1024 * 16 * 512 * 25
    assert layer.work(x) == Work(multiplies=products, adds=products + 512 * 64)
    # In 2 groups every channel meets half of the filters.
    halved = ConvTranspose2d(filters=6, kernel=(2, 2), groups=2, bias=False)
    assert halved.work(FeatureMap(1, 4, 1, 1)) == Work(multiplies=4 * 3 * 4, adds=4 * 3 * 4)


def test_resize_by_hand() -> None:
    # U-Net's and FPN's upsampling by 2: 4 multiplies and 3 adds an output, or copies.
    x = FeatureMap(1, 256, 7, 9)
    twice = Resize(mode="linear", scale=(2, 2))
    assert twice.output_shape(x) == FeatureMap(1, 256, 14, 18)
    outputs = 256 * 14 * 18
    assert twice.work(x) == Work(multiplies=4 * outputs, adds=3 * outputs)
    assert Resize(mode="nearest", scale=(2, 2)).work(x) == Work()
    cubic = Resize(mode="cubic", size=(2, 1))
    assert cubic.work(x) == Work(multiplies=16 * 512, adds=15 * 512)
    # By 3/2, rounded down: 7 * 3 // 2 and 9 * 3 // 2.
    assert Resize(mode="linear", scale=(3, 3), divisor=(2, 2)).output_shape(x).shape[2:] == (10, 13)


def test_reduce_by_hand() -> None:
    # What global average pooling is, written by exporters as a mean over the rows and columns.
    x = FeatureMap(2, 512, 7, 7)
    mean = Reduce(function="mean", axes=(2, 3))
    assert mean.output_shape(x) == FeatureMap(2, 512, 1, 1)
    assert mean.work(x) == Work(adds=2 * 512 * 48, divisions=1024)
    assert Reduce(function="mean", axes=(-1, -2), keep=False).output_shape(x) == Vector(2, 512)
    assert Reduce(function="max", axes=(1,), keep=False).output_shape(x) == Array((2, 7, 7))
    assert Reduce(function="max", axes=(1,)).work(x) == Work(comparisons=2 * 49 * 511)
    assert Reduce(function="sum", axes=(0,)).work(Vector(5, 3)) == Work(adds=12)


def test_matmul_by_hand() -> None:
    # Attention of ViT-B/16: 12 heads, queries and keys of 197 x 64.
    queries, keys = FeatureMap(1, 12, 197, 64), FeatureMap(1, 12, 64, 197)
    assert Matmul().output_shape(queries, keys) == FeatureMap(1, 12, 197, 197)
    outputs = 12 * 197 * 197
    assert Matmul().work(queries, keys) == Work(multiplies=64 * outputs, adds=63 * outputs)
    shared = FeatureMap(1, 1, 64, 5)
    assert Matmul().output_shape(queries, shared) == FeatureMap(1, 12, 197, 5)


def test_norms_within_an_example_by_hand() -> None:
    # One vector of 768: mean (767 adds, 1 division), 768 deviations, their squares' mean (768
    # multiplies, 767 adds, 1 division), epsilon, a root, 768 divisions, scales and shifts.
    token = Array((1, 1, 768))
    assert LayerNorm().parameters(token) == Parameters(scales=768, shifts=768)
    assert LayerNorm().work(token) == Work(
        multiplies=2 * 768, adds=2 * 767 + 1 + 2 * 768, divisions=2 + 768, square_roots=1
    )
    x = FeatureMap(2, 32, 8, 8)
    assert LayerNorm(dimensions=3, shift=False).parameters(x) == Parameters(scales=32 * 64)
    assert InstanceNorm().work(x).square_roots == 64
    assert GroupNorm(groups=8).work(x).square_roots == 16
    assert GroupNorm(groups=8).parameters(x) == Parameters(scales=32, shifts=32)


def test_prelu_by_hand() -> None:
    x = FeatureMap(2, 3, 4, 5)
    assert Prelu().work(x) == Work(comparisons=120, multiplies=120)
    assert Prelu().parameters(x) == Parameters(weights=3)
    assert Prelu(shared=True).parameters(x) == Parameters(weights=1)


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
        (lambda: ConvTranspose2d(filters=3, kernel=(1, 1), groups=2).output_shape(IMAGE),
         "input channels per group: 3 is not divisible by 2"),
        (lambda: ConvTranspose2d(filters=3, kernel=(1, 1), groups=2)
         .output_shape(FeatureMap(1, 2, 1, 1)), "filters per group: 3 is not divisible by 2"),
        (lambda: ConvTranspose2d(filters=1, kernel=(2, 2), padding=((1, 1), (0, 0)))
         .output_shape(FeatureMap(1, 1, 1, 1)), "height: padding of 2 leaves nothing of 2"),
        (lambda: ConvTranspose2d(filters=1, kernel=(2, 2), padding="same"), "no padding 'same'"),
        (lambda: ConvTranspose2d(filters=1, kernel=(1, 1), output_padding=(0, -1)),
         "output_padding must be 0 or more"),
        (lambda: ConvTranspose2d(filters=1, kernel=(1, 1), stride=(0, 1)), "stride must be 1"),
        (lambda: Resize(mode="linear", size=(3,)), r"size to be \[rows, columns\], got \[3\]"),
        (lambda: Resize(mode="linear", divisor=(5, 1)).output_shape(FeatureMap(1, 1, 4, 4)),
         "height must be 1 or more, got 0"),
        (lambda: Resize(mode="linear", scale=(0, 1)), "scale must be 1 or more"),
        (lambda: Reduce(function="sum", axes=()), "axes must name one axis or more"),
        (lambda: Reduce(function="sum", axes=(1, -1)).output_shape(Vector(1, 3)), "named twice"),
        (lambda: Reduce(function="sum", axes=(0, 1), keep=False).output_shape(Vector(1, 3)),
         "the batch is one"),
        (lambda: Matmul().output_shape(Vector(1, 3)), "exactly two inputs, got 1"),
        (lambda: Matmul().output_shape(Vector(1, 3), Array((1, 3, 1))), "tensors of one rank"),
        (lambda: Matmul().output_shape(Vector(2, 3), Vector(2, 3)),
         r"columns of \(2, 3\) are not the rows of \(2, 3\)"),
        (lambda: Matmul().output_shape(Array((2, 3, 4)), Array((3, 4, 5))),
         r"leading axes of unlike shape: \(2,\) and \(3,\)"),
        (lambda: LayerNorm(dimensions=2).output_shape(Vector(1, 3)), "from 1 to 1, got 2"),
        (lambda: LayerNorm(dimensions=0).output_shape(Vector(1, 3)), "from 1 to 1, got 0"),
        (lambda: InstanceNorm().output_shape(Array((3,))), r"expected \(N, C, ...\)"),
        (lambda: GroupNorm(groups=2).output_shape(IMAGE), "channels per group: 3 is not divisible"),
        (lambda: GroupNorm(groups=0), "groups must be 1 or more"),
        (lambda: Prelu().output_shape(Array((3,))), "expected channels"),
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
