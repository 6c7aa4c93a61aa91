"""``convcost sensitivity``: which symbol moves which total how much."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import kind_formulas, loaded, network_formulas
from convcost.cli.output import emit


def sensitivity(
    what: Annotated[
        str,
        typer.Argument(metavar="NET|KIND|FILE", help="A network, a layer kind, or a spec file."),
    ],
    free: Annotated[
        str | None,
        typer.Option(metavar="N,H,...", help="Which symbols; all that may be free if not given."),
    ] = None,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show by how many percent each total grows when a symbol grows by one percent."""
    from convcost.formulas.closed import possibly_free
    from convcost.formulas.sensitivity import elasticities
    from convcost.report.sensitivity import Sensitivity

    formulas = kind_formulas(what)
    if not formulas:
        made = loaded(what, input_, settings, preset, allow_unknown=allow_unknown, examples=True)
        names = possibly_free(made) if free is None else options.parse_names(free)
        formulas = network_formulas(made, names)
    counted = [formula for formula in formulas if formula.expr != 0]
    table = Sensitivity(
        what,
        {formula.quantity: elasticities(formula) for formula in counted},
        {name: size for formula in counted for name, size in formula.example.items()},
        next((formula.remark for formula in counted if formula.remark), ""),
    )
    emit(table.as_json() if format_ == "json" else table, output)
