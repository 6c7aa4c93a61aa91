"""MXNet 1.9.1 as a backend. The library itself is opened only where it runs, in a child."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from resource import getpagesize
from shutil import which
from typing import TYPE_CHECKING, Any, final

from convcost.cost import NetworkCost
from convcost.errors import MeasurementError, MissingDependencyError
from convcost.measure.backend import Machine
from convcost.memory.mxnet import planned

if TYPE_CHECKING:
    from convcost.measure.mxnet_network import MxnetNetwork

MISSING = "MXNet is not installed: pip install 'convcost[mxnet]', on Python 3.11"
UNLOADABLE = (
    "MXNet's library does not load ({reason}). On a CPU: pip install 'convcost[mxnet]', on"
    " Python 3.11. On an NVIDIA GPU of compute capability 5.0 to 8.9 (not Hopper or newer):"
    " mxnet-cu117==1.9.1, numpy==1.23.5 and the CUDA 11 wheels nvidia-*-cu11, among them"
    " nvidia-cudnn-cu11==8.9.6.50 (not 9), in LD_LIBRARY_PATH"
)

FOREIGN_GPU = (
    "mxnet-cu117 1.9.1 has machine code for compute capability 5.0 to 8.9 only: not for older"
    " GPUs, nor for Hopper or newer"
)


@final
@dataclass(frozen=True, slots=True)
class MxnetBackend:
    """Bind networks symbolically, and run one operation after the other."""

    name: str = "mxnet"

    def require(self) -> None:
        """Raise MissingDependencyError if MXNet is not installed."""
        if find_spec("mxnet") is None:
            raise MissingDependencyError(MISSING)

    def environment(
        self, *, threads: int, fused: bool = False, log: bool = False
    ) -> dict[str, str]:
        """Return the variables: the naive engine waits for every operation."""
        variables = {"MXNET_ENGINE_TYPE": "NaiveEngine", "OMP_NUM_THREADS": str(threads)}
        if not fused:
            variables["MXNET_SUBGRAPH_BACKEND"] = "NONE"
        if log:
            variables |= {"DNNL_VERBOSE": "1", "MXNET_EXEC_BULK_EXEC_INFERENCE": "0"}
        return variables

    def machine(self, device: str) -> Machine:
        """Choose a device, and use it once.

        Raises: MeasurementError if it is not there.
        """
        mx = opened()
        number = mx.context.num_gpus()
        kind, _, index = device.partition(":")
        if kind == "auto":
            kind, index = ("gpu" if number else "cpu"), ""
        if kind not in {"cpu", "gpu"} or (index and not (kind == "gpu" and index.isdecimal())):
            raise MeasurementError(f"unknown device {device!r}: auto, cpu, gpu or gpu:1")
        if kind == "gpu" and int(index or 0) >= number:
            raise MeasurementError(f"there is no device {device!r}: MXNet finds {number} GPUs")
        chosen = f"gpu:{index or 0}" if kind == "gpu" else "cpu"
        try:
            mx.nd.ones((1,), ctx=context(chosen)).wait_to_read()
        except (mx.MXNetError, RuntimeError) as error:
            said = _first_line(error)
            reason = FOREIGN_GPU if "no kernel image" in said else said
            raise MeasurementError(f"{chosen} does not work: {reason}") from None
        versions = {"mxnet": mx.__version__, "numpy": version("numpy")}
        return Machine(chosen, _gpu_name(index or "0") if kind == "gpu" else None, versions)

    def build(self, cost: NetworkCost, device: str, seed: int) -> MxnetNetwork:
        """Build a network; for training if that is what its cost is of."""
        opened()
        from convcost.measure.mxnet_network import MxnetNetwork

        return MxnetNetwork.of(cost, context(device), seed)

    def plan(self, cost: NetworkCost) -> int:
        """Return what the model of MXNet's planner allocates."""
        return planned(cost)

    def used_bytes(self, device: str) -> int:
        """Return what is resident of this process; on a GPU, what all together have taken."""
        if device != "cpu":
            free, whole = opened().context.gpu_memory_info(context(device).device_id)
            return int(whole - free)
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * getpagesize()

    def product(self, size: int, device: str) -> Callable[[], None]:
        """Return a product of square matrices, as a dense layer makes it."""
        mx = opened()
        left, right = (
            mx.nd.random.normal(shape=(size, size), ctx=context(device)) for _ in range(2)
        )
        out = mx.nd.zeros_like(left)

        def multiply() -> None:
            mx.nd.FullyConnected(left, right, num_hidden=size, no_bias=True, out=out)
            out.wait_to_read()

        return multiply

    def copy(self, elements: int, device: str) -> Callable[[], None]:
        """Return a copy from one array to another."""
        mx = opened()
        source = mx.nd.ones((elements,), ctx=context(device))
        target = mx.nd.zeros_like(source)

        def move() -> None:
            mx.nd.identity(source, out=target)
            target.wait_to_read()

        return move


def opened() -> Any:
    """Return the library.

    Raises: MeasurementError that says what to install if it does not load.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of numpy, about its own names
            import mxnet
    except (ImportError, AttributeError, OSError, RuntimeError) as error:
        raise MeasurementError(UNLOADABLE.format(reason=_first_line(error))) from None
    return mxnet


def context(device: str) -> Any:
    """Return MXNet's context for ``cpu`` or ``gpu:N``."""
    kind, _, index = device.partition(":")
    mx = opened()
    return mx.gpu(int(index)) if kind == "gpu" else mx.cpu()


def _gpu_name(index: str) -> str | None:
    """Ask NVIDIA's tool, if it is there."""
    tool = which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, f"--id={index}", "--query-gpu=name", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)  # noqa: S603
    return answer.stdout.strip() or None


def _first_line(error: Exception) -> str:
    """Return what an error says; MXNet's begin with a trace and end in what is meant."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("MXNetError: ")]
    return (said or lines or [type(error).__name__])[0].removeprefix("MXNetError: ")
