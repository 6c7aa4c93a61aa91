"""Writing out: the names and blocks of layers, its limits, and parameters that are symbols."""

from __future__ import annotations

from typing import Any

import pytest

import convcost
from convcost.dims import symbol
from convcost.errors import ConvcostError, SpecError

HEAD = "name: net\ninput: [3, 8, 8]\n"


def blocks_of(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the name of every layer, and the blocks it stands in."""
    cost = convcost.analyse(convcost.build(convcost.read_text(text, "spec.yaml")))
    return [(layer.name, layer.block) for layer in cost.layers]


def test_blocks_in_blocks() -> None:
    text = HEAD + (
        "blocks:\n"
        "  unit: {layers: [relu, add: {branches: {a: [tanh, inner], b: []}}]}\n"
        "  inner: {layers: [tanh: {name: last}]}\n"
        "layers:\n"
        "  - unit\n"
        "  - repeat:\n"
        "      name: stage\n"
        "      times: 2\n"
        "      layers: [unit: {name: first}, repeat: {times: 1, layers: [relu]}]\n"
        "  - inner\n"
    )
    assert blocks_of(text) == [
        ("unit1.relu1", ("unit1",)),
        ("unit1.a.tanh1", ("unit1", "a")),
        ("unit1.a.inner1.last", ("unit1", "a", "inner1")),
        ("unit1.add1", ("unit1",)),
        ("stage1.first.relu1", ("stage1", "first")),
        ("stage1.first.a.tanh1", ("stage1", "first", "a")),
        ("stage1.first.a.inner1.last", ("stage1", "first", "a", "inner1")),
        ("stage1.first.add1", ("stage1", "first")),
        ("stage1.relu1", ("stage1",)),
        ("stage2.first.relu1", ("stage2", "first")),
        ("stage2.first.a.tanh1", ("stage2", "first", "a")),
        ("stage2.first.a.inner1.last", ("stage2", "first", "a", "inner1")),
        ("stage2.first.add1", ("stage2", "first")),
        ("stage2.relu1", ("stage2",)),
        ("inner1.last", ("inner1",)),
    ]


@pytest.mark.parametrize(
    ("depth", "fits"), [(1, True), (20, True), (59, True), (60, False), (99, False)]
)
def test_how_deep_blocks_may_nest(depth: int, fits: bool) -> None:  # noqa: FBT001
    blocks = "  b1: {layers: [relu]}\n" + "".join(
        f"  b{i}: {{layers: [b{i - 1}]}}\n" for i in range(2, depth + 1)
    )
    text = f"{HEAD}blocks:\n{blocks}layers: [b{depth}]\n"
    if fits:
        ((name, path),) = blocks_of(text)
        assert len(path) == depth
        assert name == ".".join([*(f"b{i}1" for i in range(depth, 0, -1)), "relu1"])
    else:
        with pytest.raises(SpecError, match="nested more than 60 deep"):
            blocks_of(text)


def test_only_so_many_errors_are_shown() -> None:
    text = f"{HEAD}layers:\n" + "  - dense: 0\n" * 50
    with pytest.raises(SpecError, match="units must be 1 or more") as caught:
        blocks_of(text)
    problems = caught.value.problems
    assert len(problems) == 21
    assert problems[-1].message == "too many errors: the rest is left out"


def test_same_mistake_in_every_round_is_reported_once() -> None:
    text = f"{HEAD}layers:\n  - repeat: {{times: 5, layers: [relu: {{when: 1 // 0}}]}}\n"
    with pytest.raises(SpecError) as caught:
        blocks_of(text)
    assert len(caught.value.problems) == 1


# --- symbols ---

GROWTH: Any = symbol("growth")


@pytest.fixture(scope="module")
def symbolic() -> Any:
    """Return DenseNet-121's total with a symbol for its growth."""
    spec = convcost.find("densenet121")
    return convcost.analyse(convcost.build(spec, parameters={"growth": GROWTH})).total()


@pytest.mark.parametrize("growth", [32, 48])
def test_growth_may_be_a_symbol(symbolic: Any, growth: int) -> None:
    spec = convcost.find("densenet121")
    total = convcost.analyse(convcost.build(spec, parameters={"growth": growth})).total()
    pairs = {
        "weights": (symbolic.parameters.weights, total.parameters.weights),
        "parameters": (symbolic.parameters.count, total.parameters.count),
        "statistics": (symbolic.statistics, total.statistics),
        "multiplies": (symbolic.work.multiplies, total.work.multiplies),
        "adds": (symbolic.work.adds, total.work.adds),
        "comparisons": (symbolic.work.comparisons, total.work.comparisons),
        "macs": (symbolic.macs, total.macs),
        "activations": (symbolic.activations, total.activations),
    }
    for name, (formula, number) in pairs.items():
        assert formula.free_symbols == {GROWTH}, name
        assert formula.subs(GROWTH, growth) == number, name


def test_published_parameters_of_densenet121(symbolic: Any) -> None:
    # torchvision's densenet121 has 7,978,856 parameters.
    assert symbolic.parameters.count.subs(GROWTH, 32) == 7_978_856


def lenet_parameters(channels: int, height: int, width: int) -> int:
    """Count LeNet's parameters by hand: two 5x5 convolutions, each halved, three dense layers."""
    rows, columns = ((height - 4) // 2 - 4) // 2, ((width - 4) // 2 - 4) // 2
    convolutions = 6 * (25 * channels + 1) + 16 * (25 * 6 + 1)
    return convolutions + 120 * (16 * rows * columns + 1) + 84 * 121 + 10 * 85


@pytest.mark.parametrize("extents", [(1, 28, 28), (3, 32, 32), (3, 45, 62)])
def test_input_may_be_symbols(extents: tuple[int, int, int]) -> None:
    symbols = (symbol("C"), symbol("H"), symbol("W"))
    network = convcost.build(convcost.find("lenet"), input=symbols)
    count: Any = convcost.analyse(network).total().parameters.count
    assert count.free_symbols == {*symbols}
    assert count.subs(dict(zip(symbols, extents, strict=True))) == lenet_parameters(*extents)


def test_lenet_by_hand() -> None:
    assert lenet_parameters(1, 28, 28) == 156 + 2416 + 30840 + 10164 + 850


@pytest.mark.parametrize(
    ("network", "parameters", "message"),
    [
        ("densenet121", {"units": GROWTH}, "parameter 'units': expected a list, got growth"),
        ("densenet121", {"units": (6, GROWTH, 24, 16)}, "times must be a whole number"),
        ("nin-d2l", {"one_by_one": GROWTH}, "times must be a whole number, .* got growth"),
        ("lenet", {"batch_norm": GROWTH}, "needs numbers to be true or false, got a symbol"),
        ("resnet50", {"bottleneck": GROWTH}, "needs numbers to be true or false, got a symbol"),
        ("resnet50", {"stride_in_1x1": GROWTH}, "numbers"),
        ("lenet", {"classes": "10"}, "expected a whole number"),
        ("lenet", {"classes": None}, "expected a whole number"),
        ("lenet", {"classes": 1.5}, "expected a .*number"),
    ],
)
def test_value_that_a_parameter_cannot_have(
    network: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConvcostError, match=message):
        convcost.analyse(convcost.build(convcost.find(network), parameters=parameters))


@pytest.mark.parametrize(
    "extents",
    [
        (3, 8),
        (3, 8, 8, 8),
        ("3", 224, 224),
        (3, 224.0, 224),
        (3, 0, 224),
        (3, 224, (1, 2)),
    ],
)
def test_input_that_a_network_cannot_have(extents: Any) -> None:
    with pytest.raises(ConvcostError, match=r"expected|must be"):
        convcost.build(convcost.find("vgg16"), input=extents)


def units(expression: str) -> Any:
    """Return what a dense layer with these units, of a symbol, puts out."""
    text = f"{HEAD}parameters: {{growth: 1}}\nlayers:\n  - dense: '{expression}'\n"
    network = convcost.build(convcost.read_text(text), parameters={"growth": GROWTH})
    return convcost.analyse(network).layers[0].output.shape[1]


@pytest.mark.parametrize(
    ("expression", "at_seven"),
    [
        ("growth", 7),
        ("2 * growth + 1", 15),
        ("growth * growth - 1", 48),
        ("growth // 2", 3),
        ("growth % 4", 3),
        ("(3 * growth) // 2", 10),
        ("5 if true else growth", 5),
        ("growth if 2 > 1 else 5", 7),
    ],
)
def test_expressions_of_symbols(expression: str, at_seven: int) -> None:
    found = units(expression)
    assert (found if isinstance(found, int) else found.subs(GROWTH, 7)) == at_seven


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("-growth", "units must be 1 or more, got -growth"),
        ("growth - growth", "units must be 1 or more, got 0"),
        ("not growth", "whole number|symbol"),
        ("growth % 0", "divides by zero"),
        ("growth // 0", "divides by zero"),
        ("7 // (growth - growth)", "divides by zero"),
        ("1 if growth else 2", "needs? numbers"),
        ("1 if growth > 3 else 2", "needs? numbers"),
        ("1 if 1 < growth < 3 else 2", "needs? numbers"),
        ("1 if not growth > 3 else 2", "needs? numbers"),
        ("1 if growth and true else 2", "needs? numbers"),
        ("growth > 3", "expected a whole number"),
        ("-(growth > 3)", "cannot be calculated with"),
        ("(growth > 3) + 1", "cannot be calculated with"),
    ],
)
def test_expressions_that_a_symbol_leaves_open(expression: str, message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        units(expression)
