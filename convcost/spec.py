"""A network's spec as records: what a file says, checked, with the place of every part.

Values are kept as they were written (``Written``): they get numbers when the network is
built with its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from convcost.errors import Location
from convcost.expressions import Expression
from convcost.layers import AbstractLayer

Written = Expression | str | float | tuple["Written", ...]
"""A value before it is computed."""


class Form(Protocol):
    """How a value is completed once its expressions are computed."""

    def settle(self, value: Any) -> Any:
        """Return what a layer takes, or raise SpecError."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A layer's attribute: as written, the form it must have, and its place."""

    form: Form
    written: Written
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """Place one layer; a join may hold the branches that it joins.

    ``holds`` says how many learned elements of a role it has, where its kind would say
    otherwise: those that it has in common with another layer are counted there.
    """

    layer: type[AbstractLayer]
    attributes: Mapping[str, Attribute]
    branches: Mapping[str, tuple[Step, ...]]
    holds: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """Place a block, with its arguments."""

    block: str
    arguments: Mapping[str, Written]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Place layers again and again: so many times, or over lists that run side by side."""

    times: Expression | None
    over: Mapping[str, Written]
    index: str | None
    layers: tuple[Step, ...]
    over_location: Location | None = None


@dataclass(frozen=True, slots=True)
class Let:
    """Name values, from here on to the end of the list of layers (and its next round)."""

    values: Mapping[str, Written]


@dataclass(frozen=True, slots=True)
class Reference:
    """The name of a layer or block whose output is meant, and where it was written."""

    name: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One item of a list of layers."""

    action: Layer | Call | Repeat | Let
    label: str
    name: str | None = None
    sources: tuple[Reference, ...] = ()
    when: Expression | None = None
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A reusable list of layers; an argument without a default must be given."""

    arguments: Mapping[str, Written | None]
    layers: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Values for a spec's input and parameters: a preset's, a variant's or a user's."""

    input: tuple[Written, ...] | None = None
    parameters: Mapping[str, Written] = field(default_factory=dict)
    description: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class NetworkSpec:
    """A network, or one of a family: its parameters, blocks and layers.

    A parameter without a value must be given. ``inputs`` are those beside the first one.
    """

    name: str
    family: str
    description: str
    source: str
    input: tuple[Written, ...]
    parameters: Mapping[str, Written | None]
    presets: Mapping[str, Choice]
    variants: Mapping[str, Choice]
    blocks: Mapping[str, Block]
    layers: tuple[Step, ...]
    outputs: tuple[Reference, ...]
    file: str
    text: str
    inputs: Mapping[str, tuple[Written, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"NetworkSpec({self.name!r}, file={self.file!r})"
