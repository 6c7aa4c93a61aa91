"""Work in a process of its own, so that a crash or a hang of a framework is a result."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable, Mapping
from inspect import isgenerator
from multiprocessing.connection import Connection, wait
from threading import Thread
from typing import Any, Self

from convcost.errors import ConvcostError, MeasurementError


class Child:
    """A function in a fresh process, with these variables set; a generator is asked again.

    ``memory`` limits its address space, in bytes. It ends with the ``with`` statement.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *arguments: Any,
        environment: Mapping[str, str],
        memory: int | None = None,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(
            target=_answer,
            args=(other, dict(environment), memory, function, arguments),
            daemon=True,
        )
        self._process.start()
        other.close()
        self._asked = True

    def ask(self, seconds: float) -> Any:
        """Return what the function returns, or what the generator yields next.

        Raises: MeasurementError if it raises, crashes, or takes longer than ``seconds``.
        """
        try:
            if not self._asked:
                self._connection.send(None)
            self._asked = False
            if not self._connection.poll(seconds):
                raise MeasurementError(f"no answer within {seconds:g} seconds")
            answer, error = self._connection.recv()
        except (EOFError, ConnectionError):
            self._process.join()
            raise MeasurementError(_ended(self._process.exitcode)) from None
        if error is not None:
            raise MeasurementError(error)
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()


def run(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float,
    environment: Mapping[str, str],
    memory: int | None = None,
) -> Any:
    """Return what a function returns, called in a process of its own.

    Raises: MeasurementError if it raises, crashes, or takes longer than ``seconds``.
    """
    with Child(function, *arguments, environment=environment, memory=memory) as child:
        return child.ask(seconds)


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
    asker: Connection,
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
        answer = function(*arguments)
        for value in answer if isgenerator(answer) else (answer,):
            asker.send((value, None))
            asker.recv()
    except EOFError:
        return  # nothing more is wanted
    except ConvcostError as error:
        asker.send((None, error.problems[0].message))
    except Exception as error:
        asker.send((None, f"{type(error).__name__}: {error}"))
