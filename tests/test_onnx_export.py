"""ONNX models of networks: onnx's checker and its own shapes, and the way there and back."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, prod
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import convcost
from convcost.analyse import analyse
from convcost.catalogue import known_networks
from convcost.cli import app
from convcost.cost import NetworkCost
from convcost.errors import ExportError, MissingDependencyError
from convcost.graph import Network
from convcost.layers import KINDS, Dense, Input

pytest.importorskip("onnx", reason="it writes the models, and says what is in them")

import numpy as np
import onnx
from onnx.reference import ReferenceEvaluator

from convcost.exporters.onnx import as_onnx, model
from convcost.exporters.onnx.rules import RULES

SHIPPED = [spec.name for spec in known_networks()]
NONE = {Input: "it is a graph's input"}


def exported(network: Network, **options: Any) -> Any:
    """Return a network's model, as onnx reads it."""
    return onnx.load_from_string(as_onnx(network, analyse(network), **options))


def inferred(proto: Any) -> dict[str, tuple[int | str, ...]]:
    """Return the shapes that onnx infers, after its checker has let the model pass."""
    onnx.checker.check_model(proto, full_check=True)
    found = onnx.shape_inference.infer_shapes(proto, strict_mode=True, data_prop=True).graph
    return {
        value.name: tuple(
            axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim
        )
        for value in [*found.input, *found.value_info, *found.output]
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_onnx_infers_the_same_shapes_layer_by_layer(name: str) -> None:
    network = convcost.load(name)
    shapes = inferred(exported(network))
    assert shapes["input"] == ("N", *network.source.extents)
    for layer in analyse(network).layers:
        assert shapes[layer.name] == ("N", *layer.output.shape[1:])


@pytest.mark.parametrize("name", ["lenet", "googlenet", "resnet18-v2", "densenet121"])
def test_input_and_batch_are_as_chosen(name: str) -> None:
    network = convcost.load(name)
    channels, height, width = map(int, network.source.extents)
    network = convcost.load(name, input=(channels, height + 32, width + 64))
    shapes = inferred(exported(network, batch=3))
    for layer in analyse(network, batch=3).layers:
        assert shapes[layer.name] == layer.output.shape


def back(network: Network, folder: Path) -> NetworkCost:
    path = folder / "network.onnx"
    path.write_bytes(as_onnx(network, analyse(network)))
    return analyse(convcost.load(path))


@pytest.mark.parametrize("name", SHIPPED)
def test_costs_survive_the_way_there_and_back(name: str, tmp_path: Path) -> None:
    network = convcost.load(name)
    here, there = analyse(network).total(), back(network, tmp_path).total()
    assert there.parameters == here.parameters
    assert there.statistics == here.statistics
    assert there.macs == here.macs
    assert there.work == here.work
    assert there.activations == here.activations + flattened(network)


def flattened(network: Network) -> int:
    """Return the elements that dense layers flatten: ONNX does that in a layer of its own."""
    layers = analyse(network).layers
    shapes = [layer.input_shapes[0].shape for layer in layers if isinstance(layer.layer, Dense)]
    return sum(prod(map(int, shape)) for shape in shapes if len(shape) > 2)


@pytest.mark.parametrize("name", ["resnet50", "vgg16", "googlenet"])
def test_names_and_blocks_survive(name: str, tmp_path: Path) -> None:
    network = convcost.load(name)
    rows = [(each.name, each.block, each.work) for each in analyse(network).layers]
    assert [(each.name, each.block, each.work) for each in back(network, tmp_path).layers] == rows


def test_every_kind_has_a_rule_or_a_reason() -> None:
    assert {*RULES, *NONE} == set(KINDS)
    assert not set(RULES) & set(NONE)


def spec(*layers: str, extents: str = "[4, 6, 8]") -> Network:
    lines = "\n".join(f"  - {layer}" for layer in layers)
    text = f"name: small\ninput: {extents}\nlayers:\n{lines}\n"
    return convcost.build(convcost.read_text(text))


def computed(network: Network, x: Any) -> Any:
    """Return what onnx's reference implementation computes."""
    (name,) = network.outputs
    proto = exported(network, weights="random")
    assert inferred(proto)[name] == ("N", *analyse(network).layers[-1].output.shape[1:])
    outputs: Any = ReferenceEvaluator(proto).run(None, {"input": x})
    return outputs[0]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def gelu_tanh(x: Any) -> Any:
    return x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))) / 2


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "hard_swish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "swish": lambda x: x * sigmoid(x),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "selu": lambda x: 1.0507 * np.where(x > 0, x, 1.67326 * (np.exp(x) - 1)),
    "gelu": lambda x: x * (1 + np.vectorize(erf)(x / np.sqrt(2))) / 2,
    "gelu_tanh": gelu_tanh,
    "erf": np.vectorize(erf),
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "neg": np.negative,
    "reciprocal": np.reciprocal,
    "square": np.square,
    "power": lambda x: x**3,  # of constant exponents any is as good
    "clip": lambda x: np.clip(x, -1, 1),
    "softplus": lambda x: np.log(1 + np.exp(x)),
    "mish": lambda x: x * np.tanh(np.log(1 + np.exp(x))),
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),
    "log_softmax": lambda x: x - np.log(np.exp(x).sum(axis=1, keepdims=True)),
}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_those_they_are_called(function: str, tmp_path: Path) -> None:
    network = spec(function)
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 8)).astype(np.float32) * 2
    x = np.abs(x) + 0.1 if function in {"log", "sqrt"} else x
    np.testing.assert_allclose(computed(network, x), FUNCTIONS[function](x), rtol=1e-4, atol=1e-5)
    assert back(network, tmp_path).total().work == analyse(network).total().work


