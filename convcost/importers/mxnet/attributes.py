"""What the attributes of a node say: text such as ``(3, 3)``, ``True`` and ``1e-05``.

Nothing is evaluated: each value is read as what its operator takes there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from convcost.errors import ImportFormatError, nearest
from convcost.importers.mxnet.symbol import Node

_Value = TypeVar("_Value")

MOST_DIGITS = 18  # of any number: MXNet's are 64 bits
MOST_ITEMS = 32
_INTEGER = re.compile(r"([+-]?\d+)(?:L|\.0*)?")  # Python 2 wrote 3L
_BRACKETS = re.compile(r"[()\[\]]")
_TRUE, _FALSE = frozenset({"true", "1"}), frozenset({"false", "0"})
_NOTHING = frozenset({"none", "", "null"})


@dataclass(frozen=True, slots=True)
class Attributes:
    """The attributes of one node; ``otherwise`` stands for one that is missing.

    Raises: ImportFormatError, of all getters, if a value is not of its sort.
    """

    node: Node

    @property
    def values(self) -> Mapping[str, str]:
        """All attributes, as text."""
        return self.node.attributes

    def __contains__(self, key: str) -> bool:
        """Whether there is such an attribute, and it is not ``None``."""
        return self.values.get(key, "").strip().lower() not in _NOTHING

    def integer(self, key: str, otherwise: int | None = None) -> int:
        """Return a whole number."""
        if key not in self:
            return self._default(key, otherwise)
        value = _integer(self.values[key])
        if value is None:
            raise self.wrong(key, "a whole number")
        return value

    def flag(self, key: str, *, otherwise: bool) -> bool:
        """Return whether it is true."""
        if key not in self:
            return otherwise
        text = self.values[key].strip().lower()
        if text not in _TRUE | _FALSE:
            raise self.wrong(key, "True or False")
        return text in _TRUE

    def real(self, key: str, otherwise: float | None = None) -> float:
        """Return a number."""
        if key not in self:
            return self._default(key, otherwise)
        try:
            value = float(self.values[key])
        except ValueError:
            raise self.wrong(key, "a number") from None
        if math.isnan(value):
            raise self.wrong(key, "a number")
        return value

    def word(self, key: str, options: tuple[str, ...], otherwise: str | None = None) -> str:
        """Return one of some words."""
        word = self.values[key].strip() if key in self else self._default(key, otherwise)
        if word not in options:
            known = nearest(word, options)
            raise self.error(f"unknown {key} {word[:60]!r}; {known}")
        return word

    def extents(self, key: str, otherwise: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a list of whole numbers; one by itself is a list of one."""
        if key not in self:
            return self._default(key, otherwise)
        found = self.slots(key)
        if any(value is None for value in found):
            raise self.wrong(key, "whole numbers")
        return tuple(value for value in found if value is not None)

    def slots(self, key: str) -> tuple[int | None, ...]:
        """Return a list of whole numbers, any of which may be ``None``; empty if missing.

        Lists in it are laid behind one another.
        """
        items = _BRACKETS.sub(" ", self.values.get(key, "")).split(",")
        if not items[-1].strip():
            items.pop()
        if len(items) > MOST_ITEMS:
            raise self.wrong(key, f"{MOST_ITEMS} numbers at most")
        found = []
        for item in items:
            value = _integer(item)
            if value is None and item.strip() != "None":
                raise self.wrong(key, "whole numbers")
            found.append(value)
        return tuple(found)

    def wrong(self, key: str, expected: str) -> ImportFormatError:
        """Return an error about a value."""
        return self.error(f"{key}: expected {expected}, found {self.values[key][:60]!r}")

    def error(self, message: str) -> ImportFormatError:
        """Return an error about the node."""
        return ImportFormatError(f"{self.node.operator} {self.node.name!r}: {message}")

    def _default(self, key: str, otherwise: _Value | None) -> _Value:
        if otherwise is None:
            raise self.error(f"{key} is missing")
        return otherwise


def _integer(text: str) -> int | None:
    found = _INTEGER.fullmatch(text.strip())
    return int(found[1]) if found and len(found[1]) <= MOST_DIGITS else None
