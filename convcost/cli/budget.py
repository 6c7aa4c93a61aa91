"""``convcost check`` and ``convcost solve``: budgets."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from convcost.budget import excess, parse_budget
from convcost.cli import options
from convcost.cli.analysis import Choices, analysed, loaded
from convcost.cli.output import emit
from convcost.counts import COUNTS

Max = Annotated[
    list[str] | None,
    typer.Option("--max", metavar="NAME=MOST", help="Such as macs=4G. Repeatable."),
]
Format = Annotated[Literal["table", "json"], typer.Option("--format", help="How to print it.")]


def check(
    network: options.Network,
    maximum: Max = None,
    batch: options.Batch = 1,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    dtype: options.Dtype = "float32",
    training: options.Training = False,
    format_: Format = "table",
) -> None:
    """Exit with 1 if a network is over a budget, and say by how much."""
    budget = parse_budget(maximum or [])
    cost = analysed(
        network, Choices(batch, input_, settings, preset, dtype, training, allow_unknown)
    )
    sums = cost.total()
    costs = {name: int(COUNTS[name].value(sums)) for name in budget}
    over = excess(costs, budget)
    if format_ == "json":
        from convcost.report.records import dumps

        record = {
            "network": cost.network,
            "budget": budget,
            "costs": costs,
            "over": over,
            "at_least": bool(cost.uncounted),
        }
        emit(dumps(record), None)
    else:
        for name, most in budget.items():
            verdict = f"over by {over[name]:,}" if name in over else "within"
            verdict = ", ".join(filter(None, (verdict, cost.remark)))
            typer.echo(f"{cost.network}: {name} {costs[name]:,} of {most:,}: {verdict}")
    if over:
        raise typer.Exit(1)


def solve(
    network: options.Network,
    maximum: Max = None,
    wanted: Annotated[
        str,
        typer.Option("--for", metavar="H,W", help="What may grow, all alike: N, C, H, W, ..."),
    ] = "H,W",
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    format_: Format = "table",
) -> None:
    """Find the largest size that keeps within a budget."""
    from convcost.formulas import SymbolicNetwork
    from convcost.formulas.solve import solve as largest

    budget = parse_budget(maximum or [])
    names = options.parse_names(wanted)
    made = loaded(network, input_, settings, preset, allow_unknown=allow_unknown, examples=True)
    symbolic = SymbolicNetwork(made, free=names)
    found = largest(symbolic, budget, names)
    remark = symbolic.cost.remark
    if format_ == "json":
        from convcost.report.records import dumps

        record = {
            "network": made.name,
            "for": names,
            "size": found.size,
            "costs": found.costs,
            "next_size": found.next_size,
            "next_costs": found.next_costs,
            "at_least": bool(remark),
        }
        return emit(dumps(record), None)
    lines = [f"{made.name}: {' = '.join(names)} = {found.size:,}"]
    for size, costs in ((found.size, found.costs), (found.next_size, found.next_costs)):
        for name, value in costs.items():
            verdict = "over" if value > budget[name] else "within"
            lines.append(f"  at {size:,}: {name} {value:,} of {budget[name]:,}: {verdict}")
    lines += [remark] if remark else []
    return emit("\n".join(lines), None)
