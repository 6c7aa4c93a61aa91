"""What an ONNX file means beyond its operators: constants, batch, dynamic axes, names, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="the models are made with it")

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx_models import Array, Model, floats, integers, node, number, weights

import convcost
from convcost.errors import ConvcostError, ImportFormatError
from convcost.graph import Network, build
from convcost.importers.onnx import read_file

STATIC = {"x": (1, 4, 6, 5)}
DYNAMIC = {"x": ("N", 4, "rows", "columns")}


def kinds(network: Network) -> list[str]:
    return [each.layer.kind for each in network.nodes[1:]]


# Constants ---------------------------------------------------------------------------------


def test_shape_arithmetic_leaves_no_layers(tmp_path: Path) -> None:
    """x.view(x.shape[0], -1), as PyTorch's older exporter writes it."""
    model = Model(
        [
            node("Shape", "x", "s"),
            node("Gather", "s zero", "n", axis=0),
            node("Unsqueeze", "n axes", "u"),
            node("Concat", "u rest", "t", axis=0),
            node("Reshape", "x t"),
        ],
        {"zero": np.asarray(0), "axes": integers(0), "rest": integers(-1)},
    )
    assert kinds(model.network(tmp_path)) == ["flatten"]
    assert model.shapes(tmp_path, {"N": 3}) == model.computed({"N": 3})


@pytest.mark.parametrize("size", [12, 13, 31])
def test_arithmetic_of_dynamic_sizes_is_exact(size: int, tmp_path: Path) -> None:
    """A size halved, rounded up, made a float, scaled, rounded down, made whole again."""
    nodes = [
        node("Shape", "x", "s"),
        node("Slice", "s two four", "hw"),
        node("Add", "hw one", "more"),
        node("Div", "more halves", "half"),
        node("Cast", "half", "real", to=TensorProto.FLOAT),
        node("Mul", "real scale", "scaled"),
        node("Floor", "scaled", "floored"),
        node("Cast", "floored", "whole", to=TensorProto.INT64),
        node("Slice", "s zero two", "nc"),
        node("Concat", "nc whole", "t", axis=0),
        node("Resize", "x _ _ t"),
    ]
    inside = {
        "zero": integers(0),
        "one": integers(1),
        "two": integers(2),
        "four": integers(4),
        "halves": integers(2),
        "scale": number(1.5),
    }
    model = Model(nodes, inside, DYNAMIC)
    sizes = {"N": 2, "rows": size, "columns": 2 * size}
    assert model.shapes(tmp_path, sizes) == model.computed(sizes)


@pytest.mark.parametrize(
    "target",
    [
        [node("Where", "same ones t0", "t")],
        [node("Sub", "t0 zeros", "a"), node("Max", "a t0", "b"), node("Identity", "b", "t")],
        [node("Squeeze", "t1 axis", "a"), node("ReduceMax", "wide axis1", "t", keepdims=0)],
        [node("Tile", "t0 times", "a"), node("Slice", "a zero five", "t")],
        [
            node("Range", "start end step", "a"),
            node("Mul", "a zeros", "b"),
            node("Add", "b t0", "t"),
        ],
        [node("ScatterND", "zeros places t0", "t")],
        [node("Transpose", "wide", "a"), node("Gather", "a first", "t", axis=1)],
        [node("Neg", "t0", "a"), node("Neg", "a", "t")],
        [node("Clip", "t0 low high", "t")],
    ],
    ids=lambda nodes: nodes[0].op_type,
)
def test_constants_are_computed_as_onnx_does(target: list[onnx.NodeProto], tmp_path: Path) -> None:
    """All come to the same shape, (N, 2, 2, 12, 10)."""
    inside = {
        "t0": integers(-1, 2, 2, 12, 10),
        "t1": integers(0, 1).reshape(1, 2),
        "wide": np.stack([integers(-1, 2, 2, 12, 10), integers(-1, 2, 2, 12, 10)]),
        "zeros": integers(0, 0, 0, 0, 0),
        "ones": integers(0, 2, 2, 12, 10),
        "same": np.asarray([False, True, True, True, True]),
        "axis": integers(0),
        "axis1": np.asarray([0]),
        "times": integers(2),
        "zero": integers(0),
        "five": integers(5),
        "first": np.asarray(0),
        "start": np.asarray(0),
        "end": np.asarray(5),
        "step": np.asarray(1),
        "places": np.arange(5).reshape(5, 1),
        "low": np.asarray(-1),
        "high": np.asarray(12),
    }
    read = {name for each in target for name in each.input}
    inside = {name: array for name, array in inside.items() if name in read}
    opset = 18 if target[-1].op_type == "ReduceMax" else 17
    model = Model([*target, node("Reshape", "x t")], inside, opset=opset)
    assert model.shapes(tmp_path, {"N": 3}) == [(3, 2, 2, 12, 10)]


