"""Shapes while importing: computed as formulas, and written as a spec has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost import dims
from convcost.dims import Dim, symbol
from convcost.errors import ImportFormatError, ShapeError
from convcost.expressions import LONGEST, Expression
from convcost.importers.extents import written
from convcost.importers.network import Imported
from convcost.importers.shapes import Shapes
from convcost.layers import Concat, Conv2d, Flatten, Pool2d

Computed = Callable[[Mapping[str, Dim]], Dim]

OPERATIONS: list[Callable[[Dim, Dim], Dim]] = [
    lambda a, b: a + b,
    lambda a, b: a * b,
    lambda a, b: a + 2 * b,
    dims.minimum,
    dims.maximum,
    lambda a, b: dims.floor_div(a, 3) + b,
    lambda a, b: dims.ceil_div(a + b, 4),
    lambda a, b: dims.floor_div(a, 2) * dims.floor_div(b + 1, 2),
    lambda a, b: dims.modulo(a, 5) + b,
    lambda a, b: dims.exact_div(6 * a, 3, what="a third") + b,
    lambda a, b: dims.floor_div(5 * a + 2, 3) - dims.floor_div(a, 3) + b,
]


def applied(
    operation: Callable[[Dim, Dim], Dim], left: Computed, right: Computed
) -> Callable[[Mapping[str, Dim]], Dim]:
    """Return a computation of two others."""
    return lambda values: operation(left(values), right(values))


leaves: st.SearchStrategy[Computed] = st.one_of(
    st.sampled_from("hw").map(lambda name: lambda values: values[name]),
    st.integers(1, 9).map(lambda number: lambda _: number),
)
computations: st.SearchStrategy[Computed] = st.recursive(
    leaves,
    lambda inner: st.builds(applied, st.sampled_from(OPERATIONS), inner, inner),
    max_leaves=4,
)


@settings(max_examples=500, deadline=None)
@given(computed=computations, h=st.integers(1, 400), w=st.integers(1, 400))
def test_a_formula_is_written_as_an_expression_of_the_same_value(
    computed: Computed, h: int, w: int
) -> None:
    formula = computed({"h": symbol("h"), "w": symbol("w")})
    try:
        text = written(formula)
    except ImportFormatError as error:
        assert f"at most {LONGEST} characters" in str(error)  # noqa: PT017
        return
    value = text.value({"h": h, "w": w}) if isinstance(text, Expression) else text
    assert value == computed({"h": h, "w": w})


def test_what_no_spec_can_say_is_refused() -> None:
    import sympy

    with pytest.raises(ImportFormatError, match=r"a spec cannot say sqrt\(h\)"):
        written(sympy.sqrt(symbol("h")))


def imported(name: str, layer: Any, *inputs: str, **attributes: Any) -> Imported:
    """Return an imported layer."""
    return Imported(name, layer, attributes, inputs)


def test_shapes_follow_from_the_layers_own_rules() -> None:
    shapes = Shapes()
    shapes.add_input("data", (3, shapes.parameter("h"), 32))
    shapes.add(imported("conv", Conv2d, "data", filters=8, kernel=3, stride=2, padding=1))
    shapes.add(imported("pool", Pool2d, "conv", mode="max", kernel=2, stride=2))
    shapes.add(imported("both", Concat, "pool", "pool"))
    shapes.add(imported("flat", Flatten, "both"))
    n, h = symbol("N"), symbol("h")
    quarter = dims.floor_div(h + 1, 4)
    assert shapes.of("pool") == (n, 8, quarter, 8)
    assert shapes.of("data") == (n, 3, h, 32)
    assert shapes.of("flat") == (n, 16 * quarter * 8)
    assert str(written(shapes.of("pool")[2])) == "(h + 1)//4"


def test_a_layer_that_takes_no_such_shape_is_named() -> None:
    shapes = Shapes()
    shapes.add_input("data", (3, 2, 2))
    shapes.add(imported("a/conv", Conv2d, "data", filters=8, kernel=3))
    with pytest.raises(ShapeError, match=r"'a/conv' \(conv2d\): height: a window of 3"):
        shapes.of("a/conv")
