"""A spec file: YAML to a ``NetworkSpec``, with all that is wrong reported at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import yaml

from convcost.cycles import find_cycles
from convcost.errors import Problem, SpecError, in_order, nearest
from convcost.forms import MOST_AXES, read_name, read_number, read_text_of, read_value
from convcost.reading import (
    LARGEST_FILE,
    Scope,
    TooManyError,
    compose,
    entries_of,
    fields_of,
    items_of,
    place_of,
)
from convcost.spec import Block, Call, Choice, Layer, NetworkSpec, Reference, Repeat, Step, Written
from convcost.steps import RESERVED, read_references, read_steps, read_values, read_variable

NETWORK = (
    "name",
    "family",
    "description",
    "source",
    "input",
    "parameters",
    "presets",
    "variants",
    "blocks",
    "layers",
    "outputs",
)
REQUIRED = ("name", "input", "layers")
CHOICE = ("description", "source", "input", "parameters")
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
    parameters: dict[str, Written] = {}
    with scope.collecting():
        if "parameters" in nodes:
            parameters = read_values(nodes["parameters"], scope, "parameters", chained=True)
    scope = scope.knowing(parameters)
    input_: tuple[Written, ...] = ()
    with scope.collecting():
        if "input" in nodes:
            input_ = _read_input(nodes["input"], scope)
    choices = {key: _read_choices(key, nodes, scope, parameters) for key in ("presets", "variants")}
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
    )


def _read_input(node: yaml.Node, scope: Scope) -> tuple[Written, ...]:
    items = items_of(node, scope, "[channels, height, width] or other extents")
    if not 0 < len(items) < MOST_AXES:  # the batch is an axis too
        raise scope.error(node, f"expected 1 to {MOST_AXES - 1} extents, got {len(items)}")
    return tuple(read_number(item, scope) for item in items)


def _read_choices(
    key: str, nodes: Mapping[str, yaml.Node], scope: Scope, parameters: Mapping[str, Written]
) -> dict[str, Choice]:
    """Read presets or variants: values for the input and some parameters."""
    choices: dict[str, Choice] = {}
    if key not in nodes:
        return choices
    with scope.collecting():
        for name_node, node in entries_of(nodes[key], scope, key).values():
            with scope.collecting():
                choices[read_name(name_node, scope)] = _read_choice(node, scope, parameters)
    return choices


def _read_choice(node: yaml.Node, scope: Scope, parameters: Mapping[str, Written]) -> Choice:
    fields = fields_of(node, scope, "a preset or variant", known=CHOICE)
    choice = Choice()
    with scope.collecting():
        if "description" in fields:
            choice = replace(choice, description=read_text_of(fields["description"], scope))
    with scope.collecting():
        if "source" in fields:
            choice = replace(choice, source=read_text_of(fields["source"], scope))
    with scope.collecting():
        if "input" in fields:
            choice = replace(choice, input=_read_input(fields["input"], scope))
    with scope.collecting():
        if "parameters" in fields:
            values = read_values(fields["parameters"], scope, "parameters by name")
            _require_like(parameters, values, fields["parameters"], scope)
            choice = replace(choice, parameters=values)
    return choice


def _require_like(
    parameters: Mapping[str, Written], values: Mapping[str, Written], node: yaml.Node, scope: Scope
) -> None:
    """Require every value to be for a parameter, and a list where that is one."""
    for name, (key, value) in entries_of(node, scope, "parameters").items():
        with scope.collecting():
            if name in values and name not in parameters:
                message = f"unknown parameter {name!r}; {nearest(name, parameters)}"
                raise scope.error(key, message)
            if isinstance(values.get(name), tuple) and not isinstance(parameters[name], tuple):
                raise scope.error(value, f"parameter {name!r}: expected a number, got a list")


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
                    signatures[name] = _read_signature(fields["arguments"], scope)
                if "layers" in fields:
                    bodies[name] = fields["layers"]
    scope = replace(scope, blocks=signatures)
    blocks = {}
    for name, body in bodies.items():
        with scope.collecting():
            inside = scope.knowing(signatures[name])
            blocks[name] = Block(signatures[name], read_steps(body, inside))
    return blocks, scope


def _read_signature(node: yaml.Node, scope: Scope) -> dict[str, Written | None]:
    """Read ``[a, b]``, or ``{a: , b: 1, c: b}`` where b and c have defaults."""
    signature: dict[str, Written | None] = {}
    pairs: list[tuple[yaml.Node, yaml.Node | None]]
    if isinstance(node, yaml.SequenceNode):
        pairs = [(item, None) for item in node.value]
    else:
        pairs = list(entries_of(node, scope, "arguments by name").values())
    for key, default in pairs:
        with scope.collecting():
            name = read_variable(key, scope)
            if name in signature:
                raise scope.error(key, f"argument {name!r} stands here again")
            before = scope.knowing(signature)  # a default may use the arguments before it
            if default is None or default.value == "":
                signature[name] = None
            else:
                signature[name] = ()  # declared, even if its default turns out to be wrong
                signature[name] = read_value(default, before)
    return signature


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
