"""From a command's options to costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from convcost.analyse import analyse
from convcost.catalogue import load
from convcost.cli.options import parse_input, parse_settings
from convcost.cost import NetworkCost
from convcost.counts import COUNTS
from convcost.graph import Network

if TYPE_CHECKING:
    from convcost.formulas import Formula


def loaded(
    network: str,
    input_: str | None,
    settings: Sequence[str] | None,
    preset: str | None,
    *,
    allow_unknown: bool = False,
    examples: bool = False,
) -> Network:
    """Load a network with the choices that options make; ``examples`` are for formulas."""
    return load(
        network,
        preset=preset,
        input=parse_input(input_),
        parameters=parse_settings(settings),
        allow_unknown=allow_unknown,
        examples=examples,
    )


class Choices(NamedTuple):
    """The options of every command that analyses."""

    batch: int
    input_: str | None
    settings: Sequence[str] | None
    preset: str | None
    dtype: str
    training: bool
    allow_unknown: bool


def analysed(network: str, choices: Choices) -> NetworkCost:
    """Load a network with the choices that options make, and analyse it."""
    made = loaded(
        network,
        choices.input_,
        choices.settings,
        choices.preset,
        allow_unknown=choices.allow_unknown,
    )
    return analyse(made, batch=choices.batch, dtype=choices.dtype, training=choices.training)


def kind_formulas(name: str) -> list[Formula]:
    """Return the closed forms of all counts of a layer kind; none if there is no such kind."""
    from convcost.formulas import of_kind
    from convcost.formulas.canonical import is_kind

    return [of_kind(name, quantity) for quantity in COUNTS] if is_kind(name) else []


def network_formulas(network: Network, free: Sequence[str]) -> list[Formula]:
    """Return the closed forms of all counts of a network."""
    from convcost.formulas import SymbolicNetwork

    symbolic = SymbolicNetwork(network, free=free)
    return [symbolic.formula(quantity) for quantity in COUNTS]
