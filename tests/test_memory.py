"""Memory: lifetimes against counted references, plans replayed, curves worked by hand."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from random_networks import networks
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError, ShapeError
from convcost.formulas import SymbolicNetwork
from convcost.layers import GlobalPool2d
from convcost.memory.arena import first_fit
from convcost.memory.fit import Setting
from convcost.memory.footprint import Footprint
from convcost.memory.liveness import Buffer, buffers, live_bytes
from convcost.memory.program import Program, inference, training
from convcost.memory.schedule import best
from convcost.tensors import FeatureMap

SHIPPED = [spec.name for spec in convcost.known_networks()]


def footprint(network: str, **choices: Any) -> Footprint:
    """Analyse a shipped network; its optimizer may be among the choices."""
    optimizer = choices.pop("optimizer", "sgd")
    return Footprint(convcost.analyse(convcost.load(network), **choices), optimizer)


def small(*steps: str, more: str = "", training: bool = False) -> Footprint:
    """Analyse a network on one image of 1x4x4 with these layers."""
    items = "".join(f"  - {step}\n" for step in steps)
    text = f"name: net\ninput: [1, 4, 4]\nlayers:\n{items}{more}"
    network = convcost.build(convcost.read_text(text))
    return Footprint(convcost.analyse(network, training=training))


# --- by hand: 4 bytes an element ---------------------------------------------------------


def test_a_chain_by_hand() -> None:
    # conv 3x4x4 of 192 bytes; relu in its place; pool 3x2x2 of 48; dense 5 of 20.
    found = small(
        "conv2d: {filters: 3, kernel: 3, padding: 1}",
        "relu",
        "max_pool2d: {kernel: 2, stride: 2}",
        "dense: 5",
    )
    assert found.live == [192, 192, 192 + 48, 48 + 20]
    assert found.peak_ideal == found.plan.size == 240
    assert found.activations == 192 + 192 + 48 + 20
    assert found.peak_step == 2
    assert [each.tensors for each in found.alive_at_peak] == [["conv1", "relu1"], ["pool1"]]
    assert found.parts["parameters"] == 4 * (3 * 9 + 3 + 12 * 5 + 5)
    assert found.parts["input"] == 4 * 16


def test_what_is_read_again_is_not_overwritten() -> None:
    # The relu's input is added later: 64 bytes each; the sum takes the place of either.
    found = small("conv2d: {filters: 1, kernel: 1}", "relu", "add: {from: [conv1, relu1]}")
    assert found.live == [64, 128, 128]
    # A view is the same memory, however often it is read.
    found = small("conv2d: {filters: 1, kernel: 1}", "identity", "add: {from: [conv1, identity1]}")
    assert found.live == [64, 64, 64]


def test_a_gate_is_too_small_to_be_overwritten() -> None:
    # x (64 bytes) is read again; the gate (4) is not, but the product is as large as x.
    found = small(
        "conv2d: {name: x, filters: 1, kernel: 1}",
        "global_average_pool2d: {name: gate}",
        "multiply: {from: [x, gate]}",
        "add: {from: [multiply1, x]}",
    )
    assert found.live == [64, 68, 64 + 4 + 64, 128]


def test_the_input_is_not_overwritten() -> None:
    assert small("relu").live == [64]
    assert small("identity").live == [0]  # a view of the input
    assert small("flatten", "relu").live == [0, 64]


def test_outputs_stay() -> None:
    steps = ["relu: {name: a}", "conv2d: {name: b, filters: 1, kernel: 1}"]
    assert small(*steps, "conv2d: {filters: 1, kernel: 1}").live == [64, 128, 128]
    assert small("relu", "relu", more="outputs: [relu1, relu2]\n").live == [64, 128]
    more = "outputs: [a, conv1]\n"
    assert small(*steps, "conv2d: {filters: 1, kernel: 1}", more=more).live == [64, 128, 192]


def test_training_by_hand() -> None:
    # conv 2x4x4, 128 bytes; relu in its place (a convolution needs its input, not its
    # output); dense 3, 12 bytes. Loss: dense's gradient, 12. Dense backward: relu's gradient
    # of 128 is new, its input (relu) is kept; relu backward: needs its output, overwrites the
    # gradient; conv backward: its input is the network's, and wants no gradient.
    found = small("conv2d: {filters: 2, kernel: 3, padding: 1}", "relu", "dense: 3", training=True)
    assert [step.name for step in found.program.steps] == [
        *("conv1", "relu1", "dense1", "loss", "dense1 backward", "relu1 backward"),
        "conv1 backward",
    ]
    # The output (12) stays to the end.
    assert found.live == [128, 128, 140, 152, 128 + 12 + 12 + 128, 128 + 12 + 128, 12 + 128]
    assert found.saved == 128 + 12  # and the output, which is kept for the caller
    assert found.parts["gradients"] == found.parts["parameters"] == 4 * (18 + 2 + 96 + 3)


def test_batch_norm_keeps_its_input_in_training() -> None:
    steps = ["conv2d: {filters: 2, kernel: 3, padding: 1}", "batch_norm", "relu"]
    assert small(*steps).live == [128, 128, 128]
    # Its input, the relu's output, and a mean and a root for two channels.
    found = small(*steps, training=True)
    assert found.live[:3] == [128, 128 + 128 + 16, 128 + 128 + 16]


def test_masks_by_hand() -> None:
    # Dropout: a byte for each of 32 elements; max pooling: one for each of 8 windows.
    found = small(
        "conv2d: {filters: 2, kernel: 3, padding: 1}",
        "dropout",
        "max_pool2d: {kernel: 2, stride: 2}",
        "dense: 1",
        training=True,
    )
    assert found.program.sizes["dropout1 saved"] == 32
    assert found.program.sizes["pool1 saved"] == 8


def test_places_of_maxima_take_a_byte_or_four() -> None:
    largest = GlobalPool2d(mode="max")
    assert largest.saved(FeatureMap(2, 3, 16, 16)).mask_bytes == 2 * 3
    assert largest.saved(FeatureMap(2, 3, 16, 17)).mask_bytes == 2 * 3 * 4
    assert GlobalPool2d(mode="average").saved(FeatureMap(2, 3, 16, 17)).mask_bytes == 0


def test_gradients_of_several_readers_are_one() -> None:
    # x is read by both: one gradient, to which the second adds.
    found = small(
        "conv2d: {name: x, filters: 1, kernel: 1}",
        "conv2d: {name: y, filters: 1, kernel: 1}",
        "add: {from: [x, y]}",
        training=True,
    )
    written = Counter(name for step in found.program.steps for name in step.writes)
    assert written["d x"] == 1
    assert "d x" in found.program.steps[-2].reads  # of y backward, which adds to it


def test_no_gradient_without_parameters_before() -> None:
    found = small("relu", "max_pool2d: {kernel: 2, stride: 2}", "dense: 2", training=True)
    names = [step.name for step in found.program.steps]
    assert names == ["relu1", "pool1", "dense1", "loss", "dense1 backward"]


def test_vgg_by_hand() -> None:
    # Two maps of 64x224x224: the second convolution's input and output.
    assert footprint("vgg16").peak_ideal == 2 * 64 * 224 * 224 * 4
    assert footprint("vgg16", batch=8, dtype="float16").peak_ideal == 8 * 2 * 64 * 224 * 224 * 2


def test_mixed_precision_keeps_float32_parameters() -> None:
    parts = footprint("lenet", dtype="float16", training=True, optimizer="adam").parts
    # 44,426 parameters: 2 bytes each, as much for gradients, 4 for the copy, 8 for two moments.
    assert parts["parameters"] == parts["gradients"] == 2 * 44426
    assert parts["master_parameters"] == 4 * 44426
    assert parts["optimizer"] == 8 * 44426
    assert footprint("lenet", dtype="float16").parts["master_parameters"] == 0


def test_im2col_by_hand() -> None:
    # LeNet: 25 taps at 24x24, or 6*25 at 8x8, of one image.
    cost = convcost.analyse(convcost.load("lenet"), batch=7)
    assert Footprint(cost, im2col=True).parts["workspace"] == 4 * max(25 * 576, 150 * 64)
    assert small("conv2d: {filters: 3, kernel: 1}").parts["workspace"] == 0


# --- references counted, plans replayed --------------------------------------------------


def counted_peak(program: Program) -> int:
    """Run a program by counting the reads still to come; return the most bytes held at once."""
    left = Counter(name for step in program.steps for name in step.reads)
    left.update(program.kept)
    block_of: dict[str, int] = {}
    sizes: list[int] = []
    peak = 0

    def reads_of(block: int) -> int:
        return sum(left[name] for name, where in block_of.items() if where == block)

    for step in program.steps:
        for name in step.writes:
            size = program.sizes[name]
            assert isinstance(size, int)
            if name in step.views:
                if step.views[name] in block_of:
                    block_of[name] = block_of[step.views[name]]
                continue
            for source in step.overwrites.get(name, ()):
                block = block_of.get(source)
                if block is not None and reads_of(block) == 1 and sizes[block] == size:
                    block_of[name] = block
                    break
            else:
                block_of[name] = len(sizes)
                sizes.append(size)
        held = {block for name, block in block_of.items() if left[name] or name in step.writes}
        peak = max(peak, sum(sizes[block] for block in held))
        left.subtract(step.reads)
    return peak


def check(cost: convcost.NetworkCost) -> None:
    """Check what must hold for every network."""
    found = Footprint(cost)
    assert found.peak_ideal == counted_peak(found.program)
    assert 0 <= int(found.peak_ideal) <= found.plan.size <= int(found.peak("none"))
    replay(found.buffers, found.plan.offsets, found.plan.size)


def replay(placed: list[Buffer], offsets: tuple[int, ...], size: int) -> None:
    """Check that no two buffers that live at one step overlap."""
    for step in range(max((buffer.last for buffer in placed), default=0) + 1):
        spans = sorted(
            (offset, offset + int(buffer.size))
            for buffer, offset in zip(placed, offsets, strict=True)
            if buffer.first <= step <= buffer.last and buffer.size
        )
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))
        assert not spans or spans[-1][1] <= size


@settings(max_examples=200, deadline=None)
@given(network=networks(), batch=st.integers(1, 3), trained=st.booleans())
def test_random_networks(network: convcost.Network, batch: int, trained: bool) -> None:  # noqa: FBT001
    check(convcost.analyse(network, batch=batch, training=trained))


@pytest.mark.parametrize("trained", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize("network", [name for name in SHIPPED if "152" not in name])
def test_shipped_networks(network: str, trained: bool) -> None:  # noqa: FBT001
    cost = convcost.analyse(convcost.load(network), training=trained)
    found = Footprint(cost)
    assert 0 < int(found.peak_ideal) <= found.plan.size <= int(found.peak("none"))
    if len(cost.layers) < 80:
        check(cost)


def test_first_fit_by_hand() -> None:
    # 10 and 20 side by side; 10 ends, another 10 takes its place; 20 ends, then 30 finds no gap
    # large enough but the one at the end, which grows.
    placed = [Buffer(10, 0, 1), Buffer(20, 1, 2), Buffer(10, 2, 5), Buffer(30, 3, 3)]
    plan = first_fit(placed)
    assert plan.offsets == (0, 10, 0, 10)
    assert plan.size == 40


@settings(max_examples=100, deadline=None)
@given(network=networks())
def test_the_curve_has_a_value_for_every_step(network: convcost.Network) -> None:
    cost = convcost.analyse(network)
    for program in (inference(cost), training(cost)):
        live = live_bytes(program, buffers(program))
        assert len(live) == len(program.steps)
        assert min(int(size) for size in live) >= 0


# --- orders ------------------------------------------------------------------------------


def test_a_better_order_is_found() -> None:
    # b is 10 channels kept while a's 100 are there; a first leaves one channel instead.
    text = """\
