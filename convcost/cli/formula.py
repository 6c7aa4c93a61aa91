"""``convcost formula``: the closed form of a layer kind or a network."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit
from convcost.errors import UsageError


def formula(
    what: Annotated[
        str,
        typer.Argument(metavar="NET|KIND|FILE", help="A network, a layer kind, or a spec file."),
    ],
    quantity: Annotated[
        str, typer.Option(metavar="NAME", help="macs, multiplies, adds, parameters, output, ...")
    ] = "macs",
    layer: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this layer, not of the network.")
    ] = None,
    per_layer: Annotated[bool, typer.Option("--per-layer", help="Of every layer.")] = False,
    free: options.Free = "N,H,W",
    assume: options.Assume = None,
    form: Annotated[
        Literal[
            "text",
            "latex",
            "mathml",
            "markdown",
            "python",
            "numpy",
            "c",
            "javascript",
            "json",
            "srepr",
        ],
        typer.Option("--as", help="How to write it."),
    ] = "text",
    notation: Annotated[
        Literal["plain", "chapter"],
        typer.Option(help="For a kind: chapter has extents n and the padding of both sides."),
    ] = "plain",
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    training: options.Training = False,
    output: options.Output = None,
) -> None:
    """Print the exact closed form of what a layer kind or a network costs."""
    from convcost.formulas import SymbolicNetwork, of_kind
    from convcost.formulas.canonical import is_kind
    from convcost.formulas.export import FORMS, several

    if is_kind(what):
        if layer or per_layer or input_ or settings or preset or training:
            raise UsageError(
                f"{what} is a layer kind: it takes --assume, such as 'k_h == 1', but no layer,"
                " input, preset, parameter or training"
            )
        made = of_kind(what, quantity, chapter=notation == "chapter", assume=assume or ())
        return emit(FORMS[form](made), output)
    if notation == "chapter":
        raise UsageError("--notation chapter is for a layer kind")
    network = SymbolicNetwork(
        loaded(what, input_, settings, preset, allow_unknown=allow_unknown, examples=True),
        free=options.parse_names(free),
        assume=assume or (),
        training=training,
    )
    if per_layer and layer:
        raise UsageError("--layer names one, --per-layer takes all: give one of them")
    if per_layer:
        return emit(several(list(network.per_layer(quantity)), form), output)
    return emit(FORMS[form](network.formula(quantity, layer)), output)
