"""Where, when and with what a measurement is made."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from convcost import __version__
from convcost.measure.backend import Machine
from convcost.measure.result import Provenance

_MATTERING = ("OMP_", "KMP_", "MKL_", "DNNL_", "MXNET_", "OPENBLAS_", "CUDA_", "GOMP_")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def provenance(
    machine: Machine, variables: Mapping[str, str], *, spec: str, seed: int
) -> Provenance:
    """Describe the machine as it is now; ``variables`` are those that children are given."""
    inherited = {key: value for key, value in os.environ.items() if key.startswith(_MATTERING)}
    return Provenance(
        processor=machine.processor or processor(),
        cores=cores(),
        memory_bytes=memory_bytes(),
        system=platform.platform(),
        python=platform.python_version(),
        convcost=__version__,
        mxnet=machine.versions.get("mxnet"),
        numpy=machine.versions.get("numpy"),
        environment=dict(sorted({**inherited, **variables}.items())),
        load=tuple(os.getloadavg()),
        seed=seed,
        spec_sha256=sha256(spec.encode()).hexdigest(),
        date=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def processor() -> str:
    """Return what the system calls the processor."""
    return _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def memory_bytes() -> int | None:
    """Return how much memory the machine has, where it says so."""
    kilobytes = _first("/proc/meminfo", "MemTotal")
    return int(kilobytes.split()[0]) * 1024 if kilobytes else None


def _first(path: str, key: str) -> str | None:
    """Return the first value of a key in a file of ``key : value`` lines."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError:
        return None
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip() == key:
            return value.strip()
    return None
