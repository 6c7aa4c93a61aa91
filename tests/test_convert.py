"""``convcost convert`` to specs: what is written loads to the same network, and is short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import networks
from typer.testing import CliRunner

import convcost
from convcost.catalogue import known_networks
from convcost.cli import app
from convcost.graph import Network, Node
from convcost.writing.names import stated
from convcost.writing.spec import spec_text
from convcost.writing.text import as_yaml

SHIPPED = [spec.name for spec in known_networks()]
FLAT = ["resnet50", "resnet50-v2", "googlenet", "densenet121", "nin", "vgg16-bn", "lenet"]
Facts = list[tuple[Any, ...]]


def facts(network: Network, *, names: bool = True) -> tuple[Facts, list[int]]:
    """Return all there is to say of a network's layers; without names by their places."""
    places = {node.name: place for place, node in enumerate(network.nodes)}
    rows: Facts = [
        (
            node.layer,
            dict(node.holds),
            tuple(places[name] for name in node.inputs),
            *((node.name, node.block) if names else ()),
        )
        for node in network.nodes
    ]
    return rows, [places[name] for name in network.outputs]


@cache
def text_of(name: str) -> str:
    """Return a shipped network as a spec."""
    return spec_text(convcost.load(name))


def read(text: str, **choices: Any) -> Network:
    return convcost.build(convcost.read_text(text), **choices)


def renamed(network: Network, name: Callable[[int, Node], str]) -> Network:
    """Return a network with other names, as an importer would have found it."""
    names = {
        n.name: n.name if n.name == "input" else name(i, n) for i, n in enumerate(network.nodes)
    }
    nodes = tuple(
        replace(
            node,
            name=names[node.name],
            block=tuple(names[node.name].split(".")[:-1]),
            inputs=tuple(names[each] for each in node.inputs),
        )
        for node in network.nodes
    )
    outputs = tuple(names[each] for each in network.outputs)
    return replace(network, nodes=nodes, outputs=outputs)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_network_comes_back_with_all_its_names(name: str) -> None:
    network = convcost.load(name)
    text = text_of(name)
    assert facts(read(text)) == facts(network)
    assert all(len(line) <= 100 for line in text.splitlines() if not line.startswith("source:"))


@pytest.mark.parametrize("name", SHIPPED)
def test_costs_are_the_same_at_other_inputs(name: str) -> None:
    spec = next(spec for spec in known_networks() if spec.name == name)
    network = convcost.build(spec)
    channels, height, width = network.source.extents
    text = text_of(name)
    for extents in ((channels, height + 32, width + 64), (channels, height, width)):
        here, there = (
            convcost.analyse(convcost.build(each, input=extents), batch=2)
            for each in (spec, convcost.read_text(text))
        )
        assert [c.work for c in here.layers] == [c.work for c in there.layers]
        assert here.total() == there.total()


@pytest.mark.parametrize(
    ("name", "lines"),
    [("resnet50", 60), ("resnet152", 60), ("vgg16", 30), ("densenet201", 45), ("googlenet", 80)],
)
def test_what_is_repeated_is_said_once(name: str, lines: int) -> None:
    assert text_of(name).count("\n") < lines


@pytest.mark.parametrize("name", FLAT)
def test_layers_that_are_only_numbered_become_blocks(name: str) -> None:
    network = renamed(convcost.load(name), lambda index, node: f"{node.layer.kind}_{index}")
    text = spec_text(network)
    assert facts(read(text), names=False) == facts(network, names=False)
    assert text.count("\n") < 80
    kept = spec_text(network, keep_names=True)
    assert facts(read(kept)) == facts(network)


def test_a_flat_resnet_is_short_enough_to_read() -> None:
    network = renamed(convcost.load("resnet50"), lambda index, node: f"{node.layer.kind}_{index}")
    lines = spec_text(network).splitlines()
    assert "  residual:" in lines
    assert "      - add: {from: [bn3, input]}" in lines
    assert "  - repeat: {times: 5, layers: [residual: {filters: 256}]}" in lines
    assert len(lines) < 60


def test_dotted_names_become_calls_by_these_names() -> None:
    # As torchvision has them: layer1.0.conv1, the blocks numbered from 0.
    def name(_: int, node: Node) -> str:
        if not node.block:
            return node.name
        stage, unit, *inner = node.name.split(".")
        number = int(unit.removeprefix("bottleneck_unit")) - 1
        return ".".join([stage.replace("stage", "layer"), str(number), *inner])

    network = renamed(convcost.load("resnet50"), name)
    text = spec_text(network)
    assert facts(read(text)) == facts(network)
    assert "layer3.5" in text
    assert text.count("\n") < 90


