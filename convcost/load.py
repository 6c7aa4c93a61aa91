"""A spec file: YAML to a ``NetworkSpec``, with all that is wrong reported at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import yaml

from convcost.cycles import find_cycles
from convcost.errors import Problem, SpecError, in_order
from convcost.names import read_name
from convcost.reading import (
    LARGEST_FILE,
    Scope,
    TooManyError,
    compose,
    entries_of,
    fields_of,
    place_of,
)
from convcost.signatures import read_choices, read_input, read_inputs, read_signature
from convcost.simple_forms import read_text_of
from convcost.spec import Block, Call, Layer, NetworkSpec, Reference, Repeat, Step, Written
from convcost.steps import (
    RESERVED,
    read_parameters,
    read_references,
    read_steps,
)

NETWORK = (
    "name",
    "family",
    "description",
    "source",
    "input",
    "inputs",
    "parameters",
    "presets",
    "variants",
    "blocks",
    "layers",
    "outputs",
)
REQUIRED = ("name", "input", "layers")
BLOCK = ("arguments", "layers")


def read_file(path: Path) -> NetworkSpec:
    """Read a spec file.

    Raises: SpecError, with all the problems of the file.
    """
    try:
        with path.open("rb") as file:
            data = file.read(4 * LARGEST_FILE + 4)  # a character has four bytes at most
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        place = place_of(len(before), before + "\N{REPLACEMENT CHARACTER}", str(path))
        message = f"not UTF-8: the byte {data[error.start]:#04x}"
        raise SpecError(message, location=place) from None
    except (OSError, ValueError) as error:
        raise SpecError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from None
    return read_text(text, str(path))


def read_text(text: str, file: str = "<text>") -> NetworkSpec:
    """Read a spec from its text; ``file`` is what errors call it.

    Raises: SpecError, with all the problems of the text.
    """
    root, scope = compose(text, file)
    try:
        nodes = fields_of(root, scope, "the spec", known=NETWORK, required=REQUIRED)
        spec = _read_network(nodes, scope, text)
    except TooManyError:
        raise SpecError(
            *in_order(scope.problems), "too many errors: the rest is left out"
        ) from None
    scope.problems.extend(_block_cycles(spec))
    if scope.problems:
        raise SpecError(*in_order(scope.problems))
    return spec


def _read_network(nodes: Mapping[str, yaml.Node], scope: Scope, text: str) -> NetworkSpec:
    words = {"name": "", "family": "", "description": "", "source": ""}
    for word in words:
        with scope.collecting():
            if word in nodes:
                read = read_name if word == "name" else read_text_of
                words[word] = read(nodes[word], scope)
    parameters: dict[str, Written | None] = {}
    with scope.collecting():
        if "parameters" in nodes:
            parameters = read_parameters(nodes["parameters"], scope)
    scope = scope.knowing(parameters)
    input_: tuple[Written, ...] = ()
    with scope.collecting():
        if "input" in nodes:
            input_ = read_input(nodes["input"], scope)
    inputs = read_inputs(nodes["inputs"], scope) if "inputs" in nodes else {}
    choices = {key: read_choices(key, nodes, scope, parameters) for key in ("presets", "variants")}
    blocks, scope = _read_blocks(nodes.get("blocks"), scope)
    layers: tuple[Step, ...] = ()
    with scope.collecting():
        if "layers" in nodes:
            layers = read_steps(nodes["layers"], scope)
    outputs: tuple[Reference, ...] = ()
    with scope.collecting():
        if "outputs" in nodes:
            outputs = read_references(nodes["outputs"], scope)
    return NetworkSpec(
        name=words["name"],
        family=words["family"] or words["name"],
        description=words["description"],
        source=words["source"],
        input=input_,
        parameters=parameters,
        **choices,
        blocks=blocks,
        layers=layers,
        outputs=outputs,
        file=scope.file,
        text=text,
        inputs=inputs,
    )


def _read_blocks(node: yaml.Node | None, scope: Scope) -> tuple[dict[str, Block], Scope]:
    """Read all signatures first, so that a block may use one that stands below it."""
    signatures: dict[str, dict[str, Written | None]] = {}
    bodies: dict[str, yaml.Node] = {}
    with scope.collecting():
        entries = entries_of(node, scope, "blocks by name") if node is not None else {}
        for key, value in entries.values():
            with scope.collecting():
                name = read_name(key, scope)
                if name in RESERVED:
                    raise scope.error(key, f"{name!r} is a word of its own: choose another name")
                signatures[name] = {}
                fields = fields_of(value, scope, f"block {name}", known=BLOCK, required=["layers"])
                if "arguments" in fields:
                    signatures[name] = read_signature(fields["arguments"], scope)
                if "layers" in fields:
                    bodies[name] = fields["layers"]
    scope = replace(scope, blocks=signatures)
    blocks = {}
    for name, body in bodies.items():
        with scope.collecting():
            inside = scope.knowing(signatures[name])
            blocks[name] = Block(signatures[name], read_steps(body, inside))
    return blocks, scope


def _block_cycles(spec: NetworkSpec) -> Iterator[Problem]:
    """Find blocks that contain themselves."""
    calls = {
        name: {
            step.action.block: step.location
            for step in _walk(block.layers)
            if isinstance(step.action, Call)
        }
        for name, block in spec.blocks.items()
    }
    try:
        TopologicalSorter(calls).prepare()
    except CycleError:
        for cycle in find_cycles(calls):
            path = " -> ".join([*cycle, cycle[0]])
            place = calls[cycle[0]][cycle[1 % len(cycle)]]
            yield Problem(f"a block contains itself: {path}", place)


def _walk(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        match step.action:
            case Repeat(layers=layers):
                yield from _walk(layers)
            case Layer(branches=branches):
                for branch in branches.values():
                    yield from _walk(branch)
