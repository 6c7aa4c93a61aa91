"""Where results go: standard output, or a file that is whole or not there at all."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from convcost.errors import OutputError

if TYPE_CHECKING:
    from rich.console import RenderableType

_FILE_WIDTH = 160  # columns of a table that is written to a file


def emit(content: str | RenderableType, output: Path | None) -> None:
    """Print text or something rich can draw, or write it to a file."""
    from rich.console import Console

    if output is not None:
        text = content
        if not isinstance(text, str):
            plain = Console(file=io.StringIO(), width=_FILE_WIDTH, color_system=None)
            with plain.capture() as captured:
                plain.print(content)
            text = captured.get()
        write(output, text)
    elif isinstance(content, str):
        typer.echo(content, nl=not content.endswith("\n"))
    else:
        Console(highlight=False, emoji=False, markup=False).print(content)


def write(path: Path, content: str | bytes) -> None:
    """Write a file by way of a temporary one beside it; text ends in a line's end.

    Raises: OutputError if that is not possible; then the file is as it was.
    """
    temporary = None
    try:
        if isinstance(content, str):
            content = (content if content.endswith("\n") else content + "\n").encode()
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = Path(file.name)
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None