@settings(max_examples=60, deadline=None)
@given(networks())
def test_any_network_comes_back(network: Network) -> None:
    assert facts(read(spec_text(network, keep_names=True))) == facts(network)
    assert facts(read(spec_text(network)), names=False) == facts(network, names=False)


@settings(max_examples=60, deadline=None)
@given(networks(), st.lists(st.sampled_from(["", "a.", "a.b.", "c.", "1."]), min_size=13))
def test_any_blocks_come_back(network: Network, blocks: list[str]) -> None:
    """Blocks with several ways in and out, and those that are interrupted, too."""
    made = renamed(network, lambda index, node: f"{sorted(blocks[:12])[index - 1]}{node.name}")
    assert facts(read(spec_text(made, keep_names=True))) == facts(made)
    mixed = renamed(network, lambda index, node: f"{blocks[index]}{node.name}")
    assert facts(read(spec_text(mixed, keep_names=True))) == facts(mixed)


@settings(max_examples=40, deadline=None)
@given(networks(), st.integers(2, 4), st.data())
def test_any_network_again_and_again_comes_back(
    network: Network, times: int, data: st.DataObject
) -> None:
    """A chain of copies in blocks, of which some are named alike and some are not."""
    prefixes = [data.draw(st.sampled_from(["b{}", "b.{}", "c{}.d", "x{}"])) for _ in range(times)]
    nodes, last = [network.nodes[0]], "input"
    for index, prefix in enumerate(prefixes, 1):
        block = prefix.format(index)
        for node in network.nodes[1:]:
            name = f"{block}.{node.name}"
            reads = tuple(last if each == "input" else f"{block}.{each}" for each in node.inputs)
            path = tuple(name.split(".")[:-1])
            nodes.append(replace(node, name=name, block=path, inputs=reads))
        last = nodes[-1].name
    made = replace(network, nodes=tuple(nodes), outputs=(last,))
    assert facts(read(spec_text(made, keep_names=True))) == facts(made)
    assert facts(read(spec_text(made)), names=False) == facts(made, names=False)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 9)), max_size=12, unique=True),
)
def test_names_that_are_not_stated_are_those_that_layers_get(labels: list[tuple[str, int]]) -> None:
    """Against the loader itself: relu1, relu2 and tanh1, tanh2 in any order and with gaps."""
    words = {"a": "relu", "b": "tanh"}
    entries = [(words[label], f"{words[label]}{number}") for label, number in labels]
    said = stated(entries)
    lines = [
        f"  - {label}" + (f": {{name: {name}}}" if index in said else "")
        for index, (label, name) in enumerate(entries)
    ]
    text = "\n".join(["name: names", "input: [1]", "layers:", *(lines or ["  []"])])
    assert [node.name for node in read(text).nodes[1:]] == [name for _, name in entries]


@pytest.mark.parametrize(
    "layers",
    [
        ["relu: {name: a.x}", "tanh: {name: a.y}", "add: {name: z, from: [a.x, a.y]}"],
        ["relu: {name: a.x}", "relu: {name: b.x}", "relu: {name: a.y}", "relu: {name: b.y}"],
        ["relu: {name: a.x}", "relu: {name: a.y}", "relu: {name: a}"],
    ],
    ids=["read in its midst", "interrupted", "called as a layer"],
)
def test_what_is_no_block_stays_apart(layers: list[str]) -> None:
    lines = "\n".join(f"  - {layer}" for layer in layers)
    network = read(f"name: apart\ninput: [3, 8, 8]\nlayers:\n{lines}\n")
    assert facts(read(spec_text(network))) == facts(network)


def test_numbering_leaves_out_what_is_stated() -> None:
    assert stated([("relu", "relu2"), ("relu", "relu1"), ("relu", "relu3")]) == {0}
    assert stated([("relu", "relu1"), ("relu", "relu2")], reserved=["relu1"]) == {0}


FREE = """\
name: free
input: [3, height, width]
parameters: {height: , width: , growth: 16, both: height * width}
layers:
  - conv2d: {name: stem, filters: 2 * growth, kernel: 3, padding: 1}
  - relu
  - conv2d: {filters: growth, kernel: [3, 1], padding: [1, 0]}
"""


def test_expressions_of_parameters_stay() -> None:
    spec = convcost.read_text(FREE)
    text = spec_text(convcost.build(spec, example=64))
    back = convcost.read_text(text)
    assert list(back.parameters) == ["height", "width", "growth", "both"]
    assert back.parameters["height"] is None
    sizes = {"height": 20, "width": 30, "growth": 5}
    here, there = (convcost.build(each, parameters=sizes) for each in (spec, back))
    assert facts(here) == facts(there)
    assert here.source.extents == (3, 20, 30)


