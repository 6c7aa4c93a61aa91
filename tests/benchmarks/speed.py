"""How fast convcost starts, and how it grows: ``python tests/benchmarks/speed.py``.

Formulas: from a spec to the closed forms of all totals in N, H and W, SymPy's cache and
our own emptied before each round.

Start: whole processes, `convcost analyze vgg16` against one that only imports networkx,
typer, rich and the YAML reader, alternately. Growth: chains of layers, each in a process of
its own, with its peak memory. Medians of the rounds, with the spread.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

FLOOR = ["-c", "import networkx, typer, rich.console, rich.table, yaml"]
ANALYZE = ["-m", "convcost", "analyze", "vgg16"]
CHAIN = """\
name: chain
input: [4, 32, 32]
layers:
  - repeat:
      times: {times}
      layers:
        - conv2d: {{filters: 4, kernel: 3, padding: 1}}
        - relu
"""


def seconds(arguments: Sequence[str]) -> float:
    """Time a whole Python process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def chain(layers: int) -> None:
    """Analyse a chain of so many layers; print seconds and peak bytes as JSON."""
    import convcost

    start = time.perf_counter()
    spec = convcost.read_text(CHAIN.format(times=layers // 2))
    cost = convcost.analyse(convcost.build(spec))
    cost.total()
    elapsed = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"layers": len(cost.layers), "seconds": elapsed, "bytes": peak}))


def spread(values: Sequence[float], digits: int = 3) -> list[str]:
    """Write the median, the least and the greatest."""
    return [f"{f(values):.{digits}f}" for f in (statistics.median, min, max)]


def start_table(rounds: int) -> Table:
    """Measure the start, the two processes alternating."""
    table = Table("whole process", "median", "least", "greatest", title="start")
    pairs = [(seconds(FLOOR), seconds(ANALYZE)) for _ in track(range(rounds), "start")]
    floors, analyses = zip(*pairs, strict=True)
    table.add_row("imports alone, seconds", *spread(floors))
    table.add_row("convcost analyze vgg16, seconds", *spread(analyses))
    table.add_row("ratio, pair by pair", *spread([b / a for a, b in pairs], 2))
    return table


def growth_table(rounds: int) -> Table:
    """Measure chains of growing length, each in a fresh process."""
    table = Table("layers", "median", "least", "greatest", "µs a layer", "MiB", title="growth")
    for layers in track((1_000, 10_000, 100_000), "growth"):
        records = []
        for _ in range(rounds):
            command = [sys.executable, __file__, "--chain", str(layers)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            records.append(json.loads(done.stdout))
        times = [record["seconds"] for record in records]
        each = f"{statistics.median(times) / layers * 1e6:.1f}"
        memory = f"{max(record['bytes'] for record in records) / 2**20:.0f}"
        table.add_row(f"{layers:,}", *spread(times), each, memory)
    return table


def formula_table(rounds: int) -> Table:
    """Measure the way from a spec to the closed forms of all totals."""
    from sympy.core.cache import clear_cache

    import convcost
    from convcost.counts import COUNTS
    from convcost.dims import folded_floor
    from convcost.formulas import SymbolicNetwork

    table = Table("network", "layers", "median", "least", "greatest", title="formulas, seconds")
    for name in ("vgg16", "densenet121", "densenet264"):
        times = []
        for _ in range(rounds):
            clear_cache()
            folded_floor.cache_clear()
            start = time.perf_counter()
            network = SymbolicNetwork(convcost.load(name))
            for quantity in COUNTS:
                network.formula(quantity)
            times.append(time.perf_counter() - start)
        table.add_row(name, f"{len(network.cost.layers):,}", *spread(times))
    return table


def main(chain_of: int = typer.Option(0, "--chain", hidden=True), rounds: int = 11) -> None:
    """Measure and print."""
    if chain_of:
        chain(chain_of)
        return
    console = Console()
    console.print(start_table(rounds))
    console.print(growth_table(max(3, rounds // 4)))
    console.print(formula_table(max(3, rounds // 2)))


if __name__ == "__main__":
    typer.run(main)
