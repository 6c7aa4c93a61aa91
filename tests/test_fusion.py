"""Which layers MXNet runs as one: by hand, and as MXNet itself partitions networks."""

from __future__ import annotations

import json
import warnings
from importlib.util import find_spec
from typing import get_args

import networkx as nx
import pytest
from hypothesis import assume, given, settings
from random_networks import networks
from time_profile import MACHINE

import convcost
from convcost.layers.activation import Function
from convcost.prediction.fusion import fused, fused_terms, unfused
from convcost.prediction.terms import Terms

needs_mxnet = pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet is what fuses")

Groups = set[frozenset[str]]


def ours(cost: convcost.NetworkCost) -> Groups:
    """Return what convcost says runs together."""
    return {frozenset(layer.name for layer in group) for group in fused(cost)}


def theirs(cost: convcost.NetworkCost) -> Groups:
    """Return what MXNet's own pass puts together; of layers, not of their helpers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # MXNet's own, of numpy
        from convcost.measure.symbols import build
    nodes = json.loads(build(cost).get_backend_symbol("MKLDNN").tojson())["nodes"]
    names = {layer.name for layer in cost.layers}
    found = set()
    for node in nodes:
        inner = [each["name"] for graph in node.get("subgraphs", ()) for each in graph["nodes"]]
        found.add(frozenset(names.intersection(inner or [node["name"]])))
    return found - {frozenset()}


def network(layers: str) -> convcost.NetworkCost:
    """Return the cost of a small network."""
    text = f"{{name: n, input: [8, 9, 9], layers: [{layers}]}}"
    return convcost.analyse(convcost.build(convcost.read_text(text)))


@needs_mxnet
@pytest.mark.parametrize("name", [spec.name for spec in convcost.known_networks()])
def test_shipped_networks_are_fused_as_mxnet_does(name: str) -> None:
    cost = convcost.analyse(convcost.load(name))
    assert ours(cost) == theirs(cost)


@needs_mxnet
@pytest.mark.parametrize("lead", ["conv2d: {filters: 8, kernel: 3}", "dense: 8"])
@pytest.mark.parametrize("function", get_args(Function))
def test_functions_are_fused_as_mxnet_does(lead: str, function: str) -> None:
    cost = network(f"{{{lead}}}, {function}")
    assert ours(cost) == theirs(cost)


def comes_back(graph: nx.DiGraph[str], layer: convcost.cost.LayerCost) -> bool:
    """Whether a sum reads a layer by itself and also through another: order decides then."""
    before = {name: nx.ancestors(graph, name) for name in layer.inputs}
    return any(one in before[other] for one in layer.inputs for other in layer.inputs)


@needs_mxnet
@settings(max_examples=100, deadline=None)
@given(networks())
def test_random_networks_are_fused_as_mxnet_does(drawn: convcost.Network) -> None:
    cost = convcost.analyse(drawn)
    assume(len(cost.outputs) == 1)  # MXNet's pass loses an output that it fuses
    dropouts = [layer for layer in cost.layers if layer.kind == "dropout"]
    kept = {"input", *(layer.name for layer in dropouts)}  # it keeps some of these
    assume(not any(kept.intersection(layer.inputs) for layer in dropouts))
    assume(not any(comes_back(drawn.graph, layer) for layer in cost.layers if layer.kind == "add"))
    needed = nx.ancestors(drawn.graph, cost.outputs[0]) | {cost.outputs[0]}
    assert ours(cost) == {group for group in theirs(cost) if group & needed}


RESIDUAL = (
    "{add: {branches: {body: [{conv2d: {filters: 8, kernel: 3, padding: 1, bias: false}},"
    " batch_norm], shortcut: []}}}, relu, {dropout: 0.5}, tanh"
)


def test_a_residual_unit_by_hand() -> None:
    cost = network(RESIDUAL)
    kinds = [[layer.kind for layer in group] for group in fused(cost)]
    assert kinds == [["conv2d", "batch_norm", "add", "activation"], ["activation"]]
    # Windows of 3 on 9 with a tap in the padding at either end: 25 a side; 16 lanes for 8, which
    # are a single vector, so that each of 9 rows is a call and every product waits.
    (first, second) = (fused_terms(group, MACHINE) for group in fused(cost))
    assert first == Terms(
        "conv2d",
        {
            "multiply_adds": 25 * 25 * 16 * 16,
            "waits": 25 * 25 * 16 * 16,
            "weight_loads": 25 * 3 * 16,
            "calls": 9,
            "bytes_l2": 4 * 3 * 8 * 81,
            "weight_bytes": 4 * 8 * 8 * 9,
            "launches": 1,
        },
    )
    assert second.kernel == "activation tanh"


@pytest.mark.parametrize(("function", "term"), [("sigmoid", "exponentials"), ("tanh", "tangents")])
def test_a_fused_function_costs_its_exponentials(function: str, term: str) -> None:
    (group,) = fused(network(f"{{conv2d: {{filters: 8, kernel: 1}}}}, {function}"))
    values = fused_terms(group, MACHINE).values
    assert {name: values.get(name, 0) for name in ("exponentials", "tangents")} == {
        "exponentials": 0,
        "tangents": 0,
        term: 8 * 81,
    }


def test_a_function_behind_a_product_is_computed_one_by_one() -> None:
    # 12 channels do not fill blocks of 8; relu is one comparison, relu6 is two
    for function, operations in (("relu", 1), ("relu6", 2)):
        (group,) = fused(network(f"{{conv2d: {{filters: 12, kernel: 1}}}}, {function}"))
        product = fused_terms(group, MACHINE)
        assert product.kernel == "conv2d 1x1 as a product"
        assert product.values["operations"] == operations * 12 * 81
    (group,) = fused(network("{conv2d: {filters: 16, kernel: 1}}, relu6"))
    assert "operations" not in fused_terms(group, MACHINE).values


@pytest.mark.parametrize(("function", "alone"), [("", 0), (", relu", 12 * 81)])
def test_a_sum_behind_a_product_is_free_but_a_function_after_it_slow(
    function: str, alone: int
) -> None:
    first = "{conv2d: {name: x, filters: 12, kernel: 1}}, {tanh: {name: y}}"
    second = "{conv2d: {name: z, filters: 12, kernel: 1}}, {add: {from: [z, y]}}"
    *_, group = fused(network(f"{first}, {second}{function}"))
    found = fused_terms(group, MACHINE).values
    assert [layer.kind for layer in group][:2] == ["conv2d", "add"]
    assert found.get("elements_alone", 0) == alone
    assert "operations" not in found


def test_without_fusion_every_layer_that_is_needed_runs_by_itself() -> None:
    text = (
        "{name: n, input: [2, 4, 4], layers: [{conv2d: {name: a, filters: 2, kernel: 1}},"
        " {relu: {name: unread, from: input}}, {relu: {name: b, from: a}}]}"
    )
    cost = convcost.analyse(convcost.build(convcost.read_text(text)))
    assert [[layer.name for layer in group] for group in unfused(cost)] == [["a"], ["b"]]
