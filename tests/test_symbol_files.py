"""MXNet's symbol files, by hand: versions, attributes as text, what is refused and how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_walls import SLOW, modules_after
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError, ImportFormatError, SpecError

VARIABLE = "null"


def variable(name: str, **attributes: str) -> dict[str, Any]:
    """Return the node of a variable."""
    return {"op": VARIABLE, "name": name, "attrs": attributes, "inputs": []}


def operator(op: str, name: str, inputs: list[int], **attributes: str) -> dict[str, Any]:
    """Return the node of an operator that reads these nodes."""
    edges = [[index, 0, 0] for index in inputs]
    return {"op": op, "name": name, "attrs": attributes, "inputs": edges}


NODES = [
    variable("data"),
    variable("net_conv0_weight"),
    variable("net_conv0_bias"),
    operator(
        "Convolution", "net_conv0_fwd", [0, 1, 2], kernel="(3, 5)", num_filter="8", pad="(1, 2)"
    ),
    operator("Activation", "net_relu0_fwd", [3], act_type="relu"),
    operator("Pooling", "net_pool0_fwd", [4], global_pool="True", pool_type="avg"),
    variable("net_dense0_weight"),
    operator("FullyConnected", "net_dense0_fwd", [5, 6], num_hidden="10", no_bias="True"),
    variable("softmax_label"),
    operator("SoftmaxOutput", "softmax", [7, 8]),
]


def symbol(nodes: list[dict[str, Any]], *heads: int) -> dict[str, Any]:
    """Return a symbol whose outputs are these nodes, or the last one."""
    return {
        "nodes": nodes,
        "arg_nodes": [index for index, node in enumerate(nodes) if node["op"] == VARIABLE],
        "node_row_ptr": list(range(len(nodes) + 1)),
        "heads": [[head, 0, 0] for head in heads or [len(nodes) - 1]],
        "attrs": {"mxnet_version": ["int", 10901]},
    }


def write(folder: Path, content: object, name: str = "net-symbol.json") -> Path:
    """Write a file."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def analysed(path: Path, *, batch: int = 1, **options: Any) -> convcost.NetworkCost:
    """Analyse the network of a file."""
    return convcost.analyse(convcost.load(path, **options), batch=batch)


def test_a_symbol_is_a_network_with_its_own_names(tmp_path: Path) -> None:
    cost = analysed(write(tmp_path, symbol(NODES)), input=(3, 6, 7), batch=2)
    assert cost.network == "net"
    assert [(layer.name, layer.kind, layer.output.shape) for layer in cost.layers] == [
        ("net.conv0", "conv2d", (2, 8, 6, 7)),
        ("net.relu0", "activation", (2, 8, 6, 7)),
        ("net.pool0", "global_pool2d", (2, 8, 1, 1)),
        ("net.dense0", "dense", (2, 10)),
        ("softmax", "activation", (2, 10)),
    ]
    assert cost.total().parameters.weights == 8 * 3 * 3 * 5 + 8 * 10
    assert cost.total().parameters.biases == 8


def as_of(version: str) -> dict[str, Any]:
    """Return the same symbol as an older MXNet wrote it."""
    content: dict[str, Any] = json.loads(json.dumps(symbol(NODES)))
    for node in content["nodes"]:
        attributes = node.pop("attrs")
        if version == "0.8":
            node["param"] = attributes
            node["attr"] = {"ctx_group": "stage1"}
            node["backward_source_id"] = -1
        else:
            node["attr"] = attributes
        node["inputs"] = [edge[:2] for edge in node["inputs"]]
    content["heads"] = [edge[:2] for edge in content["heads"]]
    del content["node_row_ptr"]
    del content["attrs"]
    return content


@pytest.mark.parametrize("version", ["0.8", "0.11"])
def test_older_versions_say_the_same(version: str, tmp_path: Path) -> None:
    new = analysed(write(tmp_path, symbol(NODES)), input=(3, 6, 7))
    old = analysed(write(tmp_path, as_of(version)), input=(3, 6, 7))
    assert old.layers == new.layers


