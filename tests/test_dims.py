"""Sizes: every function at symbols is what it is at integers, put in afterwards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
import sympy

from convcost.analyse import analyse
from convcost.dims import Dim, ceil_div, exact_div, exceeds, floor_div, maximum, minimum, modulo
from convcost.errors import ConvcostError, ShapeError
from convcost.graph import build
from convcost.layers import Concat, Input
from convcost.load import read_text
from convcost.tensors import FeatureMap, Vector

X, D = sympy.symbols("x d", integer=True, positive=True)

PYTHON: dict[Callable[[Dim, Dim], Dim], Callable[[int, int], int]] = {
    floor_div: lambda x, d: x // d,
    ceil_div: lambda x, d: -(-x // d),
    modulo: lambda x, d: x % d,
    minimum: min,
    maximum: max,
    exceeds: lambda x, d: 1 if x > d else 0,
}


@pytest.mark.parametrize("function", PYTHON, ids=lambda each: each.__name__)
def test_integers_and_symbols_agree(function: Callable[[Dim, Dim], Dim]) -> None:
    formula = function(X, D)
    for x, d in product(range(1, 9), range(1, 6)):
        expected = PYTHON[function](x, d)
        assert function(x, d) == expected
        assert sympy.sympify(formula).subs({X: x, D: d}) == expected


def test_nested_floors_are_one() -> None:
    inner = floor_div(X - 3, 2) + 1
    outer = floor_div(inner - 3, 2) + 1
    assert len(sympy.sympify(outer).atoms(sympy.floor)) == 1
    for x in range(8, 40):
        assert sympy.sympify(outer).subs(X, x) == ((x - 3) // 2 + 1 - 3) // 2 + 1
    assert floor_div(4 * X + 3, 4) == X  # just below a whole number


def test_what_is_divided_exactly_must_be_divisible() -> None:
    assert exact_div(12, 4, what="width") == 3
    assert exact_div(6 * X, 3, what="width") == 2 * X
    with pytest.raises(ConvcostError, match="width: 13 is not divisible by 4"):
        exact_div(13, 4, what="width")


@pytest.mark.parametrize("function", [floor_div, modulo])
def test_nothing_is_divided_by_0(function: Callable[[Dim, Dim], Dim]) -> None:
    for x in (1, X):
        with pytest.raises(ZeroDivisionError):
            function(x, 0)


def test_a_comparison_that_symbols_do_not_matter_for_is_a_number() -> None:
    assert exceeds(X + 1, X) == 1
    assert exceeds(X, X + 1) == 0


# --- What only bad input reaches -----------------------------------------------------------


def test_tensors_of_unlike_rank_are_not_joined() -> None:
    with pytest.raises(ShapeError, match=r"inputs of unlike rank: \(1, 2, 3, 3\) and \(1, 2\)"):
        Concat().output_shape(FeatureMap(1, 2, 3, 3), Vector(1, 2))


def test_an_input_has_an_extent() -> None:
    with pytest.raises(ShapeError, match="extents must be one or more"):
        Input(extents=())


def test_an_extent_of_hundreds_of_bits_is_a_mistake() -> None:
    text = (
        f"name: n\ninput: [1, {10**70}, {10**70}]\nlayers:\n  - flatten\n"  # 140 * log2(10) = 465.1
    )
    with pytest.raises(ConvcostError, match="an extent of 466 bits is too large"):
        analyse(build(read_text(text)))
