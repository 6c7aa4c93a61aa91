"""The model of MXNet's planner: what MXNet printed for all networks, and what it prints now."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import networks
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import MeasurementError
from convcost.layers import KINDS, Input
from convcost.memory.footprint import Footprint
from convcost.memory.mxnet import planned
from convcost.memory.mxnet.layers import LAYERS
from convcost.memory.mxnet.pool import Operation, plan
from convcost.report.plans import Comparison, Plan

PRINTED = yaml.safe_load(Path(__file__).with_name("mxnet_plans.yaml").read_text())


@pytest.mark.parametrize("network", [spec.name for spec in convcost.known_networks()])
def test_plans_are_those_that_mxnet_printed(network: str) -> None:
    made = convcost.load(network)
    found = {
        phase: {
            batch: planned(convcost.analyse(made, batch=batch, training=phase == "training")) >> 20
            for batch in (1, 8, 32, 128)
        }
        for phase in ("inference", "training")
    }
    assert found == PRINTED[network]


def test_every_kind_has_its_operators() -> None:
    assert {*LAYERS} == {*KINDS} - {Input}


def test_a_plan_by_hand() -> None:
    # a (100) and b (10) are new; c overwrites a in place; d (30) asks: b's block is free, of
    # 10, and grows, as 30 is less than 16 times that; e (1) finds only blocks too large.
    chain = [
        Operation((), (("a", 100),)),
        Operation(("a",), (("b", 10), ("c", 100)), ((0, 1),)),
        Operation(("b",), ()),
        Operation(("c",), (("d", 30),)),
        Operation(("d",), (("e", 1),)),
    ]
    assert sorted(plan(chain)) == [1, 30, 100]


@settings(max_examples=100, deadline=None)
@given(network=networks(), trained=st.booleans())
def test_a_plan_holds_what_must_be_alive(network: convcost.Network, trained: bool) -> None:  # noqa: FBT001
    # Not a bound in general (MXNet merges what is applied twice), but one tensor must fit.
    cost = convcost.analyse(network, training=trained)
    assert planned(cost) >= max(int(cost.layers[-1].activation_bytes), 4)


def test_errors_are_of_whole_megabytes() -> None:
    plans = [
        Plan("a", 1, training=False, predicted_bytes=5 * 2**20 + 7, planned_megabytes=5),
        Plan("a", 1, training=True, predicted_bytes=6 * 2**20, planned_megabytes=5),
    ]
    assert [each.error for each in plans] == [0, 20]
    assert not Comparison(plans, {}).exact


def test_mxnet_as_an_allocator() -> None:
    found = Footprint(convcost.analyse(convcost.load("vgg16"), batch=8, training=True))
    assert found.sizes("mxnet")["peak_plan"] == planned(found.cost)
    assert int(found.peak("mxnet")) >> 20 == 606


# --- MXNet itself ------------------------------------------------------------------------


def plans_now(*arguments: str) -> dict[str, object]:
    """Run the command that asks MXNet."""
    pytest.importorskip("mxnet", reason="MXNet is what is asked")
    result = CliRunner().invoke(app, ["plans", *arguments, "--format", "json"])
    assert result.exit_code == 0, result.output
    record: dict[str, object] = json.loads(result.stdout)
    return record


@pytest.mark.parametrize(
    "networks_",
    [["lenet-bn", "alexnet-caffe", "nin", "googlenet"], ["resnet18-v2", "densenet-d2l"]],
)
def test_mxnet_plans_as_it_did(networks_: list[str]) -> None:
    record = plans_now(*networks_, "--batch", "2,64")
    assert record["failed"] == {}
    plans = record["plans"]
    assert isinstance(plans, list)
    assert len(plans) == 4 * len(networks_)
    for row in plans:
        assert row["predicted_bytes"] >> 20 == row["planned_megabytes"], row


EVERY_KIND = """\
name: every-kind
input: [4, 64, 64]
layers:
  - conv2d: {filters: 8, kernel: 3, padding: same, stride: 2}
  - relu6
  - lrn: 5
  - add:
      branches:
        a: [hard_swish, average_pool2d: {kernel: 3, stride: 1, padding: 1}]
        b: [swish, max_pool2d: {kernel: 3, stride: 1, padding: 1}]
        c: [hard_sigmoid, batch_norm: {scale: false}]
  - multiply:
      branches:
        map: [identity]
        gate: [global_max_pool2d, conv2d: {filters: 8, kernel: 1}, sigmoid]
  - concat: {branches: {left: [tanh], right: [dropout: 0.5]}}
  - max_pool2d: {kernel: 3, stride: 2, rounding: full}
  - flatten
  - dense: 10
  - softmax