def test_an_old_batch_norm_has_no_statistics_among_its_inputs(tmp_path: Path) -> None:
    nodes = [
        variable("data"),
        variable("bn_gamma"),
        variable("bn_beta"),
        operator("BatchNorm", "bn", [0, 1, 2], fix_gamma="False"),
    ]
    (layer,) = analysed(write(tmp_path, symbol(nodes)), input=(4, 2, 2)).layers
    assert (layer.parameters.scales, layer.parameters.shifts, layer.statistics) == (4, 4, 8)


def test_what_two_layers_share_is_counted_once(tmp_path: Path) -> None:
    nodes = [
        *(variable("data"), variable("w"), variable("b"), variable("c")),
        operator("FullyConnected", "one", [0, 1, 2], num_hidden="8"),
        operator("FullyConnected", "two", [4, 1, 3], num_hidden="8"),
    ]
    first, second = analysed(write(tmp_path, symbol(nodes)), input=(8,)).layers
    assert (first.parameters.weights, first.parameters.biases) == (64, 8)
    assert (second.parameters.weights, second.parameters.biases) == (0, 8)


def test_parameters_that_are_computed_have_no_rule(tmp_path: Path) -> None:
    nodes = [
        *(variable("data"), variable("w"), operator("square", "s", [1])),
        operator("FullyConnected", "d", [0, 2], num_hidden="10", no_bias="True"),
    ]
    path = write(tmp_path, symbol(nodes))
    with pytest.raises(ImportFormatError, match="1 x FullyConnected with parameters that are comp"):
        convcost.find(path)
    with pytest.raises(ImportFormatError, match="FullyConnected 'd': no rule is known"):
        convcost.find(path, allow_unknown=True)


def test_what_is_read_of_an_operator_without_inputs_is_not_left_out(tmp_path: Path) -> None:
    nodes = [
        *(variable("data"), operator("relu", "r", [0]), operator("_zeros", "z", [])),
        operator("elemwise_add", "a", [1, 2]),
    ]
    path = write(tmp_path, symbol(nodes, 1, 3))
    with pytest.raises(ImportFormatError, match="1 x _zeros;"):
        convcost.find(path)
    with pytest.raises(ImportFormatError, match="_zeros 'z': no rule is known"):
        convcost.find(path, allow_unknown=True)


def test_what_is_made_of_labels_is_no_part_of_the_network(tmp_path: Path) -> None:
    nodes = [
        variable("data", lr_mult="0.2", __lr_mult__="1.0"),  # as in the scope of an attribute
        operator("Flatten", "flat", [0]),
        variable("softmax_label"),
        operator("Custom", "labels", [2]),
        operator("SoftmaxOutput", "softmax", [1, 3]),
    ]
    cost = analysed(write(tmp_path, symbol(nodes)), input=(3, 2, 2))
    assert [layer.name for layer in cost.layers] == ["flat", "softmax"]


def test_nodes_in_any_order_and_those_nobody_needs(tmp_path: Path) -> None:
    turned = json.loads(json.dumps(NODES[::-1]))
    for node in turned:
        node["inputs"] = [[len(NODES) - 1 - index, 0, 0] for index, *_ in node["inputs"]]
    turned.append(operator("Custom", "unused", [len(NODES) - 1]))
    turned_cost = analysed(write(tmp_path, symbol(turned, 0)), input=(3, 6, 7))
    assert turned_cost.layers == analysed(write(tmp_path, symbol(NODES)), input=(3, 6, 7)).layers


@pytest.mark.parametrize(
    ("kernel", "extents"),
    [
        ("(3,)", ["channels", "length"]),
        ("3", ["channels", "length"]),
        ("(3L, 3L)", ["channels", "height", "width"]),
    ],
)
def test_windows_say_how_many_extents_the_input_has(
    kernel: str, extents: list[str], tmp_path: Path
) -> None:
    nodes = [
        variable("data"),
        variable("w"),
        operator("Convolution", "c", [0, 1], kernel=kernel, num_filter="8", no_bias="1"),
    ]
    spec = convcost.find(write(tmp_path, symbol(nodes)))
    assert [str(extent) for extent in spec.input] == extents


