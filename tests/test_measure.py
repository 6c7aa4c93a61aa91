"""Measurement: what is exact by hand, what can fail, and the real thing on two networks."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import pytest
import typer
from typer.testing import CliRunner

import convcost
from convcost.cli.measure import measure
from convcost.errors import MeasurementError, MissingDependencyError
from convcost.measure import checks, child, onednn, tasks, timing, turns
from convcost.measure.backend import Array, Machine, Primitive
from convcost.measure.lanes import Lane, take_turns
from convcost.measure.mxnet_backend import MxnetBackend
from convcost.measure.result import Difference, Result, Time
from convcost.measure.result_files import from_json, load_results, to_json
from convcost.measure.session import INTERRUPTED, Session
from convcost.measure.turns import Round, Tick
from convcost.report.verdict import Verdict

needs_mxnet = pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet is what is measured")

# --- oneDNN's log, as this wheel printed it ----------------------------------------------

_EXEC = "dnnl_verbose,exec,cpu,"
_ARRAYS = "src_f32::blocked:abcd:f0 wei_f32::blocked:abcd:f0 bia_f32::blocked:a:f0"
_CONVOLUTION = f"forward_inference,{_ARRAYS} dst_f32::blocked:abcd:f0,,alg:convolution_direct,"

LINES = {
    # 2 images, 16 channels of 17 x 17, from 8 channels under 3 x 3, stride 2
    "convolution,jit:avx2," + _CONVOLUTION + "mb2_ic8oc16_ih33oh17kh3sh2dh0ph1"
    "_iw33ow17kw3sw2dw0pw1,0.114": ("convolution jit:avx2 direct", 2 * 16 * 17 * 17 * 8 * 9),
    # 4 groups: an output sees 4 of 16 channels
    "convolution,x64:gemm:jit," + _CONVOLUTION + "g4mb2_ic16oc16_ih17oh17kh3sh1dh0ph1"
    "_iw17ow17kw3sw1dw0pw1,31.301": (
        "convolution x64:gemm:jit direct",
        2 * 16 * 17 * 17 * 4 * 9,
    ),
    # depthwise: 1 of 16
    "convolution,jit_dw:avx2," + _CONVOLUTION + "g16mb2_ic16oc16_ih17oh17kh3sh1dh0ph1"
    "_iw17ow17kw3sw1dw0pw1,0.0158691": ("convolution jit_dw:avx2 direct", 2 * 16 * 17 * 17 * 9),
    # dilation 2, printed as dh1: 17 - 4 = 13 positions, taps as many as without
    "convolution,jit:avx2," + _CONVOLUTION + "mb2_ic16oc24_ih17oh13kh3sh1dh1ph0"
    "_iw17ow13kw3sw1dw1pw0,0.0749512": (
        "convolution jit:avx2 direct",
        2 * 24 * 13 * 13 * 16 * 9,
    ),
    # 3 x 5, not square
    "convolution,x64:gemm:jit," + _CONVOLUTION + "mb2_ic24oc7_ih13oh13kh3sh1dh0ph1"
    "_iw13ow13kw5sw1dw0pw2,0.665": (
        "convolution x64:gemm:jit direct",
        2 * 7 * 13 * 13 * 24 * 15,
    ),
    # transposed, in 2 groups: 5 x 5 inputs of 4 channels, each laid on 3 x 3 for 3 filters
    "deconvolution,x64:gemm:jit,forward_training,src_f32::blocked:abcd:f0 wei_f32::blocked:acbde:f0"
    " bia_undef::undef::f0 dst_f32::blocked:abcd:f0,,alg:deconvolution_direct,"
    "g2mb2_ic4oc6_ih5oh11kh3sh2dh0ph0_iw5ow11kw3sw2dw0pw0,0.0219727": (
        "deconvolution x64:gemm:jit direct",
        2 * 4 * 5 * 5 * 3 * 9,
    ),
    "inner_product,x64:gemm:jit,forward_inference,src_f32::blocked:ab:f0 wei_f32::blocked:ab:f0"
    " bia_f32::blocked:a:f0 dst_f32::blocked:ab:f0,,,mb2ic252oc10,0.0148926": (
        "inner_product x64:gemm:jit",
        2 * 252 * 10,
    ),
    "inner_product,brgemm:avx512_core,forward_inference,src_f32::blocked:abcd:f0,,,"
    "mb2ic7ih6iw6oc10,0.01": ("inner_product brgemm:avx512_core", 2 * 252 * 10),
    "pooling_v2,simple_nchw:any,forward_inference,src_f32::blocked:abcd:f0"
    " dst_f32::blocked:abcd:f0 ws_undef::undef::f0,,alg:pooling_max,"
    "mb2ic7_ih13oh6kh3sh2dh0ph0_iw13ow6kw3sw2dw0pw0,0.0449219": (
        "pooling_v2 simple_nchw:any max",
        None,
    ),
    "reorder,jit:uni,undef,src_f32::blocked:abcd:f0 dst_f32::blocked:ABcd8b8a:f0,,,"
    "16x8x3x3,0.00292969": ("reorder jit:uni", None),
}


@pytest.mark.parametrize("line", LINES)
def test_lines_of_the_log(line: str) -> None:
    name, multiplies = LINES[line]
    assert onednn.primitives(_EXEC + line) == [Primitive(name, multiplies)]


def test_other_lines_are_not_of_what_ran() -> None:
    log = "dnnl_verbose,info,cpu,isa:Intel AVX2\n--- conv1\n\ndnnl_verbose,create,cpu,convolution\n"
    assert onednn.primitives(log) == []


# --- Comparing ---------------------------------------------------------------------------


def test_what_differs_is_named() -> None:
    cost = convcost.analyse(convcost.load("lenet"))
    right = {layer.name: tuple(map(int, layer.output.shape)) for layer in cost.layers}
    assert checks.shapes(cost, right, right).equal == len(cost.layers)
    wrong = checks.shapes(cost, right, {**right, "pool1": (1, 6, 13, 12)})
    pool = Difference(layer="pool1", predicted=(1, 6, 12, 12), found=(1, 6, 13, 12))
    assert (wrong.equal, wrong.different) == (len(cost.layers) - 1, (pool,))

    arrays = [Array("conv1", "weights", 150), Array("conv1", "biases", 7)]
    found = checks.parameters(cost, [*arrays, Array("bn1", "scales", 6, fixed="never learned")])
    assert Difference(layer="conv1 (biases)", predicted=6, found=7) in found.different
    assert Difference(layer="dense3 (weights)", predicted=840, found=None) in found.different
    assert (found.checked, found.equal, found.learned) == (10, 1, 157)
    assert [each.layer for each in found.exceptions] == ["bn1 (scales)"]

    log = {"conv1": [Primitive("convolution", 86399)], "conv2": [Primitive("reorder", None)]}
    work = checks.multiplies(cost, log)
    assert work.different == (Difference(layer="conv1", predicted=86400, found=86399),)
    assert [each.layer for each in work.unseen] == ["conv2", "dense1", "dense2", "dense3"]
    assert work.unseen[0].reason.endswith("only reorder")


# --- Times -------------------------------------------------------------------------------


def test_summary_by_hand() -> None:
    found = timing.summary([[3.0, 1.0, 5.0], [4.0, 4.0, 4.0], [9.0, 8.0, 7.0]])
    assert (found.forward_seconds, found.minimum_seconds, found.rounds) == (4.0, 1.0, 3)
    assert (found.low, found.high) == (3.0, 8.0)


def test_interval_is_seeded_and_holds_the_median() -> None:
    values = [float(value) for value in range(100)]
    low, high = timing.interval(values)
    assert (low, high) == timing.interval(values)
    assert 30 < low < 49.5 < high < 70


def test_rounds_are_marked_if_the_reference_is_off() -> None:
    found = timing.reference([[1.0], [1.1], [1.0], [1.0, 1.0, 1.9], [0.8]])
    assert (found.median_seconds, found.marked_rounds) == (1.0, 2)


class Numbered:
    """A child that counts its answers, notes its name at each, and fails at one of them."""

    def __init__(self, name: str, calls: list[str], fails_at: int | None = None) -> None:
        self.name, self.calls, self.fails_at, self.answers = name, calls, fails_at, 0

    def __enter__(self) -> Numbered:
        return self

    def __exit__(self, *_: object) -> None:
        self.calls.append("end")

    def ask(self, seconds: float) -> int:
        assert seconds == 7
        self.answers += 1
        self.calls.append(self.name)
        if self.answers == self.fails_at:
            raise MeasurementError("no more")
        return self.answers


def lane_of(name: str, calls: list[str], fails_at: int | None = None) -> Lane:
    return Lane(name, lambda: cast("child.Child", Numbered(name, calls, fails_at)))


def test_lanes_take_turns_and_one_that_fails_drops_out() -> None:
    calls: list[str] = []
    told: list[str] = []
    lanes = [lane_of("a", calls), lane_of("b", calls, fails_at=3), lane_of("c", calls, fails_at=1)]
    take_turns(lanes, count=4, seconds=60, answer_seconds=7, progress=told.append)
    assert calls == [*"abc", *"ab", *"ab", *"a", *"a", *["end"] * 3]  # the first is to warm up
    assert [lane.rounds for lane in lanes] == [[2, 3, 4, 5], [2], []]
    assert [lane.error is None for lane in lanes] == [True, False, False]
    assert told[3] == "a, round 1 of 4"


def test_a_lane_that_took_long_takes_three_rounds() -> None:
    calls: list[str] = []
    lane = lane_of("a", calls)
    take_turns([lane], count=50, seconds=0, answer_seconds=7)
    assert lane.rounds == [2, 3, 4]


def test_layers_by_hand() -> None:
    first = [Tick("conv", 2.0, 1.0), Tick("conv", 1.0, 1.0), Tick("relu", 3.0, 0.5)]
    second = [Tick("conv", 1.5, 2.0), Tick("conv", 4.0, 0.5), Tick("relu", 2.0, 0.25)]
    found = turns.layer_times(
        [Round([5.0, 6.0], [1.0], 4.0, first), Round([7.0, 7.5], [1.0], 3.5, second)]
    )
    # medians: 1.75 + 2.5 and 2.5 seconds; 1.5 + 0.75 + 0.375 of 3.75 on the process's own clock
    assert found.layers == {"conv": 4.25, "relu": 2.5}
    assert found.processor_ratio == 0.7
    assert (found.whole.forward_seconds, found.whole.minimum_seconds) == (6.375, 5.0)


@pytest.mark.parametrize(
    ("ratio", "warned"), [(None, False), (0.94, True), (0.95, False), (1.06, True)]
)
def test_sums_that_are_off_are_warned_of(ratio: float | None, warned: bool) -> None:  # noqa: FBT001
    assert (Time(sum_to_whole=ratio).warning is not None) is warned


def test_a_busy_machine_is_told_from_layers_that_do_not_add_up() -> None:
    busy = Time(sum_to_whole=0.7, processor_sum_to_whole=0.97).warning
    assert busy is not None
    assert busy.endswith("to 0.97 on the processor's own clock: the machine was not quiet")
    off = Time(sum_to_whole=0.7, processor_sum_to_whole=0.7).warning
    assert off is not None
    assert off.endswith("do not trust them one by one")


# --- Failures, without MXNet -------------------------------------------------------------


def pretend(monkeypatch: pytest.MonkeyPatch, answers: dict[Any, BaseException]) -> None:
    """Let all children fail; the device is there."""
    failing = MeasurementError("MXNetError: std::bad_alloc")

    def run(task: Callable[..., Any], *_: object, **__: object) -> Machine:
        if task is tasks.machine:
            return Machine("cpu", None, {})
        raise answers.get(task, failing)

    class Failing(Numbered):
        def __init__(self, task: Callable[..., Any], *_: object, **__: object) -> None:
            super().__init__("", [])
            self.task = task

        def ask(self, seconds: float) -> int:
            assert seconds > 0
            raise answers.get(self.task, failing)

    monkeypatch.setattr(child, "run", run)
    monkeypatch.setattr(child, "Child", Failing)


def test_failures_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = MeasurementError("no answer within 5 seconds")
    pretend(monkeypatch, {tasks.work: hang})
    session = Session(backend=MxnetBackend())
    (found,) = session.measure([(convcost.load("lenet"), 512)], training=True)
    reasons = {failure.what: failure.reason for failure in found.failures}
    assert reasons.pop("work") == "no answer within 5 seconds"
    assert set(reasons.values()) == {"out of memory at batch 512"}
    assert {"time", "fused time", "training step", "training plan", "ceilings"} <= set(reasons)
    assert (found.shapes, found.work, found.ceilings, found.time) == (None, None, None, Time())
    assert found.layers[0].measured_multiplies is None
    assert not Verdict([found]).agrees
    assert from_json(to_json([found])) == [found]


_CHECKED = ["shapes, parameters and memory", "work"]


@pytest.mark.parametrize(
    ("stopped", "networks", "failures"),
    [
        (tasks.work, ["lenet"], [_CHECKED[:1]]),
        (turns.watched, ["lenet", "nin"], [_CHECKED, _CHECKED]),
    ],
)
def test_interruption_keeps_what_was_measured(
    monkeypatch: pytest.MonkeyPatch,
    stopped: Any,
    networks: list[str],
    failures: list[list[str]],
) -> None:
    monkeypatch.setattr("convcost.measure.mxnet_backend.find_spec", lambda name: name)
    pretend(monkeypatch, {stopped: KeyboardInterrupt()})
    result = run_command(["lenet", "nin", "--format", "json"])
    assert result.exit_code == 130
    found = json.loads(result.stdout)
    records = found if isinstance(found, list) else [found]
    last = {"what": "the rest", "reason": INTERRUPTED}
    for record, name, failed in zip(records, networks, failures, strict=True):
        assert record["network"] == name
        assert record["failures"][-1] == last
        assert [failure["what"] for failure in record["failures"][:-1]] == failed


def test_without_mxnet_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convcost.measure.mxnet_backend.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'convcost\[mxnet\]'"):
        MxnetBackend().require()


def test_a_library_that_does_not_load_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mxnet", None)
    with pytest.raises(MeasurementError, match=r"nvidia-cudnn-cu11==8\.9\.6\.50"):
        MxnetBackend().machine("auto")


def take_memory() -> int:
    """Ask for a terabyte."""
    return len(bytearray(2**40))


def test_a_child_has_a_memory_limit() -> None:
    with pytest.raises(MeasurementError, match="MemoryError"):
        child.run(take_memory, seconds=60, environment={}, memory=2**30)


WAITING = """\
import time
from pathlib import Path
from convcost.measure import child

