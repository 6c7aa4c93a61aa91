"""The JSON Schema: valid itself, true of every shipped spec, and of nothing that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from convcost.catalogue import SPECS
from convcost.forms import attributes_of
from convcost.layers import KINDS, SHORTHANDS, Input
from convcost.load import BLOCK, NETWORK
from convcost.schema import spec_schema
from convcost.signatures import CHOICE
from convcost.steps import COMMON, REPEAT

VALIDATOR = Draft202012Validator(spec_schema())
FILES = sorted(SPECS.glob("*.yaml"))


def network(*layers: Any, **more: Any) -> dict[str, Any]:
    """Return a spec as data."""
    return {"name": "net", "input": [3, 8, 8], "layers": list(layers), **more}


def complaints(data: Any) -> list[str]:
    """Return what the schema says of a spec."""
    return [error.message for error in VALIDATOR.iter_errors(data)]


def test_schema_is_valid_itself() -> None:
    Draft202012Validator.check_schema(spec_schema())


def test_schema_is_made_anew_each_time() -> None:
    assert spec_schema() == spec_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_spec_is_valid(path: Any) -> None:
    assert complaints(yaml.safe_load(path.read_text(encoding="utf-8"))) == []


def test_there_are_shipped_specs() -> None:
    assert len(FILES) >= 16


@pytest.mark.parametrize(
    "data",
    [
        network(),
        network(input=[784]),
        network(input=[10, "n"]),
        network("relu", "max_unit", "add"),
        network({"dense": 3}, {"dense": {"units": "2 * n", "bias": False, "name": "d"}}),
        network({"relu": None}, {"relu": {"when": True, "from": ["a", "b"]}}),
        network({"conv2d": {"filters": 3, "kernel": [3, 5], "padding": [[0, 1], [2, 2]]}}),
        network({"conv2d": {"filters": 3, "kernel": 3, "padding": "same"}}),
        network({"my_block": {"anything": [1, 2]}}, {"my_block": 3}),
        network({"add": {"branches": {"a": [], "b": ["relu"]}}}),
        network({"repeat": {"times": "n", "layers": ["relu"]}}),
        network({"repeat": {"over": {"a": [1, 2]}, "index": "i", "name": "s", "layers": []}}),
        network({"let": {"a": 1, "b": [1, "a"]}}),
        network(blocks={"b": {"arguments": ["x", "y"], "layers": []}}),
        network(blocks={"b": {"arguments": {"x": None, "y": "2 * x"}, "layers": []}}),
        network(variants={"v": {"parameters": {"n": 2}, "input": [1, "n", 8]}}, outputs="relu1"),
        network(presets={"p": {}}, outputs=["a", "b"]),
    ],
)
def test_what_is_right(data: Any) -> None:
    assert complaints(data) == []


@pytest.mark.parametrize(
    "data",
    [
        pytest.param([], id="list"),
        pytest.param({"name": "net", "input": [3, 8, 8]}, id="no-layers"),
        pytest.param({"name": "net", "layers": []}, id="no-input"),
        pytest.param({"input": [3, 8, 8], "layers": []}, id="no-name"),
        pytest.param(network(layer=[]), id="unknown-key"),
        pytest.param(network(name="a net"), id="name"),
        pytest.param(network(input=[]), id="input-of-nothing"),
        pytest.param(network(input=3), id="input-no-list"),
        pytest.param(network(layers="relu"), id="layers-no-list"),
        pytest.param(network(outputs=[]), id="no-outputs"),
        pytest.param(network(["relu"]), id="list-as-layer"),
        pytest.param(network({}), id="empty-layer"),
        pytest.param(network({"relu": None, "tanh": None}), id="two-kinds"),
        pytest.param(network({"dense": {"units": 3, "unit": 4}}), id="unknown-attribute"),
        pytest.param(network({"dense": {"bias": True}}), id="missing-attribute"),
        pytest.param(network({"dense": None}), id="missing-value"),
        pytest.param(network({"conv2d": 3}), id="missing-kernel"),
        pytest.param(network({"max_pool2d": {"kernel": 2}}), id="missing-stride"),
        pytest.param(network({"dense": 1.5}), id="fraction"),
        pytest.param(network({"dense": [3]}), id="list-for-number"),
        pytest.param(network({"dense": {"units": 3, "bias": [1]}}), id="list-for-flag"),
        pytest.param(network({"dropout": "half"}), id="word-for-rate"),
        pytest.param(network({"pool2d": {"mode": "maxx", "kernel": 2, "stride": 2}}), id="choice"),
        pytest.param(
            network({"max_pool2d": {"mode": "max", "kernel": 2, "stride": 2}}), id="given"
        ),
        pytest.param(network({"relu": {"branches": {"a": [], "b": []}}}), id="branches-of-relu"),
        pytest.param(network({"add": {"branches": {"a": []}}}), id="one-branch"),
        pytest.param(network({"add": {"from": []}}), id="from-nothing"),
        pytest.param(network({"repeat": {"times": 2}}), id="repeat-nothing"),
        pytest.param(
            network({"repeat": {"times": 2, "from": "a", "layers": []}}), id="repeat-from"
        ),
        pytest.param(network({"repeat": {"times": 2, "layers": "relu"}}), id="repeat-word"),
        pytest.param(network({"let": 3}), id="let-number"),
        pytest.param(network(blocks={"b": {"arguments": []}}), id="block-of-nothing"),
        pytest.param(network(blocks={"b": {"layers": [], "name": "c"}}), id="block-key"),
        pytest.param(network(variants={"v": {"inputs": [1, 2, 3]}}), id="variant-key"),
        pytest.param(network(presets={"p": {"layers": []}}), id="preset-key"),
        pytest.param(network({"add": {"branches": {"a": [{"dense": {}}], "b": []}}}), id="deep"),
        network({"repeat": {"layers": []}}),
        network({"repeat": {"times": 2, "over": {"a": [1]}, "layers": []}}),
        network({"input": {"channels": 3}}),
        network("conv2d"),
        network("no kind"),
        network({"no kind": 3}),
        network(blocks={"a b": {"layers": []}}),
        network(blocks={"relu": {"layers": []}}),
        network(parameters={"a b": 1}),
        network(variants={"a b": {}}),
    ],
)
def test_what_is_wrong(data: Any) -> None:
    assert complaints(data) != []


def properties(schema: Any) -> Iterator[set[str]]:
    """Yield the keys of every mapping that a schema describes."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield set(schema["properties"])
        for part in schema.values():
            yield from properties(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from properties(part)


@pytest.mark.parametrize("keys", [NETWORK, CHOICE, BLOCK, REPEAT])
def test_every_key_of_the_loader_is_in_the_schema(keys: tuple[str, ...]) -> None:
    assert set(keys) in list(properties(spec_schema()))


@pytest.mark.parametrize(
    "name", sorted({kind.kind for kind in KINDS if kind is not Input} | {*SHORTHANDS})
)
def test_every_kind_is_in_the_schema(name: str) -> None:
    kinds = spec_schema()["$defs"]["layer"]["anyOf"][-1]["properties"]
    kind, given = SHORTHANDS.get(name) or next((k, {}) for k in KINDS if k.kind == name)
    described = kinds[name]["anyOf"][0]["properties"]
    branches = {"branches"} if kind.joins else set()
    assert set(described) == {*attributes_of(kind)} - {*given} | {*COMMON, "holds"} | branches


def test_repeat_and_let_are_in_the_schema() -> None:
    assert {"repeat", "let"} <= set(spec_schema()["$defs"]["layer"]["anyOf"][-1]["properties"])