@pytest.mark.parametrize(
    "layers",
    [
        ["softmax: {axis: -1}"],
        ["subtract: {branches: {a: [exp], b: []}}"],
        ["divide: {branches: {a: [exp], b: []}}"],
        ["maximum: {branches: {a: [exp], b: [abs], c: []}}"],
        ["minimum: {branches: {a: [exp], b: []}}"],
        ["multiply: {branches: {a: [], b: [global_average_pool2d, sigmoid]}}"],
        ["add: {branches: {a: [], b: [exp], c: [abs], d: [neg]}}"],
        ["concat: {axis: 2, branches: {a: [], b: [exp]}}"],
        ["arithmetic: {function: multiply, operand: [4, 1, 1], learned: true}"],
        ["arithmetic: {function: power}"],
        ["arithmetic: {function: subtract, operand: [8]}"],
        ["dense: {units: 5, flatten: false}"],
        ["dense: {units: 5, flatten: false, bias: false}"],
        ["conv2d: {filters: 6, kernel: [3, 2], stride: 2, padding: same, groups: 2}", "dense: 3"],
        ["conv2d: {filters: 6, kernel: 3, padding: [[0, 2], [1, 0]], dilation: 2, bias: false}"],
        ["max_pool2d: {kernel: 3, stride: 2, rounding: full}"],
        ["max_pool2d: {kernel: 3, stride: 2, rounding: clamped}"],
        ["average_pool2d: {kernel: 3, stride: 2, rounding: clamped, count_padding: false}"],
        ["average_pool2d: {kernel: 2, stride: 2, dilation: 2, padding: 1}"],
        ["global_max_pool2d", "flatten", "dropout: 0.3", "identity"],
        ["lrn: 3", "batch_norm", "relu"],
        ["batch_norm: {scale: false}"],
        ["batch_norm: {shift: false}"],
        ["layer_norm"],
        ["layer_norm: {dimensions: 3, shift: false}"],
        ["instance_norm", "instance_norm: {scale: false, shift: false}"],
        ["group_norm: 2", "group_norm: {groups: 4, scale: false}"],
        ["conv_transpose2d: {filters: 6, kernel: 3, stride: 2, padding: 1, output_padding: 1}"],
        ["conv_transpose2d: {filters: 6, kernel: [2, 3], dilation: 2, bias: false}"],
        ["resize: {mode: nearest, scale: [2, 3], divisor: [1, 4]}"],
        ["resize: {mode: linear, scale: [1, 2], divisor: [3, 3]}"],
        ["resize: {mode: cubic, size: [9, 5]}"],
        ["reduce: {function: mean, axes: [2, 3]}"],
        ["reduce: {function: sum, axes: [-1], keep: false}"],
        ["reduce: {function: max, axes: [1], keep: false}", "reduce: {function: min, axes: [1]}"],
        ["reshape: {shape: [0, 2, -1, 8]}", "transpose: {permutation: [0, 3, 1, 2]}"],
        ["unsqueeze: {axes: [1, 4]}", "squeeze: {axes: [1]}", "reshape: {shape: [0, -1]}"],
        ["slice: {axis: 2, start: 1, stop: -1, step: 2}", "slice: {axis: -1, start: -3}"],
        ["gather: {axis: 1, count: 7}"],
        ["pad: {before: [0, 0, 1, 2], after: [0, 0, 0, 3]}"],
        ["global_average_pool2d", "expand: {shape: [0, 0, 3, 5]}"],
        ["prelu", "prelu: {shared: true}", "flatten", "prelu"],
        ["matmul: {branches: {a: [], b: [conv2d: {filters: 4, kernel: [1, 3], padding: [1, 0]}]}}"],
    ],
    ids=lambda layers: layers[0].partition(":")[0],
)
def test_small_networks_run_and_come_back(layers: list[str], tmp_path: Path) -> None:
    network = spec(*layers)
    x = np.ones((3, 4, 6, 8), np.float32)
    assert computed(network, x).shape == analyse(network, batch=3).layers[-1].output.shape
    here, there = analyse(network).total(), back(network, tmp_path).total()
    assert there.work == here.work
    assert there.parameters.count == here.parameters.count