def test_constants_of_nodes_are_weights_too(tmp_path: Path) -> None:
    value = numpy_helper.from_array(weights(6, 4, 3, 3))
    model = Model([node("Constant", "", "w", value=value), node("Conv", "x w")])
    assert model.cost(tmp_path).total().parameters.weights == 6 * 4 * 9


def test_weights_made_from_others_are_what_these_are(tmp_path: Path) -> None:
    """Weight normalization: a direction and a length for each filter."""
    model = Model(
        [
            node("ReduceL2", "v", "l", axes=[1, 2, 3], keepdims=1),
            node("Add", "l epsilon", "n"),
            node("Div", "v n", "unit"),
            node("Mul", "unit g", "w"),
            node("Conv", "x w b"),
        ],
        {
            "v": weights(6, 4, 3, 3),
            "g": weights(6, 1, 1, 1),
            "b": weights(6),
            "epsilon": number(1e-5),
        },
    )
    (layer,) = model.cost(tmp_path).layers
    assert layer.parameters.weights == 6 * 4 * 9 + 6
    assert layer.parameters.biases == 6


def test_numbers_that_nobody_needs_are_not_missed(tmp_path: Path) -> None:
    """A table of positions, picked from by indices in a file that is not there; huge weights."""
    model = Model(
        [
            node("Gather", "table i", "p"),
            node("Add", "x p", "a"),
            node("ReduceMean", "w", "m", axes=[1], keepdims=1),
            node("Sub", "w m", "centred"),
            node("MatMul", "a centred"),
        ],
        {"table": weights(9, 5), "i": integers(*range(6)), "w": weights(5, 5)},
        STATIC,
    ).proto()
    for tensor in model.graph.initializer:
        if tensor.name != "table":
            tensor.data_location = TensorProto.EXTERNAL
            tensor.raw_data = b""
            tensor.external_data.add(key="location", value="gone.bin")
    model.graph.initializer[2].dims[:] = (5, 2**40)
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    add, dense = convcost.analyse(build(read_file(path))).layers
    assert add.parameters.count == 45
    assert dense.parameters.count == 5 * 2**40


@pytest.mark.parametrize(
    ("nodes", "inside", "functions"),
    [
        ([node("Clip", "x a b")], {"a": number(0), "b": number(6)}, ["relu6"]),
        ([node("Clip", "x a b")], {"a": number(0), "b": number(4)}, ["clip"]),
        ([node("Clip", "x a")], {"a": number(0)}, ["relu"]),
        ([node("Clip", "x _ b")], {"b": number(4)}, ["minimum"]),
        ([node("Mul", "x x")], {}, ["square"]),
        ([node("Pow", "x e")], {"e": number(3)}, ["power"]),
        ([node("Pow", "e x")], {"e": number(3)}, ["power"]),
        ([node("Sub", "e x")], {"e": number(3)}, ["subtract"]),
        ([node("Sigmoid", "x", "s"), node("Mul", "x s")], {}, ["sigmoid"]),
        (
            [
                node("Add", "x e", "a"),
                node("Clip", "a z s", "b"),
                node("Mul", "x b", "c"),
                node("Div", "c s"),
            ],
            {"e": number(3), "z": number(0), "s": number(6)},
            ["add", "relu6", "divide"],
        ),
    ],
    ids=str,
)
def test_functions_are_those_that_are_meant(
    nodes: list[onnx.NodeProto], inside: dict[str, Array], functions: list[str], tmp_path: Path
) -> None:
    """Composed ones, such as swish and hard swish, are imported operator by operator."""
    layers = [each.layer for each in Model(nodes, inside).network(tmp_path).nodes[1:]]
    assert [layer.function for layer in layers if hasattr(layer, "function")] == functions


