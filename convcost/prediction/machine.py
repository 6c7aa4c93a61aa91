"""What of a machine decides how long a layer takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A processor with so many threads at work, and what a product and a copy reached on it.

    ``lanes`` are the float32 numbers in one of its vectors: 16 with AVX-512, 8 with AVX2.
    ``reference_seconds`` is what a small product, always the same, took at best: times of
    another day are scaled by it.
    """

    processor: str
    device: str
    threads: int
    lanes: int
    l2_bytes: int
    l3_bytes: int
    multiply_adds_per_second: float
    bytes_per_second: float
    reference_seconds: float = 0.0
