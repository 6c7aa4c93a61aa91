"""The networks convcost knows by name, and networks in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from convcost.analyse import infer_shapes
from convcost.errors import ShapeError, SpecError, nearest
from convcost.graph import Network, build
from convcost.load import read_file
from convcost.spec import NetworkSpec

FILES = frozenset({".yaml", ".yml", ".json", ".onnx"})
"""What the names of files end in; anything else may be the name of a network."""

_HERE = Path(__file__).parent
# A wheel carries the specs inside the package; a checkout has them beside it.
SPECS = next(
    (folder for folder in (_HERE / "specs", _HERE.parent / "specs") if folder.is_dir()),
    _HERE / "specs",
)

EXAMPLES = (224, 299, 256, 320, 512, 640, 1024, 64, 32, 28, 8, 1)
"""Sizes to try with, the first that is possible."""


def members(spec: NetworkSpec) -> list[NetworkSpec]:
    """Return the networks that a file describes: its variants, or the one network itself."""
    return [_variant(spec, name) for name in spec.variants] or [spec]


def known_networks() -> list[NetworkSpec]:
    """Return all networks that come with convcost, file by file."""
    paths = sorted(SPECS.glob("*.yaml"), key=lambda path: path.stem)
    return [member for path in paths for member in members(read_file(path))]


def find(name: str | Path, *, allow_unknown: bool = False, axes: int | None = None) -> NetworkSpec:
    """Return a shipped network by its name, or the one in a file.

    One of a family in a spec file is ``FILE:NAME``. Of a file of another tool, ``.onnx`` or
    ``.json`` (a symbol of MXNet), ``allow_unknown`` lets operators through that no rule is
    known for, as uncounted; ``axes`` is how many extents its input has if it does not say.

    Raises: SpecError if there is no such network, or its file is wrong; ImportFormatError for
        a file of another tool.
    """
    name = str(name)
    if Path(name).suffix == ".json":
        from convcost.importers.mxnet import read_file as read_symbol

        return read_symbol(Path(name), allow_unknown=allow_unknown, axes=axes)
    if Path(name).suffix == ".onnx":
        from convcost.importers.onnx import read_file as read_model

        return read_model(Path(name), allow_unknown=allow_unknown)
    path, _, member = name.rpartition(":")
    if Path(path).suffix in {".yaml", ".yml"}:
        return _member(read_file(Path(path)), member)
    if Path(name).suffix in {".yaml", ".yml"} or Path(name).exists():
        return _member(read_file(Path(name)), None)
    return _shipped(name)


def load(  # noqa: PLR0913 - choices, by name
    name: str | Path,
    *,
    preset: str | None = None,
    input: tuple[int, ...] | None = None,  # noqa: A002 - the name users look for
    parameters: Mapping[str, Any] | None = None,
    allow_unknown: bool = False,
    examples: bool = False,
) -> Network:
    """Load a network by name or from a file, and check all its shapes.

    ``input`` is (channels, height, width), or as many extents as the spec has;
    ``parameters`` replace the spec's; ``allow_unknown`` is as in :func:`find`. With ``examples``
    a parameter that must be given and is not gets a number to try with, for formulas, in which
    it is free.

    Raises: SpecError, GraphError or ShapeError, with all that is wrong.
    """
    spec = find(name, allow_unknown=allow_unknown, axes=len(input) if input else None)
    failed = None
    for example in EXAMPLES if examples else (None,):
        made = build(spec, preset=preset, input=input, parameters=parameters, example=example)
        try:
            infer_shapes(made)
        except ShapeError as error:
            failed = failed or error
            if made.open:
                continue
            raise
        return made
    assert failed is not None  # noqa: S101 - there are examples
    raise failed


def _shipped(name: str) -> NetworkSpec:
    # A network is almost always in the file whose name its own starts with: try that first.
    def unlikeness(path: Path) -> tuple[bool, int]:
        return not name.startswith(path.stem), -len(path.stem)

    paths = sorted(SPECS.glob("*.yaml"), key=unlikeness)
    names: list[str] = []
    for path in paths:
        for member in members(read_file(path)):
            if member.name == name:
                return member
            names.append(member.name)
    raise SpecError(
        f"unknown network {name!r}; {nearest(name, names)} (convcost list names all;"
        " a file ends in .yaml, .onnx or .json)"
    )


def _member(spec: NetworkSpec, name: str | None) -> NetworkSpec:
    if not spec.variants and name in {None, spec.name}:
        return spec
    if name is not None and name in spec.variants:
        return _variant(spec, name)
    known = nearest(name or "", spec.variants or [spec.name])
    asked = f"no network {name!r} in it" if name else "it describes a family: ask for FILE:NAME"
    raise SpecError(f"{spec.file}: {asked}; {known}")


def _variant(spec: NetworkSpec, name: str) -> NetworkSpec:
    choice = spec.variants[name]
    return replace(
        spec,
        name=name,
        description=choice.description or spec.description,
        source=choice.source or spec.source,
        input=choice.input or spec.input,
        parameters={**spec.parameters, **choice.parameters},
    )