def test_a_bias_is_one_only_if_nothing_else_reads_the_product(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x w", "a"), node("Add", "a b", "c")]
    inside = {"w": weights(6, 5), "b": weights(5)}
    alone = Model(nodes, inside, {"x": ("N", 6)}, outputs=("c",))
    assert kinds(alone.network(tmp_path)) == ["dense"]
    read = Model([*nodes, node("Mul", "a c")], inside, {"x": ("N", 6)})
    assert kinds(read.network(tmp_path)) == ["dense", "arithmetic", "multiply"]
    assert read.cost(tmp_path).total().parameters.count == 35


@pytest.mark.parametrize(
    ("auto", "padding"), [("SAME_UPPER", ((1, 2), (0, 1))), ("SAME_LOWER", ((2, 1), (1, 0)))]
)
def test_transposed_padding_is_on_the_side_that_is_asked_for(
    auto: str, padding: object, tmp_path: Path
) -> None:
    """Kernel 5 and stride 2 cut off 3, kernel 3 and stride 2 cut off 1."""
    conv = node("ConvTranspose", "x w", strides=[2, 2], auto_pad=auto)
    network = Model([conv], {"w": weights(4, 2, 5, 3)}).network(tmp_path)
    assert network.nodes[1].layer.padding == padding  # type: ignore[attr-defined]


def test_scales_are_the_fractions_they_are_meant_for(tmp_path: Path) -> None:
    """0.7 in single precision is a little less: 10 times that is 6, unless the file says 7."""
    inside = {"s": floats(1, 1, 0.7, 1 / 3)}
    model = Model([node("Resize", "x _ s")], inside, {"x": (1, 2, 10, 9)})
    assert model.shapes(tmp_path, {"N": 1}) == model.inferred({}) == [(1, 2, 6, 3)]
    stating = Model(model.nodes, inside, model.inputs, stated={"y": (1, 2, 7, 3)})
    assert stating.shapes(tmp_path, {"N": 1}) == [(1, 2, 7, 3)]
    dynamic = Model(model.nodes, inside, {"x": (1, 2, "h", "w")})
    assert dynamic.shapes(tmp_path, {"N": 1, "h": 20, "w": 30}) == [(1, 2, 14, 10)]


def test_shared_initializers_are_counted_once(tmp_path: Path) -> None:
    model = Model(
        [node("Conv", "x w b", "a", pads=[1] * 4), node("Conv", "a w", pads=[1] * 4)],
        {"w": weights(4, 4, 3, 3), "b": weights(4)},
    )
    first, second = model.cost(tmp_path).layers
    assert (first.parameters.count, second.parameters.count) == (4 * 4 * 9 + 4, 0)
    assert second.macs == first.macs


def test_what_an_exporter_made_up_is_not_learned(tmp_path: Path) -> None:
    """PyTorch's group norm: instance norm by ones and zeros, then the author's scale."""
    model = Model(
        [
            node("Reshape", "x s", "groups"),
            node("InstanceNormalization", "groups val_1 val_2", "n"),
            node("Reshape", "n back", "m"),
            node("Mul", "m gn.weight", "scaled"),
            node("Add", "scaled val_3"),
        ],
        {
            "s": integers(0, 2, -1),
            "val_1": floats(1, 1),
            "val_2": floats(0, 0),
            "val_3": floats(2, 2).reshape(2, 1, 1, 1)[:1],
            "back": integers(0, 4, 12, 10),
            "gn.weight": weights(4, 1, 1),
        },
    )
    assert model.cost(tmp_path).total().parameters.count == 4


# The batch and dynamic axes ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "inside", "expected"),
    [
        ([node("Reshape", "x t")], {"t": integers(1, 120)}, ("N", 120)),
        ([node("Reshape", "x t")], {"t": integers(1, -1)}, ("N", 120)),
        ([node("Reshape", "x t")], {"t": integers(1, 2, 2, 6, 5)}, ("N", 2, 2, 6, 5)),
        ([node("Reshape", "x t")], {"t": integers(4, 6, 5)}, (12, 6, 5)),
        (
            [node("Transpose", "x", "a", perm=[2, 0, 1, 3]), node("Reshape", "a t")],
            {"t": integers(6, 2, 10)},
            (6, 6, 10),
        ),
        (
            [
                node("Transpose", "x", "a", perm=[2, 0, 1, 3]),
                node("Reshape", "a t", "b"),
                node("MatMul", "b w", "c"),
                node("Reshape", "c u", "d"),
                node("Transpose", "d", perm=[1, 0, 2]),
            ],
            {"t": integers(6, 20), "w": weights(20, 7), "u": integers(6, 1, 7)},
            ("N", 6, 7),
        ),
        ([node("Expand", "x t")], {"t": integers(1, 4, 6, 5)}, ("N", 4, 6, 5)),
        ([node("Slice", "x s e")], {"s": integers(0), "e": integers(1)}, ("N", 4, 6, 5)),
        ([node("Concat", "w x", axis=1)], {"w": weights(1, 2, 6, 5)}, ("N", 6, 6, 5)),
        (
            [node("Reshape", "x t", "a"), node("Gather", "a i", axis=0)],
            {"t": integers(-1), "i": integers(*range(120)).reshape(1, 120, 1)},
            ("N", 120, 1),
        ),
    ],
    ids=str,
)
def test_a_file_for_one_image_is_for_any_batch(
    nodes: list[onnx.NodeProto],
    inside: dict[str, Array],
    expected: tuple[int | str, ...],
    tmp_path: Path,
) -> None:
    """The exporter wrote numbers for a batch of 1; at 3 the batch is where the author had it."""
    model = Model(nodes, inside, STATIC)
    assert model.shapes(tmp_path, {"N": 1}) == model.computed({})
    assert model.shapes(tmp_path, {"N": 3}) == [tuple(3 if e == "N" else e for e in expected)]


