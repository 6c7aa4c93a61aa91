"""What a report of measurements says, as records; how it looks is for others to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from convcost.graph import Network
from convcost.measure.result import Result
from convcost.prediction.profile import Profile
from convcost.report.measured import numbers
from convcost.report.measured.checks import Check, checks, predictions
from convcost.report.measured.lines import Line, least_explained, lines
from convcost.report.measured.model import Model, model_of
from convcost.report.measured.predicted import Choice, Predicted


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One result: its verdict, its layers, those least explained, what the model adds.

    ``name`` sets it apart from the others of a report.
    """

    name: str
    result: Result
    checks: tuple[Check, ...]
    lines: tuple[Line, ...]
    least_explained: tuple[Line, ...]
    model: Model | None
    why_no_model: str

    @property
    def title(self) -> str:
        """The network and what it was measured at."""
        given = "×".join(map(str, self.result.input[1:]))
        return f"{self.result.network}, batch {self.result.batch} of {given}"

    @property
    def setting(self) -> str:
        """What it ran on."""
        result = self.result
        threads = f"{result.threads} thread" + ("" if result.threads == 1 else "s")
        return f"{result.backend} on {result.device}, {threads}, {result.dtype}"

    @property
    def state(self) -> str:
        """How it came out: ``different``, ``unknown``, ``warning`` or ``equal``.

        A warning is of times that do not add up, or of what could not be measured.
        """
        states = {check.state for check in self.checks}
        worst = next((each for each in ("different", "unknown") if each in states), None)
        doubtful = self.result.time.warning is not None or self.result.failures
        return worst or ("warning" if doubtful else "equal")

    @property
    def verdict(self) -> str:
        """All of it in a sentence, with what differs by name."""
        parts = [
            f"{what}: {', '.join(str(check) for check in self.checks if check.state == state)}"
            for state, what in (("different", "Different"), ("unknown", "Not known"))
            if any(check.state == state for check in self.checks)
        ]
        if not parts:
            parts = ["Everything that was compared is equal"]
        if self.result.time.warning is not None:
            parts.append("The layers' times do not add up")
        known = {check.label for check in self.checks}
        failed = [each.what for each in self.result.failures if each.what not in known]
        if failed:
            parts.append(f"Not measured: {', '.join(failed)}")
        return ". ".join(parts) + "."

    @property
    def by_time(self) -> list[Line]:
        """The layers that were timed, the slowest first."""
        timed = [line for line in self.lines if line.seconds is not None]
        return sorted(timed, key=lambda line: line.seconds or 0.0, reverse=True)

    @property
    def worked(self) -> list[Line]:
        """The layers that were timed and multiply, the slowest first."""
        return [line for line in self.by_time if line.rate is not None]

    @property
    def prediction(self) -> Predicted | None:
        """What a profile says of it."""
        found = self.model.predicted if self.model is not None else None
        return found if isinstance(found, Predicted) else None

    @property
    def predicted(self) -> list[Line]:
        """The layers that were timed and predicted."""
        return [line for line in self.by_time if line.predicted_seconds and line.seconds]

    @property
    def expectation(self) -> str:
        """What ``expected_seconds`` of the lines means."""
        ceilings = self.result.ceilings
        if ceilings is None:
            return "its share of the multiplies, of the time of all layers"
        return (
            "the least time by the session's ceilings:"
            f" {numbers.rate(ceilings.multiply_adds_per_second, ' multiply-adds/s')}"
            f" and {numbers.rate(ceilings.bytes_per_second, 'B/s')}"
        )

    @property
    def provenance(self) -> list[tuple[str, str]]:
        """What is to be known of where the numbers come from, by name."""
        known = self.result.provenance
        variables = [f"{name}={value}" for name, value in known.environment.items()]
        return [
            ("processor", known.processor),
            ("cores", str(known.cores)),
            ("threads", str(self.result.threads)),
            ("memory", numbers.size(known.memory_bytes)),
            ("system", known.system),
            ("Python", known.python),
            ("convcost", known.convcost),
            ("MXNet", known.mxnet or numbers.UNKNOWN),
            ("NumPy", known.numpy or numbers.UNKNOWN),
            ("environment", ", ".join(variables) or "nothing set"),
            ("load before", ", ".join(f"{each:.2f}" for each in known.load)),
            ("seed", str(known.seed)),
            ("SHA-256 of the spec", known.spec_sha256 or numbers.UNKNOWN),
            ("date", known.date),
        ]


@dataclass(frozen=True, slots=True)
class Content:
    """Chapters, one for each result."""

    chapters: tuple[Chapter, ...]

    @property
    def title(self) -> str:
        """The networks, each once."""
        names = dict.fromkeys(chapter.result.network for chapter in self.chapters)
        return "Model and measurement: " + ", ".join(names)

    @property
    def verdicts(self) -> list[tuple[str, tuple[Chapter, ...]]]:
        """Each verdict once, and the chapters that have it."""
        found: dict[str, tuple[Chapter, ...]] = {}
        for chapter in self.chapters:
            found[chapter.verdict] = (*found.get(chapter.verdict, ()), chapter)
        return list(found.items())


def content(
    results: Sequence[Result],
    networks: Mapping[str, Network] | None = None,
    choose: Choice = lambda _: None,
) -> Content:
    """Return what there is to say of results; ``networks`` are those measured, by name.

    ``choose`` gives the profile that predicts a result's times.
    """
    given = networks or {}
    return Content(
        tuple(
            _chapter(f"r{index}", result, given.get(result.network), choose(result))
            for index, result in enumerate(results, 1)
        )
    )


def _chapter(
    name: str, result: Result, network: Network | None, profile: Profile | None
) -> Chapter:
    model = model_of(result, network, profile)
    predicted = model.predicted if isinstance(model, Model) else None
    times = predicted.layers if isinstance(predicted, Predicted) else {}
    found = lines(result, {name: each.seconds for name, each in times.items()})
    return Chapter(
        name=name,
        result=result,
        checks=(*checks(result), *predictions(predicted)),
        lines=found,
        least_explained=least_explained(found),
        model=model if isinstance(model, Model) else None,
        why_no_model=model if isinstance(model, str) else "",
    )
