"""The notes of the review: what each rule finds, and what it must leave alone.

Window counts are worked by hand: a window of k with stride s on an extent e takes
``(e + padding - k) // s + 1`` positions, the last of which ends at
``(positions - 1) * s + k - padding before``.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

import convcost
from convcost.dims import symbol


def notes(name: str, **options: Any) -> list[tuple[str, str, str]]:
    """Return the notes on a shipped network."""
    cost = convcost.analyse(convcost.build(convcost.find(name), **options))
    return [(note.rule, note.layer, note.message) for note in cost.notes]


def notes_on(extents: tuple[int, int], *steps: str, more: str = "") -> list[tuple[str, str, str]]:
    """Return the notes on a network of one channel with these layers."""
    height, width = extents
    items = "".join(f"  - {step}\n" for step in steps)
    text = f"name: net\ninput: [1, {height}, {width}]\nlayers:\n{items}{more}"
    cost = convcost.analyse(convcost.build(convcost.read_text(text)))
    return [(note.rule, note.layer, note.message) for note in cost.notes]


def dropped(message: str) -> dict[str, tuple[int, int]]:
    """Read a message: of rows and of columns, how many are dropped, and of how many."""
    assert message.startswith("never sees the last ")
    parts = re.findall(r"the last (?:(\d+) )?(row|column)s? of (\d+)", message)
    return {axis: (int(count or 1), int(extent)) for count, axis, extent in parts}


def test_biases_before_batch_norm_in_lenet() -> None:
    found = [note for note in notes("lenet-bn") if note[0] == "redundant-bias"]
    assert [layer for _, layer, _ in found] == ["conv1", "conv2", "dense1", "dense2"]
    wasted = [6, 16, 120, 84]  # a bias for each filter or unit
    for (_, _, message), count in zip(found, wasted, strict=True):
        assert f"wastes {count} parameters" in message
    assert sum(wasted) == 226


@pytest.mark.parametrize(
    ("steps", "more", "layers"),
    [
        (["conv2d: {filters: 2, kernel: 1}", "batch_norm"], "", ["conv1"]),
        (["dense: 2", "batch_norm"], "", ["dense1"]),
        (["conv2d: {filters: 2, kernel: 1, bias: false}", "batch_norm"], "", []),
        (["conv2d: {filters: 2, kernel: 1}", "relu", "batch_norm"], "", []),
        (["conv2d: {filters: 2, kernel: 1}", "relu"], "", []),
        (["conv2d: {filters: 2, kernel: 1}"], "", []),
        (["batch_norm", "conv2d: {filters: 2, kernel: 1}"], "", []),
        # it is read by others as well, who see its bias
        (
            ["conv2d: {filters: 1, kernel: 1}", "batch_norm", "add: {from: [conv1, bn1]}"],
            "",
            [],
        ),
        (
            [
                "conv2d: {filters: 1, kernel: 1}",
                "batch_norm",
                "batch_norm: {from: conv1}",
                "add: {from: [bn1, bn2]}",
            ],
            "",
            ["conv1"],
        ),
        (["conv2d: {filters: 1, kernel: 1}", "batch_norm"], "outputs: [conv1, bn1]\n", []),
    ],
)
def test_redundant_biases(steps: list[str], more: str, layers: list[str]) -> None:
    found = notes_on((4, 4), *steps, more=more)
    assert [layer for rule, layer, _ in found if rule == "redundant-bias"] == layers


def test_dropped_edges_of_the_chapters_alexnet() -> None:
    found = {
        layer: dropped(message)
        for rule, layer, message in notes("alexnet-d2l")
        if rule == "dropped-edge"
    }
    assert found == {
        # 11x11 stride 4 on 224: (224 - 11) // 4 + 1 = 54 positions, 53 * 4 + 11 = 223 rows seen.
        "conv0.conv1": {"row": (1, 224), "column": (1, 224)},
        # 3x3 stride 2 on 54: 51 // 2 + 1 = 26 positions, 25 * 2 + 3 = 53 rows seen.
        "pool0": {"row": (1, 54), "column": (1, 54)},
        # on 26: 23 // 2 + 1 = 12 positions, 11 * 2 + 3 = 25; on 12: 5 positions, 4 * 2 + 3 = 11.
        "pool1": {"row": (1, 26), "column": (1, 26)},
        "pool2": {"row": (1, 12), "column": (1, 12)},
    }


@pytest.mark.parametrize(
    ("extents", "step", "expected"),
    [
        # 2x2 stride 2 on 9: 4 positions, 8 seen.
        ((9, 8), "max_pool2d: {kernel: 2, stride: 2}", {"row": (1, 9)}),
        ((8, 9), "max_pool2d: {kernel: 2, stride: 2}", {"column": (1, 9)}),
        # 3x3 stride 3 on 11: 8 // 3 + 1 = 3 positions, 9 seen.
        (
            (11, 11),
            "conv2d: {filters: 1, kernel: 3, stride: 3}",
            {"row": (2, 11), "column": (2, 11)},
        ),
        # Taps 2 apart reach over 5: on 8 with stride 2, 2 positions, 2 + 5 = 7 seen.
        (
            (8, 9),
            "conv2d: {filters: 1, kernel: 3, stride: 2, dilation: 2}",
            {"row": (1, 8)},
        ),
        # Padding before moves the window: 4 stride 4 on 9 + 1: 2 positions, 8 - 1 = 7 seen.
        (
            (9, 8),
            "conv2d: {filters: 1, kernel: 4, stride: 4, padding: [[1, 0], 0]}",
            {"row": (2, 9)},
        ),
        # Padding behind lets another window in: 2 stride 2 on 9 + 1: 5 positions, 10 seen.
        ((9, 8), "max_pool2d: {kernel: 2, stride: 2, padding: [[0, 1], 0]}", {}),
        ((9, 9), "max_pool2d: {kernel: 2, stride: 2, rounding: full}", {}),
        ((9, 9), "max_pool2d: {kernel: 2, stride: 2, rounding: clamped}", {}),
        ((9, 9), "max_pool2d: {kernel: 2, stride: 2, padding: same}", {}),
        # 7x7 stride 2 padding 3 on 224: 223 // 2 + 1 = 112 positions end at 222 + 7 - 3 = 226:
        # the rest of the division is a row of padding.
        ((224, 224), "conv2d: {filters: 1, kernel: 7, stride: 2, padding: 3}", {}),
        # A stride longer than its window means to skip.
        ((8, 8), "conv2d: {filters: 1, kernel: 1, stride: 2}", {}),
        ((8, 8), "conv2d: {filters: 1, kernel: 3}", {}),
    ],
)
def test_dropped_edges(
    extents: tuple[int, int], step: str, expected: dict[str, tuple[int, int]]
) -> None:
    found = [dropped(text) for rule, _, text in notes_on(extents, step) if rule == "dropped-edge"]
    assert found == ([expected] if expected else [])


@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_no_dropped_edge_where_only_padding_is_dropped(network: str) -> None:
    assert [note for note in notes(network) if note[0] == "dropped-edge"] == []


@pytest.mark.parametrize(
    ("extents", "step", "axes"),
    [
        # The first of the 1x1 windows lies on the padding.
        ((4, 4), "conv2d: {filters: 1, kernel: 1, padding: 1}", "rows and columns"),
        ((4, 4), "conv2d: {filters: 1, kernel: [1, 3], padding: [1, 1]}", "rows"),
        ((4, 4), "conv2d: {filters: 1, kernel: [3, 2], padding: [2, 2]}", "columns"),
        ((4, 4), "conv2d: {filters: 1, kernel: 1, padding: [[1, 0], 0]}", "rows"),
        # Behind: 1 stride 1 on 4 + 1 takes 5 positions, the last at row 4, the first not there.
        ((4, 4), "conv2d: {filters: 1, kernel: [1, 1], padding: [[0, 1], 0]}", "rows"),
        # Full rounding: 1 stride 2 on 4 takes 3 positions, the last at row 4.
        ((4, 4), "max_pool2d: {kernel: 1, stride: 2, rounding: full}", "rows and columns"),
        ((4, 4), "max_pool2d: {kernel: 1, stride: 2, rounding: clamped}", None),
        ((4, 4), "conv2d: {filters: 1, kernel: 3, padding: 1}", None),
        ((4, 4), "conv2d: {filters: 1, kernel: 3, padding: 2}", None),
        ((4, 4), "conv2d: {filters: 1, kernel: 3, padding: same}", None),
        ((4, 4), "conv2d: {filters: 1, kernel: 1}", None),
        ((1, 1), "conv2d: {filters: 1, kernel: 2, dilation: 2, padding: 1}", "rows and columns"),
    ],
)
def test_idle_windows(extents: tuple[int, int], step: str, axes: str | None) -> None:
    found = [text for rule, _, text in notes_on(extents, step) if rule == "idle-window"]
    expected = f"along its {axes} a window lies wholly in padding"
    assert found == ([] if axes is None else [expected])


@pytest.mark.parametrize(
    ("steps", "more", "dead"),
    [
        (["relu", "tanh: {from: input}"], "", ["relu1"]),
        (["relu: {name: a}", "relu: {name: b}", "tanh: {from: input}"], "", ["a", "b"]),
        (["relu: {name: a}", "tanh: {name: b, from: input}"], "outputs: [a, b]\n", []),
        (["relu: {name: a}", "tanh: {name: b}"], "outputs: a\n", ["b"]),
        (["relu: {name: a}", "add: {from: [a, input]}"], "", []),
        (
            ["relu: {name: a}", "add: {branches: {b: [tanh], c: []}}"],
            "outputs: a\n",
            ["b.tanh1", "add1"],
        ),
        (["relu", "relu"], "outputs: input\n", ["relu1", "relu2"]),
        (["relu", "tanh"], "", []),
        ([], "", []),
    ],
)
def test_dead_layers(steps: list[str], more: str, dead: list[str]) -> None:
    text = [*steps] or ["repeat: {times: 0, layers: []}"]
    found = notes_on((4, 4), *text, more=more)
    assert [layer for rule, layer, _ in found if rule == "dead-layer"] == dead


@pytest.mark.parametrize("network", ["vgg16", "resnet50", "densenet121", "googlenet", "lenet"])
def test_clean_networks_have_no_notes(network: str) -> None:
    assert notes(network) == []


def test_what_depends_on_a_symbol_is_left_unsaid() -> None:
    height, width = symbol("H"), symbol("W")
    assert notes("alexnet-d2l", input=(1, height, width)) == []
    # 224 rows are known, the columns are not.
    found = {layer: dropped(text) for _, layer, text in notes("alexnet-d2l", input=(1, 224, width))}
    assert found["pool0"] == {"row": (1, 54)}
