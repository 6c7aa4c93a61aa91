"""Networks as graphs for other programs, and as pictures: nothing lost, nothing covered."""

from __future__ import annotations

import json
import re
import sys
from itertools import combinations
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from typer.testing import CliRunner

import convcost
from convcost.analyse import analyse
from convcost.cli import app
from convcost.errors import MissingDependencyError
from convcost.graph import Network
from convcost.report.drawing.data import as_graphml, as_json
from convcost.report.drawing.dot import as_dot, quoted
from convcost.report.drawing.mermaid import as_mermaid
from convcost.report.drawing.picture import Picture, picture

NETWORKS = ["lenet", "googlenet", "resnet50", "densenet121", "resnet18-v2"]
SVG = "{http://www.w3.org/2000/svg}"
WORDS = """\
name: end
input: [3, 32, 32]
layers:
  - repeat:
      name: graph
      times: 2
      layers:
        - conv2d: {name: end, filters: 3, kernel: 3, padding: 1}
        - add: {name: style, branches: {subgraph: [relu], click: []}}
"""


def drawn(name: str, depth: int | None = None) -> tuple[Network, Picture]:
    network = convcost.load(name)
    return network, picture(network, analyse(network), depth)


def edges_of(network: Network) -> set[tuple[str, str]]:
    return set(network.graph.edges)


def blocks_of(network: Network) -> dict[str, tuple[str, ...]]:
    return {node.name: node.block for node in network.nodes}