"""


ELEMENT_BY_ELEMENT = """\
name: element-by-element
input: [8, 16, 16]
layers:
  - conv2d: {name: a, filters: 8, kernel: 3, padding: 1}
  - average_pool2d: {name: row, kernel: [16, 1], stride: 1}
  - subtract: {name: flat, from: [a, row]}
  - square: {name: deviations}
  - arithmetic: {function: add, operand: [8, 1, 1], learned: true}
  - sqrt
  - divide: {name: normal, from: [flat, sqrt1]}
  - maximum: {name: high, branches: {left: [erf], right: [gelu], again: [gelu]}}
  - minimum: {name: low, from: [row, high, normal]}
  - arithmetic: {function: multiply, operand: [16]}
  - log_softmax: {axis: -1}
  - add: {from: [row, low, log_softmax1]}
  - arithmetic: {function: maximum}
  - mish
  - dense: {units: 16, flatten: false}
  - softplus
  - gelu_tanh
  - multiply: {branches: {left: [elu, exp], right: [leaky_relu, abs], third: [reciprocal]}}
  - dense: 3
"""


ALONG_AXES = """\
name: along-axes
input: [8, 16, 16]
layers:
  - conv2d: {name: a, filters: 8, kernel: 3, padding: 1}
  - group_norm: {groups: 2, scale: false, shift: false}
  - prelu
  - conv_transpose2d: {filters: 8, kernel: 3, padding: [[1, 0], [0, 1]]}
  - instance_norm
  - conv_transpose2d: {filters: 4, kernel: 4, stride: 2, padding: 1}
  - layer_norm: {shift: false}
  - average_pool2d: {name: small, kernel: 2, stride: 2}
  - resize: {mode: nearest, scale: 2}
  - resize: {mode: linear, size: [17, 17]}
  - matmul: {name: square, from: [small, small]}
  - matmul: {from: [square, small]}
  - softmax: {axis: -1}
  - reduce: {function: max, axes: [2]}
  - reduce: {function: mean, axes: [-1], keep: false}
  - reduce: {function: sum, axes: [2], keep: false}
  - dense: 5
"""
SEQUENCE = """\
name: sequence
input: [16, 16]
layers:
  - dense: {name: a, units: 16, flatten: false}
  - layer_norm: {name: b}
  - subtract: {name: c, from: [b, b]}
  - matmul: {name: d, from: [c, a]}
  - subtract: {name: e, from: [d, d]}
  - matmul: {from: [e, b]}
  - prelu: {shared: true}
"""
TEXTS = {
    "layers": EVERY_KIND,
    "elements": ELEMENT_BY_ELEMENT,
    "axes": ALONG_AXES,
    "rank 3": SEQUENCE,
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_kind_is_planned_as_mxnet_does(text: str, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(text)
    record = plans_now(str(tmp_path / "net.yaml"), "--batch", "37,512")
    plans = record["plans"]
    assert isinstance(plans, list)
    assert [row["predicted_bytes"] >> 20 for row in plans] == [
        row["planned_megabytes"] for row in plans
    ]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (
            "max_pool2d: {kernel: 3, stride: 2, dilation: 2}",
            "layer 'pool1': MXNet's pooling has no dilation",
        ),
        ("resize: {mode: cubic, scale: 2}", "'resize1': MXNet has no cubic interpolation"),
        ("resize: {mode: nearest, size: [18, 27]}", "'resize1': MXNet repeats rows and columns"),
        ("layer_norm: {dimensions: 2}", "'ln1': MXNet normalizes over one axis alone"),
        ("group_norm: {groups: 1}", "'gn1': MXNet has a scale and a shift for every group"),
        (
            "conv_transpose2d: {filters: 1, kernel: 1, output_padding: 1}",
            "'conv_transpose1': MXNet pads a transposed convolution's output by less",
        ),
        (
            "matmul: {branches: {a: [conv2d: {filters: 1, kernel: 1}], b: [identity]}}",
            "'matmul1': MXNet does not read a matrix again",
        ),
    ],
)
def test_what_mxnet_cannot_build_is_said(step: str, reason: str, tmp_path: Path) -> None:
    pytest.importorskip("mxnet", reason="MXNet is what is asked")
    text = f"name: net\ninput: [2, 9, 9]\nlayers:\n  - {step}\n"
    (tmp_path / "net.yaml").write_text(text)
    result = CliRunner().invoke(app, ["plans", str(tmp_path / "net.yaml"), "--batch", "1"])
    assert result.exit_code == 1
    assert reason in " ".join(result.stdout.split())


def sleep_forever() -> None:
    """Never come back."""
    import time

    time.sleep(3600)


def crash() -> None:
    """End as a crash does."""
    import os

    os._exit(7)


def test_a_child_that_hangs_or_crashes_is_an_error() -> None:
    from convcost.measure.child import run

    with pytest.raises(MeasurementError, match=r"no answer within 0\.5 seconds"):
        run(sleep_forever, seconds=0.5, environment={})
    with pytest.raises(MeasurementError, match="the process ended with exit code 7"):
        run(crash, seconds=60, environment={})
