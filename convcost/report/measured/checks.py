"""The verdict: each thing that was compared or measured, and what it came to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from convcost.measure.result import Difference, Failure, Memory, Remark, Result, Time, Timing
from convcost.report import units
from convcost.report.measured import numbers
from convcost.report.measured.predicted import Predicted

State = Literal["equal", "different", "warning", "measured", "unknown"]
SIGNS = {"equal": "✓", "different": "✗", "warning": "!", "measured": "·", "unknown": "?"}
"""A sign for each state; the word is never far."""

NOT_MEASURED = "not measured"
_MB = 2**20  # the framework plans whole ones, rounded down
_MOST_NAMES = 4  # in a sentence


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the verdict; ``details`` say what it is about, ``names`` what differs."""

    label: str
    state: State
    text: str
    details: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        names = ", ".join(self.names[:_MOST_NAMES])
        more = ", ..." if len(self.names) > _MOST_NAMES else ""
        return f"{self.label} ({names}{more})" if names else self.label


def checks(result: Result) -> list[Check]:
    """Return the lines of a verdict, the comparisons first."""
    lines = [
        _shapes(result),
        _parameters(result),
        _multiplies(result),
        _plan(
            "memory plan",
            result.memory.predicted_bytes,
            result.memory.planned_bytes,
        ),
    ]
    if result.memory.training_predicted_bytes is not None:
        predicted, planned = (
            result.memory.training_predicted_bytes,
            result.memory.training_planned_bytes,
        )
        lines.append(_plan("training memory plan", predicted, planned))
    lines += [_sum_to_whole(result.time), *_times(result.time)]
    if (resident := _resident(result.memory)) is not None:
        lines.append(resident)
    if result.failures:
        lines.append(_failures(result.failures))
    return lines


def predictions(found: Predicted | str | None) -> Iterator[Check]:
    """Yield how right each predicted time of the whole is, beside the fastest pass."""
    if isinstance(found, str):
        yield Check("prediction", "unknown", found)
    if not isinstance(found, Predicted):
        return
    for each in found.wholes:
        time = each.predicted
        inside = time.low <= each.measured <= time.high
        text = (
            f"{numbers.seconds(time.seconds)} (90% interval {numbers.seconds(time.low)} to"
            f" {numbers.seconds(time.high)}), {time.seconds / each.measured - 1:+.1%} of the least"
            f" measured, {numbers.seconds(each.measured)}"
        )
        details = (f"by the profile {found.profile}: {found.processor}",)
        state: State = "measured" if inside else "warning"
        yield Check(f"predicted {each.label}", state, text, details)


