"""Every operator of ONNX that is imported, in its forms: shapes as onnx computes them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("onnx", reason="the models are made with it")

import numpy as np
from onnx_models import Array, Model, floats, integers, node, number, weights

SIZES = ({"N": 1}, {"N": 3})
SEQUENCE = {"x": ("N", 4, 12)}
VECTOR = {"x": ("N", 6)}
TOKENS = {"x": ("N", 5, 6)}
TWO = {"x": ("N", 4, 12, 10), "z": ("N", 4, 12, 10)}


def model(
    kind: str,
    inputs: str = "x",
    inside: Mapping[str, Array] | None = None,
    *,
    shapes: Mapping[str, tuple[int | str, ...]] | None = None,
    opset: int = 17,
    **attributes: Any,
) -> Model:
    """Return a model of one node."""
    given: dict[str, Any] = {} if shapes is None else {"inputs": shapes}
    return Model([node(kind, inputs, **attributes)], inside or {}, opset=opset, **given)


def conv(channels: int = 4, filters: int = 6, kernel: int = 3, **attributes: Any) -> Model:
    inside = {"w": weights(filters, channels, kernel, kernel), "b": weights(filters)}
    return model("Conv", "x w b", inside, **attributes)


def transposed(**attributes: Any) -> Model:
    inside = {"w": weights(4, 3, 3, 2), "b": weights(3 * attributes.get("group", 1))}
    return model("ConvTranspose", "x w b", inside, **attributes)


WINDOWS = {
    "conv": conv(),
    "conv without bias": model("Conv", "x w", {"w": weights(6, 4, 3, 3)}),
    "conv with pads on each side": conv(pads=[0, 1, 2, 3], strides=[2, 3]),
    "dilated conv": conv(dilations=[2, 3], pads=[1, 1, 1, 1]),
    "grouped conv": conv(channels=2, group=2),
    "depthwise conv": conv(channels=1, filters=8, group=4),
    **{
        f"conv {auto} {stride}": conv(auto_pad=auto, strides=[stride, stride], kernel=kernel)
        for auto in ("SAME_UPPER", "SAME_LOWER", "VALID")
        for stride, kernel in ((1, 3), (2, 3), (3, 2))
    },
    "conv of sequences": model(
        "Conv",
        "x w b",
        {"w": weights(6, 2, 3), "b": weights(6)},
        shapes=SEQUENCE,
        group=2,
        strides=[2],
        pads=[1, 0],
    ),
    "transposed conv": transposed(strides=[2, 3], pads=[1, 0, 0, 1], output_padding=[1, 0]),
    "dilated transposed conv": transposed(dilations=[2, 1]),
    "grouped transposed conv": transposed(group=2),
    "transposed conv to a shape": transposed(strides=[2, 2], output_shape=[25, 20]),
    "transposed conv of sequences": model(
        "ConvTranspose", "x w", {"w": weights(4, 3, 5)}, shapes=SEQUENCE, strides=[3]
    ),
}
POOLS = {
    "max pool": model("MaxPool", kernel_shape=[3, 2], strides=[2, 2]),
    "max pool of stride 1": model("MaxPool", kernel_shape=[3, 3]),
    "dilated max pool": model("MaxPool", kernel_shape=[2, 2], dilations=[2, 3], strides=[1, 2]),
    "max pool of sequences": model("MaxPool", shapes=SEQUENCE, kernel_shape=[3], strides=[2]),
    **{
        f"{kind} {auto}": model(kind, kernel_shape=[3, 3], strides=[2, 2], auto_pad=auto)
        for kind in ("MaxPool", "AveragePool")
        for auto in ("SAME_UPPER", "SAME_LOWER", "VALID")
    },
    "average pool": model(
        "AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1], count_include_pad=1
    ),
    "average pool along a volume": model(
        "AveragePool",
        shapes={"x": ("N", 2, 6, 5, 4)},
        kernel_shape=[3, 1, 1],
        pads=[1, 0, 0, 1, 0, 0],
    ),
    "global average pool": model("GlobalAveragePool"),
    "global max pool": model("GlobalMaxPool"),
    "global average pool of sequences": model("GlobalAveragePool", shapes=SEQUENCE),
}
DENSE = {
    "gemm": model("Gemm", "x w b", {"w": weights(5, 6), "b": weights(5)}, shapes=VECTOR, transB=1),
    "gemm, weights as they are": model(
        "Gemm", "x w", {"w": weights(6, 5)}, shapes=VECTOR, alpha=0.5
    ),
    "matmul": model("MatMul", "x w", {"w": weights(6, 5)}, shapes=VECTOR),
    "matmul on the last axis": model("MatMul", "x w", {"w": weights(6, 3)}, shapes=TOKENS),
    "matmul from the left": model("MatMul", "w x", {"w": weights(7, 5)}, shapes=TOKENS),
    "matmul by a vector": model("MatMul", "x w", {"w": weights(6)}, shapes=TOKENS),
}
NORMS = {
    "batch norm": Model(
        [node("BatchNormalization", "x s b m v")],
        {"s": weights(4), "b": weights(4)} | {"m": weights(4), "v": weights(4)},
    ),
    "instance norm": model("InstanceNormalization", "x s b", {"s": weights(4), "b": weights(4)}),
    "group norm": model(
        "GroupNormalization", "x s b", {"s": weights(4), "b": weights(4)}, opset=21, num_groups=2
    ),
    "layer norm": model(
        "LayerNormalization", "x s b", {"s": weights(6), "b": weights(6)}, shapes=TOKENS
    ),
    "layer norm over two axes": model(
        "LayerNormalization", "x s", {"s": weights(5, 6)}, shapes=TOKENS, axis=1
    ),
    "lrn": model("LRN", size=3),
    "prelu": model("PRelu", "x s", {"s": weights(4, 1, 1)}),
    "prelu of one slope": model("PRelu", "x s", {"s": weights(1)}),
}
ELEMENTWISE = {
    **{
        kind: model(kind, opset=20)
        for kind in (
            *("Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh"),
            *("Softplus", "Softsign", "Mish", "Erf", "Exp", "Log", "Sqrt", "Abs", "Neg"),
            *("Reciprocal", "Gelu", "Softmax", "LogSoftmax", "Identity", "Dropout"),
        )
    },
    "Gelu by tanh": model("Gelu", opset=20, approximate="tanh"),
    "softmax along channels": model("Softmax", axis=1),
    "clip": model("Clip", "x a b", {"a": number(-1), "b": number(2)}),
    "clip from below": model("Clip", "x a", {"a": number(-1)}),
    "clip by attributes": model("Clip", opset=6 + 3, min=0.0, max=6.0),
    "square": model("Pow", "x e", {"e": number(2)}),
    "root": model("Pow", "x e", {"e": number(0.5)}),
    "cube": model("Pow", "x e", {"e": number(3)}),
    "cast": model("Cast", to=1),
    **{
        f"{kind} of two": model(kind, "x z", shapes=TWO)
        for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean")
    },
    **{
        f"{kind} by a number": model(kind, "c x", {"c": number(2)})
        for kind in ("Add", "Sub", "Mul", "Div", "Max", "Min")
    },
    "add for every channel": model("Add", "x c", {"c": weights(4, 1, 1)}),
    "multiply by a longer constant": model("Mul", "x c", {"c": weights(1, 4, 12, 10)}),
    "gate": model("Mul", "x z", shapes={"x": ("N", 4, 6, 5), "z": ("N", 4, 1, 1)}),
    "sum of three": model("Sum", "x z c", {"c": weights(4, 1, 1)}, shapes=TWO),
    "x times x": model("Mul", "x x"),
}
REDUCTIONS = {
    **{
        f"{kind} keeping {keep}": model(kind, axes=[2, 3], keepdims=keep)
        for kind in ("ReduceMean", "ReduceMax", "ReduceMin", "ReduceL2", "ReduceL1")
        for keep in (0, 1)
    },
    "mean over channels": model("ReduceMean", axes=[1]),
    "mean over the last axis": model("ReduceMean", shapes=TOKENS, axes=[-1], keepdims=0),
    "sum over axes that are an input": model("ReduceSum", "x a", {"a": integers(1, -1)}),
    "mean of opset 18": model("ReduceMean", "x a", {"a": integers(2, 3)}, opset=18),
    "sum of squares": model("ReduceSumSquare", axes=[1, 2, 3]),
    "nothing": model("ReduceSum", noop_with_empty_axes=1),
}
LAYOUT = {
    "flatten": model("Flatten"),
    "flatten from the third axis": model("Flatten", axis=2),
    "reshape": model("Reshape", "x s", {"s": integers(0, 2, 2, -1)}),
    "reshape that merges the batch": model("Reshape", "x s", {"s": integers(-1, 12, 10)}),
    "transpose": model("Transpose", perm=[0, 2, 3, 1]),
    "transpose with the batch": model("Transpose", perm=[1, 0, 3, 2]),
    "squeeze": model("Squeeze", "x a", {"a": integers(1, -1)}, shapes={"x": ("N", 1, 5, 1)}),
    "squeeze by an attribute": model("Squeeze", shapes={"x": ("N", 5, 1)}, opset=11, axes=[2]),
    "unsqueeze": model("Unsqueeze", "x a", {"a": integers(1, -1)}),
    "expand": model("Expand", "x s", {"s": integers(1, 7, 6)}, shapes={"x": ("N", 1, 6)}),
    "tile": model("Tile", "x s", {"s": integers(1, 3, 1)}, shapes={"x": ("N", 1, 6)}),
    **{
        f"depth to space {mode}": model("DepthToSpace", blocksize=2, mode=mode)
        for mode in ("DCR", "CRD")
    },
    "space to depth": model("SpaceToDepth", blocksize=2),
}
PARTS = {
    "slice": model("Slice", "x s e", {"s": integers(0, 1), "e": integers(2**31 - 1, 3)}),
    "slice from the end": model(
        "Slice",
        "x s e a t",
        {"s": integers(-4), "e": integers(-1), "a": integers(-2), "t": integers(2)},
    ),
    "slice backwards": model(
        "Slice",
        "x s e a t",
        {"s": integers(-1), "e": integers(-(2**63) + 1), "a": integers(2), "t": integers(-1)},
    ),
    "slice of opset 9": model("Slice", opset=9, starts=[1], ends=[3], axes=[1]),
    "split": Model([node("Split", "x", "a y b", axis=1, num_outputs=3)], opset=18),
    "split by sizes": Model([node("Split", "x s", "a y", axis=2)], {"s": integers(5, 7)}),
    "split of opset 11": Model([node("Split", "x", "y b", axis=1, split=[1, 3])], opset=11),
    "gather": model("Gather", "x i", {"i": integers(3, 0, 0)}, axis=1),
    "gather one": model("Gather", "x i", {"i": np.asarray(1)}, axis=-1),
    "gather a matrix": model("Gather", "x i", {"i": integers(3, 0, 1, 2).reshape(2, 2)}, axis=1),
    "concat": model("Concat", "x z", shapes=TWO, axis=1),
    "concat of columns": model("Concat", "x z x", shapes=TWO, axis=-1),
    "pad": model("Pad", "x p", {"p": integers(0, 0, 1, 2, 0, 1, 0, 3)}),
    "pad some axes": model(
        "Pad", "x p _ a", {"p": integers(1, 2, 3, -1), "a": integers(1, 3)}, opset=18
    ),
    "pad of opset 9": model("Pad", opset=9, pads=[0, 0, 1, 1, 0, 0, 2, 2], mode="reflect"),
}
RESIZES = {
    "resize by scales": model("Resize", "x _ s", {"s": floats(1, 1, 2, 1.5)}),
    "resize to sizes": model(
        "Resize", "x _ _ s", {"s": integers(7, 30)}, opset=18, axes=[2, 3], mode="linear"
    ),
    "resize some axes": model(
        "Resize", "x _ s", {"s": floats(0.5, 3)}, opset=18, axes=[2, 3], mode="cubic"
    ),
    "resize of sequences": model(
        "Resize", "x _ s", {"s": floats(1, 1, 0.7)}, shapes=SEQUENCE, mode="linear"
    ),
    "upsample": model("Upsample", "x s", {"s": floats(1, 1, 2, 3)}, opset=9),
    "resize of opset 10": model("Resize", "x s", {"s": floats(1, 1, 2, 2)}, opset=10),
}
MODELS = {
    **WINDOWS,
    **POOLS,
    **DENSE,
    **NORMS,
    **ELEMENTWISE,
    **REDUCTIONS,
    **LAYOUT,
    **PARTS,
    **RESIZES,
}
NOT_COMPUTED = {"grouped transposed conv", "pad some axes", "resize of opset 10"}
"""What onnx's reference implementation fails at: its shape inference says the shape."""


@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("name", MODELS)
def test_shapes_are_those_that_onnx_computes(
    name: str, sizes: dict[str, int], tmp_path: Path
) -> None:
    model = MODELS[name]
    expected = model.inferred(sizes) if name in NOT_COMPUTED else model.computed(sizes)
    assert model.shapes(tmp_path, sizes) == expected


@pytest.mark.parametrize("name", [*WINDOWS, *POOLS, *DENSE, *NORMS])
def test_all_weights_are_parameters(name: str, tmp_path: Path) -> None:
    model = MODELS[name]
    learned = sum(array.size for name, array in model.initializers.items() if name not in "mv")
    assert model.cost(tmp_path).total().parameters.count == learned
