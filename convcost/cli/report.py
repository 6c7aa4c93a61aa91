"""``convcost report``: results of measurements beside the model, to be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.measuring import (
    INTERRUPTED,
    Batches,
    Device,
    Step,
    Threads,
    measured,
    open_session,
    telling,
)
from convcost.cli.output import emit, write
from convcost.errors import ConvcostError, UsageError, nearest

if TYPE_CHECKING:
    from convcost.measure.result import Result
    from convcost.report.measured.content import Content
    from convcost.report.measured.predicted import Choice


def report(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NET|FILE|RUN.json...",
            help="Networks to measure, by name or in files; files of results need no MXNet.",
        ),
    ] = None,
    chapter: Annotated[
        bool, typer.Option("--chapter", help="Instead, what the notes timed, as ratios.")
    ] = False,
    batches: Batches = "1",
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    allow_unknown: options.AllowUnknown = False,
    device: Device = "auto",
    threads: Threads = None,
    training: Step = False,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="P",
            help="A profile's name or file, for predicted times; else one of the same machine.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write .html, .md or .json; else in short, here."),
    ] = None,
) -> None:
    """Report measurements: the verdict first, then layers, pictures and where it was measured.

    Ctrl-C stops the measuring, and what was measured is reported.
    """
    if chapter == bool(what):
        raise UsageError("give networks or files of results, or --chapter alone")
    if what is None:
        if batches != "1" or any((training, allow_unknown, profile, input_, settings, preset)):
            raise UsageError("--chapter takes --device, --threads and --output alone")
        _chapter(device, threads, output)
        return
    writer, choose = _writer(output), _choice(profile)
    from convcost.measure.session import interrupted
    from convcost.report.measured.content import content

    sizes = options.parse_counts("--batch", batches)
    files = [name for name in what if _holds_results(name)]
    made = [
        loaded(name, input_, settings, preset, allow_unknown=allow_unknown)
        for name in what
        if name not in files
    ]
    networks = {network.name: network for network in made}
    cases = [(network, batch) for network in networks.values() for batch in sizes]
    results = _read(files)
    new = measured(open_session(device, threads), cases, training=training) if cases else []
    found = content([*results, *new], networks, choose)
    if output is None:
        from convcost.report.measured.terminal import Short

        emit(Short(found), None)
    else:
        write(output, writer(found))
    if new and interrupted(new):
        raise typer.Exit(INTERRUPTED)


def _choice(name: str | None) -> Choice:
    """Return what chooses a result's profile: that of this name, or one of its machine."""
    from convcost.prediction.profile import find_profile, known_profiles, load_profile
    from convcost.report.measured.predicted import is_of

    if name is not None:
        given = load_profile(find_profile(name))
        return lambda _: given
    known = list(map(load_profile, known_profiles().values()))
    return lambda result: next((each for each in known if is_of(each, result)), None)


def _chapter(device: str, threads: int | None, output: Path | None) -> None:
    """Measure what the notes measured, and say what came out."""
    from convcost.measure.chapter import BATCH, experiments
    from convcost.report.measured.experiments import Experiments

    forms = {
        "": lambda made: made,
        ".html": Experiments.as_html,
        ".md": Experiments.as_markdown,
        ".json": Experiments.as_json,
    }
    suffix = output.suffix if output is not None else ""
    if suffix not in forms:
        raise UsageError(f"--chapter: unknown format {suffix!r}; {nearest('', forms)}")
    if suffix == ".html":
        _require_html()
    session = open_session(device, threads)
    with telling() as told:
        found = list(experiments(session, progress=told))
    emit(forms[suffix](Experiments(found, BATCH, session.machine.device)), output)


def _writer(output: Path | None) -> Callable[[Content], str]:
    """Return what writes a file of this suffix; before anything is measured."""
    suffix = ".html" if output is None else output.suffix
    if suffix not in _WRITERS:
        raise ConvcostError(f"--output: unknown format {suffix!r}; {nearest('', _WRITERS)}")
    if output is not None and suffix == ".html":
        _require_html()
    return _WRITERS[suffix]


def _holds_results(name: str) -> bool:
    """Whether a file has results of measurements: JSON that is no network."""
    if Path(name).suffix != ".json":
        return False
    from convcost.importers.mxnet import holds_symbol

    return not holds_symbol(Path(name))


def _require_html() -> None:
    """See that there is what a page needs, before time is spent on measuring."""
    from convcost.report.measured.html import require

    require()


def _read(files: Sequence[str]) -> list[Result]:
    from convcost.measure.result_files import load_results

    return [result for file in files for result in load_results(Path(file))]


def _html(found: Content) -> str:
    from convcost.report.measured.html import as_html

    return as_html(found)


def _markdown(found: Content) -> str:
    from convcost.report.measured.markdown import as_markdown

    return as_markdown(found)


def _json(found: Content) -> str:
    from convcost.report.measured.document import as_json

    return as_json(found)


_WRITERS: Mapping[str, Callable[[Content], str]] = MappingProxyType(
    {".html": _html, ".md": _markdown, ".json": _json}
)
