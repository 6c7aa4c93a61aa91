"""From a command's options to costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from convcost.analyse import analyse
from convcost.catalogue import load
from convcost.cli.options import parse_input, parse_settings
from convcost.cost import NetworkCost
from convcost.graph import Network


def loaded(
    network: str, input_: str | None, settings: Sequence[str] | None, preset: str | None
) -> Network:
    """Load a network with the choices that options make."""
    parameters = parse_settings(settings)
    return load(network, preset=preset, input=parse_input(input_), parameters=parameters)


class Choices(NamedTuple):
    """The options of every command that analyses."""

    batch: int
    input_: str | None
    settings: Sequence[str] | None
    preset: str | None
    dtype: str
    training: bool


def analysed(network: str, choices: Choices) -> NetworkCost:
    """Load a network with the choices that options make, and analyse it."""
    made = loaded(network, choices.input_, choices.settings, choices.preset)
    return analyse(made, batch=choices.batch, dtype=choices.dtype, training=choices.training)