def test_the_shape_of_a_variable_is_the_networks_own(tmp_path: Path) -> None:
    nodes = [variable("data", __shape__="(32, 3, 20, 0)"), *NODES[1:]]
    path = write(tmp_path, symbol(nodes))
    spec = convcost.find(path)
    assert dict(spec.parameters) == {"channels": 3, "height": 20, "width": None}
    assert analysed(path, input=(3, 20, 9)).input.shape == (1, 3, 20, 9)


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (
            [variable("data"), operator("Convolution", "c", [0], num_filter="8")],
            "Convolution 'c': kernel is missing",
        ),
        (
            [variable("data"), operator("Pooling", "p", [0], kernel="(2, x)")],
            r"Pooling 'p': kernel: expected whole numbers, found '\(2, x\)'",
        ),
        (
            [variable("data"), operator("Pooling", "p", [0], kernel="(2, 2)", stride="(2,)")],
            "Pooling 'p': stride: expected 2 numbers, found 1",
        ),
        (
            [variable("data"), operator("Pooling", "p", [0], kernel="(9" + 30 * "9" + ",)")],
            "Pooling 'p': kernel: expected whole numbers",
        ),
        (
            [variable("data"), operator("Pooling", "p", [0], pool_type="min")],
            "Pooling 'p': unknown pool_type 'min'; known: avg, lp, max, sum",
        ),
        (
            [variable("data"), operator("FullyConnected", "d", [0], num_hidden="many")],
            "FullyConnected 'd': num_hidden: expected a whole number, found 'many'",
        ),
        (
            [variable("data"), operator("FullyConnected", "d", [0], num_hidden="1", flatten="?")],
            "FullyConnected 'd': flatten: expected True or False, found '\\?'",
        ),
        (
            [variable("data"), operator("clip", "c", [0], a_min="nan", a_max="6")],
            "clip 'c': a_min: expected a number, found 'nan'",
        ),
        (
            [
                *(variable("data"), variable("w", __shape__="(8, 0, 5, 3)")),
                operator("Convolution", "c", [0, 1], kernel="(3, 3)", num_filter="8"),
            ],
            r"its weights have the shape \(8, 0, 5, 3\), expected \(8, any, 3, 3\)",
        ),
        (
            [
                *(variable("data"), variable("w", __shape__="(8, 4, 1)")),
                operator("FullyConnected", "d", [0, 1], num_hidden="8"),
            ],
            r"its weights have the shape \(8, 4, 1\), expected \(8, any\)",
        ),
        (
            [variable("data"), operator("Concat", "c", [0, 0], dim="7")],
            "there is no axis 7 among 4",
        ),
        ([variable("data")], "no layers that its outputs depend on"),
        ([operator("Activation", "a", [])], "Activation 'a': reads no tensor"),
        (
            [variable("w", __lr_mult__="1"), operator("Flatten", "f", [0])],
            "Flatten 'f': reads no tensor",
        ),
        (
            [
                *(variable("data"), variable("g"), variable("b"), variable("m"), variable("v")),
                operator("BatchNorm", "one", [0, 1, 2, 3, 4]),
                operator("BatchNorm", "two", [5, 1, 2, 3, 4]),
            ],
            "BatchNorm 'two': shares the statistics 'm' with 'one'",
        ),
        (
            [variable("data"), operator("Flatten", "f", [2]), operator("Flatten", "g", [1])],
            "the nodes form a cycle: f -> g -> f|the nodes form a cycle: g -> f -> g",
        ),
    ],
)
def test_what_a_file_says_wrongly_is_told(
    nodes: list[dict[str, Any]], message: str, tmp_path: Path
) -> None:
    path = write(tmp_path, symbol(nodes))
    with pytest.raises(ImportFormatError, match=message) as caught:
        convcost.find(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not JSON: Expecting value at line 1, column 1"),
        ('{"nodes": [', "not JSON"),
        ("[" * 100_000, "nested too deep"),
        ("1" * 10_000, "a number is too large"),
        ("[" + "1," * 1_600_000 + "1]", "more than 1,500,000 values"),
        ([], "expected an MXNet symbol, an object with 'nodes' and 'heads'; found a list of 0"),
        ({"layers": 1, "a": 2}, "found an object with 'layers', 'a'"),
        ('"' + "x" * 100 + '"', 'found "xxxx.*\\.\\.\\.$'),
        ({"nodes": {}, "heads": []}, "nodes: expected a list, found an object"),
        ({"nodes": [], "heads": []}, "heads: the symbol has no output"),
        ({"nodes": [], "heads": [[0, 0, 0]]}, "heads: there is no node 0; there are 0"),
        ({"nodes": [1], "heads": [[0]]}, r"nodes\[0\]: expected an object, found 1"),
        ({"nodes": [{}], "heads": [[0]]}, r"nodes\[0\]: op: expected text, found nothing"),
        (symbol(NODES) | {"heads": [[0]]}, r"heads: expected \[node, output\], found a list of 1"),
        (symbol(NODES) | {"heads": [[True, 0]]}, "heads: expected whole numbers"),
        (symbol(NODES) | {"heads": [[9, 1, 0]]}, "SoftmaxOutput 'softmax': output 1 is read"),
        (symbol([variable("data") | {"attrs": []}]), None),
        (symbol([variable("data") | {"attrs": {"a": 1}}]), "'data': a: expected text, found 1"),
        (symbol([variable("data") | {"attrs": [1]}]), "attrs: expected an object, found a list"),
        ({"network": "", "layers": [], "total": {}}, "what convcost analyze wrote, no network"),
        ([{"provenance": 1, "failures": 2}], "results of convcost measure, no network"),
    ],
)
def test_what_is_no_symbol_is_told_from_one(
    content: object, message: str | None, tmp_path: Path
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ImportFormatError, match=message):
        convcost.find(path)


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with pytest.raises(ImportFormatError, match=r"cannot read .*No such file"):
        convcost.find(path)
    path.write_bytes(b'{"nodes": "\xff')
    with pytest.raises(ImportFormatError, match="not text in UTF-8: the byte 0xff at 11"):
        convcost.find(path)
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(symbol(NODES)).encode())  # as Windows has it
    assert convcost.find(path).name == "a"


