"""Real symbol files, damaged: whatever comes of it, it is a network or an error that says why.

The damage is done to the bytes, and to the values that they stand for: other types, other
sizes, other edges. Then the file goes the whole way: read, built, analysed, shown.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import convcost
from convcost.errors import ConvcostError, GraphError, ImportFormatError, ShapeError, SpecError

pytest.importorskip("mxnet", reason="MXNet writes the files that are damaged")

from gluon_networks import mx, vision  # type: ignore[attr-defined]


def _texts() -> list[str]:
    names = ("squeezenet1_1", "mobilenet_v2_0_25", "resnet18_v2", "inception_v3")
    return [getattr(vision, name)()(mx.sym.var("data")).tojson() for name in names]


TEXTS = _texts()
DATA = [json.loads(text) for text in TEXTS]
SMALL = DATA[0]
EXPECTED = (ImportFormatError, SpecError, ShapeError, GraphError)
SECONDS = 1.0

JUNK = st.sampled_from(
    [
        *("", " ", "null", "true", "-1", "1e999", "NaN", "9" * 30, "9" * 5000, "[", "]", "{", "}"),
        *('"', '"a', '"a":', ",", ":", "\\", "\\u0000", "\\ud800", "\0", "\x7f", "é", "\U0001f600"),
        *("[" * 2000, "(3, 3)", "[[0, 0, 0]]", "{}" * 3, "a" * 5000),
    ]
)
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 300),
    st.sampled_from([2**31, 2**63, 10**18, 10**40]),
    st.floats(),
    st.text(max_size=6),
    st.sampled_from(
        [
            *("null", "Convolution", "Concat", "Flatten", "BatchNorm", "FullyConnected", "Custom"),
            *("elemwise_add", "Reshape", "SliceChannel", "transpose", "softmax", "mean", "dot"),
            *("slice_axis", "slice_like", "Pooling", "Dropout", "clip", "LRN", "data"),
            *("True", "False", "None", "()", "(3, 3)", "(3,)", "[3, 3]", "(0, 0)", "(-1, 2)"),
            *("1e-05", "1e400", "nan", "inf", "-1", "0", "99999999999", "1" * 100, "(1," * 40),
            *("NHWC", "full", "same", "avg", "relu", "(0, -1)", "(0, -4, 2, -1, -2)", "(-3, -2)"),
        ]
    ),
    st.lists(st.integers(-1, 40), max_size=4),
    st.lists(st.lists(st.integers(0, 40), min_size=2, max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["kernel", "axis", "num_filter", "no_bias", "shape", "__shape__"]),
        st.sampled_from(["(3, 3)", "1", "True", "x", "(1, 3, 8, 8)", "(0, 0)"]),
    ),
)


def paths_of(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of all values in some data."""
    found = [path] if path else []
    items: Any = ()
    if isinstance(data, dict | list):
        items = data.items() if isinstance(data, dict) else enumerate(data)
    for key, value in items:
        found.extend(paths_of(value, (*path, key)))
    return found


