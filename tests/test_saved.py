"""What a layer keeps for its backward pass: all that the literal loops read, and no more."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import cast

import pytest
from counting import Nested, Scalar, Tally
from test_backward import SMALL, forward, random_weights, run_back

from convcost.layers import (
    AbstractLayer,
    Activation,
    BatchNorm,
    Dropout,
    GlobalPool2d,
    GroupNorm,
    InstanceNorm,
    LayerNorm,
    Lrn,
    Pool2d,
    Reduce,
)
from convcost.tensors import Array, FeatureMap, Tensor
from convcost.work import Saved

WRONG = (math.nan, -1e9, 1e9)


def replaced(x: Nested, value: float) -> Nested:
    """Return numbers of the same shape, all of them others."""
    if isinstance(x, Scalar):
        return Scalar(value, Tally())
    return [replaced(item, value) for item in cast("list[Nested]", x)]


def is_read(layer: AbstractLayer, shapes: tuple[Tensor, ...], what: str) -> bool:
    """Return whether the gradients are others, or none, if the inputs or the output are wrong."""
    first = forward(layer, shapes)
    weights = random_weights(first)
    _, known = run_back(layer, first, weights)
    for value in WRONG:
        if what == "inputs":
            wrong = replace(first, inputs=tuple(replaced(x, value) for x in first.inputs))
        else:
            wrong = replace(first, output=replaced(first.output, value))
        try:
            _, found = run_back(layer, wrong, weights)
        except (ValueError, ArithmeticError):
            return True
        if found != pytest.approx(known, nan_ok=True):
            return True
    return False


@pytest.mark.parametrize("what", ["inputs", "output"])
@pytest.mark.parametrize(
    ("layer", "shapes"), SMALL, ids=[f"{i}-{layer.kind}" for i, (layer, _) in enumerate(SMALL)]
)
def test_what_is_read_again_is_kept(
    layer: AbstractLayer, shapes: tuple[Tensor, ...], what: str
) -> None:
    saved = layer.saved(*shapes)
    marked = saved.mask_bytes or saved.elements  # the loops find those again in the inputs
    if getattr(saved, what):
        assert is_read(layer, shapes, what)
    elif not marked:
        assert not is_read(layer, shapes, what)


@pytest.mark.parametrize(
    ("layer", "x", "saved"),
    [  # a byte or an int32 says which of 2 * 3 and of 20 * 15 = 300 elements it is
        (Reduce(function="max", axes=(1, 2)), Array((4, 2, 3)), Saved(mask_bytes=4)),
        (Reduce(function="min", axes=(-1,)), Array((4, 300)), Saved(mask_bytes=4 * 4)),
        (Reduce(function="mean", axes=(1,)), Array((4, 5)), Saved()),
        (
            Pool2d(mode="max", kernel=(2, 2), stride=(2, 2)),
            FeatureMap(2, 3, 4, 6),
            Saved(mask_bytes=2 * 3 * 2 * 3),
        ),
        (GlobalPool2d(mode="max"), FeatureMap(2, 3, 20, 15), Saved(mask_bytes=2 * 3 * 4)),
        (Dropout(rate=0.5), FeatureMap(2, 3, 4, 5), Saved(mask_bytes=2 * 3 * 4 * 5)),
        # the mean and the root: of 3 channels, 2 * 4 groups, 2 * 3 maps, 2 * 5 vectors
        (BatchNorm(), FeatureMap(2, 3, 4, 5), Saved(inputs=True, elements=2 * 3)),
        (GroupNorm(groups=4), FeatureMap(2, 8, 4, 5), Saved(inputs=True, elements=2 * 2 * 4)),
        (InstanceNorm(), FeatureMap(2, 3, 4, 5), Saved(inputs=True, elements=2 * 2 * 3)),
        (LayerNorm(), Array((2, 5, 7)), Saved(inputs=True, elements=2 * 2 * 5)),
        (
            Lrn(size=3),
            FeatureMap(2, 3, 4, 5),
            Saved(inputs=True, output=True, elements=2 * 3 * 4 * 5),
        ),
        (Activation(function="relu"), FeatureMap(2, 3, 4, 5), Saved(output=True)),
    ],
)
def test_what_else_is_kept_by_hand(layer: AbstractLayer, x: Tensor, saved: Saved) -> None:
    assert layer.saved(x) == saved
