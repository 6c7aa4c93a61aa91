"""YAML with the place of everything: safe text in, nodes and located problems out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from convcost.errors import Location, Problem, SpecError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_FILE = 2_000_000  # characters
DEEPEST = 60  # nested lists and mappings
MOST_VALUES = 100_000  # after anchors are expanded
MOST_PROBLEMS = 100

# The base loader types nothing: a value gets its type from where it stands. So `no` is
# text where text belongs, and 010 is not 8.
_Loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_BREAKS = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # what YAML counts as ends of lines
_PLAIN_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "seq", "map")}


class TooManyError(Exception):
    """There are so many problems that reading on helps nobody."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is known where a value is read: the file, the names that may occur, the blocks.

    ``problems`` collects what is wrong with the file; all scopes of a file share it.
    """

    file: str
    lines: list[str]
    names: frozenset[str] = frozenset()
    blocks: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def knowing(self, names: Iterable[str]) -> Scope:
        """Return the scope inside which these names may occur as well."""
        return replace(self, names=self.names.union(names))

    def place(self, node: yaml.Node) -> Location:
        """Return where a node stands."""
        start, end = node.start_mark, node.end_mark
        assert start is not None  # noqa: S101 - nodes come from a text
        assert end is not None  # noqa: S101
        length = end.column - start.column if end.line == start.line else 1
        return self.locate(start, max(1, length))

    def locate(self, mark: Any, length: int = 1) -> Location:
        """Return where a mark of the YAML reader points."""
        if mark.line >= len(self.lines):  # behind the end of a text without a last line break
            last = self.lines[-1]
            return Location(self.file, len(self.lines), len(last) + 1, last)
        return Location(self.file, mark.line + 1, mark.column + 1, self.lines[mark.line], length)

    def error(self, node: yaml.Node, message: str) -> SpecError:
        """Return an error about this node."""
        return SpecError(message, location=self.place(node))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep the problems of what is read inside, and go on."""
        try:
            yield
        except SpecError as error:
            self.problems.extend(error.problems)
            if len(self.problems) >= MOST_PROBLEMS:
                raise TooManyError from None


def compose(text: str, file: str) -> tuple[yaml.Node, Scope]:
    """Parse YAML to nodes.

    Raises: SpecError if it is not YAML, too large, too deep, or expands without end.
    """
    scope = Scope(file, _BREAKS.split(text))
    start = Location(file, 1, 1, scope.lines[0])
    if len(text) > LARGEST_FILE:
        raise SpecError(f"a spec has at most {LARGEST_FILE:,} characters", location=start)
    if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
        place = place_of(strange.start(), text, file)
        raise SpecError(f"not YAML: the character {strange[0]!r} is not allowed", location=place)
    try:
        _require_shallow(text, scope)
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = scope.locate(mark) if mark else start
        tab = "; indent with blanks, not tabs" if "\t" in place.source_line else ""
        problem = f"not YAML: {error.problem or error.context}{tab}"
        raise SpecError(problem, location=place) from None
    if root is None:
        raise SpecError("the file is empty", location=start)
    _require_finite(root, scope)
    return root, scope


def place_of(index: int, text: str, file: str) -> Location:
    """Return the place of a character of a text."""
    before = _BREAKS.split(text[:index])
    line = _BREAKS.split(text, maxsplit=len(before))[len(before) - 1]
    return Location(file, len(before), len(before[-1]) + 1, line)


def _require_shallow(text: str, scope: Scope) -> None:
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=_Loader)):
        if count > 2 * MOST_VALUES:  # a collection has two events
            raise SpecError(
                f"more than {MOST_VALUES:,} values", location=scope.locate(event.start_mark)
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                raise SpecError(
                    f"nested more than {DEEPEST} deep", location=scope.locate(event.start_mark)
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _require_finite(root: yaml.Node, scope: Scope) -> None:
    """Refuse anchors that contain themselves or expand to too much, and tags."""
    measures: dict[int, tuple[int, int] | None] = {}  # None while a node is being measured

    def measure(node: yaml.Node) -> tuple[int, int]:
        """Return how many values a node expands to, and how deep they are nested."""
        if id(node) in measures:
            known = measures[id(node)]
            if known is None:
                raise scope.error(node, "an anchor that contains itself")
            return known
        if node.tag not in _PLAIN_TAGS:
            raise scope.error(node, f"tags such as {node.tag!r} are not allowed in a spec")
        measures[id(node)] = None
        total, depth = 1, 0
        for size, height in map(measure, _children(node)):
            total += size
            depth = max(depth, height + 1)
        if total > MOST_VALUES:
            raise scope.error(node, f"expands to more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise scope.error(node, f"nested more than {DEEPEST} deep")
        measures[id(node)] = total, depth
        return total, depth

    measure(root)


def _children(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [child for pair in node.value for child in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


def text_of(node: yaml.Node, scope: Scope, what: str) -> str:
    """Return the text of a single value."""
    if not isinstance(node, yaml.ScalarNode):
        raise scope.error(node, f"expected {what}, got a {_sort(node)}")
    return str(node.value)


def items_of(node: yaml.Node, scope: Scope, what: str) -> list[yaml.Node]:
    """Return the items of a list."""
    if not isinstance(node, yaml.SequenceNode):
        raise scope.error(node, f"expected {what}, got a {_sort(node)}")
    return list(node.value)


def entries_of(node: yaml.Node, scope: Scope, what: str) -> dict[str, tuple[yaml.Node, yaml.Node]]:
    """Return the keys of a mapping, each with its own node and its value's.

    A key that stands twice is a problem of the file.
    """
    if not isinstance(node, yaml.MappingNode):
        raise scope.error(node, f"expected {what}, got a {_sort(node)}")
    entries: dict[str, tuple[yaml.Node, yaml.Node]] = {}
    for key, value in node.value:
        with scope.collecting():
            name = text_of(key, scope, "a name as key")
            if name in entries:
                first = scope.place(entries[name][0])
                raise scope.error(
                    key, f"key {name!r} stands here again; first on line {first.line}"
                )
            entries[name] = (key, value)
    return entries


def fields_of(
    node: yaml.Node, scope: Scope, what: str, *, known: Iterable[str], required: Iterable[str] = ()
) -> dict[str, yaml.Node]:
    """Return the values of a mapping that has these keys; others are problems of the file."""
    known = list(known)
    values: dict[str, yaml.Node] = {}
    unknown = False
    for name, (key, value) in entries_of(node, scope, f"a mapping for {what}").items():
        with scope.collecting():
            if name not in known:
                unknown = True
                raise scope.error(key, f"unknown key {name!r} in {what}; {nearest(name, known)}")
            values[name] = value
    # What is lacking may be what is misspelt: say one thing at a time.
    missing = [] if unknown else [name for name in required if name not in values]
    with scope.collecting():
        if missing:
            names = ", ".join(map(repr, missing))
            raise scope.error(node, f"{what} lacks {names}")
    return values


def _sort(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "mapping"
    return "list" if isinstance(node, yaml.SequenceNode) else f"single value {node.value!r}"