def test_what_was_chosen_is_what_is_written() -> None:
    spec = convcost.read_text(FREE)
    network = convcost.build(spec, parameters={"height": 8, "width": 9, "growth": 4})
    assert facts(read(spec_text(network))) == facts(network)


def test_several_inputs_and_outputs_come_back() -> None:
    text = """\
name: two
input: [3, 8, 8]
inputs: {mask: [3, 8, 8]}
layers:
  - multiply: {from: [input, mask]}
  - relu
  - tanh: {from: mask}
outputs: [relu1, tanh1]
"""
    network = read(text)
    assert facts(read(spec_text(network))) == facts(network)


def test_what_is_not_counted_comes_back() -> None:
    text = """\
name: unknown
input: [3, 8, 8]
layers:
  - uncounted: {operator: NonZero, shape: [0, 5, 8]}
  - relu
  - transpose: {permutation: [0, 2, 1]}
  - slice: {axis: -1, start: 1}
"""
    network = read(text)
    assert facts(read(spec_text(network))) == facts(network)


def test_what_layers_hold_comes_back() -> None:
    text = """\
name: held
input: [3, 8, 8]
parameters: {own: 5}
layers:
  - conv2d: {filters: 4, kernel: 1, holds: {weights: own}}
  - relu
  - conv2d: {filters: 4, kernel: 1, holds: {weights: 0, biases: 0}}
  - relu
"""
    network = read(text)
    written = spec_text(network)
    assert facts(read(written)) == facts(network)
    assert convcost.analyse(read(written)).total().parameters.count == 5 + 4
    assert "holds: {weights: own}" in written


plain = st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"]), max_size=30)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.recursive(plain, lambda inner: st.lists(inner, max_size=4).map(tuple), max_leaves=8),
        min_size=1,
    )
)
def test_texts_are_quoted_where_they_must_be(document: dict[str, Any]) -> None:
    def listed(value: Any) -> Any:
        return [listed(item) for item in value] if isinstance(value, tuple) else value

    loaded = yaml.load(as_yaml(document), Loader=yaml.BaseLoader)  # noqa: S506 - types nothing
    assert loaded == {key: listed(value) for key, value in document.items()}


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["convert", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_command_writes_a_spec(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    run("vgg16", "-o", str(path), "--input", "3x64x64", "--set", "classes=10")
    network = convcost.load(path)
    assert facts(network) == facts(
        convcost.load("vgg16", input=(3, 64, 64), parameters={"classes": 10})
    )
    assert path.read_text(encoding="utf-8") == run(str(path))  # once more changes nothing


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lenet", "-o", "x.txt"], "--output: unknown format '.txt'; known: .json, .onnx, .yaml"),
        (["lenet", "--batch", "2"], "--batch and --weights are for ONNX models"),
        (["lenet", "-o", "x.onnx", "--keep-names"], "--keep-names is for specs"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["convert", *arguments])
    assert message in str(result.exception)


@pytest.mark.parametrize("name", ["resnet50", "googlenet", "vgg16-bn"])
def test_an_imported_onnx_model_comes_back(name: str, tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="it reads the models")
    path = tmp_path / f"{name}.onnx"
    run(name, "-o", str(path))
    network = convcost.load(path)
    text = run(str(path))
    assert facts(read(text), names=False) == facts(network, names=False)
    assert text.count("\n") < 80


@pytest.mark.parametrize("name", ["resnet50_v1", "mobilenet_v2_1_0", "squeezenet1_0"])
def test_an_imported_symbol_comes_back(name: str, tmp_path: Path) -> None:
    mx = pytest.importorskip("mxnet", reason="Gluon's zoo is MXNet's")
    path = tmp_path / f"{name}-symbol.json"
    make = getattr(mx.gluon.model_zoo.vision, name)
    make()(mx.sym.var("data")).save(str(path))
    network = convcost.load(path, input=(3, 224, 224))
    text = run(str(path), "--input", "3x224x224")
    assert facts(read(text), names=False) == facts(network, names=False)
    assert text.count("\n") < 70
    kept = run(str(path), "--input", "3x224x224", "--keep-names")
    assert facts(read(kept)) == facts(network)


def test_what_is_imported_is_shown_as_a_spec(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="it reads the models")
    path = tmp_path / "lenet.onnx"
    run("lenet", "-o", str(path))
    shown = CliRunner().invoke(app, ["show", str(path)]).stdout
    assert shown.startswith(run(str(path)))