def memory_error(predicted: int, planned: int) -> float | None:
    """Return the predicted whole MB less the planned, as a part of the planned.

    None if the plan is under one MB, and the prediction is not.
    """
    difference = predicted // _MB - planned // _MB
    if not difference:
        return 0.0
    return difference / (planned // _MB) if planned >= _MB else None


def _failures(found: tuple[Failure, ...]) -> Check:
    details = tuple(f"{failure.what}: {failure.reason}" for failure in found)
    names = tuple(failure.what for failure in found)
    return Check(NOT_MEASURED, "warning", _several(len(found), "part"), details, names)


def _shapes(result: Result) -> Check:
    if result.shapes is None:
        return _unknown("shapes")
    return _compared(
        "shapes",
        "layers equal",
        result.shapes.checked,
        result.shapes.equal,
        result.shapes.different,
    )


def _parameters(result: Result) -> Check:
    found = result.parameters
    if found is None:
        return _unknown("parameters")
    sums = f"; {found.learned:,} learned, {found.statistics:,} statistics"
    return _compared(
        "parameters",
        "arrays equal",
        found.checked,
        found.equal,
        found.different,
        found.exceptions,
        more=sums,
    )


def _multiplies(result: Result) -> Check:
    found = result.work
    if found is None:
        return _unknown("multiplies")
    return _compared(
        "multiplies",
        "layers equal to the framework's own log",
        found.checked,
        found.equal,
        found.different,
        found.unseen,
    )


def _compared(  # noqa: PLR0913, PLR0917 - what every comparison has
    label: str,
    of: str,
    checked: int,
    equal: int,
    different: tuple[Difference, ...],
    remarks: tuple[Remark, ...] = (),
    more: str = "",
) -> Check:
    details = (
        *(
            f"{each.layer}: predicted {numbers.found(each.predicted)},"
            f" found {numbers.found(each.found)}"
            for each in different
        ),
        *(f"{each.layer} is left out: {each.reason}" for each in remarks),
    )
    same: State = "equal" if checked == equal and not different else "different"
    state: State = same if checked else "unknown"
    names = tuple(each.layer for each in different)
    return Check(label, state, f"{equal:,} of {checked:,} {of}{more}", details, names)


def _plan(label: str, predicted: int, planned: int | None) -> Check:
    """Compare whole MB: the framework prints no more of it."""
    said = f"predicted {units.size(predicted)}"
    if planned is None:
        return Check(label, "unknown", f"{said}; the framework's plan is not known")
    error = memory_error(predicted, planned)
    off = "" if error is None else f"; error {100 * error:+.2f}%" if error else "; error 0.00%"
    state: State = "equal" if error == 0 else "different"
    return Check(label, state, f"{said}, planned {numbers.planned(planned)}{off}")


def _sum_to_whole(time: Time) -> Check:
    if time.sum_to_whole is None:
        return _unknown("sum to whole")
    text = f"the layers' times are {time.sum_to_whole:.3f} of the whole's"
    warning = time.warning
    if warning is None:
        return Check("sum to whole", "measured", text)
    return Check("sum to whole", "warning", text, (warning,))


def _times(time: Time) -> Iterator[Check]:
    if (
        time.forward_seconds is None
        or time.low is None
        or time.high is None
        or time.minimum_seconds is None
        or time.rounds is None
    ):
        yield _unknown("forward time")
    else:
        whole = Timing(
            forward_seconds=time.forward_seconds,
            low=time.low,
            high=time.high,
            minimum_seconds=time.minimum_seconds,
            rounds=time.rounds,
        )
        yield _timing("forward time", whole)
    if time.fused is not None:
        yield _timing("fused forward time", time.fused)
    if time.training_step is not None:
        yield _timing("training step time", time.training_step)
    if (kernel := time.reference) is not None:
        spread = f"95% interval {numbers.seconds(kernel.low)} to {numbers.seconds(kernel.high)}"
        marked = _several(kernel.marked_rounds, "round") + " marked"
        text = f"{numbers.seconds(kernel.median_seconds)} ({spread}), {marked}"
        yield Check("reference kernel", "warning" if kernel.marked_rounds else "measured", text)


def _timing(label: str, timing: Timing) -> Check:
    text = (
        f"{numbers.seconds(timing.forward_seconds)}"
        f" (95% interval {numbers.seconds(timing.low)} to {numbers.seconds(timing.high)},"
        f" least {numbers.seconds(timing.minimum_seconds)}, {_several(timing.rounds, 'round')})"
    )
    return Check(label, "measured", text)


def _resident(memory: Memory) -> Check | None:
    if memory.resident_bytes is None:
        return None
    parts = [f"{units.size(memory.resident_bytes)} after a pass"]
    if memory.peak_bytes is not None:
        parts.append(f"{units.size(memory.peak_bytes)} at most until then")
    if memory.framework_bytes is not None:
        parts.append(f"{units.size(memory.framework_bytes)} with a network that holds nothing")
    text = ", ".join(parts)
    return Check("resident memory", "measured", text)


def _unknown(label: str) -> Check:
    return Check(label, "unknown", NOT_MEASURED)


def _several(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