def test_a_batch_merged_into_an_axis_comes_apart_again(tmp_path: Path) -> None:
    """Windows of attention: the batch times 6 goes through, and is the batch again."""
    model = Model(
        [
            node("Reshape", "x t", "a"),
            node("Transpose", "a", "b", perm=[0, 2, 1, 3]),
            node("Reshape", "b u", "c"),
            node("Softmax", "c", "d"),
            node("Reshape", "d v"),
        ],
        {"t": integers(1, 4, 6, 5), "u": integers(6, 4, 5), "v": integers(1, 6, 20)},
        STATIC,
    )
    assert model.shapes(tmp_path, {"N": 3}) == [(3, 6, 20)]


def test_dynamic_axes_are_given_by_the_input(tmp_path: Path) -> None:
    path = Model([node("MaxPool", "x", kernel_shape=[2, 2])], inputs=DYNAMIC).saved(tmp_path)
    with pytest.raises(ConvcostError, match="rows"):
        convcost.load(path)
    network = convcost.load(path, input=(4, 9, 8))
    assert convcost.analyse(network).layers[0].output.shape == (1, 4, 8, 7)


def test_axes_without_a_name_get_one(tmp_path: Path) -> None:
    proto = Model([node("Relu", "x")], inputs={"x": ("N", "C", "H", "W")}).proto()
    for dim in proto.graph.input[0].type.tensor_type.shape.dim:
        dim.dim_param = ""
    path = tmp_path / "model.onnx"
    onnx.save(proto, path)
    assert list(read_file(path).parameters) == ["channels", "height", "width"]


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    model = Model(
        [
            node("Concat", "x z", "a", axis=1),
            node("Relu", "a", "y1"),
            node("Split", "a", "b y2", axis=1),
        ],
        inputs={"x": ("N", 4, 6, 5), "z": ("N", 2, 6, 5)},
        outputs=("y1", "y2"),
    )
    assert model.shapes(tmp_path, {"N": 2}) == model.computed({"N": 2})


# Functions and graphs inside ---------------------------------------------------------------


def test_functions_of_the_model_are_written_out(tmp_path: Path) -> None:
    """A function with an attribute of its own, called with and without it."""
    conv = helper.make_node("Conv", ["x", "w"], ["y"])
    conv.attribute.append(onnx.AttributeProto(name="strides", type="INTS", ref_attr_name="step"))
    function = helper.make_function(
        "own",
        "strided",
        ["x", "w"],
        ["y"],
        [conv],
        [helper.make_opsetid("", 17)],
        attribute_protos=[helper.make_attribute("step", [1, 1])],
    )
    model = Model(
        [
            helper.make_node("strided", ["x", "w"], ["a"], domain="own"),
            helper.make_node("strided", ["a", "w"], ["y"], domain="own", step=[2, 3]),
        ],
        {"w": weights(4, 4, 3, 3)},
        functions=[function],
    )
    assert model.shapes(tmp_path, {"N": 2}) == [(2, 4, 4, 2)]


