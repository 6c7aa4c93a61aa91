"""What a measurement found, as records. Needs no framework.

What could not be measured is None, never 0, and has a line in ``failures``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

VERSION = 1
_LOWEST_SUM, _HIGHEST_SUM = 0.95, 1.05  # of the layers' times, over the whole's


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A layer, or one of its arrays, for which the model and the framework disagree."""

    layer: str
    predicted: int | tuple[int, ...]
    found: int | tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A layer, or one of its arrays, and why it is left out of a comparison."""

    layer: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shapes:
    """Every layer's output, as inferred and as run."""

    checked: int
    equal: int
    different: tuple[Difference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterCounts:
    """Learned arrays and statistics by name; ``exceptions`` exist but are not learned."""

    checked: int
    equal: int
    different: tuple[Difference, ...]
    exceptions: tuple[Remark, ...]
    learned: int
    statistics: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplies:
    """Multiplies of convolutions and dense layers against the framework's own log."""

    checked: int
    equal: int
    different: tuple[Difference, ...]
    unseen: tuple[Remark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Units: bytes. Planned ones are whole MB of 2**20, rounded down by the framework.

    ``framework_bytes``, ``resident_bytes`` and ``peak_bytes`` were in use: with a network that
    holds nothing, after a pass of this one, and at most until then.
    """

    predicted_bytes: int
    planned_bytes: int | None
    training_predicted_bytes: int | None
    training_planned_bytes: int | None
    resident_bytes: int | None
    framework_bytes: int | None
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Median, its 95% bootstrap interval, and minimum of a pass. Units: seconds."""

    forward_seconds: float
    low: float
    high: float
    minimum_seconds: float
    rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The same small kernel, timed in every round: what the machine's noise was."""

    median_seconds: float
    low: float
    high: float
    marked_rounds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A forward pass without fusion, its layers, and what else was timed. Units: seconds.

    ``sum_to_whole`` is of the layers' medians over the whole's; ``processor_sum_to_whole`` is
    the same on the process's own clock, which stops while other processes run.
    """

    forward_seconds: float | None = None
    low: float | None = None
    high: float | None = None
    minimum_seconds: float | None = None
    rounds: int | None = None
    layers_sum_seconds: float | None = None
    sum_to_whole: float | None = None
    processor_sum_to_whole: float | None = None
    fused: Timing | None = None
    training_step: Timing | None = None
    reference: Reference | None = None

    @property
    def warning(self) -> str | None:
        """What to say if the layers' times do not add up to the whole's."""
        ratio, busy = self.sum_to_whole, self.processor_sum_to_whole
        if ratio is None or _LOWEST_SUM <= ratio <= _HIGHEST_SUM:
            return None
        off = (
            f"the layers' times add up to {ratio:.2f} of the whole's, outside {_LOWEST_SUM} to"
            f" {_HIGHEST_SUM}"
        )
        if busy is None or not _LOWEST_SUM <= busy <= _HIGHEST_SUM:
            return f"{off}: do not trust them one by one"
        return f"{off}, and to {busy:.2f} on the processor's own clock: the machine was not quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceilings:
    """What a large matrix product and a large copy reached in the same session."""

    multiply_adds_per_second: float
    bytes_per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredLayer:
    """One layer: what the model says beside what was measured."""

    name: str
    kind: str
    seconds: float | None
    multiplies: int
    adds: int
    bytes_moved: int
    measured_multiplies: int | None
    primitives: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What could not be measured, and why."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where, when and with what a measurement was made."""

    processor: str
    cores: int
    memory_bytes: int | None
    system: str
    python: str
    convcost: str
    mxnet: str | None
    numpy: str | None
    environment: Mapping[str, str]
    load: tuple[float, ...]
    seed: int
    spec_sha256: str | None
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One network at one batch on one device."""

    version: int = VERSION
    network: str
    input: tuple[int, ...]
    batch: int
    dtype: str
    backend: str
    device: str
    threads: int
    training: bool
    shapes: Shapes | None
    parameters: ParameterCounts | None
    work: Multiplies | None
    memory: Memory
    time: Time
    ceilings: Ceilings | None
    layers: tuple[MeasuredLayer, ...]
    failures: tuple[Failure, ...]
    provenance: Provenance