def wait(path):
    Path(path).write_text(str(__import__("os").getpid()))
    time.sleep(600)

if __name__ == "__main__":
    child.run(wait, {path!r}, seconds=600, environment={{}})
"""


def test_a_child_ends_with_its_parent(tmp_path: Path) -> None:
    script, told = tmp_path / "waiting.py", tmp_path / "pid"
    script.write_text(WAITING.format(path=str(told)))
    parent = subprocess.Popen([sys.executable, script])
    pid = soon(lambda: told.exists() and told.read_text())
    parent.kill()
    parent.wait()
    assert soon(lambda: not Path(f"/proc/{pid}/cmdline").exists() or is_dead(pid))


def soon(found: Callable[[], Any]) -> Any:
    """Return what is found, within a minute."""
    for _ in range(600):
        if answer := found():
            return answer
        time.sleep(0.1)
    return None


def is_dead(pid: str) -> bool:
    """Return whether a process has ended and waits to be asked for its exit code."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def kill_itself() -> None:
    """End as by the kernel, for want of memory."""
    import os
    import signal

    os.kill(os.getpid(), signal.SIGKILL)


def test_a_child_that_is_killed_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="ended by SIGKILL"):
        child.run(kill_itself, seconds=60, environment={})


# --- The real thing ----------------------------------------------------------------------

