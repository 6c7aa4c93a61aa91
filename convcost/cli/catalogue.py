"""``convcost list`` and ``convcost show``: what is known, and how it is made."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.analyse import analyse, infer_shapes
from convcost.catalogue import known_networks
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit
from convcost.graph import build


def list_networks(
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """List the networks that are known, by family."""
    from convcost.report import listing

    specs = known_networks()
    costs = [analyse(build(spec)) for spec in specs]
    if format_ == "json":
        return emit(listing.as_json(specs, costs), output)
    return emit(listing.as_table(specs, costs), output)


def show(
    network: options.Network,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
) -> None:
    """Show a network's spec, and its layers written out as a tree."""
    from convcost.report.terminal import layer_tree

    made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown)
    text = made.spec.text  # as it stands in the file: it may be copied
    if not text:
        from convcost.writing.spec import spec_text

        text = spec_text(made)
    emit(text, None)
    emit(layer_tree(made, infer_shapes(made)), None)
