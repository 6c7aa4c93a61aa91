"""Lists of layers in a spec: YAML nodes to ``Step`` records."""

from __future__ import annotations

from collections.abc import Mapping
from keyword import iskeyword
from typing import Any

import yaml

from convcost.errors import nearest
from convcost.expressions import Expression
from convcost.forms import attributes_of
from convcost.layers import KINDS, SHORTHANDS, AbstractLayer, Input
from convcost.names import LONGEST_NAME, read_name, read_path
from convcost.reading import Scope, entries_of, fields_of, items_of, text_of
from convcost.simple_forms import NumberForm, read_number, read_value
from convcost.spec import Attribute, Call, Layer, Let, Reference, Repeat, Step, Written
from convcost.work import PARAMETER_FIELDS

# A network has one input, at its top: it is no step.
LAYERS: dict[str, tuple[type[AbstractLayer], Mapping[str, Any]]] = {
    **{kind.kind: (kind, {}) for kind in KINDS if kind is not Input},
    **SHORTHANDS,
}
COMMON = ("name", "from", "when")
REPEAT = ("times", "over", "index", "name", "when", "layers")
RESERVED = {*LAYERS, "repeat", "let", "input"}
"""What no block may be called."""


def read_steps(node: yaml.Node, scope: Scope) -> tuple[Step, ...]:
    """Read a list of layers, collecting the problems of all its items."""
    steps = []
    for item in items_of(node, scope, "a list of layers"):
        with scope.collecting():
            step = _read_step(item, scope)
            steps.append(step)
            if isinstance(step.action, Let):
                scope = scope.knowing(step.action.values)
    return tuple(steps)


def _read_step(item: yaml.Node, scope: Scope) -> Step:
    """Read ``kind``, ``kind: value``, ``kind: {attributes}`` or the like with a block."""
    key, value = item, None
    if not isinstance(item, yaml.ScalarNode):
        entries = entries_of(item, scope, "a layer")
        if len(entries) != 1:
            got = "the keys " + ", ".join(entries) if entries else "an empty mapping"
            raise scope.error(item, f"a layer is one 'kind: attributes', got {got}")
        ((key, value),) = entries.values()
    if value is not None and is_empty(value):
        value = None  # `- relu:` is `- relu`
    name = text_of(key, scope, "a layer kind or block")
    if name == "repeat":
        return _read_repeat(key, value, scope)
    if name == "let":
        return Step(_read_let(value or key, scope), "let", location=scope.place(key))
    if name in LAYERS:
        return _read_layer(name, key, value, scope)
    if name in scope.blocks:
        return _read_call(name, key, value, scope)
    known = [*LAYERS, *scope.blocks, "repeat", "let"]
    raise scope.error(key, f"unknown layer kind or block {name!r}; {nearest(name, known)}")


def _read_layer(name: str, key: yaml.Node, value: yaml.Node | None, scope: Scope) -> Step:
    kind, given = LAYERS[name]
    known = attributes_of(kind)
    open_ = [attribute for attribute in known if attribute not in given]
    required = [attribute for attribute in open_ if known[attribute].required]
    keys = [*open_, *(["branches"] if kind.joins else []), "holds"]
    nodes = _arguments(key, value, scope, known=keys, required=required)
    attributes = {name: Attribute(known[name].form, written) for name, written in given.items()}
    for attribute in open_:
        if attribute in nodes:
            with scope.collecting():
                written = known[attribute].form.read(nodes[attribute], scope)
                place = scope.place(nodes[attribute])
                attributes[attribute] = Attribute(known[attribute].form, written, place)
    branches: dict[str, tuple[Step, ...]] = {}
    if "branches" in nodes:
        with scope.collecting():
            branches = _read_branches(nodes["branches"], scope)
    layer = Layer(kind, attributes, branches, _read_holds(nodes.get("holds"), scope))
    return _placed(layer, label_of(name, kind), key, nodes, scope)


def _read_holds(node: yaml.Node | None, scope: Scope) -> dict[str, Attribute]:
    """Read numbers by role: weights, biases, scales, shifts."""
    holds: dict[str, Attribute] = {}
    with scope.collecting():
        if node is not None:
            for role, value in fields_of(node, scope, "holds", known=PARAMETER_FIELDS).items():
                with scope.collecting():
                    number = NumberForm()
                    holds[role] = Attribute(number, number.read(value, scope), scope.place(value))
    return holds


def label_of(word: str, kind: type[AbstractLayer]) -> str:
    """Return what a layer without a name is called, with a number behind it."""
    return word if kind.kind == "activation" and word != "activation" else kind.label


def _read_branches(node: yaml.Node, scope: Scope) -> dict[str, tuple[Step, ...]]:
    branches = {}
    entries = entries_of(node, scope, "branches by name")
    for key, layers in entries.values():
        with scope.collecting():
            branches[read_name(key, scope)] = read_steps(layers, scope)
    if len(entries) < 2:  # noqa: PLR2004 - what joining means
        raise scope.error(node, f"a join has 2 branches or more, got {len(entries)}")
    return branches


