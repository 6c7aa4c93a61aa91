"""ONNX files, damaged: whatever comes of it, it is a network or an error that says why, soon.

The damage is done to the bytes, and to the messages that they stand for: other attributes,
names, shapes and numbers. Then the file goes the whole way: read, built, analysed.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import sympy

pytest.importorskip("onnx", reason="the models are made with it")

import onnx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnx_models import Model, integers, node, weights
from onnx_networks import NETWORKS

import convcost
from convcost.errors import ConvcostError, ImportFormatError
from convcost.graph import build
from convcost.importers.onnx import read_file

SECONDS, MIB = 1.0, 1 << 20
assert sympy.__version__  # loading it once is no part of what a file takes


def _protos() -> list[onnx.ModelProto]:
    builders = [make() for make in NETWORKS.values()]
    return [builder.model(builder.nodes[-1].output[0]).proto() for builder in builders]


PROTOS = _protos()
FILES = [proto.SerializeToString() for proto in PROTOS]


def outcome(path: Path, *, allow_unknown: bool = False) -> str:
    """Read, build and analyse; return the error, or nothing."""
    start = time.process_time()
    try:
        convcost.analyse(build(read_file(path, allow_unknown=allow_unknown)))
    except ConvcostError as error:
        return str(error)
    finally:
        assert time.process_time() - start < SECONDS
    return ""


class Damaged:
    """A damaged file; one that fails is in the test's folder."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __repr__(self) -> str:
        return f"a file of {len(self.data)} bytes"


@st.composite
def damaged_bytes(draw: st.DrawFn) -> Damaged:
    """Damage the bytes of a file in one place or a few."""
    data = draw(st.sampled_from(FILES))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        match draw(st.sampled_from(["cut", "flip", "put in", "take out", "twice"])):
            case "cut":
                data = data[:at]
            case "flip":
                data = data[:at] + draw(st.binary(min_size=1, max_size=2)) + data[at + 1 :]
            case "put in":
                data = data[:at] + draw(st.binary(max_size=8)) + data[at:]
            case "take out":
                data = data[:at] + data[at + draw(st.integers(1, 200)) :]
            case _:
                data = data[:at] + data[at : at + draw(st.integers(1, 2000))] + data[at:]
    return Damaged(data)


NUMBERS = st.sampled_from(
    [-(2**63), -(2**31), -2, -1, 0, 1, 2, 3, 5, 10**6, 2**31, 2**62, 2**63 - 1]
)
NAMES = st.sampled_from(
    ["", "x", "y", "Conv_0_out", "Conv_0.1", "/conv1/Conv_0_out", "\0", "a" * 3000]
)
KINDS = st.sampled_from(
    [
        *("Conv", "Gemm", "Reshape", "Slice", "Concat", "Shape", "Gather", "Split", "Identity"),
        *("Cast", "Resize", "Expand", "Range", "ConstantOfShape", "Pad", "Tile", "MatMul", "If"),
        *("Loop", "", "Transpose", "ScatterND", "Squeeze", "Flatten", "Where", "Equal", "Clip"),
    ]
)


def change_node(draw: st.DrawFn, model: onnx.ModelProto) -> None:
    """Give a node another operator, other inputs or other attributes."""
    each = draw(st.sampled_from(list(model.graph.node)))
    match draw(st.sampled_from(["kind", "input", "output", "drop", "attribute", "text", "put"])):
        case "kind":
            each.op_type = draw(KINDS)
        case "input" if each.input:
            each.input[draw(st.integers(0, len(each.input) - 1))] = draw(
                st.one_of(NAMES, st.sampled_from([n for m in model.graph.node for n in m.output]))
            )
        case "output":
            each.output[0] = draw(NAMES)
        case "drop" if each.attribute:
            del each.attribute[draw(st.integers(0, len(each.attribute) - 1))]
        case "attribute" if each.attribute:
            attribute = draw(st.sampled_from(list(each.attribute)))
            values = draw(st.lists(NUMBERS, max_size=6))
            attribute.ints[:] = values
            attribute.i = values[0] if values else 0
        case "text" if each.attribute:
            attribute = draw(st.sampled_from(list(each.attribute)))
            attribute.CopyFrom(helper.make_attribute(attribute.name, "text"))
        case _:
            name = draw(st.sampled_from(["axis", "perm", "kernel_shape", "group", "auto_pad"]))
            each.attribute.append(helper.make_attribute(name, draw(NUMBERS)))