@pytest.mark.parametrize("name", NETWORKS)
def test_networkx_reads_the_json_back(name: str) -> None:
    network, made = drawn(name)
    graph = nx.node_link_graph(json.loads(as_json(made)), edges="edges")
    assert set(graph.edges) == edges_of(network)
    assert {n: tuple(graph.nodes[n]["block"]) for n in graph} == blocks_of(network)
    assert graph.graph["outputs"] == list(network.outputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_networkx_reads_the_graphml_back(name: str) -> None:
    network, made = drawn(name)
    graph = nx.parse_graphml(as_graphml(made))
    assert set(graph.edges) == edges_of(network)
    assert {n: graph.nodes[n]["block"] or "" for n in graph} == {
        n: ".".join(block) for n, block in blocks_of(network).items()
    }


def test_counts_are_attributes() -> None:
    # Published: torchvision's ResNet-50 has 25,557,032 parameters and 4,089,184,256 macs.
    for depth in (None, 1, 2):
        graph = nx.parse_graphml(as_graphml(drawn("resnet50", depth)[1]))
        totals = {
            key: sum(values[key] for _, values in graph.nodes(data=True))
            for key in ("parameters", "macs", "layers")
        }
        assert totals["parameters"] == 25557032
        assert totals["macs"] == 4089184256
        assert totals["layers"] == 175 + 1  # and the input


def test_attributes_are_what_a_spec_says() -> None:
    _, made = drawn("googlenet")
    graph = nx.node_link_graph(json.loads(as_json(made)), edges="edges")
    assert graph.nodes["pool1"]["attributes"] == {
        "mode": "max",
        "kernel": 3,
        "stride": 2,
        "rounding": "clamped",
    }
    assert graph.nodes["conv1.conv1"]["output"] == [1, 64, 112, 112]
    concat = "inception_3a.concat1"
    assert {s: graph.edges[s, t]["positions"] for s, t in graph.edges if t == concat} == {
        "inception_3a.conv1x1.conv1.relu1": [0],
        "inception_3a.conv3x3.conv2.relu1": [1],
        "inception_3a.conv5x5.conv2.relu1": [2],
        "inception_3a.pool.conv1.relu1": [3],
    }


def test_a_layer_that_reads_another_twice_has_one_edge_of_two_positions() -> None:
    text = "name: twice\ninput: [3, 8, 8]\nlayers:\n  - add: {from: [input, input]}\n"
    network = convcost.build(convcost.read_text(text))
    made = picture(network, analyse(network))
    assert [edge.positions for edge in made.edges] == [(0, 1)]


def test_depth_draws_blocks_as_boxes() -> None:
    _, made = drawn("resnet50", 1)
    assert [box.name for box in made.boxes] == [
        *("input", "conv1", "bn1", "relu1", "pool1", "stage1", "stage2", "stage3", "stage4"),
        *("global_pool1", "flatten1", "dense1"),
    ]
    stage = made.boxes[5]
    assert stage.caption == "32 layers 256×56×56"  # 12 and two times 10
    assert [(edge.source, edge.target) for edge in made.edges][4:6] == [
        ("pool1", "stage1"),
        ("stage1", "stage2"),
    ]


def test_a_layer_may_be_called_as_a_block_beside_it() -> None:
    text = "name: a\ninput: [3, 8, 8]\nlayers:\n  - relu: {name: x.y}\n  - relu: {name: x}\n"
    network = convcost.build(convcost.read_text(text))
    made = picture(network, analyse(network), 1)
    assert [box.name for box in made.boxes] == ["input", "x (block)", "x"]


def test_what_is_not_counted_says_so() -> None:
    layers = ["uncounted: {name: a.x, operator: Einsum, shape: [0, 5]}", "relu: {name: a.y}"]
    lines = "\n".join(f"  - {layer}" for layer in layers)
    network = convcost.build(convcost.read_text(f"name: u\ninput: [3]\nlayers:\n{lines}\n"))
    boxes = picture(network, analyse(network)).boxes
    assert boxes[1].facts == [
        "a.x",
        "uncounted, operator: Einsum, shape: [0, 5]",
        "output: 5",
        "uncounted",
    ]
    (_, block) = picture(network, analyse(network), 1).boxes
    assert block.said == "2 layers, some uncounted: at least"


@pytest.mark.parametrize("name", NETWORKS)
def test_dot_nests_what_blocks_nest(name: str) -> None:
    network, made = drawn(name)
    path: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    edges = set()
    for line in as_dot(made).splitlines()[1:-1]:
        if cluster := re.fullmatch(r' *subgraph "cluster_(.*)" \{', line):
            path.append(cluster[1].rpartition(".")[2])
        elif line.strip() == "}":
            path.pop()
        elif edge := re.fullmatch(r'  "(.*)" -> "(.*)"', line):
            edges.add((edge[1], edge[2]))
        elif box := re.match(r' *"(.*?)" \[label=', line):
            found[box[1]] = tuple(path)
    assert found == blocks_of(network)
    assert edges == edges_of(network)


def test_dot_strings_end_where_they_should() -> None:
    assert quoted('a "b" \\ c\nd') == r'"a \"b\" \\ c\nd"'


@pytest.mark.parametrize("name", NETWORKS)
def test_mermaid_nests_what_blocks_nest(name: str) -> None:
    network, made = drawn(name)
    names = [box.name for box in made.boxes]
    path: list[str] = []
    found: dict[str, tuple[str, ...]] = {}
    edges = set()
    for line in as_mermaid(made).splitlines()[4:]:
        if block := re.fullmatch(r' *subgraph b\d+\["(.*)"\]', line):
            path.append(block[1])
        elif line.strip() == "end":
            path.pop()
        elif edge := re.fullmatch(r"  n(\d+) --> n(\d+)", line):
            edges.add((names[int(edge[1])], names[int(edge[2])]))
        elif box := re.match(r" *n(\d+)[(\[]", line):
            found[names[int(box[1])]] = tuple(path)
    assert found == blocks_of(network)
    assert edges == edges_of(network)


def test_words_of_the_formats_may_be_names() -> None:
    network = convcost.build(convcost.read_text(WORDS))
    made = picture(network, analyse(network))
    assert as_mermaid(made).splitlines()[:9] == [
        "---",
        'title: "end at 3×32×32"',
        "---",
        "flowchart TB",
        '  n0(["input<br/>input 3×32×32"])',
        '  subgraph b0["graph1"]',
        '    n1["end<br/>conv2d 3×32×32"]',
        '    n3["style<br/>add 3×32×32"]',
        '    subgraph b1["subgraph"]',
    ]
    assert as_dot(made).startswith('digraph "end" {\n  label="end at 3×32×32"')


Rectangle = tuple[float, float, float, float]


def rectangle(element: ET.Element) -> Rectangle:
    """Return the left, upper, right and lower side."""
    x, y, width, height = (float(element.get(key, "")) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def within(inner: Rectangle, outer: Rectangle) -> bool:
    low = all(a >= b for a, b in zip(inner[:2], outer[:2], strict=True))
    return low and all(a <= b for a, b in zip(inner[2:], outer[2:], strict=True))


@pytest.fixture(params=NETWORKS)
def svg(request: pytest.FixtureRequest) -> tuple[Network, ET.Element]:
    pytest.importorskip("igraph", reason="pictures need it")
    from convcost.report.drawing.svg import as_svg

    network, made = drawn(request.param)
    return network, ET.fromstring(as_svg(made))  # noqa: S314 - our own


def boxes_in(root: ET.Element) -> dict[str, Rectangle]:
    """Return the boxes by their names, which tooltips begin with."""
    return {
        (group.findtext(f"{SVG}title") or "").partition("\n")[0]: rectangle(group[1])
        for group in root.findall(f"{SVG}g")
        if group.get("class", "").startswith("box")
    }


def frames_in(root: ET.Element) -> dict[tuple[str, ...], Rectangle]:
    return {
        tuple((group.findtext(f"{SVG}title") or "").split(".")): rectangle(group[1])
        for group in root.findall(f"{SVG}g")
        if group[1].get("class") == "frame"
    }


def test_a_picture_has_every_box_and_covers_none(svg: tuple[Network, ET.Element]) -> None:
    network, root = svg
    boxes = boxes_in(root)
    assert set(boxes) == set(blocks_of(network))
    page = (0.0, 0.0, float(root.get("width", "")), float(root.get("height", "")))
    assert all(within(box, page) for box in boxes.values())
    assert not any(overlap(a, b) for a, b in combinations(boxes.values(), 2))


def test_frames_hold_their_boxes_and_no_others(svg: tuple[Network, ET.Element]) -> None:
    network, root = svg
    boxes, frames = boxes_in(root), frames_in(root)
    blocks = blocks_of(network)
    for path, frame in frames.items():
        for name, box in boxes.items():
            if blocks[name][: len(path)] == path:
                assert within(box, frame), (path, name)
            else:
                assert not overlap(box, frame), (path, name)
        for other, inner in frames.items():
            if other[: len(path)] == path:
                assert within(inner, frame)
            elif path[: len(other)] != other:
                assert not overlap(inner, frame), (path, other)


def test_edges_join_the_boxes_they_should(svg: tuple[Network, ET.Element]) -> None:
    network, root = svg
    boxes = boxes_in(root)
    lower = {((b[0] + b[2]) / 2, b[3]): name for name, b in boxes.items()}
    upper = {((b[0] + b[2]) / 2, b[1]): name for name, b in boxes.items()}

    def nearest(points: dict[tuple[float, float], str], x: float, y: float) -> str:
        near = [name for (px, py), name in points.items() if abs(px - x) + abs(py - y) < 1]
        assert len(near) == 1
        return near[0]

    found = set()
    for path in root.findall(f"{SVG}path"):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d", ""))]
        x, y = numbers[:2]
        end_x = x
        for curve in re.findall(r"C([^VC]*)", path.get("d", "")):
            end_x = float(curve.split()[-2])
        found.add((nearest(lower, x, y), nearest(upper, end_x, numbers[-1])))
    assert found == edges_of(network)


def test_spots_too_close_move_with_their_lines() -> None:
    from convcost.report.drawing.layout import spaced

    # One line at column 0; two more from the same box at 1 and, half a column on, at 1.5.
    spots = [(1.0, 0), (0.0, 1), (1.0, 1), (1.5, 1), (1.5, 2), (1.0, 3)]
    ways = [(0, 1, 5), (0, 2, 5), (0, 3, 4, 5)]
    assert spaced(spots, ways) == [1.0, 0.0, 1.0, 2.0, 2.0, 1.0]


def test_tooltips_say_what_is_known() -> None:
    pytest.importorskip("igraph", reason="pictures need it")
    result = CliRunner().invoke(app, ["graph", "lenet", "--format", "svg"])
    assert result.exit_code == 0, result.output
    facts = ["conv1", "conv2d, filters: 6, kernel: 5", "output: 6×24×24", "multiplies: 86,400"]
    assert f"<title>{chr(10).join([*facts, 'parameters: 156'])}</title>" in result.stdout
    assert "prefers-color-scheme:dark" in result.stdout


def test_a_picture_without_its_library_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "igraph", None)
    from convcost.report.drawing.svg import as_svg

    with pytest.raises(MissingDependencyError, match=r"needs igraph: pip install 'convcost\[gr"):
        as_svg(drawn("lenet")[1])


def test_the_command_writes_a_file(tmp_path: object) -> None:
    path = f"{tmp_path}/lenet.dot"
    result = CliRunner().invoke(app, ["graph", "lenet", "--output", path, "--input", "1x32x32"])
    assert result.exit_code == 0, result.output
    with open(path, encoding="utf-8") as file:  # noqa: PTH123
        assert 'label="lenet at 1×32×32"' in file.read()
