"""Every operator that is read, against the shapes and the parameters that MXNet infers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from math import prod
from pathlib import Path
from typing import Any

import pytest

import convcost
from convcost.importers.mxnet.operators import RULES

pytest.importorskip("mxnet", reason="MXNet infers what the rules are compared with")

import mxnet as mx
from gluon_networks import Shape, Symbol

F = mx.sym
IMAGE = (2, 6, 8, 12)
SEQUENCE = (2, 6, 12)
VECTOR = (2, 12)
Case = tuple[str, Shape, Callable[[Symbol], Symbol]]


def two(x: Symbol) -> Symbol:
    """Return another tensor of the input's shape."""
    return F.relu(x)


def gate(x: Symbol) -> Symbol:
    """Return a tensor that has one position for every channel."""
    return F.Pooling(x, global_pool=True, kernel=(1, 1), pool_type="avg")


def parameter(name: str, shape: Shape) -> Symbol:
    """Return what Gluon writes for a parameter of its own."""
    return F.var(name, shape=shape, lr_mult=1)


# operator, input, symbol
SAME: list[Case] = [
    *(
        (f"Activation {act}", IMAGE, lambda x, act=act: F.Activation(x, act_type=act))
        for act in ("relu", "sigmoid", "tanh", "softrelu", "softsign")
    ),
    *(
        (f"LeakyReLU {act}", IMAGE, lambda x, act=act: F.LeakyReLU(x, act_type=act))
        for act in ("leaky", "elu", "selu", "gelu", "rrelu", "prelu")
    ),
    *(
        (name, IMAGE, lambda x, name=name: getattr(F, name)(x))
        for name in (
            *("relu", "sigmoid", "tanh", "softsign", "hard_sigmoid", "exp", "log", "sqrt", "abs"),
            *("reciprocal", "square", "erf", "negative", "rsqrt", "identity", "BlockGrad"),
            *(
                "softmax",
                "log_softmax",
                "make_loss",
                "L2Normalization",
                "InstanceNorm",
                "LayerNorm",
            ),
            *("BatchNorm", "Dropout"),
        )
    ),
    ("clip", IMAGE, lambda x: F.clip(x, 0, 6)),
    ("clip", IMAGE, lambda x: F.clip(x, -1, 1)),
    ("Cast", IMAGE, lambda x: F.Cast(x, dtype="float16")),
    ("LRN", IMAGE, lambda x: F.LRN(x, nsize=5)),
    ("GroupNorm", IMAGE, lambda x: F.GroupNorm(x, num_groups=3)),
    ("L2Normalization", IMAGE, lambda x: F.L2Normalization(x, mode="channel")),
    ("L2Normalization", IMAGE, lambda x: F.L2Normalization(x, mode="spatial")),
    ("softmax", IMAGE, lambda x: F.softmax(x, axis=1)),
    ("softmax", IMAGE, lambda x: F.softmax(x, axis=-2, temperature=3.0)),
    ("SoftmaxActivation", IMAGE, lambda x: F.SoftmaxActivation(x, mode="channel")),
    ("SoftmaxActivation", VECTOR, F.SoftmaxActivation),
    ("SoftmaxOutput", VECTOR, F.SoftmaxOutput),
    ("SoftmaxOutput", IMAGE, lambda x: F.SoftmaxOutput(x, multi_output=True)),
    ("SoftmaxOutput", IMAGE, lambda x: F.SoftmaxOutput(x, preserve_shape=True)),
    ("LinearRegressionOutput", VECTOR, F.LinearRegressionOutput),
    ("LogisticRegressionOutput", VECTOR, F.LogisticRegressionOutput),
    ("BatchNorm", IMAGE, lambda x: F.BatchNorm(x, fix_gamma=False, use_global_stats=True)),
    ("BatchNorm", VECTOR, lambda x: F.BatchNorm(x, fix_gamma=False)),
    ("_contrib_BatchNormWithReLU", IMAGE, F.contrib.BatchNormWithReLU),
    ("_contrib_SyncBatchNorm", IMAGE, lambda x: F.contrib.SyncBatchNorm(x, key="a")),
]
ARITHMETIC: list[Case] = [
    *(
        (name, IMAGE, lambda x, name=name: getattr(F, name)(x, two(x)))
        for name in ("elemwise_add", "elemwise_sub", "elemwise_mul", "elemwise_div")
    ),
    *(
        (
            f"broadcast_{name}",
            IMAGE,
            lambda x, name=name: getattr(F, f"broadcast_{name}")(x, gate(x)),
        )
        for name in ("add", "sub", "mul", "div", "maximum", "minimum")
    ),
    ("_maximum", IMAGE, lambda x: F.maximum(x, two(x))),
    ("_minimum", IMAGE, lambda x: F.minimum(x, two(x))),
    ("add_n", IMAGE, lambda x: F.add_n(x, two(x), F.exp(x))),
    ("add_n", IMAGE, F.add_n),
    *(
        (f"number {name}", IMAGE, made)
        for name, made in {
            "x + 2": lambda x: x + 2,
            "x - 2": lambda x: x - 2,
            "2 - x": lambda x: 2 - x,
            "2 * x": lambda x: 2 * x,
            "x / 2": lambda x: x / 2,
            "2 / x": lambda x: 2 / x,
            "x ** 2": lambda x: x**2,
            "x ** 3": lambda x: x**3,
            "2 ** x": lambda x: 2**x,
            "max(x, 2)": lambda x: F.maximum(x, 2),
            "min(x, 2)": lambda x: F.minimum(x, 2),
        }.items()
    ),
    ("broadcast_mul", IMAGE, lambda x: F.broadcast_mul(x, parameter("scale", (1, 6, 1, 1)))),
    ("broadcast_add", IMAGE, lambda x: F.broadcast_add(parameter("shift", (1, 6, 1, 1)), x)),
]
WINDOWS: list[Case] = [
    ("Convolution", IMAGE, lambda x: F.Convolution(x, kernel=(3, 5), num_filter=4, no_bias=True)),
    (
        "Convolution",
        IMAGE,
        lambda x: F.Convolution(
            x, kernel=(3, 5), num_filter=4, num_group=2, stride=(2, 1), pad=(1, 3), dilate=(2, 2)
        ),
    ),
    ("Convolution", SEQUENCE, lambda x: F.Convolution(x, kernel=(5,), num_filter=4, pad=(2,))),
    ("Pooling", IMAGE, lambda x: F.Pooling(x, kernel=(3, 2), stride=(2, 2), pool_type="max")),
    *(
        (
            f"Pooling {convention}",
            (2, 6, 7, 12),
            lambda x, convention=convention: F.Pooling(
                x, kernel=(2, 3), stride=(2, 2), pad=(1, 1), pooling_convention=convention
            ),
        )
        for convention in ("valid", "full")
    ),
    (
        "Pooling avg",
        IMAGE,
        lambda x: F.Pooling(x, kernel=(2, 3), pad=(1, 1), pool_type="avg", count_include_pad=False),
    ),
    ("Pooling global", IMAGE, lambda x: F.Pooling(x, global_pool=True, pool_type="max")),
    ("Pooling", SEQUENCE, lambda x: F.Pooling(x, kernel=(3,), stride=(2,), pool_type="avg")),
    ("Pooling global", SEQUENCE, lambda x: F.Pooling(x, global_pool=True, kernel=(1,))),
    (
        "Deconvolution",
        IMAGE,
        lambda x: F.Deconvolution(
            x, kernel=(4, 3), num_filter=4, stride=(2, 3), pad=(1, 0), adj=(1, 2), num_group=2
        ),
    ),
    (
        "Deconvolution",
        IMAGE,
        lambda x: F.Deconvolution(x, kernel=(2, 2), num_filter=4, no_bias=False),
    ),
    ("UpSampling", IMAGE, lambda x: F.UpSampling(x, scale=3, sample_type="nearest")),
    ("UpSampling", IMAGE, lambda x: F.UpSampling(x, scale=3, sample_type="bilinear", num_filter=6)),
    ("UpSampling", IMAGE, lambda x: F.UpSampling(x, scale=2, sample_type="bilinear", num_filter=6)),
    *(
        (
            f"BilinearResize2D {options}",
            shape,
            lambda x, o=options: F.contrib.BilinearResize2D(x, **o),
        )
        for shape in (IMAGE, (2, 6, 7, 11))
        for options in (
            {"height": 5, "width": 17},
            {"scale_height": 1.5, "scale_width": 2},
            {"scale_height": 0.5, "scale_width": 0.3},
            *({"mode": f"to_{even}_{up}"} for even in ("even", "odd") for up in ("up", "down")),
        )
    ),
    (
        "BilinearResize2D like",
        IMAGE,
        lambda x: F.contrib.BilinearResize2D(gate(x), x, mode="like"),
    ),
    ("AdaptiveAvgPooling2D", IMAGE, F.contrib.AdaptiveAvgPooling2D),
    ("AdaptiveAvgPooling2D", IMAGE, lambda x: F.contrib.AdaptiveAvgPooling2D(x, output_size=1)),
    ("FullyConnected", IMAGE, lambda x: F.FullyConnected(x, num_hidden=5)),
    ("FullyConnected", IMAGE, lambda x: F.FullyConnected(x, num_hidden=5, flatten=False)),
    ("FullyConnected", VECTOR, lambda x: F.FullyConnected(x, num_hidden=5, no_bias=True)),
]
MOVED: list[Case] = [
    ("Flatten", IMAGE, F.Flatten),
    *(
        (f"Concat {axis}", IMAGE, lambda x, a=axis: F.concat(x, two(x), dim=a))
        for axis in (1, 2, -1)
    ),
    ("Concat of one", IMAGE, lambda x: F.concat(x, dim=1)),
    *((f"stack {axis}", IMAGE, lambda x, a=axis: F.stack(x, two(x), axis=a)) for axis in (1, -1)),
    *(
        (f"Reshape {codes}", IMAGE, lambda x, c=codes: F.Reshape(x, shape=c))
        for codes in (
            *((0, -1), (0, 0, -1), (0, -2), (0, 0, -3), (0, -3, -2), (-1, 4), (0, 6, 96), (-2,)),
            *((0, -4, 2, -1, -2), (0, -4, -1, 3, -2), (0, 2, 3, 0, -1), (-3, 0, 0), (0, 0, 4, 24)),
            *((0, 0, -4, -1, 4, 0), (0, -1, 0, 0), (-1, 0, 0, 0)),
        )
    ),
    *(
        (f"Reshape reverse {codes}", IMAGE, lambda x, c=codes: F.Reshape(x, shape=c, reverse=True))
        for codes in ((-1, 2, 0), (0, 0, -1, 0), (0, -3, 0), (-1, -3), (-2, 0), (0, 6, -1))
    ),
    ("Reshape old", IMAGE, lambda x: F.Reshape(x, target_shape=(2, 0))),
    ("reshape_like", IMAGE, lambda x: F.reshape_like(F.Flatten(x), x)),
    ("transpose", IMAGE, lambda x: F.transpose(x, axes=(0, 2, 3, 1))),
    ("transpose", SEQUENCE, lambda x: F.transpose(x, axes=(0, 2, 1))),
    ("SwapAxis", IMAGE, lambda x: F.SwapAxis(x, dim1=1, dim2=3)),
    *(
        (f"expand_dims {axis}", IMAGE, lambda x, a=axis: F.expand_dims(x, axis=a))
        for axis in (2, -1)
    ),
    ("squeeze", IMAGE, lambda x: F.squeeze(gate(x))),
    ("squeeze", IMAGE, lambda x: F.squeeze(gate(x), axis=(-1,))),
    *(
        (f"slice {options}", IMAGE, lambda x, o=options: F.slice(x, **o))
        for options in (
            {"begin": (None, 1), "end": (None, 4)},
            {"begin": (None, None, 1, -3), "end": (None, None, None, -1)},
            {"begin": (0, 0, 0, 1), "end": (None, None, 7, 12), "step": (1, 2, 3, 4)},
            {"begin": (None,), "end": (None,)},
        )
    ),
    ("slice_axis", IMAGE, lambda x: F.slice_axis(x, axis=-1, begin=2, end=None)),
    ("slice_axis", IMAGE, lambda x: F.slice_axis(x, axis=1, begin=-4, end=-1)),
    ("slice_like", IMAGE, lambda x: F.slice_like(x, F.Pooling(x, kernel=(2, 2)), axes=(2, 3))),
    ("slice_like", IMAGE, lambda x: F.slice_like(x, F.Pooling(x, kernel=(2, 2)))),
    ("Crop", IMAGE, lambda x: F.Crop(x, F.Pooling(x, kernel=(3, 4)), num_args=2)),
    ("Crop", IMAGE, lambda x: F.Crop(x, F.Pooling(x, kernel=(3, 4)), num_args=2, center_crop=True)),
    ("Crop", IMAGE, lambda x: F.Crop(x, num_args=1, h_w=(3, 4), offset=(1, 2))),
    *(
        (f"SliceChannel {o}", IMAGE, lambda x, o=o: F.Group(list(F.SliceChannel(x, **o))))
        for o in (
            {"num_outputs": 3},
            {"num_outputs": 4, "axis": 2},
            {"num_outputs": 6, "squeeze_axis": True},
        )
    ),
    ("SliceChannel", IMAGE, lambda x: F.relu(F.SliceChannel(x, num_outputs=2)[1])),
    ("_split_v2", IMAGE, lambda x: F.Group(list(F.split_v2(x, (2, 3), axis=1)))),
    ("_split_v2", IMAGE, lambda x: F.Group(list(F.split_v2(x, 4, axis=3)))),
    (
        "Pad",
        IMAGE,
        lambda x: F.Pad(x, mode="constant", pad_width=(0, 0, 0, 0, 1, 2, 3, 4), constant_value=0),
    ),
    ("broadcast_to", IMAGE, lambda x: F.broadcast_to(gate(x), shape=(0, 0, 4, 5))),
    ("broadcast_axis", IMAGE, lambda x: F.broadcast_axis(gate(x), axis=(3, 2), size=(3, 4))),
    ("broadcast_like", IMAGE, lambda x: F.broadcast_like(gate(x), x)),
    ("tile", IMAGE, lambda x: F.tile(x, reps=(2, 1, 3))),
    ("tile", IMAGE, lambda x: F.tile(x, reps=(1, 1))),
    ("repeat", IMAGE, lambda x: F.repeat(x, repeats=3, axis=-1)),
    ("depth_to_space", (2, 8, 3, 5), lambda x: F.depth_to_space(x, block_size=2)),
    ("space_to_depth", IMAGE, lambda x: F.space_to_depth(x, block_size=2)),
]
SUMMED: list[Case] = [
    *(
        (f"{name} {options}", IMAGE, lambda x, n=name, o=options: getattr(F, n)(x, **o))
        for name in ("mean", "sum", "max", "min", "norm")
        for options in ({"axis": (2, 3)}, {"axis": -1, "keepdims": True})
    ),
    ("norm 1", IMAGE, lambda x: F.norm(x, ord=1, axis=1)),
    ("mean exclude", IMAGE, lambda x: F.mean(x, axis=(0, 1), exclude=True)),
    ("batch_dot", SEQUENCE, lambda x: F.batch_dot(x, two(x), transpose_b=True)),
    ("batch_dot", SEQUENCE, lambda x: F.batch_dot(x, two(x), transpose_a=True)),
    ("dot", VECTOR, lambda x: F.dot(x, parameter("w", (12, 5)))),
    ("dot", VECTOR, lambda x: F.dot(x, parameter("w", (5, 12)), transpose_b=True)),
    ("dot", VECTOR, lambda x: F.dot(F.transpose(x), two(x))),
]


