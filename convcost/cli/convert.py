"""``convcost convert``: a network as a spec, an ONNX model or an MXNet symbol."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from convcost.analyse import analyse
from convcost.cli import options
from convcost.cli.analysis import loaded
from convcost.cli.output import emit, write
from convcost.errors import UsageError, nearest


def convert(
    network: options.Network,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="Write a spec (.yaml), an ONNX model (.onnx) or an MXNet symbol (.json); else a"
            " spec, to the terminal.",
        ),
    ] = None,
    input_: options.Input = None,
    settings: options.Set = None,
    preset: options.Preset = None,
    batch: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="ONNX: images in a batch; else any number."),
    ] = None,
    weights: Annotated[
        Literal["none", "random"],
        typer.Option(help="ONNX: none makes a small file, random one with weights in it."),
    ] = "none",
    allow_unknown: options.AllowUnknown = False,
    keep_names: Annotated[
        bool, typer.Option("--keep-names", help="A spec: every layer's name, at any length.")
    ] = False,
) -> None:
    """Write a network as a spec that is short enough to read, or for another tool."""
    suffix = output.suffix if output is not None else ".yaml"
    if suffix not in {".yaml", ".yml", ".onnx", ".json"}:
        known = nearest("", [".json", ".onnx", ".yaml"])
        raise UsageError(f"--output: unknown format {suffix!r}; {known}")
    if suffix != ".onnx" and (batch is not None or weights != "none"):
        raise UsageError("--batch and --weights are for ONNX models (.onnx)")
    if keep_names and suffix not in {".yaml", ".yml"}:
        raise UsageError("--keep-names is for specs (.yaml)")
    choices = (network, input_, settings, preset)
    made = loaded(*choices, allow_unknown=allow_unknown, examples=suffix in {".yaml", ".yml"})
    if suffix == ".onnx":
        from convcost.exporters.onnx import as_onnx

        content: str | bytes = as_onnx(made, analyse(made), batch=batch, weights=weights)
    elif suffix == ".json":
        from convcost.measure.export import symbol_json

        content = symbol_json(analyse(made))
    else:
        from convcost.writing.spec import spec_text

        content = spec_text(made, keep_names=keep_names)
    if output is not None:
        write(output, content)
    else:
        emit(str(content), None)