@pytest.mark.parametrize(("condition", "kind"), [(True, "relu"), (False, "tanh")])
def test_a_branch_that_is_known_is_taken(condition: bool, kind: str, tmp_path: Path) -> None:  # noqa: FBT001
    branches: dict[str, Any] = {
        name: Model([node(each, "x", name)], inputs={}, outputs=(name,)).proto().graph
        for name, each in (("then_branch", "Relu"), ("else_branch", "Tanh"))
    }
    model = Model([node("If", "c", **branches)], {"c": np.asarray(condition)})
    (layer,) = model.network(tmp_path).nodes[1:]
    assert layer.layer.function == kind  # type: ignore[attr-defined]


# Old files ---------------------------------------------------------------------------------


def test_initializers_may_be_inputs_as_well(tmp_path: Path) -> None:
    """As IR version 3 wanted it."""
    model = Model(
        [node("Conv", "x w")],
        {"w": weights(6, 4, 3, 3)},
        {"x": ("N", 4, 12, 10), "w": (6, 4, 3, 3)},
    )
    assert model.shapes(tmp_path, {"N": 2}) == [(2, 6, 10, 8)]


def test_weights_may_be_inputs_alone(tmp_path: Path) -> None:
    model = Model(
        [node("Conv", "x conv.w c"), node("Relu", "y", "z")],
        inputs={"x": ("N", 4, 12, 10), "conv.w": (6, 4, 3, 3), "c": (6,)},
        outputs=("z",),
    )
    assert model.cost(tmp_path).total().parameters.count == 6 * 4 * 9 + 6


def test_inputs_with_the_names_of_weights_are_weights(tmp_path: Path) -> None:
    model = Model(
        [node("Mul", "x norm.weight", "a"), node("Add", "a norm.bias")],
        inputs={"x": ("N", 4, 12, 10), "norm.weight": (4, 1, 1), "norm.bias": (4, 1, 1)},
    )
    assert model.cost(tmp_path).total().parameters.count == 8


def test_nodes_may_stand_in_any_order(tmp_path: Path) -> None:
    model = Model([node("Tanh", "a"), node("Relu", "x", "a")])
    assert [n.layer.function for n in model.network(tmp_path).nodes[1:]] == ["relu", "tanh"]  # type: ignore[attr-defined]


def test_nodes_that_nothing_needs_are_left_out(tmp_path: Path) -> None:
    model = Model([node("Relu", "x"), node("NonZero", "x", "unused")])
    assert kinds(model.network(tmp_path)) == ["activation"]


# What is not known, or not right -----------------------------------------------------------

STRANGE = Model(
    [
        node("Einsum", "x", "a", equation="nchw->nhwc"),
        node("NonZero", "x", "b"),
        node("Einsum", "x", "c", equation="nchw->nwhc"),
    ],
    outputs=("a", "b", "c"),
)


def test_all_operators_without_a_rule_are_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match="2 x Einsum, 1 x NonZero; --allow-unknown"):
        STRANGE.network(tmp_path)


def test_they_may_be_let_through(tmp_path: Path) -> None:
    """With the shape that the file states, or that onnx infers."""
    model = Model(
        [node("Einsum", "x", "a", equation="nchw->nhwc"), node("Relu", "a")],
        stated={"a": ("N", 12, 10, 4)},
    )
    network = build(model.spec(tmp_path, allow_unknown=True))
    assert convcost.analyse(network, batch=2).layers[1].output.shape == (2, 12, 10, 4)
    inferred = Model([node("Einsum", "x", "a", equation="nchw->nhwc"), node("Relu", "a")])
    network = build(inferred.spec(tmp_path, allow_unknown=True))
    assert convcost.analyse(network, batch=2).layers[1].output.shape == (2, 12, 10, 4)


