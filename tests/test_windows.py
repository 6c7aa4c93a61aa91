"""Sliding windows: how many positions they take, in numbers and in symbols.

The brute force is :meth:`counting.Slide.along`, which tries the windows one by one.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple

import pytest
import sympy
from counting import Slide
from hypothesis import given, settings
from hypothesis import strategies as st

from convcost.dims import (
    Dim,
    ceil_div,
    equal,
    exact_div,
    floor_div,
    minimum,
    modulo,
    product,
    recording,
    require,
    require_at_least,
    symbol,
)
from convcost.errors import ShapeError
from convcost.layers import Pool2d
from convcost.layers.window import Rounding, Same, Window
from convcost.tensors import FeatureMap

H = symbol("H")

kernels = st.integers(1, 7)
strides = st.integers(1, 5)
dilations = st.integers(1, 3)
roundings: st.SearchStrategy[Rounding] = st.sampled_from(["valid", "full", "clamped"])
margins = st.tuples(st.integers(0, 5), st.integers(0, 5))
padded_windows = st.builds(Window, kernels, strides, margins, dilations, roundings)
same_words: st.SearchStrategy[Same] = st.sampled_from(["same", "same_lower"])
same_windows = st.builds(Window, kernels, strides, same_words, dilations, roundings)
windows: st.SearchStrategy[Window] = st.one_of(padded_windows, padded_windows, same_windows)


def window(
    kernel: int,
    stride: int = 1,
    padding: int | Same = 0,
    rounding: Rounding = "valid",
    *,
    dilation: int = 1,
) -> Window:
    """Return a window with as much padding before as after."""
    margins: Same | tuple[int, int] = padding if isinstance(padding, str) else (padding, padding)
    return Window(kernel, stride, margins, dilation, rounding)


def enumerated(window: Window) -> Slide:
    """Return the same window for the brute force."""
    return Slide(*astuple(window))


# Numbers -----------------------------------------------------------------------------------


@settings(max_examples=1000, deadline=None)
@given(window=windows, extent=st.integers(1, 40))
def test_positions_are_those_that_can_be_enumerated(window: Window, extent: int) -> None:
    """Every kernel, stride, dilation, rounding and padding, asymmetric too; or none fits."""
    axis = enumerated(window).along(extent)
    if axis.fits:
        assert window.positions(extent, axis="height") == len(axis.windows)
    else:
        with pytest.raises(ShapeError, match=r"^error: height: a window of \d+ does not fit into"):
            window.positions(extent, axis="height")


@settings(max_examples=300, deadline=None)
@given(window=same_windows, extent=st.integers(1, 40))
def test_same_pads_as_much_as_its_windows_read(window: Window, extent: int) -> None:
    """TensorFlow's ``SAME``: one window for every stride begun, the odd padding behind."""
    axis = enumerated(window).along(extent)
    assert window.positions(extent, axis="width") == len(
        range(0, extent, enumerated(window).stride)
    )
    assert window.margins(extent) == (-axis.padded.start, axis.padded.stop - extent)


@given(window=padded_windows, extent=st.integers(1, 40))
def test_given_padding_is_taken_as_it_is(window: Window, extent: int) -> None:
    """Nothing but ``same`` depends on the extent."""
    assert window.margins(extent) == window.padding


