"""Every shipped network against the same network in MXNet, layer by layer."""

from __future__ import annotations

import re
from ast import literal_eval
from collections.abc import Iterator, Mapping
from functools import partial
from math import prod
from typing import Any

import pytest

import convcost
from convcost import LayerCost, NetworkCost
from convcost.layers import GlobalPool2d, Pool2d
from convcost.report.rows import rows as report_rows

pytest.importorskip("mxnet", reason="MXNet is what the networks are compared with")

from gluon_networks import (
    NETWORKS,
    Factory,
    Graph,
    Row,
    Shape,
    rows,
    trace,
    vgg11_d2l,
    vision,
)

WITHOUT: Mapping[str, str] = {
    "resnet50": "the zoo's has biases in its 1x1 convolutions, and stride 2 in the first",
    "resnet101": "the zoo's has biases in its 1x1 convolutions, and stride 2 in the first",
    "resnet152": "the zoo's has biases in its 1x1 convolutions, and stride 2 in the first",
    "resnet50-original": "the zoo's has biases in its 1x1 convolutions: compared without them",
    "resnet101-original": "the zoo's has biases in its 1x1 convolutions: compared without them",
    "resnet152-original": "the zoo's has biases in its 1x1 convolutions: compared without them",
}
"""The networks that are not in the table, and why."""

ELSEWHERE: list[tuple[str, Factory | None, dict[str, Any], Shape]] = [
    ("vgg11", lambda: vgg11_d2l, {"preset": "fashion-mnist"}, (2, 1, 96, 96)),
    (
        "resnet18",
        partial(vision.resnet18_v1, classes=10),
        {"preset": "fashion-mnist"},
        (2, 1, 96, 96),
    ),
    ("resnet18-v2", None, {}, (2, 3, 160, 192)),
    ("alexnet", None, {}, (2, 3, 256, 199)),
    ("alexnet-caffe", None, {}, (2, 3, 243, 230)),
    ("nin", None, {}, (2, 3, 301, 226)),
    ("googlenet-d2l", None, {}, (2, 1, 131, 97)),
    ("resnet18-d2l", None, {}, (2, 1, 224, 224)),
    ("densenet-d2l", None, {}, (2, 1, 224, 224)),
    ("lenet-bn", None, {}, (2, 1, 33, 47)),
]
"""Other inputs: a network, its builder unless it is in the table, options, and (N, C, H, W)."""

OPERATORS: Mapping[str, str] = {
    "conv2d": "Convolution",
    "dense": "FullyConnected",
    "batch_norm": "BatchNorm",
    "pool2d": "Pooling",
    "global_pool2d": "Pooling",
}


def operator(cost: LayerCost) -> str:
    """Name a layer's operator as in MXNet's graph, with the window if it pools."""
    layer = cost.layer
    if not isinstance(layer, Pool2d | GlobalPool2d):
        return OPERATORS[cost.kind]
    height, width = layer.kernel if isinstance(layer, Pool2d) else cost.input_shapes[0].shape[2:]
    mode = {"max": "max", "average": "avg"}[layer.mode]
    return f"Pooling {mode} {height}x{width}"


def counted(cost: NetworkCost) -> Iterator[Row]:
    """Yield the rows that MXNet should agree with."""
    for layer in cost.layers:
        if layer.kind in OPERATORS:
            shape, learned = layer.output.shape[1:], layer.parameters.count
            yield operator(layer), shape, learned, layer.statistics, layer.macs


def allocated(graph: Graph, shape: Shape) -> tuple[int, int]:
    """Return how many learned parameters and statistics a graph holds, all names together."""
    arguments, _, states = graph.symbol.infer_shape(data=shape)
    names = graph.symbol.list_arguments()
    sizes = dict(zip(names, map(prod, arguments), strict=True))
    learned = sum(size for name, size in sizes.items() if name not in {"data", *graph.fixed})
    return learned, sum(map(prod, states))


def compare(cost: NetworkCost, graph: Graph, shape: Shape) -> None:
    """Compare all layers, and what they come to."""
    assert cost.input.shape == shape
    expected = list(rows(graph, shape))
    assert sorted(counted(cost), key=repr) == sorted(expected, key=repr)
    total = cost.total()
    assert (total.parameters.count, total.statistics) == allocated(graph, shape)
    assert total.macs == sum(row[-1] for row in expected)