def test_what_has_no_form_is_named() -> None:
    unknown = [
        f"uncounted: {{operator: {word}, shape: [0, 4, 6, 8], name: {word}}}"
        for word in ("Einsum", "NonZero")
    ]
    network = spec(*unknown, "relu")
    with pytest.raises(ExportError) as caught:
        as_onnx(network, analyse(network))
    for word in ("Einsum", "NonZero"):
        what = f"layer '{word}' (uncounted): an operator without a rule ({word}) has no ONNX form"
        assert what in str(caught.value)


def test_groups_of_a_transposed_convolution(tmp_path: Path) -> None:
    """Which onnx infers, but its reference implementation does not compute."""
    network = spec("conv_transpose2d: {filters: 6, kernel: 3, stride: 2, groups: 2}")
    layer = analyse(network).layers[0]
    assert inferred(exported(network))[layer.name] == ("N", *layer.output.shape[1:])
    assert back(network, tmp_path).total().work == layer.work


def test_a_token_for_every_image(tmp_path: Path) -> None:
    """The class token and embeddings of a vision transformer, in small."""
    network = spec(
        "conv2d: {name: patches, filters: 6, kernel: 2, stride: 2}",
        "reshape: [0, 6, 12]",
        "transpose: {name: tokens, permutation: [0, 2, 1]}",
        "constant: {name: token, shape: [0, 1, 6], from: tokens}",
        "concat: {axis: 1, from: [token, tokens]}",
        "dense: {units: 3, flatten: false}",
    )
    assert inferred(exported(network))["concat1"] == ("N", 13, 6)
    there = back(network, tmp_path)
    assert there.total().parameters == analyse(network).total().parameters
    assert there.total().work == analyse(network).total().work
    token = next(layer for layer in there.layers if layer.kind == "constant")
    assert (token.name, token.parameters.weights, token.output.shape) == ("token", 6, (1, 1, 6))


@pytest.mark.parametrize(("learned", "count"), [("true", 72), ("false", 0)])
def test_a_tensor_that_is_not_repeated(learned: str, count: int, tmp_path: Path) -> None:
    network = spec(
        "reshape: {name: flat, shape: [0, 12, 16]}",
        f"constant: {{name: grid, shape: [1, 12, 6], learned: {learned}, from: flat}}",
        "dense: {name: tokens, units: 6, flatten: false, from: flat}",
        "add: {from: [tokens, grid]}",
    )
    there = back(network, tmp_path).total()
    assert there.parameters.count == count + 16 * 6 + 6
    assert there.work == analyse(network).total().work


def test_several_inputs_and_outputs() -> None:
    text = """\
name: two
input: [3, 8, 8]
inputs: {mask: [3, 8, 8]}
layers:
  - multiply: {name: masked, from: [input, mask]}
  - conv2d: {name: conv, filters: 2, kernel: 3}
outputs: [masked, conv]
"""
    proto = exported(convcost.build(convcost.read_text(text)))
    assert [value.name for value in proto.graph.input] == ["input", "mask"]
    assert [value.name for value in proto.graph.output] == ["masked", "conv"]
    assert inferred(proto)["conv"] == ("N", 2, 6, 6)


def test_random_weights_are_in_the_file_and_the_same_each_time() -> None:
    network = convcost.load("lenet-bn")
    cost = analyse(network).total()
    proto = exported(network, weights="random")
    floats = [each for each in proto.graph.initializer if each.data_type == onnx.TensorProto.FLOAT]
    assert sum(prod(each.dims) for each in floats) == cost.parameters.count + cost.statistics
    assert proto.SerializeToString() == exported(network, weights="random").SerializeToString()
    small = exported(network)
    assert not [e for e in small.graph.initializer if e.data_type == onnx.TensorProto.FLOAT]
    assert small.ByteSize() < 6_000


def test_weights_that_fit_no_file_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "LARGEST", 100_000)
    network = convcost.load("lenet")
    with pytest.raises(ExportError, match=r"layer 'dense1' \(dense\): weights of more than 2 GiB"):
        as_onnx(network, analyse(network), weights="random")
    assert as_onnx(network, analyse(network))


def test_without_onnx_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    network = convcost.load("lenet")
    with pytest.raises(MissingDependencyError, match=r"pip install 'convcost\[onnx\]'"):
        as_onnx(network, analyse(network))


def test_the_command_writes_a_model(tmp_path: Path) -> None:
    path = tmp_path / "vgg16.onnx"
    arguments = ["convert", "vgg16", "-o", str(path), "--input", "3x64x96", "--batch", "4"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert path.stat().st_size < 12_000
    proto = onnx.load(path)
    assert inferred(proto)["block5.pool1"] == (4, 512, 2, 3)
    assert [each.version for each in proto.opset_import] == [20]