PATHS = [paths_of(data) for data in DATA]


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """Damage the bytes of a file in one place or a few."""
    text = draw(st.sampled_from(TEXTS)).encode()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["cut", "flip", "junk", "delete", "head"])):
            case "cut":
                text = text[:at]
            case "head":
                text = text[at // 20 :]
            case "flip":
                other = bytes([draw(st.integers(0, 255))])
                text = text[:at] + other + text[at + 1 :]
            case "delete":
                text = text[:at] + text[at + draw(st.integers(1, 300)) :]
            case _:
                text = text[:at] + draw(JUNK).encode("utf-8", "surrogatepass") + text[at:]
    return text


@st.composite
def damaged_values(draw: st.DrawFn) -> bytes:
    """Change some values of a file."""
    which = draw(st.integers(0, len(DATA) - 1))
    data = copy.deepcopy(DATA[which])
    for _ in range(draw(st.integers(1, 4))):
        *way, last = draw(st.sampled_from(PATHS[which]))
        parent: Any = data
        try:
            for key in way:
                parent = parent[key]
            match draw(st.sampled_from(["value", "value", "value", "delete", "edge", "twin"])):
                case "value":
                    parent[last] = draw(VALUES)
                case "delete":
                    del parent[last]
                case "edge":
                    node = draw(st.sampled_from(data["nodes"]))
                    node["inputs"] = [[draw(st.integers(0, len(data["nodes"]))), 0, 0]]
                case _:
                    data["nodes"].append(draw(st.sampled_from(data["nodes"])))
                    data["heads"].append([len(data["nodes"]) - 1, 0, 0])
        except (KeyError, IndexError, TypeError, AttributeError):
            break  # what was damaged before is no longer there
    return json.dumps(data).encode()


def outcome(data: bytes, folder: Path, *, allow_unknown: bool = False) -> None:
    """Take a file the whole way, to a network or an error that says why, soon."""
    path = folder / "net-symbol.json"
    path.write_bytes(data)
    error: ConvcostError | None = None
    start = time.process_time()
    try:
        network = convcost.load(path, input=(3, 300, 300), allow_unknown=allow_unknown)
        cost = convcost.analyse(network, batch=2)
        cost.total()
        str(cost)
    except EXPECTED as caught:
        error = caught
    if error is not None:
        assert time.process_time() - start < SECONDS
        assert error.problems
        assert str(error).startswith("error: ")
        assert len(str(error)) < 5000


COMMON = settings(
    deadline=None,
    max_examples=300,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@given(damaged_bytes())
@settings(COMMON)
def test_damaged_bytes_end_in_a_network_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    outcome(data, tmp_path_factory.getbasetemp())


@given(data=damaged_values(), allow_unknown=st.booleans())
@settings(COMMON)
def test_damaged_values_end_in_a_network_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, *, allow_unknown: bool
) -> None:
    outcome(data, tmp_path_factory.getbasetemp(), allow_unknown=allow_unknown)


def chain(count: int, last: str) -> dict[str, Any]:
    """Return a symbol of many layers, the last of them of another kind."""
    data: dict[str, Any] = {"op": "null", "name": "data", "inputs": []}
    relu: dict[str, Any] = {"op": "relu", "attrs": {}}
    nodes = [data, *({**relu, "name": f"r{i}", "inputs": [[i, 0, 0]]} for i in range(count))]
    nodes[-1]["op"] = last
    return {"nodes": nodes, "heads": [[count, 0, 0]]}


def turned(count: int) -> dict[str, Any]:
    """Return a symbol whose layers read one another in a circle."""
    symbol = chain(count, "relu")
    symbol["nodes"][1]["inputs"] = [[count, 0, 0]]
    return symbol


def pyramid(count: int) -> dict[str, Any]:
    """Return a symbol in which every layer takes the one before it many times."""
    symbol = chain(count, "Concat")
    for node in symbol["nodes"][1:]:
        node["op"], node["inputs"] = "Concat", node["inputs"] * 60
    return symbol


ABSURD: dict[str, Any] = {
    "lists in lists": "[" * 4_000_000,
    "empty lists": '{"nodes": [' + "[]," * 1_400_000 + '1], "heads": []}',
    "empty objects": '{"nodes": [' + "{}," * 700_000 + '1], "heads": []}',
    "a large number": '{"nodes": ' + "1" * 3_000_000 + ', "heads": []}',
    "a long name": chain(1, "x" * 3_000_000),
    "many layers": chain(19_000, "Custom"),
    "too many layers": chain(60_000, "relu"),
    "a large circle": turned(19_000),
    "extents without end": pyramid(300),
    "too large": " " * 20_000_000,
}

MEASURED = """
import re, sys, time, convcost
start = time.process_time()
try:
    convcost.analyse(convcost.load(sys.argv[1], input=(3, 9, 9)))
    print("no error")
except convcost.ConvcostError as error:
    seconds = time.process_time() - start
    print(f"{type(error).__name__} {len(str(error))} {seconds}")
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the memory")
@pytest.mark.parametrize("case", ABSURD)
def test_absurd_files_are_refused_soon_and_with_little_memory(case: str, tmp_path: Path) -> None:
    path = tmp_path / "net-symbol.json"
    content = ABSURD[case]
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)], capture_output=True, text=True, check=True
    )
    said, kilobytes = done.stdout.splitlines()
    name, length, seconds = said.split()
    assert name in {error.__name__ for error in EXPECTED}
    assert int(length) < 10_000
    assert float(seconds) < SECONDS
    assert int(kilobytes) < 200_000
