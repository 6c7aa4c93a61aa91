"""Calibration: sizes and attributions by hand, and a tiny real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from itertools import count, islice
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from convcost.cost import NetworkCost
from convcost.layers import Conv2d
from convcost.measure import timing
from convcost.measure.backend import Backend, Part
from convcost.measure.calibration import rounds
from convcost.measure.calibration.block import Block
from convcost.measure.calibration.draws import Draw, draws
from convcost.measure.calibration.hardware import cache_bytes, lanes
from convcost.measure.calibration.rounds import Heard, Whole
from convcost.measure.calibration.rows import Key, rows_of, seconds_by_part
from convcost.measure.calibration.run import WAYS, Calibration, Measured, sheet_rows
from convcost.measure.calibration.sheets import Sheet, sheet, sheets
from convcost.measure.mxnet_backend import MxnetBackend
from convcost.measure.session import Session
from convcost.measure.tasks import Job
from convcost.prediction.machine import Machine
from convcost.prediction.predict import Operation
from convcost.prediction.terms import Terms

needs_mxnet = pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet is what is measured")
needs_scipy = pytest.mark.skipif(find_spec("scipy") is None, reason="SciPy draws the sizes")

MACHINE = Machine(
    processor="made up",
    device="cpu",
    threads=1,
    lanes=8,
    l2_bytes=2**19,
    l3_bytes=2**23,
    multiply_adds_per_second=1e10,
    bytes_per_second=1e10,
    reference_seconds=1e-3,
)

# --- The sample --------------------------------------------------------------------------


def test_a_draw_takes_one_coordinate_for_each_decision() -> None:
    # 0 and 1 are the ends of the cube; 8 * (129/8)**0.5 = 32.1
    assert Draw([0.0]).between(8, 128) == 8
    assert Draw([0.999]).between(8, 128) == 128
    assert Draw([0.5]).between(8, 128) == 32
    assert Draw([0.74]).one_of("abcc") == "c"
    assert Draw([0.3, 0.5]).channels(8, 128) == 32  # multiples of 16
    assert Draw([0.5]).extent(4, 100, most=64) == 6  # at most 8: 4 * (9/4)**0.5
    draw = Draw([0.0, 0.999])
    assert (draw.one_of("ab"), draw.one_of("ab")) == ("a", "b")


@needs_scipy
def test_sizes_cover_the_cube_and_go_on_where_they_stopped() -> None:
    points = [next(iter(draw._left)) for draw in islice(draws(1), 64)]
    assert [sum(i <= 8 * x < i + 1 for x in points) for i in range(8)] == [8] * 8
    later = next(draws(1, skip=63))
    assert next(iter(later._left)) == points[63]


@needs_scipy
def test_sheets_are_the_same_every_time_and_none_has_what_another_has() -> None:
    first, second = islice(sheets(0), 2)
    again = next(sheets(0, skip=1))
    assert again.cost().layers == second.cost().layers
    assert (first.batch, second.batch) == (1, 8)
    costs = [each.cost() for each in (first, second)]
    assert costs[0].layers[:9] != costs[1].layers[:9]
    for each in costs:
        assert {layer.macs < 10**9 for layer in each.layers} == {True}
        assert each.total().activation_bytes < 2**30
        residual = [layer for layer in each.layers if "residual" in layer.name]
        halved = [x for x in residual if isinstance(x.layer, Conv2d) and x.layer.stride == (2, 2)]
        assert {layer.input_shapes[0].shape[2] % 2 for layer in halved} == {0}
    kinds = {layer.kind for layer in costs[0].layers if layer.name in first.groups}
    assert kinds >= {"conv2d", "dense", "batch_norm", "pool2d", "concat", "add", "activation"}


def test_a_block_measures_what_stands_between_its_first_layers_and_its_last() -> None:
    block = Block("b", 2)
    block.feed(24, 10)
    block.conv_norm_act(32, 3)
    block.close()
    made = sheet("s", [block])
    assert list(made.groups) == ["b.conv3", "b.bn4", "b.activation5"]
    layer = next(each for each in made.cost().layers if each.name == "b.conv3")
    assert layer.input_shapes[0].shape == (2, 24, 10, 10)
    assert layer.layer == Conv2d(filters=32, kernel=(3, 3), padding=((1, 1), (1, 1)), bias=False)
    assert layer.output.shape == (2, 32, 10, 10)


# --- What was heard ----------------------------------------------------------------------


def _heard(reference: float, *seconds: float) -> Heard:
    names = ("a", "a", "b")  # a is made of two operations
    parts = [(Part("forward", name), each) for name, each in zip(names, seconds, strict=True)]
    return Heard(parts, sum(seconds), reference, 0.0, {"a": ("a",), "b": ("b", "c")})


def test_the_fastest_of_every_operation_counts_in_fixed_kernels() -> None:
    told = [_heard(2.0, 1, 6, 5), _heard(2.2, 2, 4, 7), _heard(3.0, 0.1, 0.1, 0.1)]
    # the last round's fixed kernel took half again as long: it is left out, though it is fastest
    found = seconds_by_part(told)
    assert found == {("forward", ("a",)): (1 + 4) / 2, ("forward", ("b", "c")): 5 / 2}


def test_a_row_is_an_operation_that_was_heard_of_layers_that_count() -> None:
    operations = [
        Operation("a", ("a",), Terms("conv2d", {"launches": 1})),
        Operation("b", ("b", "c"), Terms("dense", {"launches": 2})),
        Operation("b", ("b",), Terms("dense", {"launches": 3})),  # did not run so
        Operation("d", ("d",), Terms("dense", {"launches": 4})),  # was not heard
        Operation("a backward", ("a",), Terms("conv2d backward", {"launches": 5})),
    ]
    seconds = {
        ("forward", ("a",)): 3.0,
        ("forward", ("b", "c")): 4.0,
        ("backward", ("a",)): 6.0,
    }
    both = {"a": "block1", "b": "block2", "c": "block2"}
    rows = list(rows_of(operations, seconds, both, reference=0.5, listening=0.25))
    assert [(row.kernel, row.seconds, row.listening, row.group) for row in rows] == [
        ("conv2d", 1.5, 0.125, "block1"),
        ("dense", 2.0, 0.25, "block2"),
        ("conv2d backward", 3.0, 0.625, "block1"),
    ]
    without = {"a": "block1", "b": "block2"}  # c is context
    assert [row.kernel for row in rows_of(operations, seconds, without, 1, 0)] == [
        "conv2d",
        "conv2d backward",
    ]


class _Slow:
    """A backend whose operations take a second each, and hearing of one three more."""

    now = 0.0

    def wait(self, seconds: float) -> None:
        self.now += seconds

    def build(self, cost: NetworkCost, device: str, seed: int) -> SimpleNamespace:
        del device, seed
        layers = [layer.name for layer in cost.layers]

        def listen(done: Callable[[str], None]) -> None:
            for name in layers:
                self.wait(1 + 3)
                done(name)

        return SimpleNamespace(
            run=lambda: self.wait(len(layers)),
            watched=lambda: SimpleNamespace(run=listen, together=dict),
        )

    def product(self, size: int, device: str) -> Callable[[], None]:
        del size, device
        return lambda: self.wait(1)


def test_what_listening_takes_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = _Slow()
    for module in (rounds, timing):
        monkeypatch.setattr(module, "perf_counter", lambda: backend.now)
    job = Job(cast("Backend", backend), next(_tiny()).cost(), "cpu")
    _, found = islice(rounds.forward(job), 2)
    assert found is not None
    assert found.listening == 3
    assert {seconds for _, seconds in found.parts} == {1 + 3}


def test_every_pass_of_a_network_counts_and_the_fixed_kernel_before_and_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0

    def taking(seconds: Iterator[float]) -> Callable[[], None]:
        def wait() -> None:
            nonlocal now
            now += next(seconds)

        return wait

    # two to warm up, then two in each round; the kernel once, then ten before and ten after
    run = taking(iter([9, 9, 7, 5, 3, 8]))
    product = taking(2 if 10 < number < 21 else 4 for number in count())
    backend = SimpleNamespace(build=lambda *_: SimpleNamespace(run=run), product=lambda *_: product)
    for module in (rounds, timing):
        monkeypatch.setattr(module, "perf_counter", lambda: now)
    job = Job(cast("Backend", backend), next(_tiny()).cost(), "cpu")
    _, first, second = islice(rounds.whole(job), 3)
    assert (first, second) == (Whole(5, 2), Whole(3, 4))


def test_what_a_whole_takes_beyond_its_operations_is_shared_out() -> None:
    tiny = next(_tiny())
    conv = ("forward", ("one.conv3",))

    def measured(whole: float) -> Measured:
        parts: dict[Key, float] = {conv: 3.5, ("forward", ("x",)): 1.5}
        return Measured(tiny, "unfused", parts, whole, listening=0.5, heard=2, reference=1e-3)

    # 5 fixed kernels of 1 ms for the operations, 1 of them to hear of both, and a whole of 4,
    # 5 and 6: 1.25 at the median
    rows = sheet_rows([measured(whole) for whole in (4, 6, 5)], MACHINE)
    assert [row.kernel for row in rows] == ["conv2d"] * 3
    assert [row.seconds for row in rows] == pytest.approx([3.5e-3 * 1.25] * 3)
    assert [row.listening for row in rows] == pytest.approx([0.5e-3 * 1.25] * 3)
    assert sheet_rows([], MACHINE) == []


def test_caches_and_vectors_as_the_system_has_them(tmp_path: Path) -> None:
    for index, texts in enumerate(
        [("1", "Data", "32K"), ("1", "Instruction", "64K"), ("2", "Unified", "512K"), ("3",) * 3]
    ):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, text in zip(("level", "type", "size"), texts, strict=True):
            (folder / name).write_text(text + "\n", encoding="ascii")
    (tmp_path / "index3" / "size").write_text("8M", encoding="ascii")
    assert cache_bytes(tmp_path) == {1: 2**15, 2: 2**19, 3: 2**23}
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags\t\t: sse2 avx avx2\n", encoding="utf-8")
    assert lanes(cpuinfo) == 8
    assert lanes(tmp_path / "nothing") == 4


# --- The real thing ----------------------------------------------------------------------


def _tiny() -> Iterator[Sheet]:
    one, other = Block("one", 2), Block("other", 2)
    source = one.feed(16, 8)
    one.conv_norm_act(16, 3)
    one.conv(16)
    one.add(one.norm(), source)
    one.act("hard_swish")
    other.open(3, 12)
    other.conv(8, 3, bias=True)
    other.act()
    other.pool("max", 2, 2)
    other.flatten()
    other.dense(5)
    for block in (one, other):
        block.close()
    yield sheet("tiny", [one, other])


@needs_mxnet
def test_a_tiny_calibration() -> None:
    session = Session(backend=MxnetBackend(), device="cpu", threads=1, rounds=3, seconds=120)
    calibration = Calibration(session, _tiny())
    calibration.next_sheet()
    assert calibration.failures == []
    assert calibration.reference() > 0
    kernels = {way: _kernels(calibration, way) for way in WAYS}
    assert kernels["unfused"] == [
        *("conv2d", "batch_norm", "activation relu", "conv2d 1x1", "batch_norm", "add"),
        *("activation hard_swish", "conv2d few channels", "activation relu", "max pool2d"),
        *("view or copy", "dense"),
    ]
    # one convolution takes in batch norm and relu, one batch norm and the sum
    assert kernels["fused"] == [
        *("conv2d", "conv2d 1x1", "activation hard_swish"),
        *("conv2d few channels", "max pool2d", "view or copy", "dense"),
    ]
    steps = kernels["training"]
    assert steps[: len(kernels["unfused"])] == kernels["unfused"]
    backward = [kernel.removesuffix(" backward") for kernel in steps if "backward" in kernel]
    with_gradient = [kernel for kernel in kernels["unfused"] if kernel != "add"]  # hands it on
    assert sorted(backward) == sorted(with_gradient)
    assert steps.count("update") == 6  # three convolutions, two batch norms, a dense layer


def _kernels(calibration: Calibration, way: str) -> list[str]:
    rows = calibration.rows(way, MACHINE)  # type: ignore[arg-type]  # a literal
    assert all(row.seconds > 0 for row in rows)
    return [row.kernel for row in rows]
