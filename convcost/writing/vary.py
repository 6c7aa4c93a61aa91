"""What differs between copies of the same layers: the variables that stand for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any

from convcost.writing.items import Slot, Text

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TAKEN = {"name", "from", "when", "true", "false", "input"}


@dataclass(frozen=True, slots=True)
class Varied:
    """The values of all copies in one: what differs is a variable, or follows from one.

    ``variables`` have, for every copy, the value there.
    """

    values: tuple[Any, ...]
    variables: Mapping[str, tuple[Any, ...]]


def varied(copies: Sequence[Sequence[Slot]], taken: Collection[str]) -> Varied:
    """Return what copies with slots of the same names have in common.

    No variable gets a name that is ``taken``, or that occurs in an expression inside.
    """
    columns = list(zip(*copies, strict=True))
    used = {*_TAKEN, *taken, *words(slot.value for slot in copies[0])}
    variables: dict[str, tuple[Any, ...]] = {}
    values: list[Any] = []
    for column in columns:
        here = tuple(slot.value for slot in column)
        if all(value == here[0] for value in here):
            values.append(here[0])
            continue
        known = _known(here, variables)
        if known is None:
            known = _free(column[0].name, used)
            used.add(known)
            variables[known] = here
        values.append(Text(known))
    return Varied(tuple(values), variables)


def words(values: Iterable[Any]) -> set[str]:
    """Return the names that occur in expressions."""
    return {word for value in values for text in _texts(value) for word in _WORD.findall(text)}


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Text):
        yield value.text
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)


def _known(values: tuple[Any, ...], variables: Mapping[str, tuple[Any, ...]]) -> str | None:
    """Return the variable with these values, or one of which they are multiples or parts."""
    for name, others in variables.items():
        if others == values:
            return name
    if not all(isinstance(value, int) and value > 0 for value in values):
        return None
    for name, others in variables.items():
        if not all(isinstance(other, int) and other > 0 for other in others):
            continue
        pairs = list(zip(values, others, strict=True))
        times, parts = values[0] // others[0], others[0] // values[0]
        if times > 1 and all(value == times * other for value, other in pairs):
            return f"{times} * {name}"
        if parts > 1 and all(parts * value == other for value, other in pairs):
            return f"{name} // {parts}"
    return None


def _free(wanted: str, used: Collection[str]) -> str:
    found, number = wanted, 1
    while found in used or iskeyword(found):
        number += 1
        found = f"{wanted}_{number}"
    return found
