"""Data as YAML, laid out as the specs that come with convcost are.

A layer stands on one line if it fits; lists of layers stand one below another. Nothing is
quoted that a spec's reader takes for text anyway: it types nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

WIDTH = 100

_PROSE = re.compile(r"[^\W\d_](?:(?!: | #)[^\n])*[^\s:]")
_PLAIN = re.compile(r"[A-Za-z0-9_./(+-](?:[A-Za-z0-9_./()*+<>=!%'; -]*[A-Za-z0-9_./()])?")


def as_yaml(document: Mapping[str, Any]) -> str:
    """Write a mapping; None stands for nothing at all."""
    return "".join(f"{line}\n" for line in _mapping(document, ""))


def _mapping(values: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in values.items():
        yield from _entry(f"{indent}{scalar(key)}:", value, f"{indent}  ")


def _entry(start: str, value: Any, indent: str) -> Iterator[str]:
    """Write a value behind its key: on the same line, or below it."""
    prose = isinstance(value, str) and _PROSE.fullmatch(value)  # outside of brackets
    line = f"{start} {value if prose else flow(value)}".rstrip()
    if not isinstance(value, (Mapping, list)) or not value:
        yield from [line] if len(line) <= WIDTH or isinstance(value, str) else _broken(line, indent)
    elif len(line) <= WIDTH and not _is_nested(value):
        yield line
    else:
        yield start
        yield from _mapping(value, indent) if isinstance(value, Mapping) else _list(value, indent)


def _list(values: Sequence[Any], indent: str) -> Iterator[str]:
    for value in values:
        line = f"{indent}- {_item(value)}"
        if not isinstance(value, Mapping) or (len(line) <= WIDTH and not _is_nested(value)):
            yield line
            continue
        first, *others = _mapping(value, f"{indent}  ")
        yield f"{indent}- {first.strip()}"
        yield from others


def _item(value: Any) -> str:
    """Write an item of a list: a mapping of one key needs no braces."""
    if isinstance(value, Mapping) and len(value) == 1:
        ((key, inner),) = value.items()
        return f"{scalar(key)}: {flow(inner)}".rstrip()
    return flow(value)


def _is_nested(value: Any) -> bool:
    """Whether a value is or has a list of several layers, which gets lines of its own."""
    if isinstance(value, Mapping):
        return any(map(_is_nested, value.values()))
    return isinstance(value, list) and (len(value) > 1 or any(map(_is_nested, value)))


def flow(value: Any) -> str:
    """Write a value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{scalar(key)}: {flow(each)}" for key, each in value.items())
        return f"{{{inner}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_item, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else scalar(str(value))


def scalar(text: str) -> str:
    """Write a text, in quotes if it could be taken for something else."""
    plain = _PLAIN.fullmatch(text) and not text.startswith(("- ", "--"))
    return text if plain else json.dumps(text, ensure_ascii=False)


def _broken(line: str, indent: str) -> Iterator[str]:
    """Break a line that is too long behind commas; inside brackets YAML does not mind."""
    start = ""
    for part in re.split(r"(?<=,) (?=[^\"]*(?:\"[^\"]*\"[^\"]*)*$)", line):
        if start and len(start) + 1 + len(part) > WIDTH:
            yield start
            start = f"{indent}{part}"
        else:
            start = f"{start} {part}" if start else part
    yield start
