"""``convcost evaluate``: how right predictions are on this machine."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from convcost.budget import parse_seconds
from convcost.catalogue import known_networks, load
from convcost.cli import options
from convcost.cli.calibrate import Budget, require_scipy
from convcost.cli.measuring import Batches, Device, Threads, open_session, telling
from convcost.cli.output import emit, write
from convcost.errors import UsageError, nearest

if TYPE_CHECKING:
    from convcost.graph import Network
    from convcost.measure.calibration.evaluation import Evaluation
    from convcost.measure.session import Session
    from convcost.prediction.network import Way
    from convcost.report.evaluation import Evaluated

_FORMS = {".json": "as_json", ".md": "as_markdown"}


def evaluate(
    networks: Annotated[
        list[str] | None,
        typer.Argument(metavar="NET|FILE...", help="All, and the zoo's, if none is given."),
    ] = None,
    batches: Batches = "1,8",
    device: Device = "auto",
    threads: Threads = None,
    budget: Budget = "5m",
    rounds: Annotated[int, typer.Option(min=2, help="How often to time each network.")] = 5,
    ways: Annotated[
        str, typer.Option(metavar="WAY,...", help="How they run: unfused, fused and training.")
    ] = "unfused,fused",
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Also write it, as .json or .md.")
    ] = None,
    earlier: Annotated[
        Path | None,
        typer.Option("--read", metavar="FILE.json", help="Instead, show what one has written."),
    ] = None,
) -> None:
    """Calibrate and measure networks in one session, and compare with what is predicted.

    The calibration is of synthetic networks, so that no network, nor its family, has a part
    in what predicts it. Ctrl-C stops, and tells of what was measured.
    """
    if output is not None and output.suffix not in _FORMS:
        raise UsageError(f"--output: unknown format {output.suffix!r}; {nearest('', _FORMS)}")
    if earlier is not None:
        if networks:
            raise UsageError("--read shows all of a file: it takes no networks")
        from convcost.report.evaluation import load_evaluation

        return _tell(load_evaluation(earlier), output)
    require_scipy()
    from convcost.measure.calibration import evaluation, run, sheets

    sizes, asked = options.parse_counts("--batch", batches), _ways(ways)
    session = open_session(device, threads, rounds=rounds)
    calibration = run.Calibration(session, sheets.sheets(sheets.SEED), ways=asked)
    found = evaluation.Evaluation(calibration)
    every = list(evaluation.cases(session, _networks(networks, session), sizes, asked))
    with telling() as told:
        evaluation.evaluate(found, every, parse_seconds("--budget", budget), told)
    return _tell(_evaluated(found), output)


def _tell(shown: Evaluated, output: Path | None) -> None:
    """Print an evaluation, and write it if that is asked for."""
    if output is not None:
        write(output, getattr(shown, _FORMS[output.suffix])())
    emit(shown, None)


def _ways(text: str) -> list[Way]:
    """Read ``unfused,training``.

    Raises: UsageError for a way that is not known, or none.
    """
    from convcost.prediction.network import Way

    known = get_args(Way)
    names = options.parse_names(text)
    for name in names or [""]:
        if name not in known:
            raise UsageError(f"--ways: unknown way {name!r}; {nearest(name, known)}")
    return [way for way in known if way in names]


def _networks(names: list[str] | None, session: Session) -> list[tuple[Network, str]]:
    """Return networks and their families: of these names, or all with the zoo's besides."""
    if names:
        made = [load(name) for name in names]
        return [(network, network.spec.family) for network in made]
    from convcost.measure.zoo import ZOO, zoo

    shipped = [load(spec.name) for spec in known_networks()]
    others = zoo(session)
    return [
        *((network, network.spec.family) for network in shipped),
        *((network, ZOO[name][0]) for name, network in others.items()),
    ]


def _evaluated(found: Evaluation) -> Evaluated:
    from convcost.measure.calibration import scoring
    from convcost.measure.calibration.profiles import described
    from convcost.report.evaluation import LEAST_SECONDS, Evaluated

    calibration = found.calibration
    machine = described(calibration.session, found.reference)
    return Evaluated(
        machine=f"{machine.processor}, threads: {machine.threads}",
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        calibration_seconds=calibration.seconds,
        sheets=len({each.sheet.name for each in calibration.measured}),
        rows=sum(len(calibration.rows(way, machine)) for way in scoring.ways_of(found)),
        scores=tuple(scoring.scores(found)),
        learning=tuple(scoring.learning(found, LEAST_SECONDS)),
        failures=(*calibration.failures, *found.failures),
    )