KINDS = """\
name: kinds
input: [3, 33, 33]
layers:
  - conv2d: {filters: 8, kernel: 2, padding: same}
  - batch_norm: {scale: false}
  - hard_swish
  - conv2d: {filters: 8, kernel: 3, groups: 8, bias: false}
  - batch_norm: {shift: false}
  - swish
  - conv2d: {filters: 6, kernel: 3, dilation: 2, stride: 2}
  - relu6
  - conv_transpose2d: {filters: 6, kernel: 3, stride: 2, groups: 2, padding: [[0, 1], [1, 0]]}
  - layer_norm: {scale: false}
  - arithmetic: {function: multiply, operand: [6, 1, 1], learned: true}
  - arithmetic: {function: subtract, operand: [6, 1, 1]}
  - dense: {units: 4, flatten: false}
  - gelu
  - dense: 10
"""


@pytest.fixture(scope="module")
def session() -> Session:
    return Session(backend=MxnetBackend(), device="cpu", rounds=5, seconds=60)


@pytest.fixture(scope="module")
def lenet(session: Session) -> Result:
    (found,) = session.measure([(convcost.load("lenet"), 2)])
    return found


@pytest.fixture(scope="module")
def resnet(session: Session) -> Result:
    (found,) = session.measure([(convcost.load("resnet18", input=(3, 32, 32)), 1)], training=True)
    return found


