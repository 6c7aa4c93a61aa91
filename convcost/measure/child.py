"""Work in a process of its own, so that a crash or a hang of a framework is a result."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any

from convcost.errors import ConvcostError, MeasurementError


def run(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float,
    environment: Mapping[str, str],
    memory: int | None = None,
) -> Any:
    """Return what a function returns, called in a fresh process with these variables set.

    ``memory`` limits its address space, in bytes. Ctrl-C ends the process and is raised here.

    Raises: MeasurementError if it raises, crashes, or takes longer than ``seconds``.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(
        target=_answer, args=(sender, dict(environment), memory, function, arguments), daemon=True
    )
    child.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise MeasurementError(f"no answer within {seconds:g} seconds")
        answer, error = receiver.recv()
    except EOFError:
        child.join()
        raise MeasurementError(_ended(child.exitcode)) from None
    finally:
        child.kill()
        child.join()
        receiver.close()
    if error is not None:
        raise MeasurementError(error)
    return answer


def _ended(code: int | None) -> str:
    if code is None or code >= 0:
        return f"the process ended with exit code {code}"
    return f"the process was ended by {signal.Signals(-code).name}"


def _end_with_parent() -> None:
    """Wait for the parent to end, however it does, and end too."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _answer(
    sender: Connection,
    environment: Mapping[str, str],
    memory: int | None,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told, and ends this process
    os.environ.update(environment)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # frameworks print there on their own account
        os.dup2(nowhere, stream)
    try:
        if memory is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        sender.send((function(*arguments), None))
    except ConvcostError as error:
        sender.send((None, error.problems[0].message))
    except Exception as error:
        sender.send((None, f"{type(error).__name__}: {error}"))
