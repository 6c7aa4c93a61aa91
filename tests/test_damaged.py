"""Shipped specs, damaged: whatever comes of it, it is a network or a ConvcostError.

The damage is done to the text (lines, tokens, indentation, bytes), and to the data that the
text stands for (values of other types, other sizes, in other places). Then the damaged spec
goes the whole way: read, and for every variant built, analysed, summed up and shown.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import convcost
from convcost.catalogue import SPECS, members
from convcost.errors import ConvcostError

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(SPECS.glob("*.yaml"))]
DATA = [yaml.safe_load(text) for text in TEXTS]
MOST_VARIANTS = 2  # of a family: one after another says the same
BREAKS = ("\r\n", "\r", "\x85", "\u2028", "\u2029")

JUNK = st.one_of(
    st.integers(-3, 3).map(str),
    st.sampled_from(
        [
            *("", " ", "~", "null", "true", "no", "010", "0x1F", "1_000", "1.5", ".inf", ".nan"),
            *("1e400", "9" * 70, "9" * 90, "9" * 5000, "-" + "9" * 70, str(2**63), "1000000000000"),
            *("[", "]", "{", "}", "[[[[1]]]]", "{a: {b: {c: 1}}}", "[" * 100, "[1, [2, [3]]]"),
            *(
                "&a",
                "*a",
                "&a [*a]",
                "*undefined",
                "<<: *a",
                "&a {b: *a}",
                "!!python/name:os.system",
            ),
            *("!!int", "!!binary aGk=", "!local", "!", "!!set {a, b}", "%YAML 1.1", "---", "..."),
            *("'", '"', "'a", '"\\x00"', '"\\e[31m"', '"\\uD800"', "|", ">-", "? a", ": ", "- - -"),
            *("é", "ﬁ", "日本", "\U0001f600", "\u202e", "\ufeff", "\0", "\x1b", "\x7f", "\ud800"),
            *(
                "\t",
                "\r",
                "\x85",
                "\u2028",
                "#",
                "a" * 10_000,
                "a b" * 1000,
                "-" * 300,
                "not " * 60,
            ),
            *(
                "1 // 0",
                "1 % 0",
                "2 ** 99999",
                "a.b.c",
                "f()",
                "1 if 1 else",
                "lambda: 0",
                "x := 1",
            ),
            *("input", "relu", "conv2d", "add", "concat", "flatten", "repeat", "let", "times: 2"),
            *("name: relu1", "from: relu1", "from: [input, input]", "when: 0", "layers: []"),
        ]
    ),
    st.text(max_size=8),
)

Damage = Callable[[str, st.DataObject], str]


def cut_lines(text: str, data: st.DataObject) -> str:
    """Delete some lines."""
    lines = text.split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    del lines[start : start + data.draw(st.integers(1, 4))]
    return "\n".join(lines)


def copy_lines(text: str, data: st.DataObject) -> str:
    """Put some lines elsewhere a second time."""
    lines = text.split("\n")
    start, target = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[target:target] = lines[start : start + data.draw(st.integers(1, 6))]
    return "\n".join(lines)


def swap_lines(text: str, data: st.DataObject) -> str:
    """Exchange two lines."""
    lines = text.split("\n")
    one, other = (data.draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    lines[one], lines[other] = lines[other], lines[one]
    return "\n".join(lines)


def indent_lines(text: str, data: st.DataObject) -> str:
    """Move some lines to the right or to the left."""
    lines = text.split("\n")
    start = data.draw(st.integers(0, len(lines) - 1))
    by = data.draw(st.sampled_from([-4, -2, -1, 1, 2, 4]))
    for at in range(start, min(len(lines), start + data.draw(st.integers(1, 5)))):
        lines[at] = " " * by + lines[at] if by > 0 else lines[at][-by:]
    return "\n".join(lines)


def replace_token(text: str, data: st.DataObject) -> str:
    """Put junk for one of the words."""
    words = text.split(" ")
    words[data.draw(st.integers(0, len(words) - 1))] = data.draw(JUNK)
    return " ".join(words)


def replace_value(text: str, data: st.DataObject) -> str:
    """Put junk behind one of the colons, up to the next mark."""
    parts = text.split(": ")
    at = data.draw(st.integers(0, len(parts) - 1))
    end = min((parts[at].find(mark) for mark in ",}\n]" if mark in parts[at]), default=0)
    parts[at] = data.draw(JUNK) + parts[at][end:]
    return ": ".join(parts)


def insert_junk(text: str, data: st.DataObject) -> str:
    """Put junk anywhere."""
    at = data.draw(st.integers(0, len(text)))
    return text[:at] + data.draw(JUNK) + text[at:]


def insert_line(text: str, data: st.DataObject) -> str:
    """Put a line of junk somewhere, as a layer or as a key."""
    lines = text.split("\n")
    indent = " " * data.draw(st.integers(0, 12))
    mark = data.draw(st.sampled_from(["", "- ", "name: ", "layers: ", "? "]))
    lines.insert(data.draw(st.integers(0, len(lines))), indent + mark + data.draw(JUNK))
    return "\n".join(lines)


def truncate(text: str, data: st.DataObject) -> str:
    """Cut off the end, or the beginning."""
    at = data.draw(st.integers(0, len(text)))
    return data.draw(st.sampled_from([text[:at], text[at:]]))


def change_breaks(text: str, data: st.DataObject) -> str:
    """Break lines otherwise."""
    return text.replace("\n", data.draw(st.sampled_from(BREAKS)))


TEXT_DAMAGE: list[Damage] = [
    *(cut_lines, copy_lines, swap_lines, indent_lines, replace_token, replace_value),
    *(replace_value, replace_token, insert_junk, insert_line, truncate, change_breaks),
]


@st.composite
def damaged_texts(draw: st.DrawFn) -> str:
    """Damage the text of a shipped spec in one place or a few."""
    text = draw(st.sampled_from(TEXTS))
    data = draw(st.data())
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(TEXT_DAMAGE))(text, data)
    return text


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 400),
    st.sampled_from([2**31, 2**63, 10**12, 10**40, 2**255, 2**300, -(10**40)]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        [
            *("input", "relu", "relu1", "conv1", "same", "max", "width", "units", "classes"),
            *("2 * width", "width // 0", "width > 3", "units - 1", "1 if classes else 2"),
        ]
    ),
    st.lists(st.integers(-1, 300), max_size=5),
    st.lists(st.lists(st.integers(0, 3), max_size=3), max_size=3),
    st.dictionaries(st.sampled_from(["name", "from", "when", "times", "a"]), st.integers(0, 9)),
    st.sampled_from([["relu"], [{"relu": {"name": "a"}}], [{"let": {"a": [1]}}], [], {}, [[[]]]]),
)
LEAVES = st.one_of(
    st.integers(-2, 64), st.sampled_from([10**6, 10**12, True, "units", "same"]), VALUES
)


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in some data."""
    found = [path] if path else []
    items: Any = ()
    if isinstance(data, dict):
        items = data.items()
    elif isinstance(data, list):
        items = enumerate(data)
    for key, value in items:
        found.extend(paths_of(value, (*path, key)))
    return found


