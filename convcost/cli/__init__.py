"""The command line: parse, call, print. One small file for each command."""

from __future__ import annotations

import io
import sys
from typing import Annotated

import typer

from convcost import __version__
from convcost.cli.analyze import analyze
from convcost.cli.budget import check, solve
from convcost.cli.calibrate import calibrate
from convcost.cli.catalogue import list_networks, show
from convcost.cli.compare import compare
from convcost.cli.convert import convert
from convcost.cli.evaluate import evaluate
from convcost.cli.fit import fit
from convcost.cli.formula import formula
from convcost.cli.graph import graph
from convcost.cli.measure import measure
from convcost.cli.memory import memory
from convcost.cli.plans import plans
from convcost.cli.predict import predict
from convcost.cli.profiles import profiles
from convcost.cli.receptive import receptive
from convcost.cli.report import report
from convcost.cli.scale import scale
from convcost.cli.schema import schema
from convcost.cli.sensitivity import sensitivity
from convcost.errors import ConvcostError, UsageError

app = typer.Typer(
    help="What a convolutional network costs, in closed form, and proven by measurement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("analyze")(analyze)
app.command("list")(list_networks)
app.command("show")(show)
app.command("convert")(convert)
app.command("graph")(graph)
app.command("compare")(compare)
app.command("memory")(memory)
app.command("fit")(fit)
app.command("receptive")(receptive)
app.command("plans")(plans)
app.command("measure")(measure)
app.command("calibrate")(calibrate)
app.command("evaluate")(evaluate)
app.command("report")(report)
app.command("predict")(predict)
app.add_typer(profiles, name="profiles")
app.command("formula")(formula)
app.command("check")(check)
app.command("solve")(solve)
app.command("scale")(scale)
app.command("sensitivity")(sensitivity)
app.command("schema")(schema)


def _print_version(asked: bool) -> None:  # noqa: FBT001 - a Typer callback
    if asked:
        typer.echo(f"convcost {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line; wrong input is printed and exits with 1, a wrong use with 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what the terminal's encoding does not have
    try:
        app()
    except ConvcostError as error:
        typer.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