@pytest.mark.parametrize("name", NETWORKS)
def test_network_equals_its_likeness_in_mxnet(name: str) -> None:
    factory, extents = NETWORKS[name]
    cost = convcost.analyse(convcost.load(name))
    compare(cost, trace(factory()), (1, *extents))


@pytest.mark.parametrize(
    ("name", "factory", "options", "shape"), ELSEWHERE, ids=[case[0] for case in ELSEWHERE]
)
def test_network_equals_its_likeness_at_another_input(
    name: str, factory: Factory | None, options: dict[str, Any], shape: Shape
) -> None:
    batch, channels, height, width = shape
    network = convcost.load(name, input=(channels, height, width), **options)
    cost = convcost.analyse(network, batch=batch)
    compare(cost, trace((factory or NETWORKS[name][0])()), shape)


@pytest.mark.parametrize("depth", [50, 101, 152])
def test_original_resnet_equals_the_zoos_but_for_its_biases(depth: int) -> None:
    zoo = trace(getattr(vision, f"resnet{depth}_v1")())
    names = zoo.symbol.list_arguments()
    biases = frozenset(name for name in names if re.search(r"conv\d+_bias$", name))
    assert len(biases) == 2 * (depth - 2) // 3  # two in every unit of three convolutions
    cost = convcost.analyse(convcost.load(f"resnet{depth}-original"))
    compare(cost, zoo._replace(fixed=zoo.fixed | biases), (1, 3, 224, 224))


def test_every_network_has_a_likeness_or_a_reason() -> None:
    known = [spec.name for spec in convcost.known_networks()]
    assert sorted([*NETWORKS, *WITHOUT]) == sorted(known)


# Printed by the networks of sections 5.6 and 5.7 on a batch of one: copied from the notes.

ALEXNET_PRINTED = """
  conv0 output shape:\t (1, 96, 54, 54)
  pool0 output shape:\t (1, 96, 26, 26)
  conv1 output shape:\t (1, 256, 26, 26)
  pool1 output shape:\t (1, 256, 12, 12)
  conv2 output shape:\t (1, 384, 12, 12)
  conv3 output shape:\t (1, 384, 12, 12)
  conv4 output shape:\t (1, 256, 12, 12)
  pool2 output shape:\t (1, 256, 5, 5)
  dense0 output shape:\t (1, 4096)
  dropout0 output shape:\t (1, 4096)
  dense1 output shape:\t (1, 4096)
  dropout1 output shape:\t (1, 4096)
  dense2 output shape:\t (1, 10)
"""

VGG_PRINTED = """
  sequential1 output shape:\t (1, 64, 112, 112)
  sequential2 output shape:\t (1, 128, 56, 56)
  sequential3 output shape:\t (1, 256, 28, 28)
  sequential4 output shape:\t (1, 512, 14, 14)
  sequential5 output shape:\t (1, 512, 7, 7)
  dense0 output shape:\t (1, 4096)
  dropout0 output shape:\t (1, 4096)
  dense1 output shape:\t (1, 4096)
  dropout1 output shape:\t (1, 4096)
  dense2 output shape:\t (1, 10)
"""


def printed(text: str) -> list[tuple[str, Shape]]:
    """Read the lines that the notes' loop over the layers printed."""
    found = re.findall(r"^ *(\w+) output shape:\t (\(.+\))$", text, re.MULTILINE)
    assert len(found) == len(text.split("\n")) - 2
    return [(name, literal_eval(shape)) for name, shape in found]


def test_alexnet_has_the_names_and_shapes_that_the_notes_print() -> None:
    cost = convcost.analyse(convcost.load("alexnet-d2l"))
    found = [(row.label, row.output) for row in report_rows(cost, depth=1)]
    assert found == printed(ALEXNET_PRINTED)


def test_vgg_has_the_shapes_that_the_notes_print() -> None:
    cost = convcost.analyse(convcost.load("vgg11", preset="fashion-mnist"))
    # In Gluon a dense layer flattens by itself, and holds its activation.
    shown = [row for row in report_rows(cost, depth=1) if row.kind not in {"flatten", "activation"}]
    ours = [
        *(f"block{n}" for n in range(1, 6)),
        "dense1",
        "dropout1",
        "dense2",
        "dropout2",
        "dense3",
    ]
    shapes = [shape for _, shape in printed(VGG_PRINTED)]
    assert [(row.label, row.output) for row in shown] == list(zip(ours, shapes, strict=True))
