"""``convcost profiles``: the machines that times can be predicted for."""

from __future__ import annotations

from typing import Annotated

import typer

from convcost.cli import options
from convcost.cli.output import emit

profiles = typer.Typer(help="The machines that times can be predicted for.", add_completion=False)


@profiles.callback(invoke_without_command=True)
def list_profiles(context: typer.Context) -> None:
    """List the profiles that are known, and the GPUs that have a lower bound."""
    if context.invoked_subcommand is not None:
        return
    from convcost.prediction.gpus import gpus
    from convcost.prediction.profile import is_shipped, known_profiles, load_profile
    from convcost.report.profiles import Listing

    found = [(load_profile(path), is_shipped(path)) for path in known_profiles().values()]
    emit(Listing(found, list(gpus().values())), None)


@profiles.command("show")
def show(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A profile's name or file, or a GPU's name.")
    ],
    output: options.Output = None,
) -> None:
    """Print a profile: its machine, and each kernel's time as a formula with units."""
    from convcost.prediction.gpus import gpus
    from convcost.prediction.profile import find_profile, is_shipped, load_profile
    from convcost.report.profiles import gpu_text, profile_text

    if name in gpus():
        return emit(gpu_text(gpus()[name]), output)
    path = find_profile(name)
    return emit(profile_text(load_profile(path), shipped=is_shipped(path)), output)
