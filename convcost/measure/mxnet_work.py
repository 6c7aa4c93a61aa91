"""What runs for each layer: oneDNN's log on a CPU, MXNet's profiler on a GPU."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import mxnet as mx

from convcost.errors import MeasurementError
from convcost.measure import onednn
from convcost.measure.backend import Primitive
from convcost.measure.mxnet_nodes import layers_of_outputs

if TYPE_CHECKING:
    from convcost.measure.mxnet_network import MxnetNetwork

_MARK = "--- "


def logged(network: MxnetNetwork) -> dict[str, list[Primitive]]:
    """Return what oneDNN says it executed in a pass, by layer.

    A pass is watched, and the layer written behind what oneDNN printed for it; both go to
    standard output around Python's buffer. Needs DNNL_VERBOSE=1 from the start.
    """
    watched = network.watched()
    watched.run(lambda _: None)  # weights are laid out anew in the first
    with _standard_output() as file:
        watched.run(_mark)
        file.seek(0)
        log = file.read().decode(errors="replace")
    found: dict[str, list[Primitive]] = {}
    lines: list[str] = []
    for line in log.splitlines():
        lines.append(line)
        if line.startswith(_MARK):
            layer = found.setdefault(line.removeprefix(_MARK), [])
            layer.extend(onednn.primitives("\n".join(lines)))
            lines = []
    return found


def profiled(network: MxnetNetwork) -> dict[str, list[Primitive]]:
    """Return the operators that MXNet's profiler saw in a pass, by layer, without sizes.

    It names no layers: its events are taken in the symbol's order, in which operators run.
    What is none of them, such as a reorder, prepares the one behind it. Needs
    MXNET_EXEC_BULK_EXEC_INFERENCE=0, or several operators are seen as one.

    Raises: MeasurementError if the symbol's operators are not all among them.
    """
    network.run()
    with tempfile.TemporaryDirectory() as folder:
        trace = Path(folder, "trace.json")
        mx.profiler.set_config(profile_symbolic=True, filename=str(trace))
        mx.profiler.set_state("run")
        network.run()
        mx.profiler.set_state("stop")
        mx.profiler.dump()
        seen = _operators(json.loads(trace.read_text(encoding="utf-8")))
    owners = layers_of_outputs(network.symbol, network.cost)
    found: dict[str, list[Primitive]] = {}
    for node in json.loads(network.symbol.tojson())["nodes"]:
        layer = owners.get(f"{node['name']}_output")
        if layer is None:
            continue
        for name in seen:
            found.setdefault(layer, []).append(Primitive(name, None))
            if name == node["op"]:
                break
        else:
            raise MeasurementError(f"MXNet's profiler did not see {node['op']} of {layer!r}")
    return found


def _operators(trace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the operators' names, in the order they began; the engine's own inside aside."""
    events = [
        event
        for event in trace["traceEvents"]
        if event.get("cat") == "operator" and event.get("ph") in {"B", "E"}
    ]
    depth = 0
    for event in sorted(events, key=lambda event: int(event["ts"])):
        if event["ph"] == "B" and depth == 0:
            yield str(event["name"])
        depth += 1 if event["ph"] == "B" else -1


def _mark(layer: str | None) -> None:
    if layer is not None:
        os.write(1, f"{_MARK}{layer}\n".encode())


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    """Send all that the process writes to descriptor 1 to a file that vanishes with it."""
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield file
        finally:
            os.dup2(kept, 1)
            os.close(kept)
