"""The form of a spec file as a JSON Schema, from the definitions that the loader uses."""

from __future__ import annotations

from typing import Any

from convcost.forms import MOST_AXES, attributes_of
from convcost.load import BLOCK, NETWORK, REQUIRED
from convcost.names import NAME, PATH
from convcost.signatures import CHOICE
from convcost.simple_forms import EXPRESSION_SCHEMA, VALUE_SCHEMA
from convcost.steps import COMMON, LAYERS, REPEAT, RESERVED
from convcost.work import PARAMETER_FIELDS

_ALONE = {"type": "null"}
"""Under a kind that may stand without attributes."""
_TEXT = {"type": "string"}
_NAME = {"type": "string", "pattern": f"^(?!input$){NAME.pattern}$"}
_PATH = {"type": "string", "pattern": f"^(?!input$){PATH.pattern}$"}
_VARIABLE = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
_BLOCK_NAME = {"type": "string", "pattern": f"^(?!({'|'.join(sorted(RESERVED))})$){NAME.pattern}$"}
_STEPS = {"$ref": "#/$defs/layers"}
_VALUES = {"type": "object", "propertyNames": _VARIABLE, "additionalProperties": VALUE_SCHEMA}
_PARAMETERS = {**_VALUES, "additionalProperties": {"anyOf": [VALUE_SCHEMA, _ALONE]}}
_INPUT = {"type": "array", "items": EXPRESSION_SCHEMA, "minItems": 1}
_INPUT["maxItems"] = MOST_AXES - 1  # and the batch
_REFERENCES = {"anyOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}


def _named(name: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """Describe a mapping from names to values of one sort."""
    return {"type": "object", "propertyNames": name, "additionalProperties": value}


# What stands under each key, wherever the key may stand.
_KEYS: dict[str, Any] = {
    "name": _PATH,
    "family": _TEXT,
    "description": _TEXT,
    "source": _TEXT,
    "input": _INPUT,
    "inputs": _named(_NAME, _INPUT),
    "parameters": _VALUES,
    "presets": _named(_NAME, {"$ref": "#/$defs/choice"}),
    "variants": _named(_NAME, {"$ref": "#/$defs/choice"}),
    "blocks": _named(_BLOCK_NAME, {"$ref": "#/$defs/block"}),
    "layers": _STEPS,
    "outputs": _REFERENCES,
    "arguments": {
        "anyOf": [
            {"type": "array", "items": _VARIABLE},
            _named(_VARIABLE, {"anyOf": [VALUE_SCHEMA, {"type": "null"}]}),
        ]
    },
    "times": EXPRESSION_SCHEMA,
    "over": _VALUES,
    "index": _VARIABLE,
    "from": _REFERENCES,
    "holds": {
        "type": "object",
        "properties": dict.fromkeys(PARAMETER_FIELDS, EXPRESSION_SCHEMA),
        "additionalProperties": False,
    },
    "when": {"anyOf": [*EXPRESSION_SCHEMA["anyOf"], {"type": "boolean"}]},
    "branches": {**_named(_NAME, _STEPS), "minProperties": 2},
}


def spec_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a spec file."""
    network = _mapping(NETWORK, required=REQUIRED)
    network["properties"]["name"] = _NAME  # a layer's may have dots
    network["properties"]["parameters"] = _PARAMETERS
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "convcost network spec",
        **network,
        "$defs": {
            "layers": {"type": "array", "items": {"$ref": "#/$defs/layer"}},
            "layer": _layer(),
            "choice": _mapping(CHOICE),
            "block": _mapping(BLOCK, required=["layers"]),
        },
    }


def _mapping(keys: Any, required: Any = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: _KEYS[key] for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }


def _layer() -> dict[str, Any]:
    """Describe one item of a list of layers: a word, or one key with what belongs to it."""
    kinds: dict[str, Any] = {name: _attributes(name) for name in LAYERS}
    alone = [name for name, schema in kinds.items() if _ALONE in schema["anyOf"]]
    kinds["repeat"] = _mapping(REPEAT, required=["layers"])
    kinds["repeat"]["oneOf"] = [{"required": ["times"]}, {"required": ["over"]}]
    kinds["let"] = _VALUES
    return {
        "anyOf": [
            {"enum": alone},
            _BLOCK_NAME,
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "properties": kinds,
                # A block's name stands where a kind may, with values for its arguments.
                "patternProperties": {_BLOCK_NAME["pattern"]: {}},
                "additionalProperties": False,
            },
        ]
    }


def _attributes(name: str) -> dict[str, Any]:
    """Describe what stands under a kind: its attributes, or the value of the first of them."""
    kind, given = LAYERS[name]
    fields = {key: field for key, field in attributes_of(kind).items() if key not in given}
    required = [key for key, field in fields.items() if field.required]
    properties = {key: field.form.schema() for key, field in fields.items()}
    others = [*COMMON, "holds", *(["branches"] if kind.joins else [])]
    properties |= {key: _KEYS[key] for key in others}
    described = {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    alone: list[dict[str, Any]] = []
    if not required:
        alone.append(_ALONE)
    if fields and len(required) <= 1 and (not required or required[0] == next(iter(fields))):
        alone.append(next(iter(fields.values())).form.schema())
    return {"anyOf": [described, *alone]}