def agree(result: Result) -> None:
    """Assert that all is measured, and equal."""
    assert result.failures == ()
    checked = result.shapes, result.parameters, result.work
    for check in checked:
        assert check is not None
        assert (check.different, check.equal) == ((), check.checked)
    assert result.work is not None
    assert result.work.unseen == ()
    planned = result.memory.planned_bytes
    assert planned is not None
    assert result.memory.predicted_bytes >> 20 == planned >> 20


@needs_mxnet
def test_lenet(lenet: Result) -> None:
    agree(lenet)
    assert lenet.shapes is not None
    assert lenet.parameters is not None
    assert lenet.work is not None
    assert (lenet.shapes.checked, lenet.work.checked, lenet.parameters.learned) == (11, 5, 44426)
    assert lenet.layers[0].measured_multiplies == 2 * 6 * 24 * 24 * 25
    assert lenet.layers[0].primitives[-1].startswith("convolution ")
    assert all(layer.seconds for layer in lenet.layers)
    assert lenet.memory.framework_bytes is not None
    assert lenet.memory.resident_bytes is not None
    assert lenet.memory.peak_bytes is not None
    assert lenet.memory.framework_bytes <= lenet.memory.resident_bytes <= lenet.memory.peak_bytes
    assert lenet.provenance.environment["OMP_NUM_THREADS"] == "1"
    assert lenet.provenance.mxnet == "1.9.1"


