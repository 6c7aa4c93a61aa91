"""From a command's options to costs."""

from __future__ import annotations

from collections.abc import Sequence

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


def analysed(
    network: str,
    *,
    batch: int,
    input_: str | None,
    settings: Sequence[str] | None,
    preset: str | None,
    dtype: str,
    training: bool,
) -> NetworkCost:
    """Load a network with the choices that options make, and analyse it."""
    made = loaded(network, input_, settings, preset)
    return analyse(made, batch=batch, dtype=dtype, training=training)
