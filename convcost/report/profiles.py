"""Profiles of machines: what there is, and the formula of each kernel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from convcost.prediction.gpus import Gpu
from convcost.prediction.model import KernelModel, TimeModel
from convcost.prediction.profile import Profile
from convcost.prediction.terms import TERMS
from convcost.report import units
from convcost.report.measured.numbers import rate, seconds, share

_MODELS = {"unfused": "layer by layer", "fused": "fused", "training": "training steps"}
_PICO = 1e12


@dataclass(frozen=True, slots=True)
class Listing:
    """All profiles that are known, and the GPUs whose datasheets bound a time."""

    profiles: Sequence[tuple[Profile, bool]]
    gpus: Sequence[Gpu]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw both."""
        del console, options
        if self.profiles:
            table = _table("profiles", "name", "machine", "threads", "calibrated for", "")
            for profile, shipped in self.profiles:
                table.add_row(
                    profile.name,
                    profile.machine.processor,
                    str(profile.machine.threads),
                    ", ".join(what for what in _MODELS if getattr(profile, what) is not None),
                    "came with convcost" if shipped else "",
                )
            yield table
        else:
            yield Text("no profile is known: convcost calibrate makes one of this machine")
        table = _table("lower bounds, by datasheet", "name", "GPU", "float32", "memory")
        for gpu in self.gpus:
            speeds = (rate(gpu.peak_flops, "FLOP/s"), rate(gpu.bytes_per_second, "B/s"))
            table.add_row(gpu.name, gpu.title, *speeds)
        yield table


def _table(title: str, *heads: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=title)
    table.padding = (0, 1, 0, 0)
    for head in heads:
        table.add_column(head)
    return table


def gpu_text(gpu: Gpu) -> str:
    """Write a GPU's datasheet and where it is from."""
    return (
        f"{gpu.name}: {gpu.title}, compute capability {gpu.compute_capability}\n"
        f"  {rate(gpu.peak_flops, 'FLOP/s')} float32, {rate(gpu.bytes_per_second, 'B/s')},"
        f" {units.size(gpu.l2_bytes)} of L2 cache\n"
        f"  {gpu.source}\n"
        "  by its datasheet: lower bounds, not predictions\n"
    )


def profile_text(profile: Profile, *, shipped: bool) -> str:
    """Write a profile: its machine, and every kernel's time as a formula with units."""
    return "\n".join(_lines(profile, shipped=shipped)) + "\n"


def _lines(profile: Profile, *, shipped: bool) -> Iterator[str]:
    machine, origin = profile.machine, profile.origin
    yield f"{profile.name}: {machine.processor}, threads: {machine.threads}" + (
        " (came with convcost)" if shipped else ""
    )
    yield (
        f"  {machine.lanes} float32 in a vector, L2 {units.size(machine.l2_bytes)}, L3"
        f" {units.size(machine.l3_bytes)}; at best"
        f" {rate(machine.multiply_adds_per_second, ' multiply-adds/s')},"
        f" {rate(machine.bytes_per_second, 'B/s')}"
    )
    yield (
        f"  {origin.date}, {origin.framework}, convcost {origin.convcost}, in"
        f" {origin.calibration_seconds:.0f} s; {origin.system}"
    )
    if origin.note:
        yield f"  {origin.note}"
    for name, title in _MODELS.items():
        model: TimeModel | None = getattr(profile, name)
        if model is not None:
            yield ""
            yield f"{title}: {model.rows} rows, {_error(model.held_out.mean_error)}"
            for kernel, each in model.kernels.items():
                yield f"  {kernel}: {each.rows} rows, {_error(each.held_out.mean_error)}"
                yield from _formula(each)


def _error(mean: float) -> str:
    return f"{share(mean)} mean error on rows kept out of the fit"


def _formula(model: KernelModel) -> Iterator[str]:
    """Yield the seconds of an operation, term by term; what came out as nothing is left out."""
    start = "    seconds ="
    for name, each in model.coefficients.items():
        if each.seconds:
            per = TERMS[name].unit
            yield f"{start} {_small(each.seconds)} ± {_small(each.error)} per {per} ({name})"
            start = "             +"


def _small(value: float) -> str:
    """Write seconds, picoseconds if they are less than a nanosecond."""
    return f"{value * _PICO:.3g} ps" if 0 < value < 1e-9 else seconds(value)  # noqa: PLR2004