@needs_mxnet
def test_a_residual_network_and_its_training_step(resnet: Result) -> None:
    agree(resnet)
    time, memory = resnet.time, resnet.memory
    assert memory.training_predicted_bytes is not None
    assert memory.training_planned_bytes is not None
    assert memory.training_predicted_bytes >> 20 == memory.training_planned_bytes >> 20
    assert time.forward_seconds is not None
    assert time.low is not None
    assert time.high is not None
    assert time.low <= time.forward_seconds <= time.high
    assert time.sum_to_whole is not None
    assert time.sum_to_whole > 0  # how near to 1 depends on what else this machine does
    assert time.processor_sum_to_whole is not None
    assert 0.8 < time.processor_sum_to_whole < 1.25  # this hardly does; layers of 0.1 ms
    assert time.fused is not None
    assert time.training_step is not None
    assert time.minimum_seconds is not None
    assert time.training_step.minimum_seconds > time.minimum_seconds
    assert resnet.ceilings is not None
    assert resnet.ceilings.multiply_adds_per_second > 1e8


@needs_mxnet
def test_results_come_back_from_a_file(lenet: Result, resnet: Result, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text(to_json([lenet, resnet]))
    assert load_results(path) == [lenet, resnet]
    path.write_text(to_json([lenet]))
    assert json.loads(path.read_text())["network"] == "lenet"
    assert load_results(path) == [lenet]


@needs_mxnet
def test_what_two_layers_share_is_an_exception() -> None:
    text = (
        "{name: n, input: [3, 4, 4], layers: [{conv2d: {name: a, filters: 3, kernel: 1}},"
        " {conv2d: {name: b, filters: 3, kernel: 1, holds: {weights: 0, biases: 0}}}]}"
    )
    cost = convcost.analyse(convcost.build(convcost.read_text(text)))
    assert cost.total().parameters.count == 12
    job = tasks.Job(MxnetBackend(), cost, "cpu")
    facts = child.run(tasks.facts, job, seconds=60, environment={})
    found = checks.parameters(cost, facts.arrays)
    assert (found.checked, found.equal, found.learned) == (2, 2, 12)
    assert [each.layer for each in found.exceptions] == ["b (weights)", "b (biases)"]


@needs_mxnet
def test_operations_belong_to_layers_and_exceptions_are_named(
    session: Session, tmp_path: Path
) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(KINDS)
    cost = convcost.analyse(convcost.load(path), batch=3)
    job = tasks.Job(session.backend, cost, "cpu")
    environment = session.backend.environment(threads=1, log=True)
    facts = child.run(tasks.facts, job, seconds=60, environment=environment)
    assert checks.shapes(cost, facts.inferred, facts.run).different == ()
    parameters = checks.parameters(cost, facts.arrays)
    assert parameters.different == ()
    assert [(each.layer, each.reason.split()[2]) for each in parameters.exceptions] == [
        ("bn1 (scales)", "gamma"),
        ("bn2 (shifts)", "beta"),
        ("ln1 (scales)", "gamma"),
        ("arithmetic2 (constants)", "constants"),
    ]
    log = child.run(tasks.work, job, seconds=60, environment=environment)
    assert set(log) == {layer.name for layer in cost.layers}
    work = checks.multiplies(cost, log)
    assert (work.checked, work.different, work.unseen) == (6, (), ())


def profiled(job: tasks.Job) -> dict[str, list[str]]:
    """Return the operators that the profiler sees, as on a GPU; runs in a child."""
    from convcost.measure.mxnet_work import profiled

    network: Any = job.backend.build(job.cost, job.device, job.seed)
    return {layer: [each.name for each in seen] for layer, seen in profiled(network).items()}


@needs_mxnet
def test_the_profiler_names_operators_by_layer(session: Session, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(KINDS)
    job = session.job(convcost.analyse(convcost.load(path)))
    found = session.run(profiled, job, log=True)
    assert found["conv1"] == ["Pad", "Convolution"]
    assert found["bn2"] == ["BatchNorm"]
    assert found["swish1"] == ["Activation", "elemwise_mul"]
    assert set(found) == {layer.name for layer in job.cost.layers}


@needs_mxnet
def test_memory_is_watched_while_it_runs(session: Session) -> None:
    cost = convcost.analyse(convcost.load("vgg16"), batch=1)
    facts = session.run(tasks.facts, session.job(cost))
    parameters = 4 * 138_357_544
    assert facts.peak_bytes >= facts.resident_bytes > facts.framework_bytes + parameters
    assert facts.framework_bytes < parameters / 2  # nothing of the network is among it


@needs_mxnet
def test_without_times_nothing_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "Child", None)  # what lanes are made of; facts are another matter
    answers: dict[Any, Any] = {
        tasks.machine: Machine("cpu", None, {}),
        tasks.facts: None,
        tasks.work: {},
    }
    monkeypatch.setattr(child, "run", lambda task, *_, **__: answers[task])
    (found,) = Session(backend=MxnetBackend(), timed=False).measure([(convcost.load("lenet"), 1)])
    assert (found.time, found.failures, found.ceilings) == (Time(), (), None)


@needs_mxnet
def test_too_large_a_batch_is_a_result() -> None:
    session = Session(backend=MxnetBackend(), device="cpu", memory=1_500_000_000, seconds=60)
    cost = convcost.analyse(convcost.load("lenet"), batch=200_000)
    with pytest.raises(MeasurementError, match=r"(?i)bad_alloc|allocate|memory"):
        session.run(tasks.facts, tasks.Job(session.backend, cost, "cpu"))


@needs_mxnet
@pytest.mark.parametrize("device", ["gpu:99", "tpu", "cpu:1"])
def test_devices_that_are_not_there(device: str) -> None:
    with pytest.raises(MeasurementError, match=f"device '{device}'"):
        _ = Session(backend=MxnetBackend(), device=device).machine


@needs_mxnet
def test_on_a_gpu() -> None:
    try:
        session = Session(backend=MxnetBackend(), device="gpu", rounds=3)
        device = session.machine.device
    except MeasurementError as error:
        pytest.skip(f"no GPU: {error}")
    (found,) = session.measure([(convcost.load("lenet"), 1)], training=True)
    assert (found.device, device) == ("gpu:0", "gpu:0")
    assert found.shapes is not None
    assert found.shapes.different == ()
    assert found.memory.resident_bytes is not None


# --- Reading what was written ------------------------------------------------------------


@pytest.fixture
def record(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    pretend(monkeypatch, {})
    found = Session(backend=MxnetBackend()).measure([(convcost.load("lenet"), 1)])
    content: dict[str, Any] = json.loads(to_json(found))
    return content


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shapes": {"checked": 1, "equal": 1}}, r"run\.json: shapes\.different: missing"),
        ({"colour": 1}, r"run\.json: colour: unknown"),
        ({"batch": "1"}, "batch: expected an integer, found '1'"),
        ({"batch": True}, "batch: expected an integer, found True"),
        ({"input": 3}, "input: expected a list, found 3"),
        ({"input": [1, None]}, r"input\[1\]: expected an integer, found None"),
        ({"failures": [3]}, r"failures\[0\]: expected an object, found 3"),
        ({"version": 2}, "version: expected 1, found 2"),
    ],
)
def test_files_are_read_strictly(
    record: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    assert from_json(json.dumps(record))[0].network == "lenet"
    with pytest.raises(MeasurementError, match=message):
        from_json(json.dumps({**record, **change}), "run.json")


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="cannot read"):
        load_results(tmp_path / "none.json")
    with pytest.raises(MeasurementError, match="not JSON"):
        from_json("{")
    with pytest.raises(MeasurementError, match="version: expected 1, found None"):
        from_json("3")


