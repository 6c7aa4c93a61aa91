"""What a network is built with: a preset's and a caller's values, and what follows from them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convcost.dims import is_dim, require_at_least
from convcost.errors import ConvcostError, SpecError, nearest
from convcost.expressions import Expression
from convcost.layers import Input
from convcost.layers.structure import IMAGE, names_of
from convcost.simple_forms import NumberForm, shown
from convcost.spec import Choice, NetworkSpec, Written
from convcost.values import evaluate


@dataclass(frozen=True, slots=True)
class Chosen:
    """The values of all parameters, and the input's extents.

    ``given`` are the parameters that a preset, the caller or the caller's input chose, ``open``
    those of them that are but an example. ``extents`` are the input's as they were written, or
    what the caller put in their place.
    """

    parameters: Mapping[str, Any]
    given: Mapping[str, Any]
    open: tuple[str, ...]
    extents: tuple[Any, ...]


def chosen(
    spec: NetworkSpec,
    preset: str | None,
    input_: Sequence[Any] | None,
    parameters: Mapping[str, Any],
    example: int | None,
) -> Chosen:
    """Put a preset's values, and the caller's over those, into a spec's parameters and input.

    Where an extent is written as the bare name of a parameter, the caller's input gives that
    parameter. ``example`` is for what must be given and is not.

    Raises: SpecError for what is not known, does not agree, or is missing.
    """
    base = _preset(spec, preset)
    for name in parameters:
        if name not in spec.parameters:
            known = nearest(name, spec.parameters)
            raise SpecError(f"{spec.name} has no parameter {name!r}; {known}")
    written = base.input or spec.input
    extents = tuple(input_ or written)
    if len(extents) != len(written):
        expected = f"({', '.join(IMAGE)})" if len(written) == len(IMAGE) else shown(written)
        raise SpecError(f"input: expected {expected}, got {extents}")
    names = [bound(each, spec.parameters) for each in written]
    given = {**base.parameters, **parameters, **_bound(names, extents, parameters)}
    missing = [
        name for name, default in spec.parameters.items() if default is None and name not in given
    ]
    if missing and example is None:
        raise SpecError(f"{spec.name}: {_wanted(missing, names)}")
    given |= dict.fromkeys(missing, example)
    extents = tuple(
        each if name is None or isinstance(each, Expression) else own
        for each, name, own in zip(extents, names, written, strict=True)
    )
    return Chosen(_parameters(spec, given), given, tuple(missing), extents)


def bound(written: Written, parameters: Mapping[str, Any]) -> str | None:
    """Return the parameter that an extent is, if it is written as the bare name of one."""
    match written:
        case Expression(tree=ast.Name(id=name)) if name in parameters:
            return name
    return None


def input_layer(where: str, extents: Sequence[Any], values: Mapping[str, Any]) -> Input:
    """Return an input, its extents computed; ``where`` names it in errors."""
    settled = []
    for name, written in zip(names_of(extents), extents, strict=True):
        try:
            extent = NumberForm().settle(evaluate(written, values))
            require_at_least(1, **{name: extent})
        except ConvcostError as error:
            place = written.location if isinstance(written, Expression) else None
            raise error.at(where, place) from None
        settled.append(extent)
    return Input(extents=tuple(settled))


def _preset(spec: NetworkSpec, preset: str | None) -> Choice:
    if preset is None:
        return Choice()
    if preset not in spec.presets:
        known = nearest(preset, spec.presets)
        raise SpecError(f"{spec.name} has no preset {preset!r}; {known}")
    return spec.presets[preset]


def _bound(
    names: Sequence[str | None], extents: Sequence[Any], parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the parameters that the caller's input gives.

    Raises: SpecError if two of its extents, or it and a given parameter, do not agree.
    """
    found: dict[str, Any] = {}
    called = names_of(extents)
    origins = {name: f"the parameter given is {value}" for name, value in parameters.items()}
    for axis, name, extent in zip(called, names, extents, strict=True):
        if name is None or isinstance(extent, Expression):
            continue
        known = found.get(name, parameters.get(name, extent))
        if known != extent:
            message = f"input: {axis} is the parameter {name!r}; it is {extent}, but"
            raise SpecError(f"{message} {origins[name]}")
        found[name] = extent
        origins[name] = f"{axis} is too, and is {extent}"
    return found


def _wanted(missing: Sequence[str], names: Sequence[str | None]) -> str:
    """Say which parameters must be given, and how."""
    ways = [
        f"{name} (--input, or --set {name}=...)" if name in names else f"{name} (--set {name}=...)"
        for name in missing
    ]
    return f"{', '.join(ways)} must be given"


def _parameters(spec: NetworkSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Compute the parameters in their order: each may depend on those before it."""
    values: dict[str, Any] = {}
    for name, written in spec.parameters.items():
        default = evaluate(written, values)
        if name in given:
            _require_value(name, given[name])
        values[name] = evaluate(given[name], values) if name in given else default
        if written is not None and isinstance(values[name], tuple) != isinstance(default, tuple):
            expected = "a list" if isinstance(default, tuple) else "a number"
            raise SpecError(f"parameter {name!r}: expected {expected}, got {given[name]}")
    return values


def _require_value(name: str, value: Any) -> None:
    for item in value if isinstance(value, tuple) else [value]:
        if isinstance(item, tuple):
            _require_value(name, item)
        elif not isinstance(item, Expression) and not is_dim(item):
            raise SpecError(f"parameter {name!r}: expected a whole number, got {item!r}")
