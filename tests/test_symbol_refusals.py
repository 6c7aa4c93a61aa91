"""Uses of MXNet's operators that have no rule, and attributes that mean nothing: each is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_symbol_files import operator, symbol, variable, write

import convcost
from convcost.errors import ImportFormatError

IMAGE = "(0, 6, 8, 12)"
WITHOUT_A_RULE: list[tuple[str, dict[str, str], str]] = [
    ("Convolution", {"kernel": "(3, 3)", "num_filter": "4", "layout": "NHWC"}, "in NHWC"),
    ("Convolution", {"kernel": "(3, 3, 3)", "num_filter": "4"}, "over 3 axes"),
    ("Pooling", {"kernel": "(3, 3)", "pool_type": "lp"}, "of lp"),
    ("Deconvolution", {"kernel": "(3, 3, 3)", "num_filter": "4"}, "over 3 axes"),
    (
        "Deconvolution",
        {"kernel": "(3, 3)", "num_filter": "4", "target_shape": "(9, 9)"},
        "to a given shape",
    ),
    ("UpSampling", {"scale": "2", "sample_type": "nearest", "num_args": "2"}, "of several tensors"),
    ("_contrib_BilinearResize2D", {"mode": "odd_scale"}, "of mode odd_scale"),
    ("BatchNorm", {"axis": "-1"}, "of axis 3"),
    ("LayerNorm", {"axis": "1"}, "of axis 1 of 4"),
    ("softmax", {"use_length": "True"}, "of a given length"),
    ("SoftmaxActivation", {}, "over several axes"),
    ("SoftmaxOutput", {}, "over several axes"),
    ("mean", {}, "over the batch"),
    ("sum", {"axis": "0"}, "over the batch"),
    ("batch_dot", {}, "of other than two tensors of two axes"),
    ("Reshape", {"shape": "(-3, -1, 12)"}, "that spreads the batch"),
    ("_npx_reshape", {"newshape": "(-3, -1)"}, "to (-3, -1)"),
    ("reshape_like", {"lhs_begin": "1"}, "of some axes"),
    ("broadcast_like", {"lhs_axes": "(1,)"}, "of some axes"),
    ("tile", {"reps": "(2, 1, 1, 1, 1)"}, "with more axes"),
    ("repeat", {"repeats": "2"}, "over all axes"),
    ("slice", {"begin": "(None, 4)", "end": "(None, 1)", "step": "(1, -1)"}, "backwards"),
    ("sign", {}, ""),
]
WRONG: list[tuple[str, dict[str, str], str]] = [
    (
        "Convolution",
        {"kernel": "(3, 3)", "num_filter": "4", "pad": "(1,)"},
        "pad: expected 2 numbers",
    ),
    ("Dropout", {"p": "half"}, "p: expected a number, found 'half'"),
    ("Concat", {"dim": "-9"}, "there is no axis -9 among 4"),
    ("transpose", {"axes": "(0, 1, 2, 7)"}, "there is no axis 7 among 4"),
    ("Reshape", {}, "shape is missing"),
    ("Reshape", {"shape": "(-7, 1)"}, r"shape: expected extents or codes, found \(-7, 1\)"),
    ("Reshape", {"shape": "(-1, -1)"}, "shape: expected extents or codes"),
    ("Reshape", {"shape": "(-2, 0)"}, "means more axes than 4"),
    ("Reshape", {"shape": "(0, -4, 2)"}, "expected two extents behind -4"),
    ("Reshape", {"shape": "(None, 2)"}, "shape: expected whole numbers"),
    ("Reshape", {"shape": "(1" + ", 1" * 40 + ")"}, "shape: expected 32 numbers at most"),
    (
        "_contrib_BilinearResize2D",
        {"scale_height": "0", "scale_width": "1"},
        "scale_height: expected",
    ),
    ("Pad", {"pad_width": "(1, 1)"}, "pad_width: expected two numbers for every axis"),
    ("broadcast_axis", {"axis": "(1, 2)", "size": "3"}, "axis and size: expected as many of both"),
    ("tile", {"reps": "(1, 100000)"}, "expected 1 to 1000 copies"),
    ("slice", {"begin": "(1,)", "end": "(1, 2)"}, "begin and end: expected as many of both"),
    ("slice_axis", {"axis": "1", "begin": "0", "end": "0"}, "a slice up to 0 is empty"),
    ("Crop", {"h_w": "(1, 2, 3)"}, "expected rows and columns"),
    ("SliceChannel", {"num_outputs": "0"}, "expected 1 to 1000 parts, got 0"),
]


def with_one(op: str, attributes: dict[str, str], folder: Path) -> Path:
    """Write a symbol of one operator that reads an image."""
    weights = [2] if op in {"Convolution", "Deconvolution"} else []
    label = [1] if op in {"SoftmaxOutput", "reshape_like", "broadcast_like", "batch_dot"} else []
    nodes = [
        *(variable("data", __shape__=IMAGE), variable("other", __shape__=IMAGE), variable("w")),
        operator(op, "node", [0, *label, *weights], **attributes),
    ]
    return write(folder, symbol(nodes))


@pytest.mark.parametrize(
    ("op", "attributes", "use"),
    WITHOUT_A_RULE,
    ids=[f"{op} {use}" for op, _, use in WITHOUT_A_RULE],
)
def test_use_without_a_rule_is_named(
    op: str, attributes: dict[str, str], use: str, tmp_path: Path
) -> None:
    with pytest.raises(ImportFormatError) as caught:
        convcost.find(with_one(op, attributes, tmp_path))
    expected = f"operators without a rule: 1 x {op} {use}".strip()
    assert f"{expected}; --allow-unknown lets them through" in str(caught.value)


@pytest.mark.parametrize(
    ("op", "attributes", "message"), WRONG, ids=[f"{op} {wrong}" for op, _, wrong in WRONG]
)
def test_attribute_that_means_nothing_is_told(
    op: str, attributes: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ImportFormatError, match=message):
        convcost.find(with_one(op, attributes, tmp_path))


@pytest.mark.parametrize(
    ("op", "shape", "use"),
    [
        ("broadcast_mul", "", "with a parameter whose shape is not in the file"),
        ("broadcast_mul", "(0, 6)", "with a parameter whose shape is not in the file"),
        ("dot", "(3, 6, 4)", "with a parameter that is no matrix"),
    ],
)
def test_parameters_of_unknown_shape_are_told(
    op: str, shape: str, use: str, tmp_path: Path
) -> None:
    attributes: dict[str, Any] = {"__lr_mult__": "1.0"} | ({"__shape__": shape} if shape else {})
    nodes = [
        *(variable("data", __shape__="(0, 6)"), variable("p", **attributes)),
        operator(op, "node", [0, 1]),
    ]
    with pytest.raises(ImportFormatError, match=f"1 x {op} {use}"):
        convcost.find(write(tmp_path, symbol(nodes)))


def test_parts_of_unlike_size_are_refused(tmp_path: Path) -> None:
    nodes = [
        *(variable("data"), variable("w")),
        operator("Convolution", "c", [0, 1], kernel="(1, 1)", num_filter="6", no_bias="True"),
        operator("SliceChannel", "s", [2], num_outputs="4"),
    ]
    with pytest.raises(ImportFormatError, match="extent of a part: 6 is not divisible by 4"):
        convcost.find(write(tmp_path, symbol(nodes)))


def test_one_part_is_the_whole(tmp_path: Path) -> None:
    path = with_one("SliceChannel", {"num_outputs": "1"}, tmp_path)
    (layer,) = convcost.analyse(convcost.load(path)).layers
    assert layer.kind == "identity"


def test_a_vector_without_a_batch_is_no_input(tmp_path: Path) -> None:
    nodes = [variable("data", __shape__="(6,)"), operator("relu", "r", [0])]
    with pytest.raises(ImportFormatError, match="'data' is a vector without a batch"):
        convcost.find(write(tmp_path, symbol(nodes)))
