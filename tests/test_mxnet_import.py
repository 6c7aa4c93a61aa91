"""MXNet's symbol files: every network of Gluon's zoo against what MXNet itself infers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest

import convcost
from convcost import NetworkCost
from convcost.report.rows import rows

pytest.importorskip("mxnet", reason="MXNet writes the files, and says what is in them")

import module_symbols
import mxnet as mx
from gluon_networks import Shape, Symbol, vision

MULTIPLIERS = ("1_0", "0_75", "0_5", "0_25")
ZOO = [
    "alexnet",
    *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
    "inception_v3",
    *(f"mobilenet{multiplier}" for multiplier in MULTIPLIERS),
    *(f"mobilenet_v2_{multiplier}" for multiplier in MULTIPLIERS),
    *(f"resnet{depth}_v{version}" for version in (1, 2) for depth in (18, 34, 50, 101, 152)),
    "squeezenet1_0",
    "squeezenet1_1",
    *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
]
SHAPES: list[Shape] = [(1, 3, 224, 224), (3, 3, 299, 331)]
# What this ends in, an average of 8x8, needs maps that large.
LARGER: dict[str, list[Shape]] = {"inception_v3": [(1, 3, 299, 299), (3, 3, 299, 331)]}


@cache
def zoo(name: str) -> Symbol:
    """Return a network of Gluon's zoo as a symbol."""
    return getattr(vision, name)()(mx.sym.var("data"))


def save(symbol: Symbol, folder: Path, name: str) -> Path:
    """Save a symbol as HybridBlock.export does."""
    path = folder / f"{name}-symbol.json"
    symbol.save(str(path))
    return path


# layer by layer: output, learned parameters by role, statistics
Row = tuple[Any, dict[str, Any], Any]
ROLES = {"weight": "weights", "bias": "biases", "gamma": "scales", "beta": "shifts"}


def inferred(symbol: Symbol, shape: Shape) -> Iterator[tuple[str, Row]]:
    """Yield what MXNet infers of every operator, with the operator's name."""
    internals = symbol.get_internals()
    _, outputs, _ = internals.infer_shape(data=shape)
    shapes = dict(zip(internals.list_outputs(), outputs, strict=True))
    states = set(symbol.list_auxiliary_states())
    nodes = json.loads(symbol.tojson())["nodes"]
    for node in nodes:
        if node["op"] == "null":
            continue
        held = [nodes[index]["name"] for index, *_ in node["inputs"][1:]]
        held = [name for name in held if name in shapes]  # a variable, not another layer
        learned: dict[str, int] = {}
        for name in held:
            role = ROLES.get(name.rpartition("_")[2])
            fixed = role == "scales" and node["attrs"]["fix_gamma"] == "True"
            if role is not None and name not in states and not fixed:
                learned[role] = prod(shapes[name])
        statistics = sum(prod(shapes[name]) for name in held if name in states)
        yield node["op"], (shapes[node["name"] + "_output"], learned, statistics)


def counted(cost: NetworkCost) -> Iterator[Row]:
    """Yield the same of a network that was imported."""
    for layer in cost.layers:
        roles = {role: getattr(layer.parameters, role) for role in ROLES.values()}
        learned = {role: count for role, count in roles.items() if count}
        yield layer.output.shape, learned, layer.statistics


@pytest.mark.parametrize("name", ZOO)
def test_zoo_equals_what_mxnet_infers_node_by_node(name: str, tmp_path: Path) -> None:
    symbol = zoo(name)
    path = save(symbol, tmp_path, name)
    for shape in LARGER.get(name, SHAPES):
        network = convcost.load(path, input=shape[1:])
        assert network.name == name
        cost = convcost.analyse(network, batch=shape[0])
        expected = [row for _, row in inferred(symbol, shape)]
        assert list(counted(cost)) == expected
        arguments, outputs, states = symbol.infer_shape(data=shape)
        sizes = dict(zip(symbol.list_arguments(), map(prod, arguments), strict=True))
        fixed = {
            node["name"].replace("_fwd", "_gamma")
            for node in json.loads(symbol.tojson())["nodes"]
            if node.get("attrs", {}).get("fix_gamma") == "True"
        }
        total = cost.total()
        assert total.parameters.count == sum(
            size for each, size in sizes.items() if each not in {"data", *fixed}
        )
        assert total.statistics == sum(map(prod, states))
        ends = {layer.name: layer.output.shape for layer in cost.layers}
        assert [ends[output] for output in cost.outputs] == outputs


def test_names_of_units_and_stages_are_the_tree_of_blocks(tmp_path: Path) -> None:
    cost = imported(module_symbols.resnet(), tmp_path)
    labels = [row.label for row in rows(cost, depth=1)]
    assert labels == [
        *("bn_data", "conv0", "bn0", "relu0", "pool0"),
        *("stage1", "stage2", "stage3", "stage4"),
        *("bn1", "relu1", "pool1", "flatten", "fc1", "softmax"),
    ]
    inside = [layer.name for layer in cost.layers if layer.block == ("stage2", "unit1")]
    assert inside == [
        f"stage2.unit1.{name}"
        for name in ("bn1", "relu1", "conv1", "bn2", "relu2", "conv2", "sc", "plus9")
    ]


def test_symbols_of_module_equal_what_mxnet_infers(tmp_path: Path) -> None:
    for symbol in (module_symbols.resnet(), module_symbols.inception()):
        cost = imported(symbol, tmp_path)
        expected = [row for _, row in inferred(symbol, (1, 3, 224, 224))]
        assert list(counted(cost)) == expected


@pytest.mark.parametrize("build", [module_symbols.shuffle, module_symbols.segmentation])
@pytest.mark.parametrize("size", [(1, 3, 64, 64), (2, 3, 75, 130)])
def test_shapes_that_follow_from_other_shapes_hold_at_every_size(
    build: Callable[[], Symbol], size: Shape, tmp_path: Path
) -> None:
    symbol = build()
    cost = imported(symbol, tmp_path, size)
    arguments, outputs, _ = symbol.infer_shape(data=size)
    sizes = dict(zip(symbol.list_arguments(), map(prod, arguments), strict=True))
    learned = sum(n for name, n in sizes.items() if name not in {"data", "softmax_label"})
    assert [cost.layers[-1].output.shape] == outputs
    assert cost.total().parameters.count == learned
    formula = convcost.load(tmp_path / "module-symbol.json", input=(3, 64, 64)).formula("macs")
    assert formula.evaluate(N=size[0], H=size[2], W=size[3]) == cost.total().macs


def test_weights_that_are_read_twice_are_counted_once(tmp_path: Path) -> None:
    symbol = module_symbols.attention()
    cost = imported(symbol, tmp_path)
    arguments, _, _ = symbol.infer_shape(data=(1, 3, 224, 224))
    sizes = dict(zip(symbol.list_arguments(), map(prod, arguments), strict=True))
    assert cost.total().parameters.count == sum(sizes.values()) - sizes["data"]
    assert cost.total().macs == 224 * 224 * 8 * 3 * 9 + 2 * 8 * 8


def imported(symbol: Symbol, folder: Path, size: Shape = (1, 3, 224, 224)) -> NetworkCost:
    """Save a symbol, read it, and analyse it."""
    path = save(symbol, folder, "module")
    return convcost.analyse(convcost.load(path, input=size[1:]), batch=size[0])