def test_all_unknown_operators_are_named_at_once(tmp_path: Path) -> None:
    nodes = [
        *NODES[:5],
        operator("Custom", "a", [4]),
        operator("Custom", "b", [5]),
        operator("_zeros", "z", []),
        operator("elemwise_add", "s", [6, 7]),
        operator("BatchNorm", "n", [4], axis="3"),
        operator("elemwise_add", "t", [8, 9]),
    ]
    path = write(tmp_path, symbol(nodes))
    expected = "operators without a rule: 2 x Custom, 1 x BatchNorm of axis 3, 1 x _zeros;"
    with pytest.raises(ImportFormatError, match=f"{expected} --allow-unknown lets them through"):
        convcost.find(path)
    with pytest.raises(ImportFormatError, match="Custom 'a': no rule is known for it"):
        convcost.find(path, allow_unknown=True)


LET_THROUGH = [
    *NODES[:5],
    operator("sin", "s", [4]),
    operator("_contrib_AdaptiveAvgPooling2D", "p", [5], output_size="(2, 3)"),
    variable("w"),
    operator("FullyConnected", "d", [6, 7], num_hidden="10", no_bias="True"),
]


def test_operators_without_a_rule_may_be_let_through(tmp_path: Path) -> None:
    path = write(tmp_path, symbol(LET_THROUGH))
    expected = "1 x _contrib_AdaptiveAvgPooling2D to 2x3, 1 x sin; --allow-unknown"
    with pytest.raises(ImportFormatError, match=expected):
        convcost.find(path)
    cost = analysed(path, input=(3, 6, 7), batch=2, allow_unknown=True)
    shapes = {layer.name: (layer.kind, layer.output.shape) for layer in cost.layers}
    assert shapes["s"] == ("uncounted", (2, 8, 6, 7))
    assert shapes["p"] == ("uncounted", (2, 8, 2, 3))
    assert cost.uncounted == ("s", "p")
    assert cost.total().parameters.weights == 8 * 3 * 3 * 5 + 8 * 2 * 3 * 10


