"""Predicted times: by hand from made-up coefficients, in symbols, and as commands say them."""

from __future__ import annotations

import json
import math
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from time_profile import MACHINE, SECONDS, kernel_model, profile, time_model, training_model
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError, ProfileError
from convcost.prediction.gpus import bound, gpus
from convcost.prediction.model import Coefficient, TimeModel
from convcost.prediction.network import block_times, network_time, operations
from convcost.prediction.predict import Operation, predict, predict_operation
from convcost.prediction.profile import to_json
from convcost.prediction.symbolic import time_formula
from convcost.prediction.terms import Terms
from convcost.prediction.throughput import Throughput, throughput

Z90 = 1.645


def operation(kernel: str = "dense", name: str = "x", **values: Any) -> Operation:
    """Return an operation of these terms."""
    return Operation(name, (name,), Terms(kernel, values))


def network(layers: str, shape: str = "[32, 8, 8]") -> convcost.Network:
    """Return a small network."""
    return convcost.build(convcost.read_text(f"{{name: n, input: {shape}, layers: [{layers}]}}"))


# One operation ---------------------------------------------------------------------------


def test_seconds_are_the_terms_times_their_coefficients() -> None:
    found = predict_operation(
        operation(multiply_adds=10**6, bytes_memory=10**5, launches=1), time_model(), MACHINE
    )
    assert found.parts == pytest.approx(
        {"multiply_adds": 2e-5, "bytes_memory": 1e-5, "launches": 5e-6}
    )
    assert found.seconds == pytest.approx(3.5e-5)
    assert found.binds == "arithmetic"
    # Each part is known to 10%; nine in ten held-out rows were within 1.645 times 0.1.
    of_parts = math.hypot(2e-6, 1e-6, 5e-7) / 3.5e-5
    spread = math.sqrt(math.log1p(of_parts**2) + 0.1**2)
    assert found.high == pytest.approx(3.5e-5 * math.exp(Z90 * spread))
    assert found.low == pytest.approx(3.5e-5 * math.exp(-Z90 * spread))


@pytest.mark.parametrize(
    ("values", "binds"),
    [
        ({"bytes_l2": 10**7, "launches": 1}, "L2 cache"),
        ({"bytes_l3": 10**7, "launches": 1}, "L3 cache"),
        ({"bytes_memory": 10**7, "weight_bytes": 10**6, "launches": 1}, "memory"),
        ({"bytes_memory": 10**5, "weight_bytes": 10**6, "launches": 1}, "weights"),
        ({"bytes_l2": 10, "launches": 1}, "overhead"),
        # Neither by itself is the largest part, together they are.
        ({"exponentials": 3000, "window_elements": 10**5, "bytes_l3": 2 * 10**5}, "arithmetic"),
        ({}, ""),
    ],
)
def test_what_takes_the_largest_part_binds(values: dict[str, Any], binds: str) -> None:
    assert predict_operation(operation(**values), time_model(), MACHINE).binds == binds


def narrow() -> TimeModel:
    """Return a model that was calibrated on 1,000 to 10,000 bytes."""
    model = kernel_model()
    known = Coefficient(seconds=1e-9, error=1e-10, lowest=1e3, highest=1e4)
    kernel = replace(model, coefficients={"bytes_l2": known}, covariance=((known.error**2,),))
    return replace(time_model(), kernels={"dense": kernel})


def width(model: TimeModel, **values: Any) -> float:
    """Return the standard deviation that an interval shows."""
    found = predict_operation(operation(**values), model, MACHINE)
    return math.log(found.high / found.low) / 2 / Z90


def test_outside_the_calibrated_range_it_says_so_and_widens() -> None:
    inside = width(narrow(), bytes_l2=5000)
    for amount, distance in ((20_000, math.log(2)), (250, math.log(4))):
        found = predict_operation(operation(bytes_l2=amount), narrow(), MACHINE)
        assert found.outside == ("bytes_l2",)
        assert width(narrow(), bytes_l2=amount) == pytest.approx(math.hypot(inside, distance))
    for amount in (1000, 5000, 10_000):
        assert not predict_operation(operation(bytes_l2=amount), narrow(), MACHINE).outside