def change_tensor(draw: st.DrawFn, model: onnx.ModelProto) -> None:
    """Give an initializer another shape, type or data."""
    each = draw(st.sampled_from(list(model.graph.initializer)))
    match draw(st.sampled_from(["dims", "type", "data", "external", "gone"])):
        case "dims":
            each.dims[:] = draw(st.lists(NUMBERS, max_size=5))
        case "type":
            each.data_type = draw(st.integers(0, 30))
        case "data":
            each.raw_data = draw(st.binary(max_size=64))
        case "external":
            each.data_location = TensorProto.EXTERNAL
            each.external_data.add(key="location", value=draw(NAMES))
        case _:
            model.graph.initializer.remove(each)


def change_shape(draw: st.DrawFn, model: onnx.ModelProto) -> None:
    """Give the input or the output another shape, or the model other operator sets."""
    dims = model.graph.input[0].type.tensor_type.shape.dim
    match draw(st.sampled_from(["extent", "name", "rank", "output", "opset", "twins"])):
        case "extent":
            draw(st.sampled_from(list(dims))).dim_value = draw(NUMBERS)
        case "name":
            draw(st.sampled_from(list(dims))).dim_param = draw(NAMES)
        case "rank":
            del dims[draw(st.integers(0, 3)) :]
        case "output":
            model.graph.output[0].name = draw(NAMES)
        case "opset":
            model.opset_import[0].version = draw(NUMBERS)
        case _:
            model.graph.node.append(draw(st.sampled_from(list(model.graph.node))))


@st.composite
def damaged_messages(draw: st.DrawFn) -> Damaged:
    """Change what a file says."""
    model = onnx.ModelProto()
    model.CopyFrom(draw(st.sampled_from(PROTOS)))
    for _ in range(draw(st.integers(1, 3))):
        change = draw(st.sampled_from([change_node, change_tensor, change_shape]))
        dims = model.graph.input[0].type.tensor_type.shape.dim
        if len(model.graph.initializer) and len(model.graph.node) and len(dims):
            change(draw, model)
    return Damaged(model.SerializeToString())


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(damaged=st.one_of(damaged_bytes(), damaged_messages()), lenient=st.sampled_from([0, 1]))
def test_damaged_files_end_in_a_network_or_an_error(
    damaged: Damaged, lenient: int, tmp_path: Path
) -> None:
    path = tmp_path / "damaged.onnx"
    path.write_bytes(damaged.data)
    outcome(path, allow_unknown=bool(lenient))


def graphs_in_graphs(depth: int) -> bytes:
    """Return a model of If in If, and so on."""
    graph = Model([node("Relu", "x")]).proto().graph
    for _ in range(depth):
        outer = onnx.GraphProto()
        outer.CopyFrom(Model([]).proto().graph)
        outer.node.append(node("If", "x", then_branch=graph, else_branch=graph.__class__()))
        graph = outer
    model = Model([node("Relu", "x")]).proto()
    model.graph.CopyFrom(graph)
    return bytes(model.SerializeToString())


def messages_in_messages(depth: int, padding: int = 1 << 15) -> bytes:
    """Return field 7 in field 1 in field 5 in field 6 and so on: graphs in graphs, by hand."""
    inside = b"\x52" + _length(padding) + bytes(padding)  # a doc_string
    for field in (7, *(1, 5, 6) * depth)[::-1]:
        inside = bytes([field << 3 | 2]) + _length(len(inside)) + inside
    return inside


def _length(number: int) -> bytes:
    parts = bytearray()
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))


LOOP = Model([node("Relu", "a", "b"), node("Relu", "b", "a"), node("Add", "x a")])
ABSURD = Model(
    [node("ConstantOfShape", "s", "c"), node("Add", "x c")], {"s": integers(*[2**40] * 4)}
)
TEXT = Model([node("Conv", "x w", group="two")], {"w": weights(2, 4, 1, 1)})
NUMBER = Model([node("Conv", "x w", auto_pad=3)], {"w": weights(2, 4, 1, 1)})
TWICE = Model([node("Relu", "x"), node("Tanh", "x")])


def written(model: Model) -> bytes:
    return bytes(model.proto().SerializeToString())


def with_shape(*shape: int) -> bytes:
    model = Model([node("Conv", "x w")], {"w": weights(2, 4, 1, 1)}).proto()
    model.graph.initializer[0].dims[:] = shape
    return bytes(model.SerializeToString())


def functions_that_double(count: int) -> Model:
    """Return a model of functions each of which calls the next one twice."""
    made = [
        helper.make_function(
            "own",
            f"f{i}",
            ["x"],
            ["y"],
            [
                helper.make_node(f"f{i + 1}", ["x"], ["z"], domain="own"),
                helper.make_node(f"f{i + 1}", ["z"], ["y"], domain="own"),
            ],
            [helper.make_opsetid("own", 1)],
        )
        for i in range(count)
    ]
    return Model([node("f0", "x", domain="own")], functions=made)


