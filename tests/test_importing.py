"""From imported layers to a spec: names become the tree of blocks, and the graph stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convcost
from convcost.errors import ImportFormatError
from convcost.importers.naming import Named, dotted_names
from convcost.importers.network import Imported, network_spec, number, refuse_unknown
from convcost.layers import Activation, Add, Conv2d, Flatten
from convcost.names import NAME


def dotted(*names: str) -> list[str]:
    """Return the dotted names of layers that have these names, in a chain."""
    pairs = zip(names, [(), *[(name,) for name in names]], strict=False)
    return list(dotted_names([Named(name, before) for name, before in pairs]).values())


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param(
            ["/conv1/Conv", "/layer1/layer1.0/conv1/Conv", "/layer1/layer1.0/relu_1/Relu"],
            ["conv1", "layer1.0.conv1", "layer1.0.relu_1"],
            id="torch: a scope that says its whole way again",
        ),
        pytest.param(
            ["/a/features/features.0/features.0.1/Conv", "/a/Add", "/a/act/Sigmoid", "/a/act/Mul"],
            ["features.0.1", "Add", "act.Sigmoid", "act.Mul"],
            id="torch: an operator's name stays where it is not alone, or in no scope",
        ),
        pytest.param(
            ["layer1.0.conv1", "layer1.0.bn1", "layer2.0.conv1", "fc"],
            ["layer1.0.conv1", "layer1.0.bn1", "layer2.0.conv1", "fc"],
            id="names of modules",
        ),
        pytest.param(
            ["net_conv0", "net_stage1_conv0", "net_stage1__plus0", "net_stage2_relu0", "net_fc"],
            ["conv0", "stage1.conv0", "stage1.plus0", "stage2_relu0", "fc"],
            id="Gluon: a prefix, and stages",
        ),
        pytest.param(
            ["stage1_unit1_conv1", "stage1_unit1_bn1", "stage1_unit2_conv1", "bn_data", "bn_end"],
            ["stage1.unit1.conv1", "stage1.unit1.bn1", "stage1.unit2_conv1", "bn_data", "bn_end"],
            id="units of stages; what layers are called is no block",
        ),
        pytest.param(
            ["i_B_conv0", "i_B_relu0", "i_A1_conv0", "i_A1_conv1", "i_conv0"],
            ["B.conv0", "B.relu0", "A1.conv0", "A1.conv1", "conv0"],
            id="a block that is not numbered has layers of unlike names",
        ),
        pytest.param(
            [
                "conv1_1",
                "relu1_1",
                "conv1_2",
                "max_pool2d_1",
                "max_pool2d_2",
                "conv0",
                "conv0_relu",
            ],
            [
                "conv1_1",
                "relu1_1",
                "conv1_2",
                "max_pool2d_1",
                "max_pool2d_2",
                "conv0",
                "conv0_relu",
            ],
            id="numbers and operators alone make no block, nor does a layer's name",
        ),
        pytest.param(
            ["conv_1_conv2d", "conv_1_bn", "conv_2_dw_conv2d", "conv_2_dw_bn", "conv_2_conv2d"],
            ["conv_1.conv2d", "conv_1.bn", "conv_2.dw.conv2d", "conv_2.dw.bn", "conv_2.conv2d"],
            id="a number may be a word of its own",
        ),
        pytest.param(
            ["m/f/0/Conv", "m/f/1/Conv", "m/g/a", "m/g/b"]
            + [f"m/f/{n}/Conv" for n in range(2, 30)],
            ["f_0", "f_1", "g.a", "g.b", *[f"f_{n}" for n in range(2, 30)]],
            id="a block around nearly everything, of numbered parts",
        ),
        pytest.param(
            ["m_out_fc", "m_out_flat", "m_body_fc"] + [f"m_body_x{n}_conv" for n in range(40)],
            ["out.fc", "out.flat", "fc", *[f"x{n}_conv" for n in range(40)]],
            id="a block around nearly everything, of named parts",
        ),
        pytest.param(
            ["a/b", "a/b/bn", "a/b/scale", "c"],
            ["a.b.b", "a.b.bn", "a.b.scale", "c"],
            id="a layer called as a block is goes into it",
        ),
        pytest.param(
            ["a b", "a:b", "input", "", "é", "1x1", "9/1x1", "9/3x3"],
            ["a_b", "a_b_2", "input_2", "layer", "layer_2", "_1x1", "_9.1x1", "_9.3x3"],
            id="what no spec allows, and names that become the same",
        ),
    ],
)
def test_names_become_the_tree_that_the_author_had_in_mind(
    names: list[str], expected: list[str]
) -> None:
    assert dotted(*names) == expected


def test_nameless_joins_and_activations_go_where_their_latest_input_is() -> None:
    layers = [
        Named("stem"),
        Named("stage1_unit1_conv1", ("stem",)),
        Named("stage1_unit1_conv2", ("stage1_unit1_conv1",)),
        Named("_plus0", ("stem", "stage1_unit1_conv2"), follows=True),
        Named("Relu_1", ("_plus0",), follows=True),
        Named("pool0", ("Relu_1",)),
        Named("last", ("Relu_1",), follows=True),
    ]
    names = dotted_names(layers)
    assert names["_plus0"] == "stage1.unit1.plus0"
    assert names["Relu_1"] == "stage1.unit1.Relu_1"
    assert names["pool0"] == "pool0"
    assert names["last"] == "last"


@given(st.lists(st.text("abc1_/.:- é", max_size=12) | st.text(max_size=300), unique=True))
def test_whatever_the_names_are_they_are_legal_and_told_apart(names: list[str]) -> None:
    found = dotted(*names)
    assert len(set(found)) == len(names)
    blocks: set[str] = set()
    for name in found:
        parts = name.split(".")
        assert NAME.fullmatch(parts[0])
        assert all(NAME.fullmatch("_" + part) for part in parts)
        assert len(name) < 200
        blocks.update(".".join(parts[:depth]) for depth in range(1, len(parts)))
    assert not blocks & {*found, "input"}


CONV = Imported("b/conv", Conv2d, {"filters": number("2 * w", ["w"]), "kernel": (3, 1)}, ("data",))
RELU = Imported("b/relu", Activation, {"function": "relu"}, ("b/conv",))
SUM = Imported("sum", Add, {}, ("b/relu", "b/conv"))


def spec_of(*layers: Imported, outputs: tuple[str, ...] = ("sum",)) -> convcost.Network:
    """Build a network of imported layers."""
    extents = (3, number("h", ["h"]), number("w", ["w"]))
    spec = network_spec(
        name="my net",
        file="my.file",
        source="a test",
        inputs={"data": extents},
        parameters={"h": 6, "w": 5},
        layers=layers,
        outputs=outputs,
    )
    return convcost.build(spec)


def test_layers_become_a_network_with_the_parameters_left_open() -> None:
    network = spec_of(CONV, RELU, SUM)
    assert network.name == "my_net"
    cost = convcost.analyse(network, batch=2)
    assert [(each.name, each.output.shape) for each in cost.layers] == [
        ("b.conv", (2, 10, 4, 5)),
        ("b.relu", (2, 10, 4, 5)),
        ("sum", (2, 10, 4, 5)),
    ]
    assert cost.layers[0].parameters.weights == 10 * 3 * 3
    assert network.outputs == ("sum",)
    assert str(network.formula("parameters", free="w").expr) == "20*w"  # 2 w of 3 x 3 and a bias


def test_outputs_may_be_several() -> None:
    assert spec_of(CONV, RELU, SUM, outputs=("b/relu", "sum")).outputs == ("b.relu", "sum")


@pytest.mark.parametrize(
    ("layers", "outputs", "message"),
    [
        ([CONV, CONV, SUM], ("sum",), "two nodes of one name: 'b/conv'"),
        ([CONV, SUM], ("sum",), "'sum' reads 'b/relu', which is not there"),
        ([CONV, RELU, SUM], ("data2",), "reads 'data2', which"),
        ([CONV], (), "no layers that its outputs depend on"),
        ([], ("data",), "no layers that its outputs depend on"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    layers: list[Imported], outputs: tuple[str, ...], message: str
) -> None:
    with pytest.raises(ImportFormatError, match=f"my.file: .*{message}"):
        spec_of(*layers, outputs=outputs)


def test_inputs_beside_the_first_one_have_names_that_no_layer_has() -> None:
    spec = network_spec(
        name="two",
        file="my.file",
        source="a test",
        inputs={"a": (3, 4, 5), "b/c": (3, 1, 1), "input": (3, 1, 1)},
        parameters={},
        layers=[
            Imported("b_c", Add, {}, ("a", "b/c")),
            Imported("relu", Add, {}, ("b_c", "input")),
        ],
        outputs=["relu"],
    )
    assert dict(spec.inputs) == {"b_c": (3, 1, 1), "input_2": (3, 1, 1)}
    first, second = convcost.analyse(convcost.build(spec)).layers
    assert first.inputs == ("input", "b_c")
    assert (first.name, second.inputs) == ("b_c_2", ("b_c_2", "input_2"))


def test_a_layer_may_be_an_output_and_no_input() -> None:
    flat = Imported("flat", Flatten, {}, ("data",))
    assert spec_of(flat, outputs=("flat",)).outputs == ("flat",)


def test_all_unknown_operators_are_named_at_once() -> None:
    refuse_unknown("a.onnx", {})
    with pytest.raises(ImportFormatError) as caught:
        refuse_unknown("a.onnx", {"NonZero": 1, "Einsum": 3, "Abc": 1})
    assert str(caught.value) == (
        "error: a.onnx: operators without a rule: 3 x Einsum, 1 x Abc, 1 x NonZero;"
        " --allow-unknown lets them through"
    )
