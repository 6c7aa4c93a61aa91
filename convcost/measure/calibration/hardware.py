"""What the operating system knows of the processor: its caches and its vectors."""

from __future__ import annotations

from pathlib import Path

from convcost.measure.result import Ceilings
from convcost.prediction.machine import Machine

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_PROCESSOR = Path("/proc/cpuinfo")
_LANES = {"avx512f": 16, "avx2": 8, "avx": 8}
_FEWEST_LANES = 4  # of SSE and NEON
_UNKNOWN_L2 = 2**20  # where the system does not say
_UNITS = {"K": 2**10, "M": 2**20}


def machine(
    processor: str, device: str, threads: int, ceilings: Ceilings, reference: float
) -> Machine:
    """Describe the machine; what is not known is taken to be as most have it.

    Each thread has a level 2 of its own, as long as there are as many cores; level 3 is shared.
    """
    caches = cache_bytes()
    return Machine(
        processor=processor,
        device=device,
        threads=threads,
        lanes=lanes(),
        l2_bytes=threads * caches.get(2, _UNKNOWN_L2),
        l3_bytes=caches.get(3, 0),
        multiply_adds_per_second=ceilings.multiply_adds_per_second,
        bytes_per_second=ceilings.bytes_per_second,
        reference_seconds=reference,
    )


def cache_bytes(folder: Path = _CACHES) -> dict[int, int]:
    """Return the bytes of the caches for data that the first core uses, by level."""
    found: dict[int, int] = {}
    for path in sorted(folder.glob("index*")):
        try:
            level, kind, size = (
                (path / name).read_text(encoding="ascii").strip()
                for name in ("level", "type", "size")
            )
        except OSError:
            continue
        if kind != "Instruction":
            found[int(level)] = int(size[:-1]) * _UNITS[size[-1]]
    return found


def lanes(path: Path = _PROCESSOR) -> int:
    """Return the float32 numbers in the largest vector that the processor has."""
    try:
        words = set(path.read_text(encoding="utf-8").split())
    except OSError:
        return _FEWEST_LANES
    return max((_LANES[word] for word in words & _LANES.keys()), default=_FEWEST_LANES)
