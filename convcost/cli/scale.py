"""``convcost scale``: what a cost is multiplied by when a size is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from convcost.cli import options
from convcost.cli.analysis import kind_formulas, loaded, network_formulas
from convcost.cli.output import emit
from convcost.errors import UsageError

if TYPE_CHECKING:
    from convcost.formulas import Formula
    from convcost.formulas.scale import Change, Ratio


def scale(
    what: Annotated[
        str,
        typer.Argument(metavar="NET|KIND|FILE", help="A network, a layer kind, or a spec file."),
    ],
    times: Annotated[
        str, typer.Option(metavar="H=2,W=2", help="What is multiplied, and by what.")
    ] = "",
    set_: Annotated[
        str, typer.Option("--set", metavar="k_h=1,k_w=1", help="What becomes a number.")
    ] = "",
    input_: options.Input = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    format_: Annotated[
        Literal["table", "json"], typer.Option("--format", help="How to print it.")
    ] = "table",
    output: options.Output = None,
) -> None:
    """Show what every count is multiplied by: exactly, in the limit, and at an example."""
    from convcost.formulas.free import usual
    from convcost.formulas.scale import Change

    change = Change(options.parse_sizes("--times", times), options.parse_sizes("--set", set_))
    if not change.times and not change.values:
        raise UsageError("give --times, such as H=2,W=2, or --set, such as k_h=1")
    names = [*change.times, *change.values]
    every = kind_formulas(what)
    if not every:
        made = loaded(what, input_, (), preset, allow_unknown=allow_unknown, examples=True)
        every = network_formulas(made, list(dict.fromkeys([*names, *usual(made)])))
    formulas = [formula for formula in every if formula.expr.free_symbols]
    remarks = list(dict.fromkeys(formula.remark for formula in formulas if formula.remark))
    ratios = _ratios(formulas, change)
    if not ratios:
        raise UsageError(f"nothing that {what} costs depends on {' or '.join(names)}")
    if format_ == "json":
        from convcost.report.records import dumps

        found = {"of": what, "ratios": _records(ratios), "at_least": bool(remarks)}
        return emit(dumps(found), output)
    example = {name: size for each in formulas for name, size in each.example.items()}
    lines = _lines(ratios)
    sizes = ", ".join(f"{name} = {value}" for name, value in example.items())
    lines.append(f"example: {sizes}")
    lines.append("limit: as the extents, and what is multiplied but for paddings, grow")
    lines += [f"before and after: {remark}" for remark in remarks]
    return emit("\n".join(lines), output)


def _ratios(formulas: Iterable[Formula], change: Change) -> dict[str, Ratio]:
    """Return what every count is multiplied by that depends on something that changes."""
    from convcost.formulas.scale import Change, scale

    ratios = {}
    for formula in formulas:
        own = {symbol.name for symbol in formula.symbols}
        if own.intersection((*change.times, *change.values)):
            part = Change(
                {name: by for name, by in change.times.items() if name in own},
                {name: value for name, value in change.values.items() if name in own},
            )
            ratios[formula.quantity] = scale(formula, part)
    return ratios


def _records(ratios: Mapping[str, Ratio]) -> dict[str, dict[str, str | None]]:
    from convcost.formulas.printing import text

    return {
        name: {
            "exact": str(ratio),
            "limit": text(ratio.limit),
            "example": None if ratio.example is None else str(ratio.example),
        }
        for name, ratio in ratios.items()
    }


def _lines(ratios: Mapping[str, Ratio]) -> list[str]:
    from convcost.formulas.printing import text

    lines = []
    for name, ratio in ratios.items():
        at = "not valid" if ratio.example is None else f"{float(ratio.example):.6g}"
        lines.append(f"{name}: {ratio}\n  limit {text(ratio.limit)}, at the example {at}")
    return lines
