"""Work in a process of its own, so that a crash or a hang of a framework is a result."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from typing import Any

from convcost.errors import ConvcostError, MeasurementError


def run(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float,
    environment: Mapping[str, str],
) -> Any:
    """Return what a function returns, called in a fresh process with these variables set.

    Raises: MeasurementError if it raises, crashes, or takes longer than ``seconds``.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(
        target=_answer, args=(sender, dict(environment), function, arguments), daemon=True
    )
    child.start()
    sender.close()
    try:
        if not receiver.poll(seconds):
            raise MeasurementError(f"no answer within {seconds:g} seconds")
        answer, error = receiver.recv()
    except EOFError:
        child.join()
        raise MeasurementError(f"the process ended with exit code {child.exitcode}") from None
    finally:
        child.kill()
        child.join()
    if error is not None:
        raise MeasurementError(error)
    return answer


def _answer(
    sender: Connection,
    environment: Mapping[str, str],
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> None:
    os.environ.update(environment)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # MXNet logs there as it is imported
    try:
        sender.send((function(*arguments), None))
    except ConvcostError as error:
        sender.send((None, error.problems[0].message))
    except Exception as error:
        sender.send((None, f"{type(error).__name__}: {error}"))