def _read_call(name: str, key: yaml.Node, value: yaml.Node | None, scope: Scope) -> Step:
    signature = scope.blocks[name]
    required = [argument for argument, default in signature.items() if default is None]
    nodes = _arguments(key, value, scope, known=list(signature), required=required)
    arguments: dict[str, Written] = {}
    for argument in signature:
        if argument in nodes:
            with scope.collecting():
                arguments[argument] = read_value(nodes[argument], scope)
    return _placed(Call(name, arguments), name, key, nodes, scope)


def _arguments(
    key: yaml.Node, value: yaml.Node | None, scope: Scope, *, known: list[str], required: list[str]
) -> dict[str, yaml.Node]:
    """Return the values given to a kind or block; a single value is its first attribute."""
    name = key.value
    if value is not None and not isinstance(value, yaml.MappingNode):
        if known in ([], ["holds"]):
            raise scope.error(value, f"{name} takes no value")
        given = {known[0]: value}
        missing = [argument for argument in required if argument not in given]
        if missing:
            raise scope.error(key, f"{name} lacks {', '.join(map(repr, missing))}")
        return given
    if value is None:
        if required:
            raise scope.error(key, f"{name} lacks {', '.join(map(repr, required))}")
        return {}
    return fields_of(value, scope, name, known=[*known, *COMMON], required=required)


def _placed(
    action: Layer | Call | Repeat,
    label: str,
    key: yaml.Node,
    nodes: Mapping[str, yaml.Node],
    scope: Scope,
) -> Step:
    """Add what all steps may have: a name, where the input comes from, a condition."""
    name: str | None = None
    sources: tuple[Reference, ...] = ()
    when: Expression | None = None
    with scope.collecting():
        if "name" in nodes:
            name = read_path(nodes["name"], scope)
    with scope.collecting():
        if "from" in nodes:
            sources = read_references(nodes["from"], scope)
    with scope.collecting():
        if "when" in nodes:
            when = read_number(nodes["when"], scope)
    return Step(action, label, name, sources, when, scope.place(key))


def read_references(node: yaml.Node, scope: Scope) -> tuple[Reference, ...]:
    """Read the name of a layer, or a list of such names."""
    items = [node] if isinstance(node, yaml.ScalarNode) else items_of(node, scope, "layer names")
    if not items:
        raise scope.error(node, "expected a layer's name, got an empty list")
    return tuple(Reference(text_of(item, scope, "a name"), scope.place(item)) for item in items)


def _read_repeat(key: yaml.Node, value: yaml.Node | None, scope: Scope) -> Step:
    if value is None:
        raise scope.error(key, "repeat lacks 'layers'")
    nodes = fields_of(value, scope, "repeat", known=REPEAT, required=["layers"])
    times: Expression | None = None
    over: dict[str, Written] = {}
    index: str | None = None
    if ("times" in nodes) == ("over" in nodes):
        raise scope.error(key, "repeat has either 'times' or 'over'")
    with scope.collecting():
        if "times" in nodes:
            times = read_number(nodes["times"], scope)
    with scope.collecting():
        if "over" in nodes:
            over = read_values(nodes["over"], scope, "lists by name")
    with scope.collecting():
        if "index" in nodes:
            index = read_variable(nodes["index"], scope)
    inside = scope.knowing([*over, *([index] if index else [])])
    layers = read_steps(nodes["layers"], inside) if "layers" in nodes else ()
    place = scope.place(nodes["over"]) if "over" in nodes else None
    return _placed(Repeat(times, over, index, layers, place), "repeat", key, nodes, scope)


def _read_let(node: yaml.Node, scope: Scope) -> Let:
    return Let(read_values(node, scope, "values by name"))


def read_variable(node: yaml.Node, scope: Scope) -> str:
    """Read a name that expressions may use."""
    name = text_of(node, scope, "a name")
    if not name.isidentifier() or not name.isascii():
        raise scope.error(node, f"expected a name of letters, digits and _, got {name!r}")
    if len(name) > LONGEST_NAME:
        raise scope.error(node, f"a name has at most {LONGEST_NAME} characters")
    if name in {*COMMON, "true", "false"} or iskeyword(name):
        raise scope.error(node, f"{name!r} has a meaning of its own: choose another name")
    return name


def read_values(node: yaml.Node, scope: Scope, what: str) -> dict[str, Written]:
    """Read values by name."""
    values: dict[str, Written] = {}
    for key, value in entries_of(node, scope, what).values():
        with scope.collecting():
            name = read_variable(key, scope)
            values[name] = ()  # declared, even if its value turns out to be wrong
            values[name] = read_value(value, scope)
    return values


def read_parameters(node: yaml.Node, scope: Scope) -> dict[str, Written | None]:
    """Read parameters by name: each may use those before it; None if it must be given."""
    values: dict[str, Written | None] = {}
    for key, value in entries_of(node, scope, "parameters").values():
        with scope.collecting():
            name = read_variable(key, scope)
            before = scope.knowing(values)
            values[name] = ()
            values[name] = None if is_empty(value) else read_value(value, before)
    return values


def is_empty(value: yaml.Node) -> bool:
    """Whether nothing stands behind a key."""
    return isinstance(value, yaml.ScalarNode) and not value.value and not value.style
