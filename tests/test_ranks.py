"""Networks whose input is no image: vectors, sequences, and tensors of more axes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.dims import symbol
from convcost.errors import ConvcostError, ShapeError
from convcost.layers import BatchNorm, Concat
from convcost.memory.fit import Setting
from convcost.tensors import Array, FeatureMap, Tensor, Vector, tensor

PERCEPTRON = "name: mlp\ninput: [784]\nlayers:\n  - dense: 100\n  - relu\n  - dense: 10\n"
SEQUENCE = "name: seq\ninput: [10, 64]\nlayers:\n  - batch_norm\n  - relu\n  - dense: 3\n"


def network(text: str, **choices: Any) -> convcost.Network:
    """Build a spec's network."""
    return convcost.build(convcost.read_text(text, "spec.yaml"), **choices)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((2,), Array((2,))),
        ((2, 3), Vector(2, 3)),
        ((2, 3, 4), Array((2, 3, 4))),
        ((2, 3, 4, 5), FeatureMap(2, 3, 4, 5)),
        ((2, 3, 4, 5, 6), Array((2, 3, 4, 5, 6))),
    ],
)
def test_the_rank_decides_the_sort_of_tensor(shape: tuple[int, ...], expected: Tensor) -> None:
    assert tensor(shape) == expected
    assert tensor(iter(shape)).shape == shape


def test_an_array_counts_like_the_others() -> None:
    x = tensor((2, 3, 4, 5, 6))
    assert (x.n, x.channels, x.positions, x.elements) == (2, 3, 2 * 4 * 5 * 6, 720)
    assert x.with_channels(7).shape == (2, 7, 4, 5, 6)


def test_what_an_array_may_lack() -> None:
    with pytest.raises(ShapeError, match=r"expected channels, got .*\(2,\)"):
        _ = tensor((2,)).channels
    with pytest.raises(ShapeError, match="the batch is one"):
        tensor(())


def test_a_perceptron_on_vectors() -> None:
    # 784 * 100 + 100 and 100 * 10 + 10, by hand.
    cost = convcost.analyse(network(PERCEPTRON), batch=8)
    assert cost.input == Vector(8, 784)
    assert cost.total().parameters.count == 78_500 + 1_010
    assert cost.total().macs == 8 * (78_400 + 1_000)


def test_a_sequence_keeps_its_axes() -> None:
    cost = convcost.analyse(network(SEQUENCE), batch=2)
    norm, relu, dense = cost.layers
    assert cost.input == Array((2, 10, 64)) == norm.output == relu.output
    assert norm.parameters.scales == 10  # the channels are axis 1
    assert relu.work.comparisons == 2 * 10 * 64
    assert dense.output == Vector(2, 3)  # flattened, as in Gluon
    assert dense.parameters.weights == 10 * 64 * 3


def test_a_kind_for_feature_maps_refuses_others() -> None:
    made = network("name: n\ninput: [784]\nlayers:\n  - conv2d: {filters: 3, kernel: 1}\n")
    with pytest.raises(
        ShapeError, match=r"'conv1' .*expected a feature map .* got \(N, 784\)"
    ) as e:
        convcost.analyse(made)
    assert str(e.value.problems[0].location) == "spec.yaml:4:5"


def test_channels_that_a_tensor_does_not_have() -> None:
    for layer, message in ((BatchNorm(), "expected channels"), (Concat(), "no axis 1 in a tensor")):
        with pytest.raises(ShapeError, match=message):
            layer.output_shape(*[Array((2,))] * (2 if layer.joins else 1))


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        (PERCEPTRON, (1, 28, 28), r"input: expected \[784\], got \(1, 28, 28\)"),
        (PERCEPTRON, (0,), "extent 1 must be 1 or more, got 0"),
        (SEQUENCE, (10, -1), "extent 2 must be 1 or more, got -1"),
    ],
)
def test_an_input_of_another_rank(text: str, given: tuple[int, ...], message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        network(text, input=given)


def test_formulas_name_what_the_input_has() -> None:
    # Of a vector N and C; of a sequence N alone.
    macs = network(PERCEPTRON).formula("macs", free="N C")
    assert macs.evaluate(N=3, C=28) == 3 * (28 * 100 + 1000)
    assert [what.name for what in network(PERCEPTRON).formula("macs").symbols] == ["N"]
    macs = network(SEQUENCE).formula("macs")
    assert [what.name for what in macs.symbols] == ["N"]
    assert macs.evaluate(N=5) == 5 * 10 * 64 * 3
    with pytest.raises(ConvcostError, match="has no number 'H' to leave free"):
        network(SEQUENCE).formula("macs", free="N H")


def test_symbols_go_through_arrays() -> None:
    length = symbol("L")
    cost = convcost.analyse(network(SEQUENCE, input=(10, length)))
    assert cost.total().macs == 30 * length


@pytest.mark.parametrize(("text", "given"), [(PERCEPTRON, [784]), (SEQUENCE, [10, 64])])
def test_commands_take_any_rank(text: str, given: list[int], tmp_path: Any) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)

    def run(*arguments: str) -> str:
        done = CliRunner().invoke(app, [*arguments, str(path)], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    document = json.loads(run("analyze", "--format", "json"))
    assert document["input"] == {"shape": [1, *given]}
    assert json.loads(run("receptive", "--format", "json"))["input"] == {"shape": [1, *given]}
    fit = json.loads(run("fit", "--memory", "1GiB", "--format", "json"))
    assert (fit["input"], fit["largest_square"]) == (given, None)
    assert "largest square" not in run("fit", "--memory", "1GiB")
    shown = "×".join(map(str, given))
    assert f"at {shown}" in run("analyze")
    assert f"at {shown}" in run("memory")
    assert f"at {shown}" in run("receptive")
    for command in ("formula", "show", "sensitivity"):
        run(command)
    run("analyze", "--symbolic")
    run("analyze", "--input", "x".join("7" for _ in given))


def test_the_largest_square_is_of_images() -> None:
    with pytest.raises(ConvcostError, match="its input is no image"):
        Setting(10**9).largest_square(network(PERCEPTRON), 1)
