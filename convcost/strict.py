"""Records out of JSON, strictly: every key, no other, and of the type that is declared.

A key may be missing if its field has a default: it stands for what was not measured.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from pathlib import Path
from reprlib import repr as brief
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

_Record = TypeVar("_Record")


class Unreadable(Exception):  # noqa: N818 - its reader says what kind of error it is
    """A key is missing, unknown, or of another type."""


def read(record: type[_Record], value: object, place: str = "") -> _Record:
    """Return a record of what JSON held.

    Raises: Unreadable, with the place of what was found.
    """
    if not isinstance(value, dict):
        raise Unreadable(f"{place or 'result'}: expected an object, found {brief(value)}")
    hints, required = _declared(record)  # type: ignore[arg-type]  # classes can be hashed
    names = [name for name in hints if name in value or name in required]
    prefix = f"{place}." if place else ""
    for name in names:
        if name not in value:
            raise Unreadable(f"{prefix}{name}: missing")
    for name in value:
        if name not in names:
            raise Unreadable(f"{prefix}{name}: unknown")
    return record(**{name: _value(hints[name], value[name], prefix + name) for name in names})


def text_of(path: Path) -> str:
    """Return a file's text.

    Raises: Unreadable, with the reason.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(f"cannot read {path}: {error}") from None


@cache
def _declared(record: type) -> tuple[dict[str, Any], frozenset[str]]:
    """Return the types of a record's fields, and which of them have no default."""
    hints, known = get_type_hints(record), fields(record)
    required = frozenset(field.name for field in known if field.default is MISSING)
    return {field.name: hints[field.name] for field in known}, required


def _value(declared: Any, value: object, place: str) -> object:
    origin = get_origin(declared)
    if origin is types.UnionType:
        return _either(get_args(declared), value, place)
    if is_dataclass(declared):
        return read(declared, value, place)  # type: ignore[arg-type]  # a class, no instance
    if origin is tuple and isinstance(value, list):
        item = get_args(declared)[0]
        return tuple(_value(item, each, f"{place}[{i}]") for i, each in enumerate(value))
    if origin is Mapping and isinstance(value, dict):
        item = get_args(declared)[1]
        return {key: _value(item, each, f"{place}.{key}") for key, each in value.items()}
    accepted = (int, float) if declared is float else declared
    right = origin is None and isinstance(value, accepted)
    if not right or (isinstance(value, bool) and declared is not bool):
        raise Unreadable(f"{place}: expected {_named(declared)}, found {brief(value)}")
    return float(value) if declared is float else value  # type: ignore[arg-type]


def _either(options: tuple[Any, ...], value: object, place: str) -> object:
    """Read what fits one of some types; of a single record, say what does not fit."""
    if value is None and types.NoneType in options:
        return None
    real = [option for option in options if option is not types.NoneType]
    for option in real[:-1]:
        try:
            return _value(option, value, place)
        except Unreadable:
            continue
    return _value(real[-1], value, place)


def _named(declared: Any) -> str:
    if get_origin(declared) is tuple:
        return "a list"
    if get_origin(declared) is Mapping:
        return "an object"
    return {int: "an integer", float: "a number", str: "a text", bool: "true or false"}[declared]
