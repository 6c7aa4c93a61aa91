"""Tensors that a network brings along: shapes, gradients, refusals, what they see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import convcost
from convcost.dims import symbol
from convcost.errors import ShapeError
from convcost.graph import build
from convcost.layers import Constant
from convcost.load import read_text
from convcost.receptive_field import Field, receptive_fields
from convcost.tensors import Array, FeatureMap, Tensor, Vector
from convcost.work import Backward, Parameters, Work

MAP = FeatureMap(2, 6, 4, 5)
TOKENS = """\
name: tokens
input: [3, 16, 16]
layers:
  - conv2d: {name: patches, filters: 8, kernel: 4, stride: 4}
  - reshape: {name: flat, shape: [0, 8, -1]}
  - transpose: {name: sequence, permutation: [0, 2, 1]}
  - constant: {name: token, shape: [0, 1, 8]}
  - concat: {from: [token, sequence]}
"""


@pytest.mark.parametrize(
    ("layer", "x", "expected"),
    [
        (Constant(shape=(0, 1, 768)), MAP, Array((2, 1, 768))),
        (Constant(shape=(169, 3)), MAP, Vector(169, 3)),
        (Constant(shape=(0, 7, 0)), Array((2, 3, 4)), Array((2, 7, 4))),
        (Constant(shape=(0, 5)), Array((symbol("N"),)), Vector(symbol("N"), 5)),
    ],
)
def test_shapes_by_hand(layer: Constant, x: Tensor, expected: Tensor) -> None:
    assert layer.output_shape(x) == expected
    assert layer.work(x) == Work()


def test_a_class_token_is_one_vector_for_all_examples() -> None:
    """ViT's: 768 weights. Of two gradients for each, one add makes a sum."""
    token = Constant(shape=(0, 1, 768))
    assert token.parameters(MAP) == Parameters(weights=768)
    assert token.backward_work(MAP) == Backward(parameters=Work(adds=768))
    fixed = Constant(shape=(0, 1, 768), learned=False)
    assert fixed.parameters(MAP) == Parameters()
    assert fixed.backward_work(MAP) == Backward()


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda: Constant(shape=()), "shape must have the batch at least"),
        (lambda: Constant(shape=(-1,)), "shape has extents of 0 or more, got -1"),
        (lambda: Constant(shape=(1, 0, 0)).output_shape(Vector(2, 3)), "axis 2 is not among"),
    ],
)
def test_refusals(act: Callable[[], Any], message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        act()


def test_it_sees_nothing_of_its_input() -> None:
    cost = convcost.analyse(build(read_text(TOKENS)))
    fields = {each.name: each for each in receptive_fields(cost).layers}
    nothing = Field(0, 0, 0)
    assert (fields["token"].rows, fields["token"].columns) == (nothing, nothing)
    assert fields["concat1"].rows == fields["sequence"].rows


LARGE = TOKENS.replace("[3, 16, 16]", "[3, 64, 64]").replace("8, kernel: 4", "512, kernel: 2")
LARGE = LARGE.replace("stride: 4", "stride: 2").replace("[0, 8, -1]", "[0, 512, -1]")


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("learned", ["true", "false"])
def test_mxnet_builds_it(learned: str, training: bool) -> None:  # noqa: FBT001
    """Shapes, parameters and the plan of its memory, as MXNet has them."""
    mx = pytest.importorskip("mxnet", reason="it builds the network")
    from convcost.measure.mxnet_network import MxnetNetwork
    from convcost.memory.mxnet.layers import planned

    text = LARGE.replace("[0, 1, 8]", f"[0, 900, 512], learned: {learned}") + "  - relu\n"
    cost = convcost.analyse(build(read_text(text)), batch=4, training=training)
    network = MxnetNetwork.of(cost, mx.cpu(), 0)
    expected = {each.name: each.output.shape for each in cost.layers}
    assert network.inferred_shapes() == expected
    (array,) = (array for array in network.arrays() if array.layer == "token")
    assert array.elements == 900 * 512
    assert (array.role == "weights") == (learned == "true")
    assert network.planned_bytes() == planned(cost) >> 20 << 20
    network.run()
