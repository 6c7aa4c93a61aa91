"""Every operator of ONNX that is imported, in its forms: shapes as onnx computes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="the models are made with it")

from onnx_models import Model, node, weights

SIZES = ({"N": 1}, {"N": 3})


def conv(channels: int = 4, filters: int = 6, kernel: int = 3, **attributes: Any) -> Model:
    inside = {"w": weights(filters, channels, kernel, kernel), "b": weights(filters)}
    return Model([node("Conv", "x w b", **attributes)], inside)


WINDOWS = {
    "conv": conv(),
    "conv without bias": Model([node("Conv", "x w")], {"w": weights(6, 4, 3, 3)}),
    "conv with pads on each side": conv(pads=[0, 1, 2, 3], strides=[2, 3]),
    "dilated conv": conv(dilations=[2, 3], pads=[1, 1, 1, 1]),
    "grouped conv": conv(channels=2, group=2),
    "depthwise conv": conv(channels=1, filters=8, group=4),
    **{
        f"conv {auto} {stride}": conv(auto_pad=auto, strides=[stride, stride], kernel=kernel)
        for auto in ("SAME_UPPER", "SAME_LOWER", "VALID")
        for stride, kernel in ((1, 3), (2, 3), (3, 2))
    },
    "max pool": Model([node("MaxPool", "x", kernel_shape=[3, 2], strides=[2, 2])]),
    "max pool of stride 1": Model([node("MaxPool", "x", kernel_shape=[3, 3])]),
    "dilated max pool": Model(
        [node("MaxPool", "x", kernel_shape=[2, 2], dilations=[2, 3], strides=[1, 2])]
    ),
    **{
        f"{kind} {auto}": Model(
            [node(kind, "x", kernel_shape=[3, 3], strides=[2, 2], auto_pad=auto)]
        )
        for kind in ("MaxPool", "AveragePool")
        for auto in ("SAME_UPPER", "SAME_LOWER", "VALID")
    },
    "average pool": Model(
        [node("AveragePool", "x", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1)]
    ),
    "global average pool": Model([node("GlobalAveragePool", "x")]),
    "global max pool": Model([node("GlobalMaxPool", "x")]),
}
DENSE = {
    "gemm": Model(
        [node("Gemm", "x w b", transB=1)],
        {"w": weights(5, 6), "b": weights(5)},
        {"x": ("N", 6)},
    ),
    "gemm, weights as they are": Model(
        [node("Gemm", "x w", alpha=0.5)], {"w": weights(6, 5)}, {"x": ("N", 6)}
    ),
    "matmul": Model([node("MatMul", "x w")], {"w": weights(6, 5)}, {"x": ("N", 6)}),
}
MODELS = WINDOWS | DENSE


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_shapes_are_those_that_onnx_computes(
    name: str, sizes: dict[str, int], tmp_path: Path
) -> None:
    model = MODELS[name]
    assert model.shapes(tmp_path, sizes) == model.computed(sizes)


@pytest.mark.parametrize("name", MODELS)
def test_all_weights_are_parameters(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    learned = sum(array.size for array in model.initializers.values())
    assert model.cost(tmp_path).total().parameters.count == learned