@st.composite
def damaged_data(draw: st.DrawFn) -> str:
    """Change some values of a shipped spec, or their keys; return it as YAML."""
    data = copy.deepcopy(draw(st.sampled_from(DATA)))
    for _ in range(draw(st.integers(1, 3))):
        paths = paths_of(data)
        if not paths:
            break
        *way, last = draw(st.sampled_from(paths))
        parent = data
        for key in way:
            parent = parent[key]
        action = draw(st.sampled_from(["value", "value", "leaf", "delete", "copy", "key"]))
        if action in {"value", "leaf"}:
            # A copy: what is drawn is shared, and may be damaged in its turn.
            parent[last] = copy.deepcopy(draw(VALUES if action == "value" else LEAVES))
        elif action == "delete":
            del parent[last]
        elif action == "copy":
            source: Any = data
            for key in draw(st.sampled_from(paths)):
                source = source[key]
            parent[last] = copy.deepcopy(source)
        elif isinstance(parent, dict):
            parent[draw(st.sampled_from(["name", "layers", "filters", "relu", "a b", "1", ""]))] = (
                parent.pop(last)
            )
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True)


def outcome(text: str) -> ConvcostError | None:
    """Take a text the whole way; return the error it ends in, if it does."""
    try:
        spec = convcost.read_text(text, "spec.yaml")
        for member in members(spec)[:MOST_VARIANTS]:
            cost = convcost.analyse(convcost.build(member))
            cost.total()
            str(cost)
    except ConvcostError as error:
        return error
    return None


COMMON = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(damaged_texts())
@settings(COMMON, max_examples=3000)
def test_damaged_text_ends_in_a_network_or_an_error(text: str) -> None:
    error = outcome(text)
    if error is not None:
        assert error.problems
        assert str(error).startswith("error: ")


@given(damaged_data())
@settings(COMMON, max_examples=600)
def test_damaged_data_end_in_a_network_or_an_error(text: str) -> None:
    error = outcome(text)
    if error is not None:
        assert error.problems
        assert str(error).startswith("error: ")


@given(damaged_data())
@example("name: net\ninput: [3, 0, 8]\nlayers: []\n")
@settings(COMMON, max_examples=100)
def test_every_problem_has_a_place(text: str) -> None:
    error = outcome(text)
    assert error is None or all(problem.location is not None for problem in error.problems)


def lines_of(text: str) -> list[str]:
    """Split a text where YAML ends its lines."""
    for end in BREAKS:
        text = text.replace(end, "\n")
    return text.split("\n")


@given(damaged_texts())
@example("name: net\ninput: [3, 8, 8]\nlayers:\n  - dense: 3 +\n      xyz\n")
@example("name: net\rinput: [3, 8, 8]\rlayers:\r  - rulu\r")
@settings(COMMON, max_examples=100)
def test_every_problem_points_into_the_line_it_shows(text: str) -> None:
    error = outcome(text)
    lines = lines_of(text)
    for problem in error.problems if error else ():
        where = problem.location
        assert where is not None
        assert 1 <= where.line <= len(lines)
        assert where.source_line == lines[where.line - 1]
        assert 1 <= where.column <= len(where.source_line) + 1
        _, _, shown, carets = str(problem).split("\n")[:4]
        assert len(carets) <= len(shown) + 1
