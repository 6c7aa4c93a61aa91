"""Layer kinds by themselves, with the symbols that the field writes them in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import MappingProxyType
from typing import Any

import sympy

from convcost.cost import ELEMENT_BYTES, LayerCost, Total, total
from convcost.dims import Dim, symbol
from convcost.errors import SpecError, nearest
from convcost.layers import (
    KINDS,
    SHORTHANDS,
    AbstractLayer,
    Activation,
    Arithmetic,
    GlobalPool2d,
    Input,
    Pool2d,
    Reduce,
    Resize,
)
from convcost.tensors import FeatureMap, Tensor

_SYMBOLS: Mapping[str, Any] = MappingProxyType(
    {
        "filters": "c_o",
        "units": "c_o",
        "groups": "g",
        "size": "n",
        "kernel": ("k_h", "k_w"),
        "stride": ("s_h", "s_w"),
        "dilation": ("d_h", "d_w"),
        "padding": ("p_h", "p_w"),
    }
)
"""What stands for an attribute: one symbol, or one for the rows and one for the columns."""

_FIXED: Mapping[type[AbstractLayer], Mapping[str, Any]] = MappingProxyType(
    {
        Activation: {"function": "relu"},
        Arithmetic: {"function": "add"},
        GlobalPool2d: {"mode": "average"},
        Pool2d: {"mode": "average"},
        Reduce: {"function": "mean", "axes": (2, 3)},
        Resize: {"mode": "linear", "size": ()},
    }
)
"""Words, and axes, for which no symbol can stand."""

EXAMPLE: Mapping[str, int] = MappingProxyType(
    {"N": 1, "c_i": 3, "c_o": 64}
    | dict.fromkeys(("H", "W", "n_h", "n_w"), 224)
    | {"k_h": 7, "k_w": 7, "p_h": 3, "p_w": 3, "s_h": 2, "s_w": 2, "d_h": 1, "d_w": 1}
    | {"g": 1, "n": 5}
)
"""All canonical symbols, in order, with the numbers of ResNet's first layer."""


def canonical_symbols() -> dict[str, sympy.Symbol]:
    """Return all canonical symbols by name; a padding may be 0, all others are positive."""
    return {name: symbol(name, positive=not name.startswith("p_")) for name in EXAMPLE}


def is_kind(name: str) -> bool:
    """Whether a layer kind has this name."""
    return name in SHORTHANDS or any(kind.kind == name for kind in KINDS)


def find_kind(name: str) -> tuple[type[AbstractLayer], Mapping[str, Any]]:
    """Return the kind of that name, and the attributes that the name gives already.

    Raises: SpecError if there is none.
    """
    known: dict[str, tuple[type[AbstractLayer], Mapping[str, Any]]] = dict(SHORTHANDS)
    known |= {kind.kind: (kind, {}) for kind in KINDS if kind is not Input}
    if name not in known:
        raise SpecError(f"unknown layer kind {name!r}; {nearest(name, known)}")
    return known[name]


def canonical_layer(
    kind: type[AbstractLayer],
    given: Mapping[str, Any],
    values: Mapping[str, Dim],
    *,
    chapter: bool,
) -> AbstractLayer:
    """Return a layer with symbols for all attributes that are numbers.

    A padding is that of each side; in the chapter it is the total of both.

    Raises: SpecError if an attribute must be given that has no symbol.
    """
    attributes: dict[str, Any] = {**_FIXED.get(kind, {}), **given}
    if kind is Resize:
        attributes["scale"] = values["s_h"], values["s_w"]
    for field in fields(kind):  # type: ignore[arg-type]  # every kind is a dataclass
        if field.name in attributes:
            continue
        match _SYMBOLS.get(field.name):
            case str(name):
                attributes[field.name] = values[name]
            case (rows, columns):
                pair = (values[rows], values[columns])
                if field.name == "padding":
                    pair = tuple((0 if chapter else each, each) for each in pair)  # type: ignore[assignment]
                attributes[field.name] = pair
            case None if field.default is MISSING:
                message = f"a {kind.kind} has no formula by itself: what is its {field.name}?"
                raise SpecError(f"{message} Ask for that of a layer of a network")
    return kind(**attributes)


def canonical_inputs(
    layer: AbstractLayer, values: Mapping[str, Dim], *, chapter: bool
) -> tuple[Total, Tensor]:
    """Return a layer's cost and output on (N, c_i, H, W); a join gets that twice."""
    rows, columns = ("n_h", "n_w") if chapter else ("H", "W")
    x = FeatureMap(values["N"], values["c_i"], values[rows], values[columns])
    inputs = (x, x) if layer.joins else (x,)
    output = layer.output_shape(*inputs)
    cost = LayerCost(
        name=layer.kind,
        block=(),
        layer=layer,
        inputs=(),
        input_shapes=inputs,
        output=output,
        parameters=layer.parameters(*inputs),
        statistics=layer.statistics(*inputs),
        work=layer.work(*inputs),
        element_bytes=ELEMENT_BYTES["float32"],
    )
    return total(layer.kind, [cost]), output