name: net
input: [1, 4, 4]
layers:
  - conv2d: {name: b, filters: 10, kernel: 1, from: input}
  - conv2d: {name: wide, filters: 100, kernel: 1, from: input}
  - conv2d: {name: a, filters: 1, kernel: 1}
  - concat: {from: [a, b]}
"""
    cost = convcost.analyse(convcost.build(convcost.read_text(text)))
    found = best(cost)
    assert found.peak_as_written == 64 * (10 + 100 + 1)
    assert found.peak == 64 * (100 + 1)
    assert [layer.name for layer in found.cost.layers] == ["wide", "a", "b", "concat1"]
    assert "6,464 bytes at the peak instead of 7,104" in str(found)


@settings(max_examples=100, deadline=None)
@given(network=networks())
def test_orders_can_run_and_are_not_worse(network: convcost.Network) -> None:
    cost = convcost.analyse(network)
    found = best(cost)
    assert found.peak <= found.peak_as_written == Footprint(cost).peak_ideal
    assert sorted(each.name for each in found.cost.layers) == sorted(e.name for e in cost.layers)
    seen = {"input"}
    for layer in found.cost.layers:
        assert seen.issuperset(layer.inputs)
        seen.add(layer.name)


# --- in closed form ----------------------------------------------------------------------


@pytest.mark.parametrize("trained", [False, True], ids=["inference", "training"])
@pytest.mark.parametrize(
    ("network", "assume"),
    [
        ("lenet", ()),
        ("vgg11", ()),
        ("vgg16", ("H % 32 == 0", "W % 32 == 0")),
        ("resnet18", ("H % 32 == 0", "W % 32 == 0")),
        ("googlenet", ("H % 32 == 0", "W % 32 == 0")),
        ("densenet121", ("H % 32 == 0", "W % 32 == 0")),
    ],
)
def test_symbolic_parts_are_the_integers(
    network: str,
    assume: tuple[str, ...],
    trained: bool,  # noqa: FBT001
) -> None:
    made = convcost.load(network)
    formulas = list(SymbolicNetwork(made, assume=assume, training=trained).memory("adam"))
    channels = made.source.extents[0]
    for n, h, w in ((1, 32, 32), (3, 224, 96), (2, 64, 352), (7, 100, 45), (1, 224, 224)):
        if (assume and (h % 32 or w % 32)) or not formulas[0].is_valid(N=n, H=h, W=w):
            continue
        sized = convcost.load(network, input=(int(channels), h, w))
        cost = convcost.analyse(sized, batch=n, training=trained)
        expected = {k: v for k, v in Footprint(cost, "adam").closed.items() if v}
        assert {each.quantity: each.evaluate(N=n, H=h, W=w) for each in formulas} == expected


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 64), h=st.integers(32, 300), w=st.integers(32, 300))
def test_the_peak_of_any_size(n: int, h: int, w: int) -> None:
    cost = convcost.analyse(convcost.load("vgg11", input=(3, h, w)), batch=n)
    assert VGG_PEAK.evaluate(N=n, H=h, W=w) == Footprint(cost).peak_ideal


VGG_PEAK = convcost.load("vgg11").formula("peak_bytes")


def test_a_peak_is_a_maximum_of_few() -> None:
    divided = ["H % 32 == 0", "W % 32 == 0"]
    assert str(convcost.load("vgg16").formula("peak_bytes", assume=divided)) == "512*H*N*W"
    with pytest.raises(ConvcostError, match="peak_bytes is of a whole network"):
        convcost.load("vgg16").formula("peak_bytes", layer="dense1")


# --- does it fit? ------------------------------------------------------------------------


def test_the_notes_densenet_runs_out_of_memory_at_224() -> None:
    # The chapter trains on batches of 256; its MXNet on a GPU of 8 GiB, of which the
    # framework keeps half a GiB.
    setting = Setting(8 * 2**30 - 2**29, training=True, allocator="mxnet")
    large = convcost.load("densenet-d2l", input=(1, 224, 224))
    small_ = convcost.load("densenet-d2l")
    assert setting.total(large, 256) > setting.memory > setting.total(small_, 256)
    assert setting.largest_batch(large).size < 256 <= setting.largest_batch(small_).size


@pytest.mark.parametrize("trained", [False, True])
def test_the_largest_that_fits(trained: bool) -> None:  # noqa: FBT001
    setting = Setting(2**28, training=trained)
    network = convcost.load("resnet18")
    batch = setting.largest_batch(network)
    assert batch.total is not None
    assert setting.total(network, batch.size) == batch.total <= 2**28 < batch.next_total
    assert setting.total(network, batch.size + 1) == batch.next_total
    side = setting.largest_square(network, 2)
    square = convcost.load("resnet18", input=(3, side.size, side.size))
    assert side.total is not None
    assert setting.total(square, 2) == side.total <= 2**28 < side.next_total


def test_a_plan_that_shrinks_is_found() -> None:
    # MXNet's plan of NiN is smaller at 960 to 970 than at 955.
    setting = Setting(88 * 2**20, allocator="mxnet")
    side = setting.largest_square(convcost.load("nin"), 1).size
    assert side == 970
    sizes = {s: setting.total(convcost.load("nin", input=(3, s, s)), 1) for s in (955, 970, 971)}
    assert sizes[970] <= setting.memory < min(sizes[955], sizes[971])


def test_nothing_fits() -> None:
    found = Setting(1000).largest_square(convcost.load("vgg16"), 1)
    assert (found.size, found.total) == (0, None)
    with pytest.raises(ShapeError):
        convcost.load("vgg16", input=(3, 31, 31))
    assert Setting(1000).largest_batch(convcost.load("lenet")).total is None


# --- the commands ------------------------------------------------------------------------


def run(*arguments: str) -> str:
    """Run a command that must succeed."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    return result.stdout


