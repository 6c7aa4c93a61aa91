"""The networks convcost knows by name, and networks in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from convcost.analyse import infer_shapes
from convcost.errors import SpecError, nearest
from convcost.graph import Network, build
from convcost.load import read_file
from convcost.spec import NetworkSpec

_HERE = Path(__file__).parent
# A wheel carries the specs inside the package; a checkout has them beside it.
SPECS = next(
    (folder for folder in (_HERE / "specs", _HERE.parent / "specs") if folder.is_dir()),
    _HERE / "specs",
)


def members(spec: NetworkSpec) -> list[NetworkSpec]:
    """Return the networks that a file describes: its variants, or the one network itself."""
    return [_variant(spec, name) for name in spec.variants] or [spec]


def known_networks() -> list[NetworkSpec]:
    """Return all networks that come with convcost, file by file."""
    paths = sorted(SPECS.glob("*.yaml"), key=lambda path: path.stem)
    return [member for path in paths for member in members(read_file(path))]


def find(name: str | Path) -> NetworkSpec:
    """Return a shipped network by its name, or the one in a file.

    One of a family in a file is ``FILE:NAME``.

    Raises: SpecError if there is no such network, or its file is wrong.
    """
    name = str(name)
    path, _, member = name.rpartition(":")
    if Path(path).suffix in {".yaml", ".yml"}:
        return _member(read_file(Path(path)), member)
    if Path(name).suffix in {".yaml", ".yml"} or Path(name).exists():
        return _member(read_file(Path(name)), None)
    return _shipped(name)


def load(
    name: str | Path,
    *,
    preset: str | None = None,
    input: tuple[int, ...] | None = None,  # noqa: A002 - the name users look for
    parameters: Mapping[str, Any] | None = None,
) -> Network:
    """Load a network by name or from a file, and check all its shapes.

    ``input`` is (channels, height, width), or as many extents as the spec has;
    ``parameters`` replace the spec's.

    Raises: SpecError, GraphError or ShapeError, with all that is wrong.
    """
    network = build(find(name), preset=preset, input=input, parameters=parameters)
    infer_shapes(network)
    return network


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
        " a file ends in .yaml)"
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
