"""What a layer's time is made of, against enumeration, by hand, and in symbols."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from time_profile import MACHINE

import convcost
from convcost.dims import Dim, exceeds, recording, symbol
from convcost.errors import ShapeError
from convcost.formulas import SymbolicNetwork
from convcost.layers.window import Rounding, Window
from convcost.prediction.taps import along
from convcost.prediction.terms import TERMS, Terms, terms

windows = st.builds(
    Window,
    kernel=st.integers(1, 7),
    stride=st.integers(1, 4),
    padding=st.one_of(
        st.sampled_from(["same", "same_lower"]), st.tuples(st.integers(0, 7), st.integers(0, 7))
    ),
    dilation=st.integers(1, 3),
    rounding=st.sampled_from(["valid", "full", "clamped"]),
)


def enumerated(window: Any, extent: int) -> int:
    """Visit every tap of every window and count those on the input."""
    positions, (before, _) = window.positions(extent, axis=""), window.margins(extent)
    return sum(
        0 <= i * window.stride + k * window.dilation - before < extent
        for i in range(positions)
        for k in range(window.kernel)
    )


@given(windows, st.integers(1, 40))
def test_taps_on_the_input_are_those_that_are_found_one_by_one(window: Window, extent: int) -> None:
    try:
        expected = enumerated(window, extent)
    except ShapeError:
        assume(False)  # noqa: FBT003
    assert along(window, extent) == expected


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "dilation", "rounding"),
    [
        (3, 1, (1, 1), 1, "valid"),
        (7, 2, (3, 3), 1, "valid"),
        (11, 4, (2, 2), 1, "valid"),
        (3, 2, (0, 0), 1, "full"),
        (3, 2, (1, 1), 1, "clamped"),
        (5, 3, (4, 1), 2, "valid"),
        (3, 2, "same", 1, "valid"),
    ],
)
def test_taps_of_a_symbol_with_numbers_put_in(
    kernel: int, stride: int, padding: Any, dilation: int, rounding: Rounding
) -> None:
    window, height = Window(kernel, stride, padding, dilation, rounding), symbol("H")
    with recording() as conditions:
        formula: Any = along(window, height)
    tried = 0
    for extent in range(1, 40):
        if all(bool(condition.subs(height, extent)) for condition in conditions):
            tried += 1
            assert formula.subs(height, extent) == enumerated(window, extent), extent
    assert tried > 25


def test_exceeds_is_a_bracket() -> None:
    height: Any = symbol("H")
    assert [exceeds(value, 3) for value in (2, 3, 4)] == [0, 0, 1]
    bracket: Any = exceeds(height, 3)
    assert [bracket.subs(height, value) for value in (2, 3, 4)] == [0, 0, 1]
    assert exceeds(height, 0) == 1
    assert isinstance(exceeds(height, 0), int)


def terms_of(layer: str, shape: str = "[32, 8, 8]", batch: int = 2) -> Terms:
    """Return the terms of the last layer of a small network."""
    text = f"{{name: n, input: {shape}, layers: [{layer}]}}"
    return terms(
        convcost.analyse(convcost.build(convcost.read_text(text)), batch=batch).layers[-1], MACHINE
    )


BY_HAND = [
    # 24 filters are 2 vectors of 16 lanes, as are the 32 channels, so that for each of 8 rows
    # the kernel is called twice; 8 windows of 3 on 8, two taps in the padding: 22 by 22 taps.
    (
        "{conv2d: {filters: 24, kernel: 3, padding: 1}}",
        "conv2d",
        {
            "multiply_adds": 2 * 22 * 22 * 32 * 32,
            "weight_loads": 2 * 22 * 3 * 32 * 2,
            "calls": 2 * 8 * 2,
            "bytes_l2": 4 * 2 * (32 + 24) * 64,
            "weight_bytes": 4 * (24 * 32 * 9 + 24),
            "launches": 1,
        },
    ),
    # 20 filters do not fill blocks of 8: a product for each image, padding and all.
    (
        "{conv2d: {filters: 20, kernel: 3, padding: 1}}",
        "conv2d as a product",
        {
            "multiply_adds": 2 * 64 * 9 * 32 * 20,
            "patch_elements": 2 * 64 * 9 * 32,
            "packed_bytes": 2 * 4 * 20 * 32 * 9,
            "products": 2,
            "bytes_l2": 4 * 2 * (32 + 20) * 64,
            "weight_bytes": 4 * (20 * 32 * 9 + 20),
            "launches": 1,
        },
    ),
    # A patch of one element is not written out.
    (
        "{conv2d: {filters: 20, kernel: 1, bias: false}}",
        "conv2d 1x1 as a product",
        {
            "multiply_adds": 2 * 64 * 32 * 20,
            "packed_bytes": 2 * 4 * 20 * 32,
            "products": 2,
            "bytes_l2": 4 * 2 * (32 + 20) * 64,
            "weight_bytes": 4 * 20 * 32,
            "launches": 1,
        },
    ),
    (
        "{conv2d: {filters: 16, kernel: 1, stride: 2, bias: false}}",
        "conv2d 1x1",
        {
            "multiply_adds": 2 * 16 * 32 * 16,
            "bytes_l2": 4 * 2 * (32 * 64 + 16 * 16),
            "weight_bytes": 4 * 32 * 16,
            "launches": 1,
        },
    ),
    # 3 does not divide 8: oneDNN's kernel for products does not take it. A vector by itself waits.
    (
        "{conv2d: {filters: 16, kernel: 1, stride: 3, bias: false}}",
        "conv2d",
        {
            "multiply_adds": 2 * 9 * 32 * 16,
            "waits": 2 * 9 * 32 * 16,
            "weight_loads": 2 * 3 * 32,
            "calls": 2 * 3 * 2,
            "bytes_l2": 4 * 2 * (32 * 64 + 16 * 9),
            "weight_bytes": 4 * 32 * 16,
            "launches": 1,
        },
    ),
    # 32 channels are 2 vectors: a call for each of 6 rows.
    (
        "{conv2d: {filters: 32, kernel: 3, groups: 32, bias: false}}",
        "conv2d depthwise",
        {
            "multiply_adds": 2 * 36 * 9 * 32,
            "calls": 2 * 2 * 6,
            "bytes_l2": 4 * 2 * 32 * (64 + 36),
            "weight_bytes": 4 * 32 * 9,
            "launches": 1,
        },
    ),
    # Four groups of 8 in and 8 out, each 16 lanes wide; 6 rows.
    (
        "{conv2d: {filters: 32, kernel: 3, groups: 4, bias: false}}",
        "conv2d",
        {
            "multiply_adds": 2 * 36 * 9 * 4 * 16 * 16,
            "waits": 2 * 36 * 9 * 4 * 16 * 16,
            "weight_loads": 2 * 18 * 3 * 4 * 16,
            "calls": 2 * 6 * 4,
            "bytes_l2": 4 * 2 * 32 * (64 + 36),
            "weight_bytes": 4 * 8 * 32 * 9,
            "launches": 1,
        },
    ),
    # Every one of 64 places of 32 channels goes to 16 lanes of 9 taps; 17 by 17 come out.
    (
        "{conv_transpose2d: {filters: 4, kernel: 3, stride: 2, bias: false}}",
        "conv_transpose2d",
        {
            "multiply_adds": 2 * 64 * 9 * 32 * 16,
            "bytes_l2": 4 * 2 * (32 * 64 + 4 * 289),
            "weight_bytes": 4 * 32 * 4 * 9,
            "launches": 1,
        },
    ),
    (
        "{max_pool2d: {kernel: 2, stride: 2}}",
        "max pool2d",
        {
            "window_elements": 2 * 32 * 64,
            "calls": 2 * 2 * 4,
            "bytes_l2": 4 * 2 * 32 * (64 + 16),
            "launches": 1,
        },
    ),
    (
        "global_average_pool2d",
        "global average pool2d",
        {
            "window_elements": 2 * 32 * 64,
            "calls": 2 * 2,
            "bytes_l2": 4 * 2 * 32 * 65,
            "launches": 1,
        },
    ),
    (
        "batch_norm",
        "batch_norm",
        {"bytes_l2": 4 * 2 * 2 * 32 * 64, "weight_bytes": 4 * 4 * 32, "launches": 1},
    ),
    ("relu", "activation relu", {"bytes_l2": 4 * 2 * 2 * 32 * 64, "launches": 1}),
    (
        "relu6",
        "activation relu6",
        {"bytes_l2": 4 * 2 * 2 * 32 * 64, "launches": 1},
    ),
    (
        "elu",
        "activation transcendental",
        {"exponentials": 2 * 32 * 64, "bytes_l2": 4 * 2 * 2 * 32 * 64, "launches": 1},
    ),
    (
        "softmax",
        "softmax",
        {"exponentials": 2 * 32 * 64, "bytes_l2": 4 * 2 * 2 * 32 * 64, "launches": 1},
    ),
    (
        "{lrn: {size: 5}}",
        "lrn",
        {
            "window_elements": 5 * 2 * 32 * 64,
            "exponentials": 2 * 32 * 64,
            "bytes_l2": 4 * 2 * 2 * 32 * 64,
            "launches": 1,
        },
    ),
    # 10 units are 16 lanes; a feature map is flattened.
    (
        "{dense: {units: 10}}",
        "dense",
        {
            "multiply_adds": 2 * 2048 * 16,
            "packed_bytes": 4 * 20480,
            "products": 1,
            "bytes_l2": 4 * 2 * (2048 + 10),
            "weight_bytes": 4 * (20480 + 10),
            "launches": 1,
        },
    ),
    ("flatten", "view or copy", {"bytes_l2": 4 * 2 * 2 * 2048, "launches": 1}),
]


@pytest.mark.parametrize(
    ("layer", "kernel", "expected"), BY_HAND, ids=lambda value: str(value)[:30]
)
def test_terms_by_hand(layer: str, kernel: str, expected: dict[str, int]) -> None:
    assert terms_of(layer) == Terms(kernel, expected)


def test_images_have_few_channels_which_are_not_rounded_up() -> None:
    found = terms_of("{conv2d: {filters: 16, kernel: 3, bias: false}}", "[3, 8, 8]", batch=1)
    assert found.kernel == "conv2d few channels"
    assert found.values["multiply_adds"] == 36 * 9 * 3 * 16
    assert found.values["weight_loads"] == 18 * 3 * 3
    assert found.values["calls"] == 6


@pytest.mark.parametrize(
    ("filters", "waiting", "calls"), [(16, 1, 1), (32, 0, 1), (64, 0, 1), (80, 1, 2), (128, 0, 2)]
)
def test_four_vectors_of_filters_are_computed_together(
    filters: int, waiting: int, calls: int
) -> None:
    """And one that is left over waits for itself: 6 by 6 outputs of 9 taps and 16 channels."""
    layer = f"{{conv2d: {{filters: {filters}, kernel: 3, bias: false}}}}"
    found = terms_of(layer, "[16, 8, 8]", batch=1).values
    assert found.get("waits", 0) == 36 * 9 * 16 * 16 * waiting
    assert found["calls"] == 6 * calls


@pytest.mark.parametrize(("shape", "slow"), [("[32, 8, 8]", 512), ("[3, 2, 2]", 12)])
def test_a_dense_layer_of_one_image_is_a_matrix_by_a_vector(shape: str, slow: int) -> None:
    """And the start of every row of weights is read slowly: of 2048, and of 12."""
    found = terms_of("{dense: {units: 10}}", shape, batch=1).values
    assert found["row_starts"] == 10 * slow
    assert not {"multiply_adds", "packed_bytes", "products"} & found.keys()


@pytest.mark.parametrize(("channels", "kernel"), [(8, "lrn in plain layout"), (16, "lrn")])
def test_few_channels_are_not_normalized_by_vectors(channels: int, kernel: str) -> None:
    assert terms_of("{lrn: {size: 5}}", f"[{channels}, 8, 8]").kernel == kernel


def test_channels_on_either_side_are_rounded_up_to_whole_vectors() -> None:
    found = terms_of("{conv2d: {filters: 40, kernel: 1, bias: false}}", "[24, 8, 8]", batch=1)
    assert found.values["multiply_adds"] == 64 * 32 * 48


@pytest.mark.parametrize(
    ("height", "held"),
    [
        (16, {"bytes_l2": 65536}),
        (100, {"bytes_l2": 524288, "bytes_l3": 2560000 - 524288}),
        (400, {"bytes_l2": 524288, "bytes_l3": 4194304 - 524288, "bytes_memory": 36765696}),
    ],
)
def test_bytes_are_counted_at_the_caches_that_hold_them(height: int, held: dict[str, int]) -> None:
    """Of L3, of 8 MiB, half is left to what comes before and after."""
    found = terms_of("relu", f"[32, {height}, {height}]", batch=1).values
    assert found == {**held, "launches": 1}


def test_without_a_third_cache_the_rest_is_in_memory() -> None:
    text = "{name: n, input: [32, 100, 100], layers: [relu]}"
    layer = convcost.analyse(convcost.build(convcost.read_text(text))).layers[-1]
    found = terms(layer, replace(MACHINE, l3_bytes=0)).values
    assert found == {"bytes_l2": 524288, "bytes_memory": 2560000 - 524288, "launches": 1}


def test_joins_read_every_tensor_once() -> None:
    branches = "branches: {a: [{conv2d: {filters: 32, kernel: 1}}], b: []}"
    added = terms_of(f"{{add: {{{branches}}}}}", batch=1)
    assert added == Terms("add", {"bytes_l2": 4 * 3 * 32 * 64, "launches": 1})
    joined = terms_of(f"{{concat: {{{branches}}}}}", batch=1)
    moved = {"bytes_l2": 4 * 4 * 32 * 64, "launches": 1}
    assert joined == Terms("concat", {"elements_alone": 64 * 64, **moved})
    two = terms_of(f"{{concat: {{{branches}}}}}", batch=2)
    assert two == Terms("concat", {"bytes_l2": 2 * 4 * 4 * 32 * 64, "launches": 1})


NETWORKS = ["alexnet", "googlenet", "resnet18", "lenet5"]


@pytest.mark.parametrize("name", NETWORKS)
def test_both_worlds(name: str) -> None:
    """Terms of symbols, with numbers put in, are the terms of the numbers."""
    network = convcost.load(name)
    symbolic = SymbolicNetwork(network)
    with recording() as conditions:
        formulas = [terms(layer, MACHINE) for layer in symbolic.cost.layers]
    channels, height, width = cast("tuple[int, int, int]", network.source.extents)
    for batch, rows, columns in ((1, height, width), (8, height + 64, width + 32)):
        numbers: dict[Any, Any] = {symbol("N"): batch, symbol("H"): rows, symbol("W"): columns}
        assert all(bool(condition.subs(numbers)) for condition in conditions)
        made = convcost.load(name, input=(channels, rows, columns))
        for formula, layer in zip(
            formulas, convcost.analyse(made, batch=batch).layers, strict=True
        ):
            found = {key: put_in(value, numbers) for key, value in formula.values.items()}
            expected = terms(layer, MACHINE)
            assert formula.kernel == expected.kernel
            assert {key: value for key, value in found.items() if value} == expected.values


def put_in(value: Dim, numbers: dict[Any, Any]) -> int:
    """Put numbers into a formula."""
    return value if isinstance(value, int) else int(value.subs(numbers))


def test_every_term_says_its_unit() -> None:
    for name, term in TERMS.items():
        assert term.unit
        assert not name.startswith("bytes") or "byte" in term.unit
