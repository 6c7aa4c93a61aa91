"""Layers that share what they learn: a layer says how much of it is its own."""

from __future__ import annotations

import pytest

import convcost
from convcost.cost import NetworkCost
from convcost.errors import ConvcostError
from convcost.graph import build
from convcost.load import read_text

TWINS = """\
name: twins
input: [3, 8, 8]
parameters: {{own: 0}}
layers:
  - conv2d: {{name: first, filters: 4, kernel: 3, padding: 1}}
  - conv2d: {{name: second, filters: 4, kernel: 3, padding: 1, {holds}}}
"""


def cost(holds: str, **parameters: int) -> NetworkCost:
    spec = read_text(TWINS.format(holds=holds))
    return convcost.analyse(build(spec, parameters=parameters))


def test_shared_weights_are_counted_once() -> None:
    """A siamese layer: its 4 * 4 * 9 weights are another's, its 4 biases are its own."""
    shared = cost("holds: {weights: 0}")
    alone = cost("bias: true")
    assert alone.total().parameters.count - shared.total().parameters.count == 4 * 4 * 9
    assert shared.layers[1].parameters.biases == 4
    assert shared.layers[1].work == alone.layers[1].work


def test_what_a_layer_holds_may_be_computed() -> None:
    assert cost("holds: {weights: own * 2, biases: 0}", own=7).layers[1].parameters.count == 14


def test_in_formulas_it_is_what_it_says() -> None:
    network = build(read_text(TWINS.format(holds="holds: {weights: own, biases: 0}")))
    formula = network.formula("parameters", free="own")
    assert formula.evaluate(own=5) == 4 * 3 * 9 + 4 + 5


@pytest.mark.parametrize(
    ("holds", "message"),
    [
        ("holds: {weights: -1}", r"second.*holds: weights must be 0 or more, got -1"),
        ("holds: {weight: 1}", "unknown key 'weight' in holds; did you mean 'weights'"),
        ("holds: {weights: [1]}", "expected a whole number or an expression, got a list"),
        ("holds: 3", "expected a mapping for holds"),
    ],
)
def test_errors(holds: str, message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        cost(holds)