def test_a_term_that_was_never_seen_is_as_unsure_as_can_be() -> None:
    found = predict_operation(operation(bytes_l2=5000, bytes_memory=1), narrow(), MACHINE)
    assert found.outside == ("bytes_memory",)
    assert width(narrow(), bytes_l2=5000, bytes_memory=1) > 1


def test_a_kernel_without_calibration_takes_what_the_machine_allows_at_best() -> None:
    found = predict_operation(
        operation("resize", multiply_adds=10**6, bytes_l2=10**6, weight_bytes=10**6),
        narrow(),
        MACHINE,
    )
    assert not found.calibrated
    assert found.seconds == pytest.approx(2 * 10**6 / 1e10)  # all bytes; arithmetic is less
    assert math.log(found.high / found.seconds) == pytest.approx(Z90)


# A network -------------------------------------------------------------------------------


def exact(spread: float) -> TimeModel:
    """Return a model whose coefficients have no error, so that operations are independent."""
    model = kernel_model(spread)
    nothing = tuple((0.0,) * len(SECONDS) for _ in SECONDS)
    return replace(time_model(), kernels={"dense": replace(model, covariance=nothing)})


def relative(low: float, high: float) -> float:
    return math.log(high / low) / 2 / Z90


def test_errors_of_alike_operations_add_up_and_those_of_unlike_ones_average() -> None:
    alike = [operation(launches=1, name=str(i)) for i in range(100)]
    found = predict(alike, exact(0.1), MACHINE)
    assert found.seconds == pytest.approx(5e-4)
    assert relative(found.low, found.high) == pytest.approx(0.1, rel=0.01)
    unlike = [operation(launches=1, bytes_l2=i, name=str(i)) for i in range(1, 101)]
    found = predict(unlike, exact(0.1), MACHINE)
    assert relative(found.low, found.high) == pytest.approx(0.01, rel=0.02)


def test_errors_of_coefficients_are_shared_by_all_operations_of_a_kernel() -> None:
    kernel = replace(kernel_model(spread=1e-9))
    model = replace(time_model(), kernels={"dense": kernel})
    unlike = [operation(launches=1, bytes_l2=i, name=str(i)) for i in range(1, 101)]
    found = predict(unlike, model, MACHINE)
    assert relative(found.low, found.high) == pytest.approx(0.1, rel=0.01)  # no averaging


def test_what_networks_are_off_besides_comes_on_top() -> None:
    found = predict([operation(launches=1)], replace(exact(0.1), network_spread=0.2), MACHINE)
    assert relative(found.low, found.high) == pytest.approx(math.hypot(0.1, 0.2), rel=0.01)


def test_the_stated_interval_holds_nine_in_ten() -> None:
    """Draw coefficients and operations' own errors as the model says, and count."""
    generator = random.Random(7)  # noqa: S311
    unlike = [operation(launches=1, bytes_l2=10**5 * i, name=str(i)) for i in range(1, 6)]
    kernel = kernel_model(spread=0.15)
    model = replace(time_model(), kernels={"dense": kernel})
    stated = predict(unlike, model, MACHINE)
    inside = 0
    for _ in range(4000):
        drawn = {
            name: each.seconds * (1 + 0.1 * generator.gauss(0, 1))
            for name, each in kernel.coefficients.items()
        }
        total = sum(
            math.exp(generator.gauss(0, 0.15))
            * sum(drawn[name] * float(amount) for name, amount in each.terms.values.items())
            for each in unlike
        )
        inside += stated.low <= total <= stated.high
    assert inside / 4000 == pytest.approx(0.9, abs=0.03)


def test_a_network_is_the_sum_of_its_operations() -> None:
    cost = convcost.analyse(convcost.load("resnet18"), batch=2)
    found = network_time(cost, profile(), "unfused")
    assert len(found.operations) == len(cost.layers)
    assert found.seconds == pytest.approx(sum(each.seconds for each in found.operations))
    assert found.low < found.seconds < found.high