# --- The command -------------------------------------------------------------------------


def run_command(arguments: list[str]) -> Any:
    app = typer.Typer()
    app.command()(measure)
    return CliRunner().invoke(app, arguments)


@needs_mxnet
def test_the_command(
    lenet: Result, resnet: Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results = {2: lenet, 3: resnet}

    def known(
        _: object, cases: list[Any], *, after: Callable[..., None], **__: Any
    ) -> list[Result]:
        found = [results[batch] for _, batch in cases]
        after(found)
        return found

    monkeypatch.setattr(Session, "measure", known)
    path = tmp_path / "run.json"
    result = run_command(["lenet", "--batch", "2,3", "--output", str(path)])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    first, second = (line.split() for line in result.stdout.splitlines()[2:4])
    assert first[:6] == ["lenet", "2", "11/11", "10/10", "5/5", "0/0"]
    assert second[0] == "resnet18"
    assert "a training step: " in result.stdout
    assert load_results(path) == [lenet, resnet]


@needs_mxnet
def test_the_command_fails_if_anything_differs(
    lenet: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert lenet.work is not None
    wrong = Difference(layer="conv1", predicted=1, found=2)
    work = replace(lenet.work, equal=4, different=(wrong,))
    monkeypatch.setattr(Session, "measure", lambda *_, **__: [replace(lenet, work=work)])
    result = run_command(["lenet"])
    assert result.exit_code == 1
    assert "work of conv1: predicted 1, found 2" in result.stdout
