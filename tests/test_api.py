"""The Python interface, as its documentation shows it."""

from __future__ import annotations

import pytest

import convcost
from convcost.errors import SpecError


def test_load_and_analyse() -> None:
    net = convcost.load("vgg16")
    cost = convcost.analyse(net, batch=8)
    assert cost.input.shape == (8, 3, 224, 224)
    assert cost.total().macs == 8 * 15470264320
    assert cost.total().parameters.count == 138357544


def test_a_cost_shows_itself() -> None:
    cost = convcost.analyse(convcost.load("lenet"))
    lines = str(cost).splitlines()
    assert lines[0] == "lenet at (1, 1, 28, 28)"
    # Each of the 4,684 sigmoids has an add besides the 281,640 of the dot products.
    assert lines[-1].split() == ["total", "11", "44,426", "281,640", "286,324", "41,992"]
    html = cost._repr_html_()
    assert html.startswith("<table>")
    assert "<td>44,426</td>" in html
    assert html.count("<tr>") == html.count("</tr>") == 13  # a head, eleven layers, a total


def test_blocks_and_kinds_sum_to_the_total() -> None:
    cost = convcost.analyse(convcost.load("resnet50"))
    for groups in (cost.by_kind(), cost.by_block(), cost.by_block(2)):
        assert sum(int(group.macs) for group in groups) == 4089184256
        assert sum(int(group.parameters.count) for group in groups) == 25557032
    stages = [group.label for group in cost.by_block() if group.label.startswith("stage")]
    assert stages == ["stage1", "stage2", "stage3", "stage4"]


def test_by_kind_answers_where_parameters_are() -> None:
    by_kind = {total.label: total for total in convcost.analyse(convcost.load("vgg16")).by_kind()}
    assert by_kind["dense"].parameters.count == 123642856  # 102764544 + 16781312 + 4097000
    assert by_kind["conv2d"].parameters.count == 14714688


@pytest.mark.parametrize(("dtype", "size"), [("float16", 2), ("bfloat16", 2), ("float64", 8)])
def test_bytes_follow_the_dtype(dtype: str, size: int) -> None:
    total = convcost.analyse(convcost.load("lenet"), dtype=dtype).total()
    assert total.parameter_bytes == 44426 * size
    assert (
        total.activation_bytes == 10498 * size
    )  # 2 * (3456 + 1024 + 120 + 84) + 864 + 256 + 10 elements


def test_an_unknown_dtype_is_refused() -> None:
    with pytest.raises(SpecError, match="unknown dtype 'float23'; did you mean 'float32'"):
        convcost.analyse(convcost.load("lenet"), dtype="float23")


def test_training_costs_more_where_it_does() -> None:
    net = convcost.load("lenet-bn")
    inference = convcost.analyse(net).total()
    training = convcost.analyse(net, batch=1, training=True).total()
    # Squares of all 4,684 normalized elements, and four multiplies for each of 226 channels.
    assert training.work.multiplies - inference.work.multiplies == 4684 + 4 * 226
    assert training.macs == inference.macs


def test_parameters_and_input_replace_the_specs() -> None:
    net = convcost.load("densenet121", input=(3, 96, 96), parameters={"growth": 12})
    assert net.parameters["initial"] == 24
    cost = convcost.analyse(net)
    assert cost.layers[0].output.shape == (1, 24, 48, 48)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"parameters": {"class": 3}}, "no parameter 'class'; did you mean 'classes'"),
        ({"parameters": {"classes": (1, 2)}}, "parameter 'classes': expected a number"),
        ({"parameters": {"convolutions": 3}}, "parameter 'convolutions': expected a list"),
        ({"preset": "mnist"}, "no preset 'mnist'; known: fashion-mnist"),
    ],
)
def test_wrong_choices(choices: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        convcost.load("vgg16", **choices)  # type: ignore[arg-type]


def test_an_unknown_network_names_the_nearest() -> None:
    with pytest.raises(SpecError, match="unknown network 'vgg17'; did you mean 'vgg1"):
        convcost.load("vgg17")


def test_the_graph_is_networkx() -> None:
    graph = convcost.load("resnet18").graph
    # Every layer and the input; an edge for each input of a layer: one more for each add.
    assert graph.number_of_nodes() == 70
    assert graph.number_of_edges() == 69 + 8
    assert graph.nodes["stage1.basic_unit1.add1"]["node"].layer.kind == "add"
    add = "stage1.basic_unit1.add1"
    assert {source: graph.edges[source, add]["position"] for source in graph.pred[add]} == {
        "stage1.basic_unit1.body.bn2": 0,
        "pool1": 1,
    }


def test_a_preactivated_shortcut_reads_what_its_name_says() -> None:
    # arXiv:1603.05027, figure 1(b), and Gluon's zoo: the projection reads the activated
    # input, an identity the input itself. Costs would not tell.
    layers = {layer.name: layer for layer in convcost.analyse(convcost.load("resnet50-v2")).layers}
    assert layers["stage1.unit1.shortcut"].inputs == ("stage1.unit1.preactivated",)
    assert layers["stage1.unit2.add1"].inputs == ("stage1.unit2.residual", "stage1.unit1.add1")
