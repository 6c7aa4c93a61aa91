"""A training step of whole networks, traffic and bounds, by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.dims import Dim, symbol
from convcost.errors import ConvcostError
from convcost.formulas.exact import evaluate
from convcost.largest import largest
from convcost.search import largest_within
from convcost.traffic import traffic
from convcost.training import backward_work, training_step, with_gradient
from convcost.work import Work


def analysed(*steps: str, more: str = "", batch: int = 1) -> convcost.NetworkCost:
    """Analyse a network on images of 1x4x4 in training."""
    items = "".join(f"  - {step}\n" for step in steps)
    text = f"name: net\ninput: [1, 4, 4]\nlayers:\n{items}{more}"
    return convcost.analyse(convcost.build(convcost.read_text(text)), batch=batch, training=True)


def test_a_step_by_hand() -> None:
    # conv 2 filters of 9 taps at 16 positions of 3 images; relu; dense 32 -> 5.
    cost = analysed("conv2d: {filters: 2, kernel: 3, padding: 1}", "relu", "dense: 5", batch=3)
    step = training_step(cost, "momentum")
    assert step.forward == Work(multiplies=864 + 480, adds=864 + 480, comparisons=96)
    # The input wants no gradient: dense alone, 3*32 dot products over 5 units; relu compares.
    assert step.backward_inputs == Work(multiplies=480, adds=96 * 4, comparisons=96)
    # conv: 18 weights and 2 biases, sums over 3*16 positions; dense: 165, over 3 images.
    assert step.backward_parameters == Work(multiplies=864 + 480, adds=20 * 47 + 165 * 2)
    assert step.sums == Work()
    assert step.update == Work(multiplies=2, adds=2) * (20 + 165)


def test_gradients_that_meet_are_added() -> None:
    # x is read by the relu and by the sum: one add for each of its 16 elements.
    cost = analysed("conv2d: {name: x, filters: 1, kernel: 1}", "relu", "add: {from: [relu1, x]}")
    assert training_step(cost).sums == Work(adds=16)
    # Twice by one layer, and as an output besides.
    cost = analysed(
        "conv2d: {name: x, filters: 1, kernel: 1}",
        "add: {from: [x, x]}",
        more="outputs: [x, add1]\n",
    )
    assert training_step(cost).sums == Work(adds=32)


def test_where_gradients_are() -> None:
    cost = analysed(
        "relu: {name: a}",  # depends on no parameter
        "conv2d: {name: b, filters: 1, kernel: 1}",
        "conv2d: {name: dead, filters: 1, kernel: 1}",
        "relu: {name: c, from: b}",
    )
    assert with_gradient(cost) == {"b", "c"}
    found = {layer.name: work for layer, work in backward_work(cost)}
    assert found["dead"].parameters == found["a"].inputs == found["b"].inputs == Work()
    assert found["b"].parameters.multiplies == found["c"].inputs.comparisons == 16


def test_backward_is_about_twice_forward() -> None:
    # Two products as large as the forward one, but for the first layer's input.
    cost = convcost.analyse(convcost.load("vgg16"), batch=2, training=True)
    step, first = training_step(cost), cost.layers[0].work.multiplies
    macs = cost.total().macs
    dropout = cost.total().work.multiplies - macs
    assert step.backward_parameters.multiplies == macs
    assert step.backward_inputs.multiplies == macs - first + dropout


def test_unknown_optimizer() -> None:
    with pytest.raises(ConvcostError, match="unknown optimizer 'sdg'; did you mean 'sgd'"):
        training_step(analysed("dense: 1"), "sdg")


def test_the_command_shows_a_step() -> None:
    result = CliRunner().invoke(app, ["analyze", "lenet", "--training", "--optimizer", "adam"])
    assert "a training step" in result.stdout
    # 6 multiplies for each of 44,426 parameters.
    assert "266.6 K" in result.stdout


def test_traffic_by_hand() -> None:
    conv, relu, flat, dense, twice = analysed(
        "conv2d: {filters: 2, kernel: 3, padding: 1}",
        "relu",
        "flatten",
        "dense: 5",
        "add: {from: [dense1, dense1]}",
    ).layers
    assert (traffic(conv).bytes_read, traffic(conv).bytes_written) == (4 * (16 + 20), 4 * 32)
    assert traffic(conv).intensity == Fraction(2 * 288, 4 * (16 + 20 + 32))
    assert traffic(relu).intensity == Fraction(32, 4 * 64)
    assert (traffic(flat).bytes_read, traffic(flat).intensity) == (0, None)
    assert traffic(dense).bytes_read == 4 * (32 + 165)
    assert traffic(twice).bytes_read == 4 * 5  # one tensor, read once


# --- largest values, largest sizes -------------------------------------------------------


def test_the_largest_of_expressions() -> None:
    x, y = symbol("x"), symbol("y")
    assert largest([3, 7, 5]) == 7
    assert largest([]) == 0
    assert largest([x, 2 * x, x * y]) == largest([2 * x, x * y])
    assert largest([x * y + x, x * y]) == x * y + x
    assert largest([x * y, x]) == x * y  # y is 1 at least
    assert str(largest([4 * x, x * x])) == "Max(4*x, x**2)"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(-3, 5)] * 3), min_size=1, max_size=6),
    st.integers(1, 9),
    st.integers(1, 9),
)
def test_the_largest_is_the_largest(rows: list[tuple[int, int, int]], h: int, w: int) -> None:
    x, y = symbol("x"), symbol("y")
    values: list[Dim] = [a * x * y + b * x + c for a, b, c in rows]
    found = largest(values)
    expected = max(a * h * w + b * h + c for a, b, c in rows)
    assert (found if isinstance(found, int) else evaluate(found, {"x": h, "y": w})) == expected


@given(st.integers(0, 10**12))
def test_the_largest_within(limit: int) -> None:
    assert largest_within(lambda size: size <= limit) == limit


def test_without_a_limit() -> None:
    assert largest_within(lambda _: True) is None
