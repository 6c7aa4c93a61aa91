"""How long an ONNX file takes: ``python tests/benchmarks/onnx_speed.py [FILE]``.

A whole process, ``convcost analyze FILE``, against one that only imports onnx and parses the
same file, alternately. Without a file it is ResNet-50 with random weights, made here, 98 MiB.
Medians of the rounds, with the spread.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

import convcost
from convcost.exporters.onnx import as_onnx

_UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
PARSE = "import sys, onnx; onnx.load_model(sys.argv[1], load_external_data=False)"


def seconds(arguments: Sequence[str]) -> float:
    """Time a whole Python process, whose modules are compiled already."""
    compiled = {name: value for name, value in os.environ.items() if name != _UNCOMPILED}
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, *arguments], env=compiled, stdout=subprocess.DEVNULL, check=True
    )
    return time.perf_counter() - start


def measure(path: Path, rounds: int) -> Table:
    """Run both processes in turns."""
    size = path.stat().st_size / (1 << 20)
    table = Table("whole process", "median", "least", "greatest", title=f"{size:.0f} MiB")
    analyze = ["-m", "convcost", "analyze", str(path)]
    seconds(analyze)
    pairs = [
        (seconds(["-c", PARSE, str(path)]), seconds(analyze)) for _ in track(range(rounds), "files")
    ]
    parsed, analysed = zip(*pairs, strict=True)
    rows = {
        "onnx imported, the file parsed, seconds": parsed,
        "convcost analyze, seconds": analysed,
        "ratio, pair by pair": [b / a for a, b in pairs],
    }
    for name, values in rows.items():
        table.add_row(name, *(f"{f(values):.3f}" for f in (statistics.median, min, max)))
    return table


def main(
    file: Annotated[Path | None, typer.Argument(help="An ONNX file.")] = None, rounds: int = 15
) -> None:
    """Measure, and print a table."""
    with tempfile.TemporaryDirectory() as folder:
        if file is None:
            file = Path(folder) / "resnet50.onnx"
            network = convcost.load("resnet50")
            file.write_bytes(as_onnx(network, convcost.analyse(network), weights="random"))
        Console().print(measure(file, rounds))


if __name__ == "__main__":
    typer.run(main)