def test_fused_networks_have_fewer_operations() -> None:
    fused = replace(profile(), fused=time_model())
    cost = convcost.analyse(convcost.load("resnet18"))
    ways = {way: network_time(cost, fused, way) for way in ("unfused", "fused")}
    assert len(ways["fused"].operations) == 24  # 20 convolutions, 2 pools, flatten, dense
    assert ways["fused"].seconds < ways["unfused"].seconds
    with pytest.raises(ProfileError, match="'invented' was not calibrated for fused networks"):
        network_time(cost, profile(), "fused")


def test_profiles_are_of_float32() -> None:
    cost = convcost.analyse(convcost.load("lenet5"), dtype="float16")
    with pytest.raises(ProfileError, match="float16 cannot be predicted"):
        network_time(cost, profile(), "unfused")


# Training --------------------------------------------------------------------------------


def test_a_training_step_by_hand() -> None:
    layers = (
        "{conv2d: {name: a, filters: 8, kernel: 1}}, {relu: {name: b}},"
        " {conv2d: {name: c, filters: 8, kernel: 1, bias: false}}, {add: {name: d, from: [b, c]}},"
        " {dense: {name: e, units: 5}}"
    )
    cost = convcost.analyse(network(layers, "[8, 4, 4]"), batch=2, training=True)
    found = {each.name: each.terms for each in operations(cost, MACHINE, "training")}
    assert [*found] == [
        *(f"{name} forward" for name in "abcde"),
        *("e backward", "c backward", "b backward", "a backward"),  # d hands its gradient on
        *("a update", "c update", "e update"),
    ]
    elements = 2 * 8 * 16  # of every map, 4 bytes each
    products = 2 * 16 * 16 * 16  # 8 channels are 16 lanes
    assert found["c backward"] == Terms(
        "conv2d 1x1 backward",
        {
            "multiply_adds": 2 * products,  # for the input and for the weights
            "bytes_l2": 4 * 3 * elements,
            "weight_bytes": 4 * 2 * 64,
            "launches": 1,
        },
    )
    # b has two readers: two gradients are read, and their sum is written, before its own
    assert found["b backward"].values["bytes_l2"] == 4 * (3 + 3) * elements
    # nobody wants the gradient of the image
    assert found["a backward"].values["multiply_adds"] == products
    assert found["a backward"].values["bytes_l2"] == 4 * 2 * elements
    assert found["e update"] == Terms("update", {"weight_bytes": 12 * (5 * 128 + 5), "launches": 2})


@pytest.mark.parametrize(("kernel", "name"), [(3, ""), (5, "wide ")])
def test_wide_depthwise_windows_are_slow_backward(kernel: int, name: str) -> None:
    """OneDNN has no kernel of its own for the gradient of more than three columns of weights."""
    layers = f"{{conv2d: {{name: a, filters: 16, kernel: {kernel}, groups: 16}}}}"
    cost = convcost.analyse(network(layers, "[16, 8, 8]"), training=True)
    kernels = [each.terms.kernel for each in operations(cost, MACHINE, "training")]
    assert kernels[:2] == ["conv2d depthwise", f"{name}conv2d depthwise backward"]


def test_a_training_step_takes_the_cost_of_training() -> None:
    taught = replace(profile(), training=training_model())
    cost = convcost.analyse(convcost.load("lenet5"), training=True)
    found = network_time(cost, taught, "training")
    assert found.seconds > 2 * network_time(cost, taught, "unfused").seconds


