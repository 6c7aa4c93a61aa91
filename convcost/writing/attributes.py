"""A layer's attributes as a spec writes them: the shortest form, defaults left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from convcost.forms import PaddingForm, PairForm, attributes_of
from convcost.layers import SHORTHANDS, AbstractLayer


def word_of(kind: type[AbstractLayer], values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the word for a kind with these values, and the values that are left to say.

    A shorthand, such as ``relu``, says some of them.
    """
    for word, given in _shorthands(kind):
        if given.items() <= values.items():
            return word, {name: value for name, value in values.items() if name not in given}
    return kind.kind, dict(values)


def values_of(layer: AbstractLayer) -> dict[str, Any]:
    """Return the attributes of a layer that are not as they would be anyway."""
    kind = type(layer)
    given = {name: getattr(layer, name) for name in attributes_of(kind)}
    return {name: value for name, value in given.items() if value != _defaults(kind).get(name)}


def all_values(layer: AbstractLayer) -> dict[str, Any]:
    """Return all attributes of a layer, in the shortest form that a spec has for each."""
    kind = type(layer)
    return {name: simplest(kind, name, getattr(layer, name)) for name in attributes_of(kind)}


def default_of(kind: type[AbstractLayer], name: str) -> Any:
    """Return what an attribute is if nothing is said, in its shortest form; None if required."""
    defaults = _defaults(kind)
    return simplest(kind, name, defaults[name]) if name in defaults else None


def simplest(kind: type[AbstractLayer], name: str, value: Any) -> Any:
    """Return the shortest value that an attribute's form completes to this one."""
    form = attributes_of(kind)[name].form
    if isinstance(form, PairForm) and isinstance(value, tuple):
        return _one_if_alike(value)
    if isinstance(form, PaddingForm) and isinstance(value, tuple):
        sides: tuple[Any, ...] = tuple(_one_if_alike(axis) for axis in value)
        return sides if any(isinstance(side, tuple) for side in sides) else _one_if_alike(sides)
    return value


def _one_if_alike(pair: tuple[Any, ...]) -> Any:
    first, *others = pair
    return first if all(other == first for other in others) else pair


@cache
def _shorthands(kind: type[AbstractLayer]) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return the words for a kind, and those of the values they give that are not defaults."""
    return tuple(
        (word, {name: value for name, value in given.items() if value != _defaults(kind).get(name)})
        for word, (of, given) in SHORTHANDS.items()
        if of is kind
    )


@cache
def _defaults(kind: type[AbstractLayer]) -> Mapping[str, Any]:
    given = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]
    return {name: default for name, default in given.items() if default is not MISSING}
