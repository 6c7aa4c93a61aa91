"""Whole networks from ONNX files: parameters, multiply-accumulates and shapes of each."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("onnx", reason="the models are made with it")

from onnx_models import Model
from onnx_networks import NETWORKS, Builder, macs

import convcost


def built(name: str) -> tuple[Builder, Model]:
    builder = NETWORKS[name]()
    return builder, builder.model(builder.nodes[-1].output[0])


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_of_the_file(name: str, batch: int, tmp_path: Path) -> None:
    builder, model = built(name)
    total = model.cost(tmp_path, batch).total()
    assert total.parameters.count == builder.learned()
    assert total.statistics == sum(builder.arrays[each].size for each in builder.statistics)
    assert total.macs == macs(model, batch)


@pytest.mark.parametrize("name", NETWORKS)
def test_outputs_are_shaped_as_onnx_computes_them(name: str, tmp_path: Path) -> None:
    _, model = built(name)
    assert model.shapes(tmp_path, {"N": 2}) == model.computed({"N": 2})


@pytest.mark.parametrize("name", ["resnet", "mobilenet", "unet", "shufflenet"])
def test_dynamic_sizes_are_parameters(name: str, tmp_path: Path) -> None:
    builder = NETWORKS[name]()
    model = builder.model(builder.nodes[-1].output[0], x=("N", 3, "rows", "columns"))
    sizes = {"N": 2, "rows": 44, "columns": 36}
    assert model.shapes(tmp_path, sizes) == model.computed(sizes)
    formula = model.network(tmp_path, sizes).formula("macs", free="N H W")
    assert formula.evaluate(N=1, H=32, W=32) == macs(built(name)[1])
    assert formula.evaluate(N=2, H=64, W=64) == 8 * (
        macs(built(name)[1]) - dense(built(name)[1])
    ) + 2 * dense(built(name)[1])


def dense(model: Model) -> int:
    """Count what dense layers behind a pooling do, whatever the size of the image."""
    kinds = {"Gemm", "MatMul"}
    return sum(
        model.initializers[each.input[1]].size for each in model.nodes if each.op_type in kinds
    )


def test_blocks_are_those_of_the_names(tmp_path: Path) -> None:
    _, model = built("resnet")
    blocks = {layer.block for layer in model.cost(tmp_path).layers}
    assert {("layer1", "0"), ("layer2", "0"), ("layer2", "0", "downsample")} <= blocks


def test_a_file_is_a_network_like_any_other(tmp_path: Path) -> None:
    """By its path, with another image, from Python as from the command line."""
    builder = NETWORKS["resnet"]()
    path = builder.model(builder.nodes[-1].output[0], x=("N", 3, "h", "w")).saved(tmp_path)
    network = convcost.load(path, input=(3, 64, 32))
    assert convcost.analyse(network).layers[0].output.shape == (1, 8, 32, 16)