# Symbols ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "way", "assume"),
    [
        ("lenet5", "unfused", []),
        ("alexnet", "unfused", []),
        ("resnet18", "unfused", ["H % 32 == 0", "W % 32 == 0"]),
        ("resnet18", "fused", ["H % 32 == 0", "W % 32 == 0"]),
        ("vgg11", "training", ["H % 32 == 0", "W % 32 == 0"]),
    ],
)
def test_the_formula_with_numbers_put_in_is_the_number(
    name: str, way: Any, assume: list[str]
) -> None:
    known = replace(profile(), fused=time_model(), training=training_model())
    made = convcost.load(name)
    formula = time_formula(made, known, way, assume=assume)
    channels, height, width = made.source.extents
    for batch, rows, columns in (
        (1, height, width),
        (16, height, width),
        (2, height + 32, width + 64),
    ):
        sized: Any = (channels, rows, columns)
        made = convcost.load(name, input=sized)
        cost = convcost.analyse(made, batch=batch, training=way == "training")
        expected = network_time(cost, known, way).seconds
        numbers: Any = {"N": batch, "H": rows, "W": columns}
        assert formula.evaluate(**numbers) == pytest.approx(expected, rel=1e-9)


def test_the_formula_says_where_it_holds_and_what_is_missing() -> None:
    few = replace(profile(), unfused=replace(time_model(), kernels={"dense": kernel_model()}))
    formula = time_formula(network("relu, {dense: 16}"), few, "unfused", free=["N"])
    assert formula.missing == ("activation relu",)
    # 2048 by 16 products of 2e-11, but for one vector, which only reads the weights;
    # 4 * 2064 bytes a vector, in L2 until 512 KiB with weights.
    assert "at least: without activation relu" in formula.as_text()
    for n, products in ((1, 0), (3, 3 * 2048 * 16)):
        assert formula.evaluate(N=n) == pytest.approx(
            products * 2e-11 + 4 * n * 2064 * 2e-11 + 4 * (2048 * 16 + 16) * 1e-10 + 5e-6
        )
    with pytest.raises(ConvcostError, match="a value for 'N' is missing"):
        formula.evaluate()
    lenet = time_formula(convcost.load("lenet5"), profile(), "unfused")
    assert "where H >= 32" in lenet.as_text()
    with pytest.raises(ConvcostError, match="valid for H >= 32 only"):
        lenet.evaluate(N=1, H=8, W=32)
    assert json.loads(lenet.as_json())["symbols"] == ["N", "H", "W"]


# Throughput ------------------------------------------------------------------------------


def test_the_batch_that_is_enough_is_the_smallest_with_90_percent_of_the_best() -> None:
    found = Throughput({1: 1.0, 2: 1.1, 4: 1.9, 8: 3.6, 16: 7.3})  # 1, 1.82, 2.11, 2.22, 2.19
    assert (found.best, found.enough) == (8, 4)


def test_overheads_make_larger_batches_pay() -> None:
    found = throughput(network("relu"), profile(), "unfused")
    assert {*found.seconds} == {1, 2, 4, 8, 16, 32, 64, 128, 256}
    # 4096 bytes * 2 * 2e-11 s and 5 µs: 3 µs an image at 32, where L2 is full.
    assert found.seconds[1] == pytest.approx(5e-6 + 4 * 2 * 2048 * 2e-11)


# GPUs ------------------------------------------------------------------------------------


def test_a_bound_by_hand() -> None:
    cost = convcost.analyse(network("{conv2d: {filters: 64, kernel: 1}}, relu", "[64, 512, 512]"))
    found = bound(cost, gpus()["t4"])
    (conv,) = found.operations
    assert conv.layers == tuple(layer.name for layer in cost.layers)
    tensor, weights, cache = 4 * 64 * 512 * 512, 4 * (64 * 64 + 64), 4 * 2**20
    memory = (2 * tensor + weights - 2 * cache) / 320e9
    arithmetic = 64 * 64 * 512 * 512 / (8.1e12 / 2)
    assert conv.seconds == pytest.approx(max(memory, arithmetic))
    assert conv.binds == "memory"


def test_a_bound_of_what_the_cache_holds_is_arithmetic() -> None:
    cost = convcost.analyse(network("{conv2d: {filters: 256, kernel: 3, bias: false}}"))
    (conv,) = bound(cost, gpus()["v100"]).operations
    assert conv.binds == "arithmetic"
    assert conv.seconds == pytest.approx(2 * 36 * 9 * 32 * 256 / 15.7e12)


