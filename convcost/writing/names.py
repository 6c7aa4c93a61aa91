"""Which names a spec must state, and which the layers get anyway."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

_NUMBERED = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*?)([1-9][0-9]*)")


def stem_and_number(name: str) -> tuple[str, int]:
    """Return what a numbered name begins with, and its number; 0 if it is not numbered."""
    found = _NUMBERED.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, 0)


def stated(entries: Sequence[tuple[str, str]], reserved: Iterable[str] = ()) -> set[int]:
    """Return which of a list's items would not get their names by being numbered.

    ``entries`` are the label and the name of every item in its order; ``reserved`` are the
    names that branches have. Numbering leaves out what is stated, so the answer is looked
    for until it does not change.
    """
    found: set[int] = set()
    branches = set(reserved)
    while True:
        taken = branches | {entries[index][1] for index in found}
        before, count = len(found), Counter[str]()
        for index, (label, name) in enumerate(entries):
            if index in found:
                continue
            number = count[label] + 1
            while f"{label}{number}" in taken:
                number += 1
            if f"{label}{number}" == name:
                count[label] = number
            else:
                found.add(index)
                taken.add(name)
        if len(found) == before:
            return found


def numbered(labels: Iterable[str]) -> list[str]:
    """Return the names that items without any get."""
    count = Counter[str]()
    names = []
    for label in labels:
        count[label] += 1
        names.append(f"{label}{count[label]}")
    return names
