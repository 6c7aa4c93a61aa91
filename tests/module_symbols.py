"""Networks as they were written for MXNet's Module: symbols with names by hand.

Source: the forms of ``symbols/resnet.py`` and ``symbols/inception-bn.py`` in the image
classification examples of MXNet 0.9 to 1.9.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import mxnet as mx

F = mx.sym
Symbol = Any  # MXNet has no types


def resnet(units: tuple[int, ...] = (2, 2, 2, 2), classes: int = 1000) -> Symbol:
    """Build a residual network with activations before convolutions, and a loss at its end."""
    norm = partial(F.BatchNorm, fix_gamma=False, eps=2e-5, momentum=0.9)
    conv = partial(F.Convolution, no_bias=True, workspace=256)
    x = F.BatchNorm(F.Variable("data"), fix_gamma=True, eps=2e-5, name="bn_data")
    x = conv(x, num_filter=64, kernel=(7, 7), stride=(2, 2), pad=(3, 3), name="conv0")
    x = F.Activation(norm(x, name="bn0"), act_type="relu", name="relu0")
    x = F.Pooling(x, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="max", name="pool0")
    for stage, count in enumerate(units, start=1):
        for unit in range(1, count + 1):
            name = f"stage{stage}_unit{unit}"
            filters, stride = 32 * 2**stage, 2 if unit == 1 and stage > 1 else 1
            act1 = F.Activation(norm(x, name=f"{name}_bn1"), act_type="relu", name=f"{name}_relu1")
            three = partial(conv, num_filter=filters, kernel=(3, 3), pad=(1, 1))
            y = three(act1, stride=(stride, stride), name=f"{name}_conv1")
            act2 = F.Activation(norm(y, name=f"{name}_bn2"), act_type="relu", name=f"{name}_relu2")
            y = three(act2, stride=(1, 1), name=f"{name}_conv2")
            if unit == 1:
                x = conv(
                    act1,
                    num_filter=filters,
                    kernel=(1, 1),
                    stride=(stride, stride),
                    name=f"{name}_sc",
                )
            x = F.elemwise_add(y, x, name=f"_plus{4 * stage + unit}")  # as MXNet calls sums
    x = F.Activation(norm(x, name="bn1"), act_type="relu", name="relu1")
    x = F.Pooling(x, global_pool=True, kernel=(7, 7), pool_type="avg", name="pool1")
    x = F.FullyConnected(F.Flatten(x, name="flatten"), num_hidden=classes, name="fc1")
    return F.SoftmaxOutput(x, name="softmax")


def inception(classes: int = 1000) -> Symbol:
    """Build the beginning of an Inception network, and a loss at its end."""

    def unit(x: Symbol, filters: int, kernel: int, stride: int, name: str) -> Symbol:
        pad = (kernel // 2, kernel // 2)
        x = F.Convolution(
            x,
            num_filter=filters,
            kernel=(kernel,) * 2,
            stride=(stride,) * 2,
            pad=pad,
            name=f"conv_{name}",
        )
        x = F.BatchNorm(x, fix_gamma=True, name=f"bn_{name}")
        return F.Activation(x, act_type="relu", name=f"relu_{name}")

    x = unit(F.Variable("data"), 64, 7, 2, "1")
    x = F.Pooling(x, kernel=(3, 3), stride=(2, 2), pool_type="max", name="pool_1")
    for block in ("3a", "3b"):
        one = unit(x, 64, 1, 1, f"{block}_1x1")
        three = unit(unit(x, 64, 1, 1, f"{block}_3x3_reduce"), 64, 3, 1, f"{block}_3x3")
        pool = F.Pooling(
            x,
            kernel=(3, 3),
            stride=(1, 1),
            pad=(1, 1),
            pool_type="avg",
            name=f"avg_pool_{block}_pool",
        )
        x = F.Concat(one, three, unit(pool, 32, 1, 1, f"{block}_proj"), name=f"ch_concat_{block}")
    x = F.Pooling(x, global_pool=True, kernel=(7, 7), pool_type="avg", name="global_pool")
    x = F.FullyConnected(F.Flatten(x, name="flatten"), num_hidden=classes, name="fc1")
    return F.SoftmaxOutput(x, name="softmax")


def attention(units: int = 8) -> Symbol:
    """Build a block that gates its channels, by hand and twice with the same weights."""
    weight = F.Variable("fc_weight")
    x = F.Convolution(F.Variable("data"), num_filter=units, kernel=(3, 3), pad=(1, 1), name="conv")
    for index in range(2):
        y = F.Flatten(F.Pooling(x, global_pool=True, kernel=(1, 1), pool_type="avg"))
        y = F.FullyConnected(y, weight=weight, num_hidden=units, no_bias=True, name=f"fc{index}")
        x = F.broadcast_mul(x, F.expand_dims(F.expand_dims(F.sigmoid(y), axis=2), axis=3))
    return x


def shuffle(channels: int = 24, groups: int = 3) -> Symbol:
    """Build units that split their channels, shuffle them, and bring them back together."""
    x = F.Convolution(
        F.Variable("data"), num_filter=channels, kernel=(3, 3), stride=(2, 2), name="conv"
    )
    for index in range(2):
        one, other = F.SliceChannel(x, num_outputs=2, name=f"unit{index}_split")
        half = channels // 2
        y = F.Convolution(
            other,
            num_filter=half,
            num_group=half,
            kernel=(3, 3),
            pad=(1, 1),
            name=f"unit{index}_dw",
        )
        y = F.LeakyReLU(y, act_type="prelu", name=f"unit{index}_prelu")
        x = F.concat(one, y, dim=1, name=f"unit{index}_concat")
        x = F.Reshape(x, shape=(0, -4, groups, -1, -2), name=f"unit{index}_apart")
        x = F.SwapAxis(x, dim1=1, dim2=2, name=f"unit{index}_swap")
        x = F.Reshape(x, shape=(0, -3, -2), name=f"unit{index}_together")
    return F.FullyConnected(F.mean(x, axis=(2, 3)), num_hidden=10, name="fc")


def segmentation(classes: int = 21) -> Symbol:
    """Build a fully convolutional network, whose output is as large as its input."""
    data = F.Variable("data")
    x = F.Convolution(data, num_filter=16, kernel=(3, 3), pad=(50, 50), name="conv1")
    x = F.Activation(x, act_type="relu", name="relu1")
    x = F.Pooling(x, kernel=(2, 2), stride=(2, 2), pooling_convention="full", name="pool1")
    score1 = F.Convolution(x, num_filter=classes, kernel=(1, 1), name="score_pool1")
    x = F.Pooling(x, kernel=(2, 2), stride=(2, 2), pooling_convention="full", name="pool2")
    x = F.Convolution(x, num_filter=classes, kernel=(1, 1), name="score")
    up = {"kernel": (4, 4), "stride": (2, 2), "num_filter": classes}
    x = F.Deconvolution(x, **up, num_group=classes, name="score2")
    x = F.Crop(x, score1, num_args=2, center_crop=True, name="crop1") + score1
    x = F.Deconvolution(x, **up, name="big_score")
    x = F.Crop(x, data, num_args=2, offset=(19, 19), name="upscore")
    return F.SoftmaxOutput(x, multi_output=True, name="softmax")