@pytest.mark.parametrize("name", ["vgg16", "resnet50", "lenet5"])
def test_a_bound_is_below_the_roofline_of_all_layers(name: str) -> None:
    cost = convcost.analyse(convcost.load(name), batch=8)
    for gpu in gpus().values():
        roofline = 0.0
        for layer in cost.layers:
            read = sum(int(x.elements) for x in layer.input_shapes)
            kept = int(layer.parameters.count + layer.statistics + layer.activations)
            moved = 4 * (read + kept) / gpu.bytes_per_second
            roofline += max(int(layer.macs) / (gpu.peak_flops / 2), moved)
        found = bound(cost, gpu).seconds
        assert 0 < found <= roofline


def test_every_gpu_names_its_source() -> None:
    assert {*gpus()} == {"v100", "t4", "a100", "rtx3090", "rtx4090"}
    for gpu in gpus().values():
        assert "NVIDIA" in gpu.source
        assert 1e12 < gpu.peak_flops < 1e14
        assert 3e11 < gpu.bytes_per_second < 3e12


# Commands --------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> str:
    """Return a file with the made-up profile."""
    path = tmp_path / "invented.json"
    made = replace(profile(), fused=time_model(), training=training_model())
    path.write_text(to_json(made), encoding="utf-8")
    return str(path)


def run(*arguments: str, code: int = 0) -> str:
    """Run a command; return what it printed."""
    found = CliRunner().invoke(app, list(arguments), env={"COLUMNS": "100"})
    assert found.exit_code == code, found.output
    return found.output


def test_predict_prints_operations_the_total_and_throughput(file: str) -> None:
    shown = run("predict", "lenet5", "--profile", file, "--unfused", "--batch", "2")
    cost = convcost.analyse(convcost.load("lenet5"), batch=2)
    total = network_time(cost, profile(), "unfused")
    assert "lenet5 at 1×32×32, batch 2: layer by layer, predicted" in shown
    assert f"total {total.seconds * 1e6:.0f} µs, nine times in ten" in shown
    assert "images/s at batch 2" in shown
    assert "smallest with 90%" in " ".join(shown.split())
    assert "an invented processor" in shown


def test_predict_sums_blocks_up(file: str) -> None:
    shown = run("predict", "vgg16", "--profile", file, "--depth", "1")
    names = [line.split()[0] for line in shown.splitlines() if line.strip()]
    assert [name for name in names if name.startswith("block")] == [
        f"block{n}" for n in range(1, 6)
    ]
    cost = convcost.analyse(convcost.load("vgg16"))
    blocks = block_times(cost, profile(), "unfused", 1)
    whole = network_time(cost, profile(), "unfused")
    assert sum(each.seconds for each in blocks.values()) == pytest.approx(whole.seconds)
    assert [*blocks][5:] == [layer.name for layer in cost.layers if not layer.block]
    alone = [each for each in whole.operations if each.name.startswith("block2.")]
    assert blocks["block2"].seconds == pytest.approx(sum(each.seconds for each in alone))


def test_what_binds_adds_up_to_the_whole() -> None:
    found = network_time(convcost.analyse(convcost.load("lenet5")), profile(), "unfused")
    assert sum(found.by_bound.values()) == pytest.approx(found.seconds)
    assert [*found.by_bound.values()] == sorted(found.by_bound.values(), reverse=True)


def test_predict_is_fused_if_the_profile_has_it(file: str) -> None:
    assert "c1 +1" in run("predict", "lenet5", "--profile", file)
    assert "a training step" in run("predict", "lenet5", "--profile", file, "--training")


