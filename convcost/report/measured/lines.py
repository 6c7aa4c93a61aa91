"""Layers: what the model says beside what was measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convcost.measure.result import Ceilings, MeasuredLayer, Result

_MOST_UNEXPLAINED = 5
_MOST_STEPS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A layer. Units: multiplies, bytes, multiplies a byte, seconds, multiply-adds a second.

    ``expected_seconds`` is what its work explains: the least time that the session's ceilings
    allow, or else its share of the multiplies, of the time of all layers;
    ``predicted_seconds`` is what a profile says, if there is one.
    """

    name: str
    kind: str
    multiplies: int
    bytes_moved: int
    intensity: float | None
    seconds: float | None
    rate: float | None
    time_share: float | None
    multiply_share: float
    expected_seconds: float | None
    predicted_seconds: float | None
    primitives: tuple[str, ...]

    @property
    def unexplained_seconds(self) -> float:
        """What the layer takes longer than its work explains."""
        if self.seconds is None or self.expected_seconds is None:
            return 0.0
        return self.seconds - self.expected_seconds

    @property
    def times_expected(self) -> float | None:
        """How many times as long it takes as its work explains."""
        if self.seconds is None or not self.expected_seconds:
            return None
        return self.seconds / self.expected_seconds

    @property
    def predicted_ratio(self) -> float | None:
        """How many times as long as measured it was predicted to take."""
        if not self.seconds or self.predicted_seconds is None:
            return None
        return self.predicted_seconds / self.seconds


def lines(result: Result, predicted: Mapping[str, float] | None = None) -> tuple[Line, ...]:
    """Return a line for every layer, in the order they run; with its predicted seconds."""
    multiplies = sum(layer.multiplies for layer in result.layers)
    seconds = sum(layer.seconds or 0.0 for layer in result.layers)
    known = predicted or {}
    return tuple(
        _line(each, multiplies, seconds, result.ceilings, known.get(each.name))
        for each in result.layers
    )


def least_explained(found: Sequence[Line]) -> tuple[Line, ...]:
    """Return the layers with the most time that their work does not explain."""
    late = [line for line in found if line.unexplained_seconds > 0]
    late.sort(key=lambda line: line.unexplained_seconds, reverse=True)
    return tuple(late[:_MOST_UNEXPLAINED])


def steps_to_total(found: Sequence[Line]) -> list[tuple[str, float]]:
    """Return predicted less measured seconds of the worst layers, of all others, and of all."""
    errors = [(line.name, (line.predicted_seconds or 0) - (line.seconds or 0)) for line in found]
    errors.sort(key=lambda each: abs(each[1]), reverse=True)
    others = errors[_MOST_STEPS:]
    rest = [("all others", sum(error for _, error in others))] if others else []
    return [*errors[:_MOST_STEPS], *rest, ("all layers", sum(error for _, error in errors))]


def _line(
    layer: MeasuredLayer,
    multiplies: int,
    seconds: float,
    ceilings: Ceilings | None,
    predicted: float | None,
) -> Line:
    moved, taken = layer.bytes_moved, layer.seconds
    multiply_share = layer.multiplies / multiplies if multiplies else 0.0
    if ceilings is None:
        expected = seconds * multiply_share if seconds else None
    else:
        expected = max(
            layer.multiplies / ceilings.multiply_adds_per_second,
            layer.bytes_moved / ceilings.bytes_per_second,
        )
    return Line(
        name=layer.name,
        kind=layer.kind,
        multiplies=layer.multiplies,
        bytes_moved=moved,
        intensity=layer.multiplies / moved if moved else None,
        seconds=taken,
        rate=layer.multiplies / taken if taken and layer.multiplies else None,
        time_share=taken / seconds if taken is not None and seconds else None,
        multiply_share=multiply_share,
        expected_seconds=expected,
        predicted_seconds=predicted,
        primitives=layer.primitives,
    )
