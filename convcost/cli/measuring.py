"""From a command's options to measurements: the one place of the commands that needs MXNet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from convcost.graph import Network
    from convcost.measure.result import Result
    from convcost.measure.session import Session

INTERRUPTED = 130  # the exit code of what Ctrl-C ended, as shells count

Batches = Annotated[str, typer.Option("--batch", metavar="N,N,...", help="Images in a batch.")]
Device = Annotated[
    str, typer.Option(metavar="D", help="auto (a GPU if there is one), cpu, gpu or gpu:1.")
]
Step = Annotated[bool, typer.Option("--training", help="Also plan and time a training step.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="All cores, if not given.", show_default=False)
]


def open_session(device: str, threads: int | None = None, **limits: Any) -> Session:
    """Return a session with MXNet, or raise what says how to get it."""
    from convcost.measure.mxnet_backend import MxnetBackend
    from convcost.measure.provenance import cores
    from convcost.measure.session import Session

    backend = MxnetBackend()
    backend.require()
    return Session(backend=backend, device=device, threads=threads or cores(), **limits)


@contextmanager
def telling() -> Iterator[Callable[[str], None] | None]:
    """Give what tells a terminal what is going on; nothing where there is none."""
    from rich.console import Console

    console = Console(stderr=True)
    with console.status("MXNet") as status:
        yield status.update if console.is_terminal else None


def measured(
    session: Session,
    cases: Sequence[tuple[Network, int]],
    *,
    training: bool,
    after: Callable[[list[Result]], None] = lambda _: None,
) -> list[Result]:
    """Measure networks at batches, and tell a terminal what is going on."""
    with telling() as told:
        return session.measure(cases, training=training, progress=told, after=after)
