"""What a network's formulas leave free, and by which symbols."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy

from convcost.dims import Dim
from convcost.errors import SpecError, nearest
from convcost.formulas.assumptions import Assumptions
from convcost.graph import Network
from convcost.spec import NetworkSpec

FREE = ("N", "H", "W")
"""What is free unless something else is asked for; as far as the input has it."""


def axes_of(network: Network) -> Sequence[str]:
    """Return the symbols of the input's extents; what has none is called nothing."""
    return {1: ("C",), 3: ("C", "H", "W")}.get(len(network.extents), [""] * len(network.extents))


def sizes_of(network: Network) -> dict[str, Any]:
    """Return the values that a network has where nothing is free."""
    named = zip(axes_of(network), network.source.extents, strict=True)
    extents = {"N": 1, **{name: extent for name, extent in named if name}}
    own = dict(zip(axes_of(network), network.bound, strict=True))
    for name in extents:
        if name in network.parameters and own.get(name) != name:
            raise SpecError(f"{network.name}: the parameter {name!r} is called as an extent is")
    return {**extents, **network.parameters}


def usual(network: Network) -> list[str]:
    """Return what is free unless something else is asked for."""
    return [name for name in FREE if name in {"N", *axes_of(network)}]


def wanted(network: Network, free: Sequence[str]) -> list[str]:
    """Return what is to be free: what is asked for, and what nobody gave a number.

    A parameter that an extent of the input is, is free by the symbol of that.
    """
    axes = axes_of(network)
    names = list(usual(network) if tuple(free) == FREE else free)
    for name in network.open:
        symbols = [axis for axis, own in zip(axes, network.bound, strict=True) if own == name]
        if {name, *symbols}.isdisjoint(names):
            names.append(next(filter(None, symbols), name))
    return names


def united(
    network: Network,
    symbols: Mapping[str, sympy.Symbol],
    values: Mapping[str, Dim],
    assumed: Assumptions,
) -> dict[str, Dim]:
    """Return one value for all the free extents of the input that are the same parameter."""
    united: dict[str, Dim] = {}
    axes: dict[str, list[str]] = {}
    for name, parameter in zip(axes_of(network), network.bound, strict=True):
        if name in symbols and parameter is not None:
            axes.setdefault(parameter, []).append(name)
    for first, *others in axes.values():
        known = [values[name] for name in (first, *others) if values[name] != symbols[name]]
        united |= dict.fromkeys((first, *others), known[0] if known else values[first])
        for name in others:
            assumed.conditions.append(sympy.Eq(symbols[name], symbols[first], evaluate=False))
    return united


def parts(spec: NetworkSpec, sizes: Mapping[str, Any], name: str) -> Iterator[tuple[str, int]]:
    """Yield the symbols that a name leaves free, each with its number.

    Raises: SpecError for what is neither a whole number nor a list of them.
    """
    size = sizes.get(name)
    if isinstance(size, tuple) and all(isinstance(item, int) for item in size):
        yield from ((f"{name}_{index}", item) for index, item in enumerate(size, 1))
    elif isinstance(size, int) and not isinstance(size, bool):
        yield name, size
    else:
        numbers = [each for each, known in sizes.items() if type(known) is int]
        message = f"{spec.name} has no number {name!r} to leave free"
        raise SpecError(f"{message}; {nearest(name, numbers)}")
