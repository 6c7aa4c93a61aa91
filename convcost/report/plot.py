"""Pictures: the one place that knows the plotting library."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from convcost.errors import ConvcostError, MissingDependencyError, nearest
from convcost.report import units

if TYPE_CHECKING:
    from convcost.memory.footprint import Footprint

_FORMATS = (".svg", ".png")


def memory_curve(footprint: Footprint, path: Path) -> bytes:
    """Draw the bytes alive at every step, as the path's suffix says: SVG or PNG.

    Raises: ConvcostError for another suffix; MissingDependencyError without matplotlib.
    """
    if path.suffix not in _FORMATS:
        raise ConvcostError(f"--plot: unknown format {path.suffix!r}; {nearest('', _FORMATS)}")
    try:
        from matplotlib.figure import Figure
    except ImportError:
        message = "a picture needs matplotlib: pip install 'convcost[plot]'"
        raise MissingDependencyError(message) from None
    cost, live = footprint.cost, [int(size) / 2**20 for size in footprint.live]
    at = footprint.peak_step
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.fill_between(range(len(live)), live, step="mid", alpha=0.3)
    axes.step(range(len(live)), live, where="mid")
    if at is not None:
        axes.axhline(live[at], linestyle=":", linewidth=1, color="tab:red")
        label = f"{footprint.program.steps[at].name}: {units.size(footprint.peak_ideal)}"
        axes.plot(at, live[at], "o", color="tab:red", label=label)
        axes.legend(loc="lower center", frameon=False)
    phase = "training" if cost.training else "inference"
    axes.set(
        title=f"{cost.network}, batch {cost.input.n}, {phase}",
        xlabel="step, a layer each",
        ylabel="activations and their gradients alive, MiB",
        ylim=(0, None),
    )
    written = io.BytesIO()
    figure.savefig(written, format=path.suffix.removeprefix("."), dpi=150)
    return written.getvalue()