def test_memory_as_json() -> None:
    record = json.loads(run("memory", "lenet", "--batch", "8", "--training", "--format", "json"))
    assert (record["batch"], record["training"], record["allocator"]) == (8, True, "first-fit")
    sizes = record["bytes"]
    assert sizes["parameters"] == sizes["gradients"] == 4 * 44426
    assert sizes["peak_ideal"] <= sizes["peak_plan"] <= sizes["total"]
    parts = ("parameters", "statistics", "gradients", "optimizer", "input", "peak_plan")
    assert sum(sizes[name] for name in parts) == sizes["total"]
    conv = record["layers"][0]
    # Reads 8 images of 784 and 156 parameters, writes 8*6*576, all of 4 bytes; 8*6*576*25
    # multiplies and as many adds.
    assert (conv["name"], conv["bytes_read"]) == ("conv1", 4 * (8 * 784 + 156))
    assert conv["bytes_written"] == 4 * 8 * 3456
    moved = 4 * (8 * 784 + 156) + 4 * 8 * 3456
    assert conv["intensity"] == pytest.approx(2 * 8 * 3456 * 25 / moved)
    assert {"live_bytes", "backward_live_bytes"} <= conv.keys()
    assert record["peak_layer"] == "pool1"


def test_a_network_without_layers(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("name: net\ninput: [1, 4, 4]\nlayers:\n  - repeat: {times: 0, layers: []}\n")
    for more in ([], ["--training"]):
        record = json.loads(run("memory", str(path), *more, "--format", "json"))
        assert record["bytes"]["peak_plan"] == 0
        assert "total" in run("memory", str(path), *more)
    assert "0 layers" in run("analyze", str(path))
    assert json.loads(run("analyze", str(path), "--format", "json"))["layers"] == []


def test_memory_in_other_commands() -> None:
    record = json.loads(run("analyze", "lenet", "--training", "--format", "json"))
    assert record["memory"]["bytes"]["parameters"] == 4 * 44426
    assert record["layers"][0]["backward"]["inputs"]["multiplies"] == 0
    assert record["receptive_fields"][0]["rows"]["size"] == 5
    compared = json.loads(run("compare", "lenet", "lenet-bn", "--memory", "--format", "json"))
    assert compared["networks"][1]["memory"]["statistics"] == 4 * 452
    assert "2.75×" in run(
        "compare", "alexnet-d2l", "vgg11", "--preset", "fashion-mnist", "--memory"
    )


def test_memory_shows_the_peak_and_what_binds() -> None:
    text = run("memory", "vgg16", "--peak", "1T", "--bandwidth", "100GB")
    assert "24.50 MiB ◀" in text
    assert "peak at block1.conv2: block1.relu1 12.25 MiB, block1.relu2 12.25 MiB" in text
    bound = {line.split()[0]: line.split()[-1] for line in text.splitlines() if "memory" in line}
    assert bound["dense1"] == "memory"  # half a multiply and an add for a weight's byte
    assert "block3.conv3" not in bound  # of 10 operations for a byte it has hundreds
    assert "no order that was tried" in run("memory", "lenet", "--schedule", "best")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["memory", "lenet", "--peak", "1T"], "give both"),
        (["memory", "lenet", "--peak", "x", "--bandwidth", "1GB"], "--peak: expected"),
        (["memory", "lenet", "--plot", "curve.gif"], "unknown format '.gif'"),
        (["memory", "lenet", "--symbolic", "--batch", "2"], "--symbolic has N for the batch"),
        (["memory", "lenet", "--symbolic", "--allocator", "none"], "--symbolic has N for"),
        (["memory", "lenet", "--free", "N"], "need --symbolic"),
        (["memory", "lenet", "--peak", "1T", "--bandwidth", "0"], "must be more than 0"),
        (["memory", "lenet", "--optimizer", "adam"], "--optimizer needs --training"),
        (["formula", "lenet", "--layer", "conv1", "--per-layer"], "give one of them"),
        (["fit", "lenet", "--memory", "8"], "--reserve 512MiB leaves nothing"),
        (["fit", "lenet", "--memory", "8gb"], "--memory: expected such as 8GiB"),
        (["plans", "lenet", "--batch", "x"], "--batch: expected such as 1,8,32"),
    ],
)
def test_what_cannot_be_asked(arguments: list[str], message: str) -> None:
    pytest.importorskip("matplotlib", reason="pictures need it")
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, ConvcostError)
    assert message in str(result.exception)


@pytest.mark.parametrize(("suffix", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_picture_of_the_curve(tmp_path: Path, suffix: str, start: bytes) -> None:
    pytest.importorskip("matplotlib", reason="pictures need it")
    path = tmp_path / f"curve.{suffix}"
    run("memory", "lenet", "--training", "--plot", str(path))
    assert path.read_bytes().startswith(start)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_fit_as_json() -> None:
    record = json.loads(
        run("fit", "lenet", "--memory", "1GiB", "--batch", "4", "--training", "--format", "json")
    )
    assert record["fits"] is True
    assert (record["memory"], record["reserve"]) == (2**30, 2**29)
    assert record["largest_batch"]["total"] <= 2**29 < record["largest_batch"]["next_total"]
