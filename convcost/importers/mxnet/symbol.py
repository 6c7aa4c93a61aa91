"""MXNet's symbol files as records: JSON, checked, whatever version of MXNet wrote it.

Versions differ in where a node's attributes stand (``attrs``, ``attr``, or ``param`` for the
operator's own and ``attr`` for others), in whether an edge says its version, and in whether a
batch norm's statistics are among its inputs. Values are text in all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from convcost.errors import ImportFormatError

LARGEST_FILE = 16_000_000  # bytes; that of ResNet-152 has 400,000
MOST_VALUES = 1_500_000  # in lists and objects
MOST_NODES = 20_000
LONGEST_NAME = 1000
VARIABLE = "null"  # what MXNet writes as the operator of a variable


@dataclass(frozen=True, slots=True)
class Node:
    """A variable or an operator; its inputs are (node, which of that node's outputs)."""

    operator: str
    name: str
    attributes: Mapping[str, str]
    inputs: tuple[tuple[int, int], ...]

    @property
    def is_variable(self) -> bool:
        """Whether it is data or a parameter."""
        return self.operator == VARIABLE


@dataclass(frozen=True, slots=True)
class Symbol:
    """The nodes that the outputs depend on, by their number, in an order they can run in."""

    nodes: Mapping[int, Node]
    heads: tuple[tuple[int, int], ...]


def read_symbol(path: Path) -> Symbol:
    """Read a symbol file.

    Raises: ImportFormatError if it cannot be read or is not one; it says what else it is.
    """
    return parse_symbol(_text(path), str(path))


def parse_symbol(text: str, file: str) -> Symbol:
    """Read the text of a symbol file; ``file`` is what errors call it.

    Raises: ImportFormatError
    """
    content = _parse(text, file)
    if not is_symbol(content):
        raise ImportFormatError(f"{file}: {_other(content)}")
    return _Reader(file).symbol(content)


def is_symbol(content: object) -> bool:
    """Whether what a JSON file holds looks like a symbol."""
    return isinstance(content, dict) and "nodes" in content and "heads" in content


def holds_symbol(path: Path) -> bool:
    """Whether a JSON file looks like a symbol; what cannot be read does not."""
    try:
        return is_symbol(_parse(_text(path), str(path)))
    except ImportFormatError:
        return False


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise ImportFormatError(f"{path}: larger than {LARGEST_FILE:,} bytes")
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFormatError(
            f"{path}: not text in UTF-8: the byte {error.object[error.start]:#04x} at"
            f" {error.start:,}"
        ) from None
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise ImportFormatError(f"cannot read {path}: {said}") from None


def _parse(text: str, file: str) -> Any:
    if text.count(",") + text.count("[") + text.count("{") > MOST_VALUES:
        raise ImportFormatError(f"{file}: more than {MOST_VALUES:,} values")
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ImportFormatError(f"{file}: not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise ImportFormatError(f"{file}: not a symbol: nested too deep") from None
    except ValueError:  # an integer of thousands of digits
        raise ImportFormatError(f"{file}: not a symbol: a number is too large") from None


def _other(content: object) -> str:
    """Say what a JSON file is, if it is no symbol."""
    first = content[0] if isinstance(content, list) and content else content
    keys = set(first) if isinstance(first, dict) else set()
    if {"provenance", "failures"} <= keys:
        return "results of convcost measure, no network; convcost report shows them"
    if {"network", "layers", "total"} <= keys:
        return "what convcost analyze wrote, no network"
    expected = "expected an MXNet symbol, an object with 'nodes' and 'heads'"
    if isinstance(content, dict):
        found = ", ".join(repr(key) for key in list(content)[:8]) or "nothing"
        return f"{expected}; found an object with {found[:200]}"
    return f"{expected}; found {_sort(content)}"


def _sort(value: object) -> str:
    """Say what sort of JSON value it is."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    shown = json.dumps(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."  # noqa: PLR2004 - what a line holds


@dataclass(frozen=True, slots=True)
class _Reader:
    """Take a symbol out of JSON, and say what is not as it should be."""

    file: str
    nodes: dict[int, Node] = field(default_factory=dict)

    def symbol(self, content: Mapping[str, Any]) -> Symbol:
        records = self._list(content["nodes"], "nodes")
        if len(records) > MOST_NODES:
            raise self._error(f"nodes: more than {MOST_NODES:,}")
        for index, record in enumerate(records):
            self.nodes[index] = self._node(record, f"nodes[{index}]", len(records))
        heads = self._edges(content["heads"], "heads", len(records))
        if not heads:
            raise self._error("heads: the symbol has no output")
        return Symbol({index: self.nodes[index] for index in self._order(heads)}, heads)

    def _node(self, record: object, where: str, count: int) -> Node:
        if not isinstance(record, dict):
            raise self._error(f"{where}: expected an object, found {_sort(record)}")
        operator = self._name(record.get("op"), f"{where}: op")
        name = self._name(record.get("name"), f"{where}: name")
        here = f"{where} {name!r}"
        attributes: dict[str, str] = {}
        for key in ("attr", "param", "attrs"):
            values = record.get(key) or {}
            if not isinstance(values, dict):
                raise self._error(f"{here}: {key}: expected an object, found {_sort(values)}")
            for attribute, value in values.items():
                attributes[attribute] = self._word(value, f"{here}: {attribute}")
        inputs = self._edges(record.get("inputs", []), f"{here}: inputs", count)
        return Node(operator, name, attributes, inputs)

    def _edges(self, value: object, where: str, count: int) -> tuple[tuple[int, int], ...]:
        return tuple(self._edge(item, where, count) for item in self._list(value, where))

    def _edge(self, value: object, where: str, count: int) -> tuple[int, int]:
        """Read ``[node, output]`` or ``[node, output, version]``."""
        if not isinstance(value, list) or len(value) not in {2, 3}:
            raise self._error(f"{where}: expected [node, output], found {_sort(value)}")
        if not all(type(part) is int and part >= 0 for part in value):
            raise self._error(f"{where}: expected whole numbers, found {_sort(value)}")
        if value[0] >= count:
            raise self._error(f"{where}: there is no node {value[0]:,}; there are {count:,}")
        return value[0], value[1]

    def _name(self, value: object, where: str) -> str:
        name = self._word(value, where)
        if len(name) > LONGEST_NAME:
            raise self._error(f"{where}: longer than {LONGEST_NAME:,} characters")
        return name

    def _word(self, value: object, where: str) -> str:
        if not isinstance(value, str):
            found = "nothing" if value is None else _sort(value)
            raise self._error(f"{where}: expected text, found {found}")
        return value

    def _list(self, value: object, where: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._error(f"{where}: expected a list, found {_sort(value)}")
        return value

    def _order(self, heads: Sequence[tuple[int, int]]) -> Iterator[int]:
        """Yield what the heads depend on, the inputs of every node before it."""
        state: dict[int, bool] = {}  # whether a node has been yielded, or is waiting for inputs
        waiting = [index for index, _ in reversed(heads)]
        while waiting:
            index = waiting[-1]
            if index in state:
                waiting.pop()
                if not state[index]:
                    state[index] = True
                    yield index
                continue
            state[index] = False
            for source, _ in reversed(self.nodes[index].inputs):
                if state.get(source) is False:
                    raise self._cycle(
                        [each for each in waiting if state.get(each) is False], source
                    )
                if source not in state:
                    waiting.append(source)

    def _cycle(self, path: Sequence[int], again: int) -> ImportFormatError:
        """Say that a node is read on the way to its own inputs."""
        circle = path[path.index(again) :]
        names = [self.nodes[index].name for index in circle[::-1]]  # along the data
        shown = " -> ".join([*names[:8], *(["..."] if len(names) > 8 else []), names[0]])  # noqa: PLR2004
        return self._error(f"the nodes form a cycle: {shown}")

    def _error(self, message: str) -> ImportFormatError:
        return ImportFormatError(f"{self.file}: {message}")