BAD = {
    "nothing": (b"", "the file is empty"),
    "text": (b"convcost reads ONNX files\n" * 40, "not an ONNX model"),
    "zeros": (bytes(5000), "at byte 0 no field begins"),
    "another format": (b"\x89PNG\r\n\x1a\n" + bytes(100), "not an ONNX model"),
    "YAML": (b"name: net\ninput: [3, 8, 8]\nlayers: [relu]\n", "not an ONNX model"),
    "half a file": (FILES[0][: len(FILES[0]) // 2], "cut off: the field at byte"),
    "all but a byte": (FILES[0][:-1], "cut off"),
    "no graph": (b"\x08\x08", "there is no graph in it"),
    "a cycle": (written(LOOP), "the nodes form a cycle"),
    "a missing initializer": (
        written(Model([node("Conv", "x w")])),
        r"\(Conv\) reads 'w', which nothing gives",
    ),
    "an absurd extent": (with_shape(2**62, 4, 1, 1), "is no shape"),
    "a negative extent": (with_shape(-1, 4, 1, 1), "is no shape"),
    "absurdly many elements": (written(ABSURD), "Add"),
    "text for a number": (written(TEXT), "group: expected a whole number, got text"),
    "numbers for text": (written(NUMBER), "auto_pad: expected text, got a whole number"),
    "graphs in graphs": (graphs_in_graphs(12), "If|condition"),
    "messages in messages": (messages_in_messages(200), "nested more than 60 deep"),
    "functions that double": (written(functions_that_double(30)), "more than"),
    "a name given twice": (written(TWICE), "'y' is given twice"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_say_what_is_wrong(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(BAD[name][0])
    start = time.process_time()
    with pytest.raises(ImportFormatError, match=BAD[name][1]) as caught:
        read_file(path)
    assert time.process_time() - start < SECONDS
    assert "bad.onnx" in str(caught.value)


@pytest.mark.parametrize("place", ["../weights", "/weights", "a/../../weights", "..\\weights"])
def test_weights_outside_the_folder_are_refused(place: str, tmp_path: Path) -> None:
    model = Model([node("Conv", "x w")], {"w": weights(2, 4, 1, 1)}).proto()
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=place)
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(ImportFormatError, match="outside the model's folder"):
        read_file(path)


def test_small_tensors_beside_the_file_are_read(tmp_path: Path) -> None:
    """What a shape is computed from may lie beside the file, between weights."""
    model = Model([node("Reshape", "x t")], {"t": integers(0, 8, -1)}).proto()
    tensor = model.graph.initializer[0]
    (tmp_path / "weights.bin").write_bytes(bytes(12) + tensor.raw_data + bytes(9))
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    tensor.external_data.add(key="offset", value="12")
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    (layer,) = convcost.analyse(build(read_file(path))).layers
    assert layer.output.shape == (1, 8, 60)
    (tmp_path / "weights.bin").write_bytes(bytes(20))
    with pytest.raises(ImportFormatError, match="needs numbers which are not in the file"):
        read_file(path)


def test_weights_beside_the_file_are_not_opened(tmp_path: Path) -> None:
    """Nor are they missed: only their shape is read."""
    model = Model([node("Conv", "x w")], {"w": weights(2, 4, 1, 1)}).proto()
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.ClearField("raw_data")
    tensor.external_data.add(key="location", value="weights.bin")
    path = tmp_path / "model.onnx"
    path.write_bytes(model.SerializeToString())
    assert convcost.analyse(build(read_file(path))).total().parameters.count == 8


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux says the peak there")
def test_large_files_take_the_memory_of_their_structure(tmp_path: Path) -> None:
    """A file of 300 MiB, read in a process that may have 200 MiB in all."""
    path = tmp_path / "large.onnx"
    model = Model([node("MatMul", "x w")], {"w": weights(1, 1)}, {"x": ("N", 9_000)}).proto()
    tensor = model.graph.initializer[0]
    tensor.dims[:] = (9_000, 9_000)
    tensor.raw_data = bytes(9_000 * 9_000 * 4)
    path.write_bytes(model.SerializeToString())
    code = (
        "import sys, convcost\n"
        "cost = convcost.analyse(convcost.load(sys.argv[1]))\n"
        "peak = next(l for l in open('/proc/self/status') if l.startswith('VmHWM'))\n"
        "print(cost.total().parameters.count, peak.split()[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
    )
    parameters, kilobytes = map(int, done.stdout.split())
    assert parameters == 81_000_000
    assert kilobytes * 1024 < 200 * MIB
