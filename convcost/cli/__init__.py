"""The command line: parse, call, print. One small file for each command."""

from __future__ import annotations

import gc
import io
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from convcost import __version__
from convcost.errors import ConvcostError, UsageError

_COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "analyze": ("analyze", "analyze"),
        "list": ("catalogue", "list_networks"),
        "show": ("catalogue", "show"),
        "convert": ("convert", "convert"),
        "graph": ("graph", "graph"),
        "compare": ("compare", "compare"),
        "memory": ("memory", "memory"),
        "fit": ("fit", "fit"),
        "receptive": ("receptive", "receptive"),
        "plans": ("plans", "plans"),
        "measure": ("measure", "measure"),
        "calibrate": ("calibrate", "calibrate"),
        "evaluate": ("evaluate", "evaluate"),
        "report": ("report", "report"),
        "predict": ("predict", "predict"),
        "profiles": ("profiles", "profiles"),
        "formula": ("formula", "formula"),
        "check": ("budget", "check"),
        "solve": ("budget", "solve"),
        "scale": ("scale", "scale"),
        "sensitivity": ("sensitivity", "sensitivity"),
        "schema": ("schema", "schema"),
    }
)
"""Every command's module and what it is called there, in the order of the help."""


class _Commands(Mapping[str, Any]):
    """Commands that are imported when they are asked for: most of a short run would be others'."""

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)

    def __contains__(self, name: object) -> bool:
        return name in _COMMANDS

    def __getitem__(self, name: str) -> Any:
        module, attribute = _COMMANDS[name]
        made = found = getattr(import_module(f"{__name__}.{module}"), attribute)
        if not isinstance(found, typer.Typer):
            made = typer.Typer(add_completion=False)
            made.command(name)(found)
        command = typer.main.get_command(made)
        command.name = name
        return command


class _Group(TyperGroup):
    """The commands of this package."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = _Commands()  # type: ignore[assignment]  # nobody adds to it


_OBJECTS = 100_000  # between two looks for garbage, of which a run of a second makes little

app = typer.Typer(
    cls=_Group,
    help="What a convolutional network costs, in closed form, and proven by measurement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
    gc.set_threshold(_OBJECTS)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what the terminal's encoding does not have
    try:
        app()
    except ConvcostError as error:
        typer.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