def test_the_batch_may_be_anywhere_in_what_they_give(tmp_path: Path) -> None:
    """In the middle, or merged with another axis: at any batch it is where it was."""
    for equation, shape in (("nchw->chnw", (4, 12, 3, 10)), ("nchw->whcn", (10, 12, 4, 3))):
        model = Model([node("Einsum", "x", "a", equation=equation), node("Relu", "a")])
        network = build(model.spec(tmp_path, allow_unknown=True))
        assert convcost.analyse(network, batch=3).layers[-1].output.shape == shape
    merged = Model(
        [
            node("Reshape", "x t", "a"),
            node("Einsum", "a", "b", equation="ncw->nwc"),
            node("Relu", "b"),
        ],
        {"t": integers(-1, 2, 10)},
    )
    network = build(merged.spec(tmp_path, allow_unknown=True))
    assert convcost.analyse(network, batch=3).layers[-1].output.shape == (3 * 24, 10, 2)


def test_without_a_shape_they_may_not(tmp_path: Path) -> None:
    model = Model([node("NonZero", "x", "a"), node("Cast", "a", to=1)])
    with pytest.raises(ImportFormatError, match="the shape of its output 'a' is not in the file"):
        model.spec(tmp_path, allow_unknown=True)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (
            Model(
                [node("Conv", "x w", "a"), node("Relu", "a")],
                {"w": weights(6, 4, 3, 3)},
                stated={"a": (1, 6, 9, 9)},
            ),
            r"states the shape \(1, 6, 9, 9\) for 'a', which comes to \(N, 6, 10, 8\)",
        ),
        (
            Model(
                [
                    node(
                        "MaxPool",
                        "x",
                        "a",
                        kernel_shape=[3, 3],
                        strides=[3, 3],
                        ceil_mode=1,
                        pads=[0, 0, 2, 2],
                    ),
                    node("Relu", "a"),
                ],
                stated={"a": ("N", 4, 6, 4)},
            ),
            r"comes to \(N, 4, 4, 4\); its ceil_mode leaves out a last window that starts in",
        ),
        (
            Model([node("Conv", "x w")], {"w": weights(6, 3, 3, 3)}),
            r"its weights \[6, 3, 3, 3\] take 3 channels, the input has 4",
        ),
        (
            Model([node("Conv", "x w", kernel_shape=[5, 5])], {"w": weights(6, 4, 3, 3)}),
            r"kernel_shape \[5, 5\] differs from the weights \[3, 3\]",
        ),
        (
            Model([node("Gemm", "x w")], {"w": weights(5, 7)}, {"x": ("N", 6)}),
            r"its weights \[5, 7\] take 5 features, the input has 6",
        ),
        (Model([node("Reshape", "x t")], {"t": integers(0, 7, -1)}), "does not fit into"),
        (Model([node("Conv", "x w", pads=[1, 1])], {"w": weights(6, 4, 3, 3)}), "pads: expected 4"),
        (Model([node("Transpose", "x", perm=[0, 1])]), "does not name 4 axes"),
        (Model([node("Relu", "x")], inputs={"x": ("N",)}), "expected axes behind the batch"),
        (Model([node("Concat", "x x", axis=0)]), r"1 x Concat \(of batches\)"),
        (Model([node("ReduceMean", "x", axes=[0])]), r"1 x ReduceMean \(of the batch\)"),
        (
            Model([node("Relu", "x", "a"), node("Add", "a z")], inputs={"x": (2, 3), "z": (4, 3)}),
            "inputs of unlike batches: 2 and 4",
        ),
        (Model([node("Relu", "x")], opset=5), "expected operators of opset 7 or newer, got 5"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_say_what_is_wrong(model: Model, message: str, tmp_path: Path) -> None:
    with pytest.raises(ImportFormatError, match=message) as caught:
        model.network(tmp_path)
    assert "model.onnx" in str(caught.value)


def test_what_onnx_runtime_fuses(tmp_path: Path) -> None:
    """A convolution, another tensor added, and an activation."""
    fused = node("FusedConv", "x w b z", domain="com.microsoft", activation="Relu", pads=[1] * 4)
    model = Model(
        [fused],
        {"w": weights(4, 4, 3, 3), "b": weights(4)},
        {"x": ("N", 4, 6, 5), "z": ("N", 4, 6, 5)},
    )
    assert kinds(model.network(tmp_path)) == ["input", "conv2d", "add", "activation"]


def test_quantized_operators_have_no_rule(tmp_path: Path) -> None:
    inside = {"s": number(0.1), "z": np.asarray(3, np.uint8)}
    model = Model([node("QuantizeLinear", "x s z", "q"), node("DequantizeLinear", "q s z")], inside)
    with pytest.raises(ImportFormatError, match="1 x QuantizeLinear"):
        model.network(tmp_path)
