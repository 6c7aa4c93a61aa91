"""The errors convcost raises for input it cannot accept, and the places they point at."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file: 1-based line and column, with the line's own text."""

    file: str
    line: int
    column: int
    source_line: str
    length: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def part(self, text: str, offset: int, length: int) -> Location:
        """Return the place of a part of a text that stands here, in quotes perhaps.

        It is this place itself if the text does not stand on the line as it is.
        """
        start = self.source_line.find(text, self.column - 1)
        if start < 0:
            return self
        return replace(self, column=start + offset + 1, length=length)

    def excerpt(self) -> str:
        """Return the line, and under it a caret for every character that is meant."""
        text = self.source_line.replace("\t", " ")
        start = max(0, self.column - 61)
        shown = text[start : start + 100]
        gutter = " " * len(str(self.line))
        before = self.column - 1 - start
        carets = "^" * max(1, min(self.length, len(shown) - before))
        return f"  --> {self}\n      {self.line} | {shown}\n      {gutter} | {' ' * before}{carets}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and what helps to see why."""

    message: str
    location: Location | None = None
    details: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        parts = [f"error: {self.message}"]
        if self.location is not None:
            parts.append(self.location.excerpt())
        parts.extend(f"  {detail}" for detail in self.details)
        return "\n".join(parts)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Sort problems by their place, each once; those without a place come last."""

    def place(problem: Problem) -> tuple[float, float]:
        here = problem.location
        return (here.line, here.column) if here else (math.inf, math.inf)

    return sorted(dict.fromkeys(problems), key=place)


class ConvcostError(Exception):
    """What convcost raises for input it cannot accept: one problem, or all those of a file."""

    def __init__(self, *problems: Problem | str, location: Location | None = None) -> None:
        """Take problems, or short sentences with the one place they are about."""
        self.problems = tuple(
            Problem(problem, location) if isinstance(problem, str) else problem
            for problem in problems
        )
        super().__init__(*self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))

    def at(self, where: str, location: Location | None, *details: str) -> Self:
        """Return the same error with what it is about and its place put before each problem."""
        return type(self)(
            *(
                Problem(
                    f"{where}: {problem.message}" if where else problem.message,
                    problem.location or location,
                    (*problem.details, *details),
                )
                for problem in self.problems
            )
        )


class SpecError(ConvcostError):
    """A spec is not well formed, or what is asked of it is not in it."""


class GraphError(ConvcostError):
    """The layers of a network do not make a graph: an unknown input, a cycle, a wrong arity."""


class ShapeError(ConvcostError):
    """A layer cannot take the shapes or the attributes it is given."""


class ImportFormatError(ConvcostError):
    """A file of another tool is not what it should be, or has what cannot be imported."""


class ExportError(ConvcostError):
    """A network cannot be written in the format of another tool."""


class UsageError(ConvcostError):
    """An option's value is not understood, or options do not go together."""


class OutputError(ConvcostError):
    """A result cannot be written where it was asked for."""


class MeasurementError(ConvcostError):
    """A framework cannot build or run a network, or did not come back from it."""


class ProfileError(ConvcostError):
    """A profile of a machine is not what it should be, or there is none."""


class MissingDependencyError(ConvcostError):
    """A library that is no part of the core is needed and not installed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a clause that names what is known, the nearest to ``name`` first of all."""
    from difflib import get_close_matches  # rarely needed, and not free to import

    names = sorted(known)
    # Comparing takes time, and long words or long lists would make it felt.
    comparable = len(names) <= 500 and len(name) <= 100  # noqa: PLR2004
    close = get_close_matches(name, names, n=3, cutoff=0.6) if comparable else []
    if close:
        return "did you mean " + " or ".join(repr(match) for match in close) + "?"
    if len(names) > 12:  # noqa: PLR2004 - more would hide the error itself
        return f"{len(names)} names are known, none of them near"
    return "known: " + (", ".join(names) or "none")