def test_inputs_beside_the_first_one_are_parameters_to_set(tmp_path: Path) -> None:
    nodes = [
        *(variable("mask"), variable("data"), variable("scale", __shape__="(0, 1, 1, 1)")),
        operator("broadcast_mul", "m", [1, 0]),
        operator("broadcast_mul", "n", [3, 2]),
    ]
    path = write(tmp_path, symbol(nodes))
    spec = convcost.find(path)
    assert list(spec.inputs) == ["mask", "scale"]
    with pytest.raises(SpecError, match=r"mask_channels .*must be given"):
        convcost.load(path, input=(3, 8, 8))
    given = {"mask_channels": 1, "mask_height": 8, "mask_width": 8}
    cost = analysed(path, input=(3, 8, 8), parameters=given)
    assert [layer.inputs for layer in cost.layers] == [("input", "mask"), ("m", "scale")]
    assert cost.total().work.multiplies == 2 * 3 * 8 * 8


def test_what_must_be_given_is_said(tmp_path: Path) -> None:
    path = write(tmp_path, symbol(NODES))
    with pytest.raises(SpecError, match=r"channels \(--input, or --set channels=\.\.\.\), height"):
        convcost.load(path)
    assert convcost.load(path, input=(3, 9, 9)).formula("macs").evaluate(N=1, H=9, W=9) > 0


def test_max_pooling_of_the_same_size_as_strides_make_it(tmp_path: Path) -> None:
    kernel = {"kernel": "(3, 3)", "stride": "(2, 3)", "pooling_convention": "same"}
    nodes = [variable("data"), operator("Pooling", "p", [0], **kernel)]
    (layer,) = analysed(write(tmp_path, symbol(nodes)), input=(4, 7, 7)).layers
    assert layer.output.shape == (1, 4, 4, 3)


@pytest.mark.parametrize(
    "command",
    [
        *(["analyze"], ["analyze", "--depth", "1"], ["memory"], ["receptive"], ["compare"]),
        *(["analyze", "--symbolic"], ["formula"], ["sensitivity"], ["show"]),
        *(["check", "--max", "macs=1G"], ["solve", "--max", "macs=1G"]),
        *(["fit", "--memory", "1GiB"], ["scale", "--times", "H=2"]),
    ],
    ids=" ".join,
)
def test_every_command_reads_it(command: list[str], tmp_path: Path) -> None:
    path = write(tmp_path, symbol(NODES))
    done = CliRunner().invoke(app, [*command, str(path), "--input", "3x8x8", "--allow-unknown"])
    assert done.exception is None, done.output
    assert done.output


def test_nothing_slow_is_loaded_for_it(tmp_path: Path) -> None:
    path = write(tmp_path, symbol(NODES))
    loaded = modules_after(
        f"import convcost; convcost.analyse(convcost.load({str(path)!r}, input=(3, 9, 9)))"
    )
    assert "convcost" in loaded
    assert not loaded & {*SLOW, "networkx"}


def test_report_tells_a_network_from_results(tmp_path: Path) -> None:
    path = write(tmp_path, symbol([variable("data"), operator("Custom", "a", [0])]))
    done = CliRunner().invoke(app, ["report", str(path)])
    assert isinstance(done.exception, ConvcostError)
    assert "operators without a rule: 1 x Custom" in str(done.exception)
    done = CliRunner().invoke(app, ["report", str(write(tmp_path, {"version": 0}))])
    assert isinstance(done.exception, ConvcostError)
    assert "version: expected" in str(done.exception)
