"""Options that several commands share, and what their texts mean."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from convcost.errors import ConvcostError, SpecError, UsageError
from convcost.expressions import parse

Network = Annotated[
    str,
    typer.Argument(
        metavar="NET|FILE",
        help="A network's name, a spec file (.yaml), or a model of another tool: ONNX (.onnx) or"
        " an MXNet symbol (.json).",
    ),
]
Batch = Annotated[int, typer.Option(min=1, metavar="N", help="Images in a batch.")]
Input = Annotated[
    str | None,
    typer.Option(
        "--input",
        metavar="CxHxW",
        help="Channels, height and width of an image; as many extents as the spec has.",
    ),
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A parameter of the spec: a number, or numbers with commas between. Repeatable.",
    ),
]
Preset = Annotated[str | None, typer.Option(metavar="P", help="A preset of the spec.")]
Dtype = Annotated[
    Literal["float16", "bfloat16", "float32", "float64"],
    typer.Option(help="What elements are stored as."),
]
Training = Annotated[bool, typer.Option("--training", help="Training, not inference.")]
Free = Annotated[
    str, typer.Option(metavar="N,H,...", help="What is left free: N, C, H, W, parameters.")
]
Assume = Annotated[
    list[str] | None,
    typer.Option(metavar="TEXT", help="Such as 'H % 32 == 0' or 'H >= 224'. Repeatable."),
]
Optimizer = Annotated[
    Literal["sgd", "momentum", "adam"], typer.Option(help="With --training: what updates.")
]
Allocator = Annotated[
    Literal["none", "ideal", "first-fit", "mxnet"],
    typer.Option(
        help="How tensors get memory: each its own, as little as lifetimes allow, at offsets of"
        " one arena, or as MXNet plans."
    ),
]
ConventionName = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Also count as another does: torchvision, torchinfo, ptflops, thop, fvcore,"
        " calflops, torch, imgclsmob, netscope, convnet-burden or mxop.",
    ),
]
Output = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write to a file, not to the terminal.")
]


AllowUnknown = Annotated[
    bool,
    typer.Option(
        "--allow-unknown",
        help="Of a file of another tool: let operators through that no rule is known for, as"
        " uncounted.",
    ),
]


def require_training(optimizer: str, *, training: bool) -> None:
    """Refuse an optimizer where nothing is trained."""
    if optimizer != "sgd" and not training:
        raise UsageError("--optimizer needs --training")


def parse_input(text: str | None) -> tuple[int, ...] | None:
    """Read ``3x224x224``, or more or fewer extents."""
    if text is None:
        return None
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ConvcostError(f"--input: expected CxHxW, such as 3x224x224, got {text!r}")
    return tuple(_integer("--input", part) for part in parts)


def parse_settings(texts: Sequence[str] | None) -> dict[str, Any]:
    """Read ``name=value`` and ``name=1,2,3``."""
    settings: dict[str, Any] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise ConvcostError(f"--set: expected name=value, got {text!r}")
        items = value.removeprefix("[").removesuffix("]").split(",")
        values = tuple(_integer(f"--set {name}", item) for item in items)
        settings[name.strip()] = values if "," in value or value.startswith("[") else values[0]
    return settings


def parse_names(text: str) -> list[str]:
    """Read ``N,H,W``."""
    return [name.strip() for name in text.split(",") if name.strip()]


def parse_counts(option: str, text: str) -> list[int]:
    """Read ``1,8,32``."""
    counts = parse_names(text)
    if not counts or not all(count.isdecimal() and int(count) for count in counts):
        raise UsageError(f"{option}: expected such as 1,8,32, got {text!r}")
    return [int(count) for count in counts]


def parse_sizes(option: str, text: str) -> dict[str, int]:
    """Read ``H=2,W=2``."""
    sizes: dict[str, int] = {}
    for item in filter(None, text.split(",")):
        name, equals, value = item.partition("=")
        if not equals or not value.isdecimal() or int(value) < 1:
            raise UsageError(f"{option}: expected such as H=2,W=2, got {item!r}")
        sizes[name.strip()] = int(value)
    return sizes


def _integer(what: str, text: str) -> Any:
    try:
        return parse(text, ()).value({})
    except SpecError as error:
        raise error.at(what, None) from None
