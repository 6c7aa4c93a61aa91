"""What a spec or a block may be given, as it stands in a spec: inputs, parameters, arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import yaml

from convcost.errors import nearest
from convcost.forms import MOST_AXES
from convcost.names import read_name
from convcost.reading import Scope, entries_of, fields_of, items_of
from convcost.simple_forms import read_number, read_text_of, read_value
from convcost.spec import Choice, Written
from convcost.steps import is_empty, read_values, read_variable

CHOICE = ("description", "source", "input", "parameters")


def read_input(node: yaml.Node, scope: Scope) -> tuple[Written, ...]:
    """Read the extents of an input."""
    items = items_of(node, scope, "[channels, height, width] or other extents")
    if not 0 < len(items) < MOST_AXES:  # the batch is an axis too
        raise scope.error(node, f"expected 1 to {MOST_AXES - 1} extents, got {len(items)}")
    return tuple(read_number(item, scope) for item in items)


def read_inputs(node: yaml.Node, scope: Scope) -> dict[str, tuple[Written, ...]]:
    """Read the inputs beside the first one."""
    inputs: dict[str, tuple[Written, ...]] = {}
    with scope.collecting():
        for key, value in entries_of(node, scope, "inputs by name").values():
            with scope.collecting():
                name = read_name(key, scope)
                inputs[name] = read_input(value, scope)
    return inputs


def read_choices(
    key: str,
    nodes: Mapping[str, yaml.Node],
    scope: Scope,
    parameters: Mapping[str, Written | None],
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


def _read_choice(node: yaml.Node, scope: Scope, parameters: Mapping[str, Written | None]) -> Choice:
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
            choice = replace(choice, input=read_input(fields["input"], scope))
    with scope.collecting():
        if "parameters" in fields:
            values = read_values(fields["parameters"], scope, "parameters by name")
            _require_like(parameters, values, fields["parameters"], scope)
            choice = replace(choice, parameters=values)
    return choice


def _require_like(
    parameters: Mapping[str, Written | None],
    values: Mapping[str, Written],
    node: yaml.Node,
    scope: Scope,
) -> None:
    """Require every value to be for a parameter, and a list where that is one."""
    for name, (key, value) in entries_of(node, scope, "parameters").items():
        with scope.collecting():
            if name in values and name not in parameters:
                message = f"unknown parameter {name!r}; {nearest(name, parameters)}"
                raise scope.error(key, message)
            default = parameters.get(name)  # not there if its name is wrong as well
            number = default is not None and not isinstance(default, tuple)
            if isinstance(values.get(name), tuple) and number:
                raise scope.error(value, f"parameter {name!r}: expected a number, got a list")


def read_signature(node: yaml.Node, scope: Scope) -> dict[str, Written | None]:
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
            if default is None or is_empty(default):
                signature[name] = None
            else:
                signature[name] = ()  # declared, even if its default turns out to be wrong
                signature[name] = read_value(default, before)
    return signature