def test_predict_as_json_has_every_part(file: str) -> None:
    found = json.loads(run("predict", "lenet5", "--profile", file, "--unfused", "--format", "json"))
    assert found["seconds"] == pytest.approx(sum(each["seconds"] for each in found["operations"]))
    assert found["low"] < found["seconds"] < found["high"]
    assert found["way"] == "unfused"
    assert found["throughput"]["seconds"]["1"] == pytest.approx(found["seconds"])
    assert sum(found["operations"][0]["parts"].values()) == pytest.approx(
        found["operations"][0]["seconds"]
    )


def test_predict_marks_what_is_not_calibrated(tmp_path: Path) -> None:
    path = tmp_path / "few.json"
    few = replace(time_model(), kernels={"dense": kernel_model(), "conv2d": kernel_model()})
    path.write_text(to_json(replace(profile(), unfused=few)))
    shown = " ".join(run("predict", "lenet5", "--profile", str(path)).split())
    assert "! not calibrated (activation tanh" in shown
    found = json.loads(run("predict", "lenet5", "--profile", str(path), "--format", "json"))
    assert "tanh1" in found["uncalibrated"]
    assert "c1" in found["uncalibrated"]  # of one channel
    assert "f6" not in found["uncalibrated"]


def test_predict_prints_formulas(file: str) -> None:
    shown = run("predict", "lenet5", "--profile", file, "--symbolic", "--free", "N")
    assert shown.startswith("seconds(N) = ")
    assert (
        json.loads(run("predict", "lenet5", "--profile", file, "--symbolic", "--format", "json"))[
            "quantity"
        ]
        == "seconds"
    )


def test_predict_bounds_gpus_and_says_that_it_does() -> None:
    shown = run("predict", "resnet18", "--profile", "a100")
    assert "a lower bound, not a prediction" in shown
    assert "at least" in shown
    found = json.loads(run("predict", "resnet18", "--profile", "a100", "--format", "json"))
    assert "seconds" not in found
    cost = convcost.analyse(convcost.load("resnet18"))
    assert found["lower_bound_seconds"] == pytest.approx(bound(cost, gpus()["a100"]).seconds)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--training", "--fused"], "MXNet fuses at inference only"),
        (["--free", "N"], "--free and --assume need --symbolic"),
        (["--symbolic", "--batch", "2"], "it takes no --batch and no --depth"),
        (["--symbolic", "--depth", "1"], "it takes no --batch and no --depth"),
        (["--profile", "t4", "--depth", "1"], "no --training, --symbolic, --depth"),
        (["--profile", "t4", "--training"], "lower bound of inference alone"),
    ],
)
def test_options_that_do_not_go_together(arguments: list[str], message: str) -> None:
    found = CliRunner().invoke(app, ["predict", "lenet5", *arguments])
    assert message in str(found.exception)


def test_uncounted_layers_leave_at_least(tmp_path: Path, file: str) -> None:
    made = "{uncounted: {name: odd, operator: Odd, shape: [0, 7]}}, {dense: {name: last, units: 5}}"
    cost = convcost.analyse(network(made))
    assert [each.name for each in operations(cost, MACHINE, "unfused")] == ["last"]
    assert [each.name for each in bound(cost, gpus()["t4"]).operations] == ["last"]
    path = tmp_path / "odd.yaml"
    path.write_text(f"{{name: n, input: [32, 8, 8], layers: [{made}]}}")
    assert "at least: no rule for odd" in run("predict", str(path), "--profile", file)
    assert "no rule" in run("predict", str(path), "--profile", "t4")
    assert "without odd" in run("predict", str(path), "--profile", file, "--symbolic")


def test_profiles_lists_and_shows(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from convcost.prediction import profile as profiles

    monkeypatch.setattr(profiles, "user_folder", lambda: Path(file).parent)
    shown = run("profiles")
    assert "invented" in shown
    assert "unfused, fused, training" in shown
    assert "rtx4090" in shown
    shown = run("profiles", "show", "invented")
    assert "seconds = 20 ps ± 2 ps per multiply-add in vectors (multiply_adds)" in shown
    assert "+ 5.00 µs ± 500 ns per operation launched (launches)" in shown
    assert "compute capability 8.9" in run("profiles", "show", "rtx4090")