def numpy(build: Callable[[Symbol], Symbol]) -> Callable[[Symbol], Symbol]:
    """Return the same of a symbol as MXNet's numpy has it."""
    return lambda x: build(x.as_np_ndarray()).as_nd_ndarray()


NUMPY: list[Case] = [
    *(
        (name, shape, numpy(made))
        for shape, cases in {
            IMAGE: {
                "np x + x": lambda x: x + mx.sym.np.exp(x),
                "np x - x": lambda x: x - mx.sym.np.tanh(x),
                "np x * x": lambda x: x * mx.sym.np.square(x),
                "np x / x": lambda x: x / mx.sym.npx.relu(x),
                "np 1 - x": lambda x: 1 - x,
                "np x - 1": lambda x: x - 1,
                "np x + 1": lambda x: x + 1,
                "np 2 * x": lambda x: 2 * x,
                "np x / 2": lambda x: x / 2,
                "np 1 / x": lambda x: 1 / x,
                "np x ** 3": lambda x: x**3,
                "np 2 ** x": lambda x: 2**x,
                "np abs": mx.sym.np.abs,
                "np log": mx.sym.np.log,
                "np sqrt": mx.sym.np.sqrt,
                "np reciprocal": mx.sym.np.reciprocal,
                "np negative": mx.sym.np.negative,
                "npx sigmoid": mx.sym.npx.sigmoid,
                "np mean": lambda x: x.mean(axis=(2, 3)),
                "np sum": lambda x: mx.sym.np.sum(x, axis=1, keepdims=True),
                "np max": lambda x: mx.sym.np.max(x, axis=-1),
                "np min": lambda x: mx.sym.np.min(x, axis=-1),
                "np transpose": lambda x: mx.sym.np.transpose(x, (0, 2, 1, 3)),
                "np squeeze": lambda x: mx.sym.np.squeeze(
                    mx.sym.np.sum(x, axis=1, keepdims=True), axis=1
                ),
                "np reshape": lambda x: mx.sym.np.reshape(x, (2, -1)),
                "npx reshape": lambda x: mx.sym.npx.reshape(x, (-2, -6, 2, -1, -4)),
                "npx reshape merged": lambda x: mx.sym.npx.reshape(x, (-2, -5, -2)),
                "np concatenate": lambda x: mx.sym.np.concatenate([x, x], axis=2),
                "np stack": lambda x: mx.sym.np.stack([x, x], axis=1),
                "np pad": lambda x: mx.sym.np.pad(
                    x, ((0, 0), (0, 0), (1, 2), (3, 4)), mode="constant"
                ),
                "np slices": lambda x: x[:, 1:3],
            },
            VECTOR: {
                "np matmul": lambda x: mx.sym.np.matmul(mx.sym.np.transpose(x), x),
                "np dot": lambda x: mx.sym.np.dot(x, parameter("w", (12, 5)).as_np_ndarray()),
            },
        }.items()
        for name, made in cases.items()
    ),
]
CASES = [*SAME, *ARITHMETIC, *WINDOWS, *MOVED, *SUMMED, *NUMPY]