@settings(max_examples=500, deadline=None)
@given(
    kernel=kernels, stride=strides, dilation=dilations, extent=st.integers(1, 40), data=st.data()
)
def test_clamped_is_what_pytorch_computes(
    kernel: int, stride: int, dilation: int, extent: int, data: st.DataObject
) -> None:
    """PyTorch's pooling_output_shape_pad_lr in Pool.h, for the padding it admits: half a kernel."""
    padding = data.draw(st.integers(0, kernel // 2), label="padding")
    reach = dilation * (kernel - 1) + 1
    clamped = window(kernel, stride, padding, "clamped", dilation=dilation)
    if reach > extent + 2 * padding:
        return
    size = math.ceil((extent + 2 * padding - reach) / stride) + 1
    if (size - 1) * stride >= extent + padding:
        size -= 1
    assert clamped.positions(extent, axis="height") == size


KNOWN = {
    "AlexNet, first layer, Krizhevsky et al. 2012 (227 as in CS231n)": (227, window(11, 4), 55),
    "AlexNet, first layer, the notes' 5.6": (224, window(11, 4), 54),
    "AlexNet, pooling, the notes' 5.6": (54, window(3, 2), 26),
    "5.2, last example, rows": (8, window(3, 3, 0), 2),
    "5.2, last example, columns": (8, window(5, 4, 1), 2),
    "5.2, strides 3 and 2, rows": (3, window(2, 3, 1), 2),
    "5.2, strides 3 and 2, columns": (3, window(2, 2, 1), 2),
    "ResNet, conv1, He et al. 2015, table 1": (224, window(7, 2, 3), 112),
    "ResNet, pooling, He et al. 2015, table 1": (112, window(3, 2, 1), 56),
    "GoogLeNet, pooling, Szegedy et al. 2014, table 1": (112, window(3, 2, 0, "full"), 56),
    "GoogLeNet's pooling, rounded down": (112, window(3, 2), 55),
    "Dumoulin & Visin, figure 2.6": (5, window(3, 2, 1), 3),
    "Dumoulin & Visin, figure 2.7": (6, window(3, 2, 1), 3),
    "Dumoulin & Visin, figure 5.1": (7, window(3, dilation=2), 3),
    "MobileNet, first layer, Howard et al. 2017, table 1": (224, window(3, 2, "same"), 112),
    "TensorFlow, SAME explained on a width of 13": (13, window(6, 5, "same"), 3),
    # Rounding up gives 4, 4, 3 and 4: the last window would start behind the input.
    "PyTorch issue 45357, rows": (6, window(1, 2, 0, "clamped"), 3),
    "PyTorch issue 45357, columns": (7, window(1, 2, 0, "clamped"), 4),
    "PyTorch/XLA pull request 2583": (8, window(3, 4, 0, "clamped"), 2),
    "burn issue 5791, the last window lies in the padding": (5, window(2, 2, 1, "clamped"), 3),
}


@pytest.mark.parametrize(("extent", "window", "positions"), KNOWN.values(), ids=KNOWN)
def test_known_positions(extent: int, window: Window, positions: int) -> None:
    """Worked by hand by others."""
    assert window.positions(extent, axis="height") == positions


@pytest.mark.parametrize(
    ("extent", "window", "positions"),
    [
        (6, window(1, 2, 0, "full"), 4),
        (8, window(3, 4, 0, "full"), 3),
        (5, window(2, 2, 1, "full"), 4),
        (5, window(2, 2, 1, "valid"), 3),
        (8, window(3, 4, 0, "valid"), 2),
        (6, window(3, 2, 0, "clamped"), 3),
        (6, window(3, 2, 0, "valid"), 2),
    ],
)
def test_roundings_differ(extent: int, window: Window, positions: int) -> None:
    """What the clamped examples are with the other roundings, and one with clamped above valid."""
    assert window.positions(extent, axis="height") == positions


def test_margins_of_a_known_same() -> None:
    """TensorFlow, SAME explained on a width of 13: kernel 6 and stride 5 pad 1 and 2."""
    assert window(6, 5, "same").margins(13) == (1, 2)


def test_margins_of_same_lower() -> None:
    """ONNX's SAME_LOWER pads the odd one at the beginning."""
    assert window(6, 5, "same_lower").margins(13) == (2, 1)


def test_the_notes_example_as_a_layer() -> None:
    """5.2: an 8 x 8 input, kernel (3, 5), padding (0, 1) on each side, strides (3, 4): 2 x 2."""
    pool = Pool2d(mode="max", kernel=(3, 5), stride=(3, 4), padding=((0, 0), (1, 1)))
    assert pool.output_shape(FeatureMap(1, 1, 8, 8)) == FeatureMap(1, 1, 2, 2)


# Symbols -----------------------------------------------------------------------------------


def walk(extent: Dim, stack: list[Window]) -> Dim:
    """Send an extent through windows, one after the other."""
    for step in stack:
        extent = step.positions(extent, axis="height")
    return extent


def put_in(formula: Dim, extent: int) -> Dim:
    """Return the formula's value at this extent."""
    return formula if isinstance(formula, int) else formula.subs({H: extent})


def floors(formula: Dim) -> int:
    """Return how many floors a formula has, those inside others included."""
    return 0 if isinstance(formula, int) else len(formula.atoms(sympy.floor))


@settings(max_examples=250, deadline=None)
@given(
    stack=st.lists(windows, min_size=2, max_size=6),
    extents=st.lists(st.integers(1, 3000), min_size=1, max_size=6, unique=True),
)
def test_a_stack_of_windows_is_one_floor(stack: list[Window], extents: list[int]) -> None:
    """The extent behind them is one floor, right wherever its conditions hold, and only there."""
    with recording() as conditions:
        formula = walk(H, stack)
    assert floors(formula) <= 1
    for extent in extents:
        if all(condition.subs({H: extent}) for condition in conditions):
            assert put_in(formula, extent) == walk(extent, stack)
        else:
            with pytest.raises(ShapeError, match="does not fit"):
                walk(extent, stack)


@settings(max_examples=60, deadline=None)
@given(stack=st.lists(windows, min_size=1, max_size=3))
def test_equal_extents_have_one_form(stack: list[Window]) -> None:
    """Whatever the windows, it is floor((H + a)/d): branches that agree can be seen to agree."""
    stride = math.prod(enumerated(step).stride for step in stack)
    sizes = {extent: walk(extent, stack) for extent in range(500, 501 + stride)}
    steps = [e for e in sizes if e - 1 in sizes and sizes[e] != sizes[e - 1]]
    offset = stride * sizes[steps[0]] - steps[0]
    assert walk(H, stack) == sympy.floor((H + offset) / stride)


RESNET = [window(7, 2, 3), window(3, 2, 1), *[window(1, 2)] * 3]
VGG = [step for _ in range(5) for step in (window(3, 1, 1), window(2, 2))]


@pytest.mark.parametrize(("stack", "offset"), [(VGG, 0), (RESNET, 31)], ids=["VGG", "ResNet"])
def test_last_map_of_known_networks(stack: list[Window], offset: int) -> None:
    """VGG's is floor(H/32), ResNet's floor((H + 31)/32): 7 at 224; without a floor at 32 h."""
    formula = walk(H, stack)
    assert floors(formula) == 1
    assert [put_in(formula, extent) for extent in range(32, 300)] == [
        (extent + offset) // 32 for extent in range(32, 300)
    ]
    h = symbol("h")
    assert walk(32 * h, stack) == h
    assert walk(224, stack) == 7


@settings(max_examples=200, deadline=None)
@given(
    times=st.sampled_from([(-2, 0), (-1, 1), (1, 0), (1, 1), (1, 2), (2, 0)]),
    divisors=st.tuples(*[st.integers(1, 7)] * 3),
    offset=st.integers(-9, 9),
    extents=st.tuples(*[st.integers(1, 99)] * 2),
)
def test_folding_keeps_the_value(
    times: tuple[int, int], divisors: tuple[int, ...], offset: int, extents: tuple[int, int]
) -> None:
    """A floor that is multiplied, negated or not alone may stand; its value may not change."""

    def value(rows: Dim, columns: Dim) -> Dim:
        inner = (floor_div(rows, divisors[0]), floor_div(columns, divisors[1]))
        return floor_div(times[0] * inner[0] + times[1] * inner[1] + offset, divisors[2])

    w = symbol("W")
    formula = value(H, w)
    assert not isinstance(formula, int)
    assert formula.subs({H: extents[0], w: extents[1]}) == value(*extents)


@settings(max_examples=200, deadline=None)
@given(left=st.integers(1, 99), right=st.integers(1, 12))
@pytest.mark.parametrize(
    "operation", [floor_div, ceil_div, modulo, minimum], ids=lambda function: function.__name__
)
def test_operations_agree_in_both_worlds(
    operation: Callable[[Dim, Dim], Dim], left: int, right: int
) -> None:
    """With one symbol, with two, and with none; and none gives a plain integer."""
    a, b = symbol("a"), symbol("b")
    expected = operation(left, right)
    assert type(expected) is int
    for formula in (operation(a, b), operation(a, right), operation(left, b)):
        value = formula if isinstance(formula, int) else formula.subs({a: left, b: right})
        assert value == expected


@pytest.mark.parametrize(
    ("dividend", "divisor", "down", "up", "rest"),
    [(7, 2, 3, 4, 1), (8, 2, 4, 4, 0), (-7, 2, -4, -3, 1), (0, 5, 0, 0, 0), (1, 5, 0, 1, 1)],
)
def test_division_of_integers(dividend: int, divisor: int, down: int, up: int, rest: int) -> None:
    """Down is towards minus infinity."""
    assert floor_div(dividend, divisor) == down
    assert ceil_div(dividend, divisor) == up
    assert modulo(dividend, divisor) == rest


def test_integers_come_out_of_symbols_plain() -> None:
    """Where symbols cancel, what is left is an int and no SymPy number."""
    a = symbol("a")
    for value in (floor_div(2 * a, a), modulo(2 * a, 2), exact_div(6 * a, a, what="x")):
        assert type(value) is int
    assert product([]) == 1
    assert product([a, 2, 3]) == 6 * a


# Conditions --------------------------------------------------------------------------------


def test_exact_division_of_integers() -> None:
    """It divides, or says what does not."""
    assert exact_div(12, 4, what="channels per group") == 3
    with pytest.raises(ShapeError, match="channels per group: 3 is not divisible by 2"):
        exact_div(3, 2, what="channels per group")


def test_exact_division_of_symbols() -> None:
    """Provably right records nothing, provably wrong raises, undecidable is recorded."""
    a, b = symbol("a"), symbol("b")
    with recording() as conditions:
        assert exact_div(6 * a, 2, what="x") == 3 * a
        assert exact_div(a * b, b, what="x") == a
        assert conditions == []
        assert exact_div(a, b, what="x") == a / b
        assert exact_div(a, 2, what="x") == a / 2
    assert [condition.subs({a: 6, b: 3}) for condition in conditions] == [True, True]
    assert [condition.subs({a: 9, b: 3}) for condition in conditions] == [True, False]
    assert [condition.subs({a: 8, b: 3}) for condition in conditions] == [False, True]
    with pytest.raises(ShapeError, match=r"x: 2\*a \+ 1 is not divisible by 2"):
        exact_div(2 * a + 1, 2, what="x")


def test_undecidable_is_recorded_once_and_not_raised() -> None:
    """The same condition twice is one; outside a recording it is let pass."""
    with recording() as conditions:
        require(H >= 7, "too small")
        require(H >= 7, "too small, again")
        require(H <= 9, "too large")
    require(H >= 8, "nobody listens")
    assert conditions == [H >= 7, H <= 9]


def test_decidable_is_decided() -> None:
    """A symbol is a positive integer, and that settles a good deal."""
    with recording() as conditions:
        require(condition=True, message="never")
        require(H >= 1, "never")
        require(H + 3 > 3, "never")
        require(equal(2 * H, H + H), "never")
        require_at_least(1, rows=H, columns=4)
        for wrong in (False, H <= 0, equal(H, H + 1), equal(H, 0)):
            with pytest.raises(ShapeError, match=r"^error: wrong$"):
                require(wrong, "wrong")
    assert conditions == []


def test_minimum_values_are_named() -> None:
    """The error says which value, what it must be and what it is."""
    with pytest.raises(ShapeError, match="stride must be 1 or more, got 0"):
        require_at_least(1, kernel=3, stride=0)
    with pytest.raises(ShapeError, match="padding must be 0 or more, got -H"):
        require_at_least(0, padding=-H)


def test_an_error_names_values_with_braces_as_they_are() -> None:
    """The message is a format; what is put in is not."""
    with pytest.raises(ShapeError, match=r"^error: \{H\} is wrong$"):
        require(False, "{} is wrong", "{H}")  # noqa: FBT003


def test_recordings_nest() -> None:
    """What is recorded inside stays inside, and the one around goes on after it, errors or not."""
    with recording() as outer:
        require(H >= 2, "2")
        with recording() as inner:
            require(H >= 3, "3")
        with pytest.raises(ShapeError), recording():
            require(H < 1, "never")
        require(H >= 4, "4")
    assert outer == [H >= 2, H >= 4]
    assert inner == [H >= 3]


def test_a_window_that_may_not_fit_is_a_condition() -> None:
    """One that fits into its padding alone is none."""
    with recording() as conditions:
        window(7, 2, 3).positions(H, axis="height")
        assert conditions == []
        window(7, 2).positions(H, axis="height")
    assert conditions == [H >= 7]