def imported(symbol: Symbol, folder: Path, shape: Shape, **options: Any) -> convcost.NetworkCost:
    """Save a symbol, read it and analyse it."""
    path = folder / "case-symbol.json"
    symbol.save(str(path))
    network = convcost.load(path, input=shape[1:], **options)
    return convcost.analyse(network, batch=shape[0])


@pytest.mark.parametrize(
    ("shape", "build"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_operator_gives_the_shapes_and_has_the_parameters_that_mxnet_infers(
    shape: Shape, build: Callable[[Symbol], Symbol], tmp_path: Path
) -> None:
    symbol = build(F.var("data"))
    cost = imported(symbol, tmp_path, shape)
    arguments, outputs, states = symbol.infer_shape(data=shape)
    expected = outputs[: len(cost.outputs)]  # a random slope is an output, but of no layer
    ends = {layer.name: layer.output.shape for layer in cost.layers}
    assert [ends[output] for output in cost.outputs] == expected
    held = dict(zip(symbol.list_arguments(), map(prod, arguments), strict=True))
    given = {"data", *(name for name in held if name.endswith("_label")), *fixed_scales(symbol)}
    total = cost.total()
    assert total.parameters.count == sum(n for name, n in held.items() if name not in given)
    assert total.statistics == sum(map(prod, states))


def fixed_scales(symbol: Symbol) -> Iterator[str]:
    """Yield the scales of batch norms that hold them at 1."""
    nodes = json.loads(symbol.tojson())["nodes"]
    for node in nodes:
        if "BatchNorm" in node["op"] and node.get("attrs", {}).get("fix_gamma") != "False":
            yield nodes[node["inputs"][1][0]]["name"]


def operators(symbol: Symbol) -> set[str]:
    """Return the operators of a symbol."""
    return {node["op"] for node in json.loads(symbol.tojson())["nodes"]} - {"null"}


def test_every_rule_is_tried_under_one_of_its_names() -> None:
    tried = set().union(*(operators(build(F.var("data"))) for _, _, build in CASES))
    rules = {RULES[name] for name in tried}
    uncounted = RULES["sin"]
    assert {name for name, rule in RULES.items() if rule not in {*rules, uncounted}} == set()


# What the definitions of the functions take for an element, by hand
WORK: dict[str, dict[str, int]] = {
    "Activation relu": {"comparisons": 1},
    "Activation sigmoid": {"exponentials": 1, "adds": 1, "divisions": 1},
    "Activation tanh": {"multiplies": 1, "exponentials": 1, "adds": 2, "divisions": 1},
    "Activation softrelu": {"exponentials": 2, "adds": 1},
    "Activation softsign": {"comparisons": 1, "adds": 1, "divisions": 1},
    "LeakyReLU leaky": {"comparisons": 1, "multiplies": 1},
    "LeakyReLU rrelu": {"comparisons": 1, "multiplies": 1},
    "LeakyReLU prelu": {"comparisons": 1, "multiplies": 1},
    "LeakyReLU elu": {"comparisons": 1, "exponentials": 1, "adds": 1, "multiplies": 1},
    "LeakyReLU selu": {"comparisons": 1, "exponentials": 1, "adds": 1, "multiplies": 2},
    "LeakyReLU gelu": {"multiplies": 3, "adds": 1, "exponentials": 1},
    "relu": {"comparisons": 1},
    "sigmoid": {"exponentials": 1, "adds": 1, "divisions": 1},
    "tanh": {"multiplies": 1, "exponentials": 1, "adds": 2, "divisions": 1},
    "softsign": {"comparisons": 1, "adds": 1, "divisions": 1},
    "hard_sigmoid": {"multiplies": 1, "adds": 1, "comparisons": 2},
    "exp": {"exponentials": 1},
    "log": {"exponentials": 1},
    "sqrt": {"square_roots": 1},
    "rsqrt": {"square_roots": 1, "divisions": 1},
    "abs": {"comparisons": 1},
    "reciprocal": {"divisions": 1},
    "square": {"multiplies": 1},
    "erf": {"exponentials": 1},
    "negative": {},
    "identity": {},
    "BlockGrad": {},
    "make_loss": {},
    "Cast": {},
    "Dropout": {},
    "clip": {"comparisons": 2},
    "elemwise_add": {"adds": 1, "comparisons": 1},  # the relu before it too, as in the others
    "elemwise_sub": {"adds": 1, "comparisons": 1},
    "elemwise_mul": {"multiplies": 1, "comparisons": 1},
    "elemwise_div": {"divisions": 1, "comparisons": 1},
    "_maximum": {"comparisons": 2},
    "_minimum": {"comparisons": 2},
    "number x + 2": {"adds": 1},
    "number x - 2": {"adds": 1},
    "number 2 - x": {"adds": 1},
    "number 2 * x": {"multiplies": 1},
    "number x / 2": {"divisions": 1},
    "number 2 / x": {"divisions": 1},
    "number x ** 2": {"multiplies": 1},
    "number x ** 3": {"exponentials": 1},
    "number 2 ** x": {"exponentials": 1},
    "number max(x, 2)": {"comparisons": 1},
    "number min(x, 2)": {"comparisons": 1},
    "broadcast_mul": {"multiplies": 1},
    "np 1 - x": {"adds": 1},
    "np x - 1": {"adds": 1},
    "np x + 1": {"adds": 1},
    "np 2 * x": {"multiplies": 1},
    "np x / 2": {"divisions": 1},
    "np 1 / x": {"divisions": 1},
    "np x ** 3": {"exponentials": 1},
    "np 2 ** x": {"exponentials": 1},
    "np abs": {"comparisons": 1},
    "np log": {"exponentials": 1},
    "np sqrt": {"square_roots": 1},
    "np reciprocal": {"divisions": 1},
    "np negative": {},
    "npx sigmoid": {"exponentials": 1, "adds": 1, "divisions": 1},
    "np x + x": {"adds": 1, "exponentials": 1},
    "np x - x": {"multiplies": 1, "exponentials": 1, "adds": 3, "divisions": 1},
    "np x * x": {"multiplies": 2},
    "np x / x": {"divisions": 1, "comparisons": 1},
}


@pytest.mark.parametrize("name", WORK)
def test_operator_takes_what_its_definition_does(name: str, tmp_path: Path) -> None:
    shape, build = {case[0]: case[1:] for case in CASES}[name]
    work = imported(build(F.var("data")), tmp_path, shape).total().work
    counts = {sort: count for sort, count in asdict(work).items() if count}
    assert counts == {sort: count * prod(shape) for sort, count in WORK[name].items()}
