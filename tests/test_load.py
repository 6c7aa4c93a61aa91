"""The loader: what each mistake in a spec says, and what each construct means.

In a text of this file guillemets mark where an error must point: they are taken out before
the text is read, and the line, the column and the length expected are counted from where
they stood. Nothing expected here comes from convcost.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest

import convcost
from convcost.catalogue import members
from convcost.errors import ConvcostError, GraphError, Problem, ShapeError, SpecError

HEAD = "name: net\ninput: [3, 8, 8]\n"

Place = tuple[int, int, int]
"""Line, column, and the number of characters meant."""


def steps(*items: str, more: str = "") -> str:
    """Return a spec with ``more`` from line 3 on, and these items as its layers."""
    return HEAD + more + "layers:\n" + "".join(f"  - {item}\n" for item in items)


def unmark(marked: str) -> tuple[str, list[Place]]:
    """Take the guillemets out of a text; return it, and the places they marked, in order."""
    plain: list[str] = []
    places: list[Place] = []
    opened: list[tuple[int, int]] = []
    line, column = 1, 1
    for character in marked:
        if character == "«":
            opened.append((line, column))
        elif character == "»":
            start = opened.pop()
            # What goes on over several lines is marked by its first character alone.
            length = column - start[1] if line == start[0] else 1
            places.append((*start, max(1, length)))
        else:
            plain.append(character)
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return "".join(plain), sorted(places)


def run(text: str) -> list[convcost.NetworkCost]:
    """Take a text the whole way: read it, and build and analyse all its networks."""
    spec = convcost.read_text(text, "spec.yaml")
    return [convcost.analyse(convcost.build(member)) for member in members(spec)]


def error_of(text: str) -> ConvcostError:
    """Return the error that a text ends in."""
    with pytest.raises(ConvcostError) as caught:
        run(text)
    return caught.value


def place_of(problem: Problem) -> Place | None:
    """Return where a problem points."""
    where = problem.location
    return None if where is None else (where.line, where.column, where.length)


def check(marked: str, *messages: str, kind: type[ConvcostError] = SpecError) -> None:
    """Check that a text gives just these messages, at the places marked and in their order."""
    text, places = unmark(marked)
    error = error_of(text)
    assert isinstance(error, kind)
    assert [place_of(problem) for problem in error.problems] == places
    for problem, message, (line, column, _) in zip(error.problems, messages, places, strict=True):
        assert re.search(message, problem.message), problem.message
        head, arrow, *_ = str(problem).split("\n")
        assert head == f"error: {problem.message}"
        assert arrow == f"  --> spec.yaml:{line}:{column}"


# a0 is 11 values, itself one of them; a1 is 111, a2 1,111; a4 is the first beyond 100,000.
LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: {'«' * (i == 4)}&a{i} [{', '.join([f'*a{i - 1}'] * 10)}]{'»' * (i == 4)}\n"
    for i in range(1, 30)
)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        pytest.param("«»", "the file is empty", id="empty"),
        pytest.param("«#» nothing\n", "the file is empty", id="comment"),
        pytest.param("«-» relu\n", "got a list", id="list"),
        ("«-» relu\n", "expected a mapping"),
        pytest.param("«relu»\n", "got a single value 'relu'", id="word"),
        pytest.param(f"{steps('relu')}«-»--\nname: other\n", "another document", id="documents"),
        pytest.param("name: net\n«\t»input: [3, 8, 8]\n", "tab", id="tab"),
        pytest.param("name: net\ninput: [3, 8\n«»", "expected ',' or ']'", id="truncated"),
        pytest.param(steps("dense: «*»nothing"), "undefined alias", id="undefined-alias"),
        pytest.param(steps("«!!python/object/apply:os.system [ls]»"), "python/object", id="tag"),
        pytest.param(steps("dense: «!!int 3»"), "tags such as .*int.* not allowed", id="int-tag"),
        pytest.param(steps("«!mine relu»"), "tags such as '!mine' are not allowed", id="own-tag"),
        pytest.param(steps("«&a [*a]»"), "an anchor that contains itself", id="itself"),
        pytest.param(
            f"{HEAD}layers: «&»a\n  - repeat: {{times: 2, layers: *a}}\n",
            "an anchor that contains itself",
            id="itself-below",
        ),
        pytest.param(LAUGHS, "expands to more than 100,000 values", id="billion-laughs"),
        pytest.param("[" * 60 + "«[»" + "[" * 900, "more than 60 deep", id="deep-list"),
        pytest.param("{a: " * 60 + "«{»a: " + "{a: " * 9_999, "more than 60 deep", id="deep-maps"),
        pytest.param("«#»" + "a" * 4_000_000, "at most 2,000,000 characters", id="huge"),
        (steps("re«\0»lu"), "character"),
        (steps("re«\ud800»lu"), "is not allowed"),
        pytest.param(steps("relu", "«rulu»").replace("\n", "\r\n"), "unknown layer", id="crlf"),
    ],
)
def test_text_that_is_no_spec(marked: str, message: str) -> None:
    check(marked, message)


@pytest.mark.parametrize("end", ["\r", "\x85", "\u2028", "\u2029"])
def test_line_shown_is_the_one_that_yaml_counts(end: str) -> None:
    text = f"{HEAD}description: |\n  one{end}  two\nlayers:\n  - relu\n  - rulu\n"
    (problem,) = error_of(text).problems
    assert problem.location is not None
    assert problem.location.source_line == "  - rulu"


def test_byte_order_mark_moves_no_column() -> None:
    check("\ufeff" + steps("relu", "«rulu»"), "unknown layer kind")
    (problem,) = error_of("\ufeffnam: net\ninput: [3, 8, 8]\nlayers: []\n").problems
    assert place_of(problem) in {(1, 1, 3), (1, 1, 1)}


@pytest.mark.parametrize("name", ["missing.yaml", "folder.yaml"])
def test_file_that_cannot_be_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SpecError, match=rf"cannot read .*{re.escape(name)}"):
        convcost.load(str(tmp_path / name))


def test_path_with_a_nul() -> None:
    with pytest.raises(SpecError, match=r"cannot read .*null"):
        convcost.load("a\0b.yaml")


def test_place_of_what_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: net\ndescription: caf\xe9\n")
    with pytest.raises(SpecError) as caught:
        convcost.load(str(path))
    assert [place_of(problem) for problem in caught.value.problems] == [(2, 17, 1)]


def test_error_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(steps("rulu"), encoding="utf-8")
    with pytest.raises(SpecError, match=rf"{re.escape(str(path))}:4:5"):
        convcost.load(str(path))


def test_error_shows_the_line_with_carets() -> None:
    assert str(error_of(steps("dense: 10", "conv2d: {filters: 6, kernel: 5, pading: 2}"))) == (
        "error: unknown key 'pading' in conv2d; did you mean 'padding'?\n"
        "  --> spec.yaml:5:37\n"
        "      5 |   - conv2d: {filters: 6, kernel: 5, pading: 2}\n"
        "        |                                     ^^^^^^"
    )


def test_error_shows_the_part_of_a_long_line_that_it_is_about() -> None:
    shown, carets = str(error_of(steps("dense: {" + " " * 500 + "unitz: 3, units: 4}"))).split(
        "\n"
    )[2:]
    assert len(shown) < 120
    start = carets.index("^")
    assert carets[start:] == "^^^^^"
    assert shown[start : start + 5] == "unitz"


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (f"{HEAD}«name»: again\nlayers: [relu]\n", "key 'name' stands here again; .* line 1"),
        (steps("dense: a", more="parameters: {a: 1, «a»: 2}\n"), "'a' stands here again; .*line 3"),
        (steps("dense: {units: 3, «units»: 4}"), "key 'units' stands here again"),
        (steps("relu", more="«layer»: [relu]\n"), "unknown key 'layer' .*did you mean 'layers'"),
        ("«n»ame: net\nlayers: []\n", "lacks 'input'"),
        ("name: «a net»\ninput: [3, 8, 8]\nlayers: []\n", "expected a name .*got 'a net'"),
        ("name:«»\ninput: [3, 8, 8]\nlayers: []\n", "expected a name .*got ''"),
        ("name: «[net]»\ninput: [3, 8, 8]\nlayers: []\n", "got a list"),
        (steps("relu", more="family: «[net]»\n"), "expected text, got a list"),
        (steps(more="description: «{a: 1}»\n")[:-1] + " []\n", "expected text, got a mapping"),
        (f"{HEAD}layers: «relu»\n", "expected a list of layers, got a single value 'relu'"),
        (f"{HEAD}layers:«»\n", "expected a list of layers"),
        (f"{HEAD}layers: «{{relu: }}»\n", "expected a list of layers, got a mapping"),
        (steps("relu", more="«[a]»: 3\n"), "expected a name as key, got a list"),
        (steps("«rulu»"), "unknown layer kind or block 'rulu'; did you mean 'relu'"),
        (steps("«conv2»: {filters: 3}"), "unknown layer kind or block 'conv2'; .*'conv2d'"),
        (steps("«input»"), "unknown layer kind or block 'input'"),
        (steps("«[relu]»"), "expected a layer, got a list"),
        (steps("«{relu: , tanh: }»"), "a layer is one 'kind: attributes', got .* relu, tanh"),
        (steps("«{}»"), r"got (no|none|an empty|\{\})"),
        (steps("conv2d: {filters: 6, kernel: 5, «pading»: 2}"), "did you mean 'padding'"),
        (steps("max_pool2d: {«mode»: max, kernel: 2, stride: 2}"), "unknown key 'mode'"),
        (steps("relu: {«branches»: {a: [], b: []}}"), "unknown key 'branches' in relu"),
        (steps("conv2d: «{filters: 6}»"), "conv2d lacks 'kernel'"),
        (steps("«conv2d»: 6"), "conv2d lacks 'kernel'"),
        (steps("«conv2d»"), "conv2d lacks 'filters', 'kernel'"),
        (steps("flatten: «3»"), "flatten takes no value"),
        (steps("dense: {units: 3, «<<»: {bias: false}}"), "unknown key '<<' in dense"),
    ],
)
def test_keys_and_kinds(marked: str, message: str) -> None:
    check(marked, message)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        # numbers
        (steps("dense: «x»"), "unknown name 'x'"),
        (steps("dense: «[1]»"), "expected a whole number or an expression, got a list"),
        (steps("dense: {units: «{a: 1}»}"), "expected a whole number or an expression, got a map"),
        (steps("dense: «1.5»"), "expected whole numbers"),
        (steps("dense: «''»"), "expected a whole number or an expression, got ''"),
        (
            steps("dense: «true»"),
            "layer 'dense1' .dense.: units: expected a whole number, got true",
        ),
        (steps("dense: «2 > 1»"), "expected a whole number, got true"),
        (steps("dense: «0»"), "layer 'dense1' .dense.: units must be 1 or more, got 0"),
        (steps("dense: «-3»"), "units must be 1 or more, got -3"),
        (steps("dense: «" + "9" * 150 + "»"), "the number is too large"),
        (steps("dense: «" + "9" * 5000 + "»"), "at most 200 characters"),
        (steps("dense: «l»", more="parameters: {l: [1, 2]}\n"), r"whole number, got \[1, 2\]"),
        # flags
        (steps("dense: {units: 3, bias: «maybe»}"), "unknown name 'maybe'"),
        (steps("dense: {units: 3, bias: «2»}"), "bias: expected true or false, got 2"),
        (steps("dense: {units: 3, bias: «[1]»}"), "got a list"),
        (steps("dense: {units: 3, bias: «l»}", more="parameters: {l: [1]}\n"), r"got \[1\]"),
        # rates
        (steps("dropout: «half»"), "expected a decimal number, got 'half'"),
        (steps("dropout: «[1]»"), "expected a decimal number, got a list"),
        (steps("dropout: «1»"), "rate must be 0 or more and below 1, got 1.0"),
        (steps("dropout: «-0.1»"), "rate must be 0 or more and below 1, got -0.1"),
        (steps("dropout: {rate: «nan»}"), "rate must be 0 or more and below 1, got nan"),
        # choices
        (steps("pool2d: {mode: «maxx», kernel: 2, stride: 2}"), "'maxx'; did you mean 'max'"),
        (steps("activation: «relo»"), "unknown value 'relo'; did you mean 'relu'"),
        (steps("activation: «[relu]»"), "expected one of relu, .*, got a list"),
        # pairs
        (steps("conv2d: {filters: 3, kernel: «[1, 2, 3]»}"), r"rows, columns\], got \[1, 2, 3\]"),
        (steps("conv2d: {filters: 3, kernel: «[]»}"), r"rows, columns\], got \[\]"),
        (steps("conv2d: {filters: 3, kernel: «[[1, 2], 3]»}"), r"whole number, got \[1, 2\]"),
        (steps("conv2d: {filters: 3, kernel: «{a: 1}»}"), "got a mapping"),
        (steps("conv2d: {filters: 3, kernel: «true»}"), "kernel: .*, got true"),
        (steps("conv2d: {filters: 3, kernel: «0»}"), "kernel must be 1 or more, got 0"),
        (steps("conv2d: {filters: 3, kernel: 1, stride: «[1, 0]»}"), "stride must be 1 or more"),
        (steps("conv2d: {filters: 3, kernel: 1, groups: «0»}"), "groups must be 1 or more"),
        # padding
        (steps("conv2d: {filters: 3, kernel: 3, padding: «sane»}"), "unknown name 'sane'"),
        (steps("conv2d: {filters: 3, kernel: 3, padding: «-1»}"), "padding must be 0 or more"),
        (steps("conv2d: {filters: 3, kernel: 3, padding: «[1, 2, 3]»}"), "expected same, a number"),
        (steps("conv2d: {filters: 3, kernel: 3, padding: «[[1, 2], [3]]»}"), r"got \[3\]"),
        (steps("conv2d: {filters: 3, kernel: 3, padding: «[[1, [2]], 3]»}"), r"got \[2\]"),
        # the input
        ("name: net\ninput: «3»\nlayers: []\n", r"expected \[channels, height, width\]"),
        ("name: net\ninput: «[]»\nlayers: []\n", "expected 1 to 31 extents, .*got 0"),
        ("name: net\ninput: [3, «x», 8]\nlayers: []\n", "unknown name 'x'"),
        ("name: net\ninput: [3, «0», 8]\nlayers: []\n", "1 or more"),
        ("name: net\ninput: [«[1]», 8, 8]\nlayers: []\n", "whole number"),
        ("name: net\ninput: [3, 8, «true»]\nlayers: []\n", "whole number"),
    ],
)
def test_values(marked: str, message: str) -> None:
    check(marked, message, kind=ConvcostError)


CONV = (
    "blocks:\n  conv:\n    arguments: {f: , k: 1}\n    layers: [conv2d: {filters: f, kernel: k}]\n"
)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (steps("«conv»", more=CONV), "conv lacks 'f'"),
        (steps("conv: «{k: 1}»", more=CONV), "conv lacks 'f'"),
        (steps("conv: {f: 1, «g»: 2}", more=CONV), "unknown key 'g' in conv"),
        (steps("conv: {f: «g»}", more=CONV), "unknown name 'g'"),
        (steps("conv: {f: «{a: 1}»}", more=CONV), "expected .*, got a mapping"),
        (steps("conv: [1, 2]", more=CONV.replace(": f,", ": «f»,")), r"number, got \[1, 2\]"),
        (steps("«cnv»: 3", more=CONV), "unknown layer kind or block 'cnv'; .*'conv'"),
        (steps("b: «3»", more="blocks: {b: {layers: [relu]}}\n"), "b takes no value"),
        (steps("relu", more="blocks: «[b]»\n"), "expected blocks by name, got a list"),
        (steps("b", more="blocks: {b: «{arguments: []}»}\n"), "block b lacks 'layers'"),
        (steps("b", more="blocks: {b: {layers: [], «layer»: []}}\n"), "'layer' in block b"),
        (steps("b", more="blocks: {b: {layers: [], arguments: «a»}}\n"), "expected arguments"),
        (steps("b: 1", more="blocks: {b: {layers: [], arguments: [a, «a»]}}\n"), "again"),
        (steps("relu", more="blocks: {b: {layers: [], arguments: [«3x»]}}\n"), "got '3x'"),
        (steps("relu", more="blocks: {b: {layers: [], arguments: [«name»]}}\n"), "of its own"),
        (steps("relu", more="blocks: {b: {layers: [], arguments: {c: «d»}}}\n"), "unknown name"),
        (steps("relu", more="blocks: {«relu»: {layers: []}}\n"), "'relu' is a word of its own"),
        (steps("relu", more="blocks: {«repeat»: {layers: []}}\n"), "'repeat' is a word of its own"),
        (steps("relu", more="blocks: {«let»: {layers: []}}\n"), "'let' is a word of its own"),
        (steps("relu", more="blocks: {«input»: {layers: []}}\n"), "'input' names what"),
        (steps("relu", more="blocks: {«'a b'»: {layers: []}}\n"), "expected a name .*'a b'"),
        (steps("relu", more="parameters: {«when»: 1}\n"), "'when' has a meaning of its own"),
        (steps("relu", more="parameters: {«true»: 1}\n"), "'true' has a meaning of its own"),
        (steps("relu", more="parameters: {«if»: 1}\n"), "'if' has a meaning of its own"),
        (steps("relu", more="parameters: {«é»: 1}\n"), "expected a name .*'é'"),
        (steps("relu", more="parameters: {a: «b», b: 1}\n"), "unknown name 'b'"),
        (steps("relu", more="parameters: {a: «{b: 1}»}\n"), "got a mapping"),
        (steps("let: {«name»: 3}"), "'name' has a meaning of its own"),
        (steps("let: «3»"), "expected values by name, got a single value '3'"),
        (steps("let: {a: 1, «when»: 1}"), "'when' has a meaning of its own"),
        (steps("repeat: {times: 2, layers: [let: {a: 1}]}", "dense: «a»"), "unknown name 'a'"),
        (steps("relu: {name: «a b»}"), "expected a name .*got 'a b'"),
        (steps("relu: {name: «a..b»}"), "expected a name .*got 'a..b'"),
        (steps("relu: {name: «.b»}"), "expected a name .*got '.b'"),
        (steps("relu: {name: «a.»}"), "expected a name .*got 'a.'"),
        (steps("relu: {name: «a./b»}"), "expected a name .*got 'a./b'"),
        (steps("relu", more="blocks: {«a.b»: {layers: []}}\n"), "expected a name .*got 'a.b'"),
        (steps("relu: {name: «[a]»}"), "expected a name, got a list"),
        (steps("b", more="blocks: {b: {layers: [relu: {name: «input»}]}}\n"), "input"),
    ],
)
def test_blocks_and_names(marked: str, message: str) -> None:
    check(marked, message)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (steps("«repeat»: {times: 2, over: {a: [1]}, layers: []}"), "either 'times' or 'over'"),
        (steps("«repeat»: {layers: [relu]}"), "either 'times' or 'over'"),
        (steps("repeat: «{times: 2}»"), "repeat lacks 'layers'"),
        (steps("«repeat»"), "repeat lacks 'layers'"),
        (steps("repeat: {times: 2, «layer»: [relu], layers: []}"), "did you mean 'layers'"),
        (steps("repeat: {times: «two», layers: []}"), "unknown name 'two'"),
        (steps("repeat: {times: «[2]», layers: []}"), "got a list"),
        (steps("repeat: {over: «[1]», layers: []}"), "expected lists by name, got a list"),
        (steps("repeat: {times: 2, index: «2i», layers: []}"), "expected a name .*'2i'"),
        (steps("repeat: {times: 2, layers: «relu»}"), "expected a list of layers"),
        (steps("repeat: {times: 2, index: i, layers: []}", "dense: «i»"), "unknown name 'i'"),
        (steps("repeat: {times: 2, «from»: input, layers: []}"), "unknown key 'from'"),
        (steps("repeat: {times: «10**12», layers: [relu]}"), "only .* are allowed"),
        (steps("«repeat»: {times: 1000000000000, layers: []}"), "more than [0-9,]+ layers"),
        (steps("repeat: {times: «-1», layers: [relu]}"), "times must be .* 0 or more, got -1"),
        (
            steps("repeat: {times: «l», layers: []}", more="parameters: {l: [1, 2]}\n"),
            r"got \[1, 2\]",
        ),
        (steps("repeat: {over: {a: «1»}, layers: [relu]}"), "'over' takes lists"),
        (steps("repeat: {over: «{a: [1], b: [1, 2]}», layers: [relu]}"), "unlike length"),
        (steps("repeat: {over: «{}», layers: [relu]}"), "list"),
        (steps("relu: {when: «l»}", more="parameters: {l: [1, 2]}\n"), "got a list"),
        (steps("relu: {when: «l»}", more="parameters: {l: [1, 2]}\n"), r"got \[1, 2\]|a list"),
        (steps("relu: {when: «1 and l»}", more="parameters: {l: [1, 2]}\n"), "a list"),
        (steps("dense: «1 if l else 2»", more="parameters: {l: [1, 2]}\n"), "a list"),
        (steps("dense: «1 // (2 - 2)»"), "'1 // .2 - 2.' divides by zero"),
        (steps("dense: «l + 1»", more="parameters: {l: [1]}\n"), "a list cannot be calculated"),
    ],
)
def test_repeat_and_when(marked: str, message: str) -> None:
    check(marked, message)


NESTED = "blocks:\n  b0: {layers: [relu]}\n" + "".join(
    f"  b{i}: {{layers: [b{i - 1}, b{i - 1}]}}\n" for i in range(1, 38)
)
DEEP = "blocks:\n  b0: {layers: [relu]}\n" + "".join(
    f"  b{i}: {{layers: [b{i - 1}]}}\n" for i in range(1, 60)
)


def test_blocks_that_double_again_and_again() -> None:
    with pytest.raises(
        SpecError, match=r"more than [0-9,]+ layers, rounds and inputs\n  --> spec\.yaml:5:"
    ):
        run(steps("b37", more=NESTED))


def test_blocks_too_deep_in_blocks() -> None:
    with pytest.raises(SpecError, match=r"nested more than 60 deep\n  --> spec\.yaml:\d+:\d+"):
        run(steps("b59", more=DEEP))


@pytest.mark.parametrize(
    ("marked", "message", "kind"),
    [
        (steps("relu: {from: «nope»}"), "no layer or block 'nope' here", GraphError),
        (steps("relu: {name: stem}", "relu: {from: «sten»}"), "did you mean 'stem'", GraphError),
        (steps("relu: {from: «[]»}"), "expected a layer's name, got an empty list", SpecError),
        (steps("relu: {from: «{a: 1}»}"), "expected layer names, got a mapping", SpecError),
        (steps("add: {from: [input, «[x]»]}"), "expected a name, got a list", SpecError),
        (steps("relu") + "outputs: [«nope»]\n", "no layer or block 'nope' here", GraphError),
        (steps("relu") + "outputs: «[]»\n", "expected a layer's name", SpecError),
        (steps("relu") + "outputs: «{a: 1}»\n", "expected layer names, got a mapping", SpecError),
        (
            steps("«relu»: {name: a, from: b}", "relu: {name: b, from: a}"),
            "the layers form a cycle: a -> b -> a|b -> a -> b",
            GraphError,
        ),
        (steps("«relu»: {name: a, from: a}"), "the layers form a cycle: a -> a", GraphError),
        (
            steps(
                "c: {name: x, from: y}",
                "c: {name: y, from: «x»}",
                more="blocks: {c: {layers: []}}\n",
            ),
            "'x' leads back to itself",
            GraphError,
        ),
        (
            steps("a", more="blocks:\n  a: {layers: [«b»]}\n  b: {layers: [a]}\n"),
            "a block contains itself: a -> b -> a",
            SpecError,
        ),
        (
            steps("a", more="blocks:\n  a: {layers: [repeat: {times: 1, layers: [«a»]}]}\n"),
            "a block contains itself: a -> a",
            SpecError,
        ),
        (
            steps("a", more="blocks:\n  a: {layers: [add: {branches: {b: [«a»], c: []}}]}\n"),
            "a block contains itself: a -> a",
            SpecError,
        ),
        (
            steps("relu: {name: a}", "«tanh»: {name: a}"),
            "two layers of one name: 'a'",
            SpecError,
        ),
        (steps("relu: {name: «input»}"), "'input'", SpecError),
        (
            steps("repeat: {times: 2, layers: [«relu»: {name: a}]}"),
            "two layers of one name: 'a'",
            SpecError,
        ),
        (steps("«add»"), "layer 'add1' .add.: expected 2 inputs or more .*, got 1", GraphError),
        (steps("«concat»: {from: input}"), "layer 'concat1' .*: expected 2 inputs", GraphError),
        (
            steps("relu: {name: a}", "«conv2d»: {filters: 4, kernel: 1, from: [a, input]}"),
            "expected 1 input, got 2",
            GraphError,
        ),
        (
            steps("relu: {name: a}", "«conv2d»: {filters: 4, kernel: 1, from: [a, input]}"),
            r"layer 'conv1' \(conv2d\)",
            GraphError,
        ),
        (
            steps("«b»: {from: [input, input]}", more="blocks: {b: {layers: [relu]}}\n"),
            "expected 1 input, got 2",
            GraphError,
        ),
        (
            steps("«add»: {from: [input, input], branches: {a: [], b: []}}"),
            "expected 1 input, got 2",
            GraphError,
        ),
        (steps("add: {branches: «{a: [relu]}»}"), "2 branches or more, got 1", SpecError),
        (steps("add: {branches: «[a, b]»}"), "expected branches by name, got a list", SpecError),
        (steps("add: {branches: {a: [], b: [], «a»: []}}"), "'a' stands here again", SpecError),
        (steps("add: {branches: {a: [], «'1'»: [], b: []}}"), "expected a name", SpecError),
        (steps("add: {branches: {a: [], b: «3», c: []}}"), "expected a list of", SpecError),
        (steps("add: {branches: {a: [], b: «3»}}"), "expected a list of layers", SpecError),
        (
            steps("conv2d: {name: a, filters: 4, kernel: 1}", "«add»: {from: [a, input]}"),
            r"layer 'add1' .add.: inputs of unlike shape: \(1, 4, 8, 8\).*\(1, 3, 8, 8\)",
            ShapeError,
        ),
        (
            steps("flatten: {name: a}", "«add»: {from: [a, input]}"),
            r"layer 'add1' .add.: inputs of unlike rank",
            ShapeError,
        ),
        (
            steps("conv2d: {name: a, filters: 4, kernel: 3}", "«concat»: {from: [a, input]}"),
            "layer 'concat1' .concat.: inputs of unlike shape",
            ShapeError,
        ),
        (
            steps("flatten", "«max_pool2d»: {kernel: 2, stride: 2}"),
            r"layer 'pool1' .pool2d.: expected a feature map .*got \(N, 192\)",
            ShapeError,
        ),
        (
            steps("«conv2d»: {filters: 4, kernel: 1, groups: 2}"),
            "input channels per group: 3 is not divisible by 2",
            ShapeError,
        ),
        (
            steps("«conv2d»: {filters: 4, kernel: [9, 1]}"),
            r"height: a window of 9 does not fit into 8 \+ 0 of padding",
            ShapeError,
        ),
    ],
)
def test_references_and_shapes(marked: str, message: str, kind: type[ConvcostError]) -> None:
    check(marked, message, kind=kind)


def test_shape_error_shows_what_came_from_where() -> None:
    text = steps("conv2d: {name: a, filters: 4, kernel: 1}", "add: {from: [a, input]}")
    assert str(error_of(text)).endswith(
        "      5 |   - add: {from: [a, input]}\n"
        "        |     ^^^\n"
        "  input: (N, 4, 8, 8) from 'a', (N, 3, 8, 8) from 'input'"
    )


CHOICES = "parameters: {alpha: 1, units: [1, 2]}\n"


@pytest.mark.parametrize(
    ("marked", "messages"),
    [
        (
            steps("relu", more=CHOICES + "variants: {v: {parameters: {«alhpa»: 2}}}\n"),
            ["unknown parameter 'alhpa'; did you mean 'alpha'"],
        ),
        (
            steps("relu", more=CHOICES + "presets: {p: {parameters: {«beta»: 2}}}\n"),
            ["unknown parameter 'beta'; known: alpha, units"],
        ),
        (
            steps("relu", more=CHOICES + "presets: {p: {«inptu»: [1, 2, 3]}}\n"),
            ["unknown key 'inptu' .*did you mean 'input'"],
        ),
        (steps("relu", more="presets: «[p]»\n"), ["expected presets, got a list"]),
        (steps("relu", more="variants: {v: «3»}\n"), ["got a single value '3'"]),
        (steps("relu", more="variants: {«'v w'»: {}}\n"), ["expected a name"]),
        (steps("relu", more="variants: {v: {input: «[]»}}\n"), ["expected 1 to 31 extents"]),
        (steps("relu", more="variants: {v: {description: «[1]»}}\n"), ["text, got a list"]),
        (
            steps("relu", more=CHOICES + "variants: {v: {parameters: {«x»: 1, «y»: 2}}}\n"),
            ["unknown parameter 'x'", "unknown parameter 'y'"],
        ),
        (
            steps("relu", more="variants: {v: {description: «[1]», input: «3»}}\n"),
            ["text, got a list", "expected .channels, height, width."],
        ),
        (
            steps("dense: alpha", more=CHOICES + "variants: {v: {parameters: {alpha: «[1]»}}}\n"),
            ["'alpha': expected a number, got a list"],
        ),
        (
            steps(
                "dense: a", more="parameters: {a: 1, b: 2}\nvariants: {v: {parameters: {a: «b»}}}\n"
            ),
            ["unknown name 'b'|'b' .*(later|below|after|before)"],
        ),
    ],
)
def test_presets_and_variants(marked: str, messages: list[str]) -> None:
    check(marked, *messages)


@pytest.mark.parametrize(
    "marked",
    [
        steps("dense: a", more="parameters: {a: «1.5»}\n"),
        steps("let: {a: «1.5»}", "dense: a"),
        steps("repeat: {over: {a: [«1.5»]}, layers: [dense: a]}"),
        steps("b", more="blocks: {b: {arguments: {a: «1.5»}, layers: [dense: a]}}\n"),
    ],
)
def test_wrong_value_does_not_make_its_name_unknown(marked: str) -> None:
    check(marked, "expected whole numbers")


def test_all_mistakes_of_a_file_are_reported_in_order() -> None:
    check(
        "name: «my net»\n"
        "input: «[]»\n"
        "«layer»: []\n"
        "parameters: {a: «b», «a»: 2, «if»: 3}\n"
        "presets: {p: {parameters: {«aa»: 1}}}\n"
        "blocks:\n"
        "  «relu»: {layers: []}\n"
        "  conv: {arguments: [f], layers: [conv2d: {filters: f, kernel: «g»}]}\n"
        "layers:\n"
        "  - «rulu»\n"
        "  - conv: {f: 1, «g»: 2}\n"
        "  - conv2d: {kernel: «k», «pad»: 1}\n"
        "  - repeat: {times: 2, layers: [dense: «x», «nothing»]}\n"
        "  - add: {branches: {one: [«one»], two: [dropout: «much»]}}\n"
        "  - relu: {from: «[]», when: «1.5», name: «'?'»}\n",
        "got 'my net'",
        "extents, .*got 0",
        "did you mean 'layers'",
        "unknown name 'b'",
        "'a' stands here again",
        "'if' has a meaning",
        "unknown parameter 'aa'",
        "'relu' is a word of its own",
        "unknown name 'g'",
        "unknown layer kind or block 'rulu'",
        "unknown key 'g' in conv",
        "unknown name 'k'",
        "did you mean 'padding'",
        "unknown name 'x'",
        "unknown layer kind or block 'nothing'",
        "unknown layer kind or block 'one'",
        "expected a decimal number, got 'much'",
        "empty list",
        "expected whole numbers",
        "expected a name",
    )


def test_wrong_outputs_hide_nothing() -> None:
    check(f"{HEAD}layers: [«rulu»]\noutputs: «{{a: 1}}»\n", "unknown layer kind", "expected layer")


def test_all_mistakes_found_while_writing_out_are_reported_in_order() -> None:
    check(
        steps(
            "dense: «0»",
            "«add»",
            "relu: {from: «nope»}",
            "relu: {name: a}",
            "«tanh»: {name: a}",
            "dense: {units: «1 // 0»}",
            "relu",
        )
        + "outputs: [relu2, «none»]\n",
        "units must be 1 or more",
        "expected 2 inputs",
        "no layer or block 'nope'",
        "two layers of one name: 'a'",
        "divides by zero",
        "no layer or block 'none'",
    )


def test_all_layers_that_cannot_take_their_inputs_are_reported() -> None:
    check(
        steps(
            "«conv2d»: {filters: 4, kernel: 9}",
            "flatten: {from: input}",
            "«max_pool2d»: {kernel: 1, stride: 1}",
            "relu",
            "«conv2d»: {filters: 4, kernel: 1, groups: 5, from: input}",
        ),
        "layer 'conv1' .*does not fit",
        "layer 'pool1' .*expected a feature map",
        "layer 'conv2' .*not divisible",
        kind=ShapeError,
    )


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (
            steps("a", "c", more="blocks:\n  a: {layers: [«a»]}\n  c: {layers: [«c»]}\n"),
            "a block contains itself",
        ),
        (
            steps("«relu»: {name: a, from: a}", "«relu»: {name: b, from: b}"),
            "the layers form a cycle",
        ),
    ],
)
def test_all_cycles_are_reported(marked: str, message: str) -> None:
    check(marked, message, message, kind=ConvcostError)


# --- texts that are made to do harm ---

DOUBLING = "parameters:\n  a0: [1, 1]\n" + "".join(
    f"  a{i}: [a{i - 1}, a{i - 1}]\n" for i in range(1, 16)
)
CHAIN = "parameters:\n  a0: &a0 [1]\n" + "".join(
    f"  a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 600)
)
REPEATS = "blocks:\n  b0: {layers: [relu]}\n" + "".join(
    f"  b{i}: {{layers: [{'repeat: {times: 1, layers: [' * 15}b{i - 1}{']}' * 15}]}}\n"
    for i in range(1, 39)
)
POWERS = "repeat: {times: 15000, layers: [concat: {branches: {a: [], b: []}}]}"


@pytest.mark.parametrize("step", ["dense: a15", "conv2d: {filters: 1, kernel: a15}"])
def test_error_stays_short_where_values_grow_without_end(step: str) -> None:
    assert len(str(error_of(steps(step, more=DOUBLING)))) < 2000


@pytest.mark.parametrize(
    "text",
    [
        steps("relu", more=CHAIN),
        steps("b38", more=REPEATS),
        steps(POWERS, "conv2d: {filters: 7, kernel: 1, groups: 7}"),
    ],
)
def test_text_made_to_break_the_reader(text: str) -> None:
    assert "spec.yaml:" in str(error_of(text))


def test_text_never_becomes_code(tmp_path: Path) -> None:
    target = tmp_path / "made"
    call = f"__import__('pathlib').Path('{target}').touch()"
    for item in (f'dense: "{call}"', f'dropout: "{call}"', f'relu: {{when: "{call}"}}'):
        assert isinstance(error_of(steps(item)), SpecError)
    error_of(steps(f"!!python/object/apply:os.mkdir ['{target}']"))
    assert not target.exists()


def test_no_warning_about_how_python_reads_a_text() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run(steps("dense: 1if 1else 2"))
    assert caught == []


# --- what each construct means ---

Wiring = dict[str, tuple[str, ...]]
"""The layers in the order they run, each with what it reads."""


def wiring(text: str) -> Wiring:
    """Return how the layers of a spec are wired."""
    (cost,) = run(text)
    return {layer.name: layer.inputs for layer in cost.layers}


def attribute(text: str, name: str, layer: str) -> Any:
    """Return an attribute of a layer of a spec's network."""
    (cost,) = run(text)
    (found,) = [cost.layer for cost in cost.layers if cost.name == layer]
    return getattr(found, name)


@pytest.mark.parametrize(
    ("step", "layer", "name", "value"),
    [
        ("dense: 5", "dense1", "units", 5),
        ("dropout: 0.25", "dropout1", "rate", 0.25),
        ("dropout", "dropout1", "rate", 0.5),
        ("lrn: 5", "lrn1", "size", 5),
        ("activation: tanh", "activation1", "function", "tanh"),
        ("global_pool2d: max", "global_pool1", "mode", "max"),
        ("global_average_pool2d", "global_pool1", "mode", "average"),
        ("max_pool2d: {kernel: 2, stride: 2}", "pool1", "mode", "max"),
        ("max_pool2d: {kernel: 2, stride: [2, 1]}", "pool1", "stride", (2, 1)),
        ("conv2d: {filters: 6, kernel: 3}", "conv1", "kernel", (3, 3)),
        ("conv2d: {filters: 6, kernel: [3, 5]}", "conv1", "kernel", (3, 5)),
        ("conv2d: {filters: 6, kernel: 3}", "conv1", "padding", ((0, 0), (0, 0))),
        ("conv2d: {filters: 6, kernel: 3, padding: 1}", "conv1", "padding", ((1, 1), (1, 1))),
        ("conv2d: {filters: 6, kernel: 3, padding: [1, 2]}", "conv1", "padding", ((1, 1), (2, 2))),
        (
            "conv2d: {filters: 6, kernel: 3, padding: [[0, 1], [2, 3]]}",
            "conv1",
            "padding",
            ((0, 1), (2, 3)),
        ),
        ("conv2d: {filters: 6, kernel: 3, padding: same}", "conv1", "padding", "same"),
        ("conv2d: {filters: 6, kernel: 3, bias: false}", "conv1", "bias", False),
        ("conv2d: {filters: 6, kernel: 3, bias: 2 > 1}", "conv1", "bias", True),
        ("dense: {units: 3, bias: 0}", "dense1", "bias", False),
        ("dense: 3 * (2 + 5) // 2 % 7", "dense1", "units", 3),  # 21 // 2 = 10, 10 % 7 = 3
        ("dense: '6'", "dense1", "units", 6),
        ("dense: &six 6", "dense1", "units", 6),
    ],
)
def test_values_of_attributes(step: str, layer: str, name: str, value: object) -> None:
    assert attribute(steps(step), name, layer) == value


BLOCK = "blocks:\n  unit:\n    layers: [relu, tanh]\n"
OWN = "parameters: {n: 7}\nblocks: {b: {arguments: [n], layers: [dense: n]}}\n"
JOIN_A = "blocks: {c: {layers: [tanh, add: {from: [a, tanh1]}]}}\n"
HIDE_A = "blocks: {c: {layers: [tanh: {name: a}, relu: {from: a}]}}\n"
OUTER_A = "blocks:\n  x: {layers: [y: {name: a}]}\n  y: {layers: [relu: {from: a}]}\n"
RELU_OF = "blocks:\n  own: {layers: [tanh, relu: {from: input}]}\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            steps("relu", "relu", "tanh", "relu"),
            {"relu1": ("input",), "relu2": ("relu1",), "tanh1": ("relu2",), "relu3": ("tanh1",)},
            id="numbering",
        ),
        pytest.param(
            steps("relu", "tanh: {name: relu1}", "relu"),
            {"relu2": ("input",), "relu1": ("relu2",), "relu3": ("relu1",)},
            id="numbering-leaves-names-alone",
        ),
        pytest.param(
            steps("relu: {name: a}", "tanh: {from: input}", "add: {from: [a, tanh1]}"),
            {"a": ("input",), "tanh1": ("input",), "add1": ("a", "tanh1")},
            id="name-and-from",
        ),
        pytest.param(
            steps("relu: {name: a, from: b}", "tanh: {name: b, from: input}", "tanh: {from: a}"),
            {"b": ("input",), "a": ("b",), "tanh1": ("a",)},
            id="forward-reference",
        ),
        pytest.param(
            steps("relu: {when: false}", "tanh: {when: 2 > 1}", "relu: {when: 0}", "relu"),
            {"tanh1": ("input",), "relu1": ("tanh1",)},
            id="when",
        ),
        pytest.param(
            steps("relu", "add: {branches: {a: [relu, tanh], b: [], c: [relu]}}", "relu"),
            {
                "relu1": ("input",),
                "a.relu1": ("relu1",),
                "a.tanh1": ("a.relu1",),
                "c.relu1": ("relu1",),
                "add1": ("a.tanh1", "relu1", "c.relu1"),
                "relu2": ("add1",),
            },
            id="branches",
        ),
        pytest.param(
            steps("tanh", "add: {from: input, branches: {a: [], b: [relu]}}"),
            {"tanh1": ("input",), "b.relu1": ("input",), "add1": ("input", "b.relu1")},
            id="branches-from",
        ),
        pytest.param(
            steps("add: {from: [input, input]}"), {"add1": ("input", "input")}, id="twice-the-same"
        ),
        pytest.param(
            steps("repeat: {times: 2, layers: [relu, tanh]}"),
            {"relu1": ("input",), "tanh1": ("relu1",), "relu2": ("tanh1",), "tanh2": ("relu2",)},
            id="repeat",
        ),
        pytest.param(
            steps("repeat: {name: stage, times: 2, layers: [relu]}", "relu: {from: stage1}"),
            {
                "stage1.relu1": ("input",),
                "stage2.relu1": ("stage1.relu1",),
                "relu1": ("stage1.relu1",),
            },
            id="named-repeat",
        ),
        pytest.param(
            steps("repeat: {times: 0, layers: [relu]}", "tanh"),
            {"tanh1": ("input",)},
            id="no-round",
        ),
        pytest.param(
            steps("repeat: {times: 3, index: i, layers: [relu: {when: i}, tanh: {when: i < 1}]}"),
            {"tanh1": ("input",), "relu1": ("tanh1",), "relu2": ("relu1",)},
            id="index-from-0",
        ),
        pytest.param(
            steps("unit", "unit: {name: last, from: unit1}", more=BLOCK),
            {
                "unit1.relu1": ("input",),
                "unit1.tanh1": ("unit1.relu1",),
                "last.relu1": ("unit1.tanh1",),
                "last.tanh1": ("last.relu1",),
            },
            id="block",
        ),
        pytest.param(
            steps("relu", "own", more=RELU_OF),
            {"relu1": ("input",), "own1.tanh1": ("relu1",), "own1.relu1": ("relu1",)},
            id="input-of-a-block",
        ),
        pytest.param(
            steps("relu: {name: a}", "c", more=JOIN_A),
            {"a": ("input",), "c1.tanh1": ("a",), "c1.add1": ("a", "c1.tanh1")},
            id="name-from-outside",
        ),
        pytest.param(
            steps("relu: {name: a}", "c", more=HIDE_A),
            {"a": ("input",), "c1.a": ("a",), "c1.relu1": ("c1.a",)},
            id="inner-name-first",
        ),
        pytest.param(
            steps("b", more="blocks:\n  b: {layers: [c]}\n  c: {layers: [relu]}\n"),
            {"b1.c1.relu1": ("input",)},
            id="block-below",
        ),
        pytest.param(
            steps("relu: {name: a}", "tanh", "x", more=OUTER_A),
            {"a": ("input",), "tanh1": ("a",), "x1.a.relu1": ("a",)},
            id="block-does-not-mean-itself",
        ),
        pytest.param(
            steps("relu: {}", "{tanh: {}}"),
            {"relu1": ("input",), "tanh1": ("relu1",)},
            id="no-attributes",
        ),
        (steps("relu:"), {"relu1": ("input",)}),
        (
            steps("add: {branches: {conv1: [], b: []}}", "conv2d: {filters: 1, kernel: 1}"),
            {"add1": ("input", "input"), "conv2": ("add1",)},
        ),
    ],
)
def test_wiring(text: str, expected: Wiring) -> None:
    found = wiring(text)
    assert found == expected
    assert list(found) == list(expected)


def units(text: str) -> list[int]:
    """Return the units of all dense layers, in order."""
    (cost,) = run(text)
    return [layer.output.shape[1] for layer in cost.layers]  # type: ignore[misc]


TWO = """\
blocks:
  two:
    arguments: {a: , b: a + 1, c: 2 * b}
    layers: [dense: a, dense: b, dense: c]
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            steps("repeat: {over: {u: [3, 5], v: [7, 9]}, layers: [dense: u, dense: v]}"),
            [3, 7, 5, 9],
            id="over",
        ),
        pytest.param(
            steps(
                "repeat: {over: {u: l}, index: i, layers: [dense: u + i]}",
                more="parameters: {l: [3, 5]}\n",
            ),
            [3, 6],
            id="over-parameter",
        ),
        pytest.param(
            steps(
                "let: {w: 1}", "repeat: {times: 3, layers: [let: {w: 2*w}, dense: w]}", "dense: w"
            ),
            [2, 4, 8, 8],
            id="let-goes-on",
        ),
        pytest.param(steps("two: 5", more=TWO), [5, 6, 12], id="defaults"),
        pytest.param(steps("two: {a: 5, b: 2}", more=TWO), [5, 2, 4], id="defaults-follow"),
        pytest.param(steps("two: {a: 5, c: 1}", more=TWO), [5, 6, 1], id="last-given"),
        pytest.param(
            steps("b: 4", "dense: n", more=OWN),
            [4, 7],
            id="argument-hides-parameter",
        ),
        pytest.param(
            steps(
                "repeat: {over: {n: [4]}, layers: [dense: n]}",
                "dense: n",
                more="parameters: {n: 7}\n",
            ),
            [4, 7],
            id="over-hides-parameter",
        ),
        pytest.param(
            steps("dense: b", more="parameters: {a: 7, b: 2 * a}\n"), [14], id="parameters-in-order"
        ),
        pytest.param(
            steps("let: {n: 2}", "add: {branches: {a: [let: {n: 3}, dense: n], b: [dense: n+1]}}"),
            [3, 3, 3],
            id="let-ends-with-its-branch",
        ),
    ],
)
def test_values_of_names(text: str, expected: list[int]) -> None:
    assert units(text) == expected


def test_outputs() -> None:
    text = steps("relu: {name: a}", "tanh: {name: b}", "relu") + "outputs: [b, a]\n"
    assert convcost.build(convcost.read_text(text)).outputs == ("b", "a")
    assert convcost.build(convcost.read_text(steps("relu", "tanh"))).outputs == ("tanh1",)


def test_words_are_not_typed() -> None:
    spec = convcost.read_text("name: no\ninput: [3, 8, 8]\ndescription: 010\nlayers: []\n")
    assert (spec.name, spec.description, spec.family) == ("no", "010", "no")


def test_anchors_may_be_used() -> None:
    text = steps("conv2d: &c {filters: 3, kernel: 1}", "conv2d: *c")
    assert wiring(text) == {"conv1": ("input",), "conv2": ("conv1",)}


FAMILY = """\
name: family
description: all of them
input: [channels, 8, 8]
parameters: {channels: 3, units: 5, twice: 2 * units}
presets:
  small: {input: [1, 4, 4], parameters: {units: 6}}
variants:
  one: {description: the first}
  two: {parameters: {units: 7}, input: [2, 8, 8], source: a book}
layers:
  - dense: units
  - dense: twice
"""


@pytest.mark.parametrize(
    ("variant", "preset", "parameters", "extents", "expected"),
    [
        (0, None, {}, (1, 3, 8, 8), [5, 10]),
        (1, None, {}, (1, 2, 8, 8), [7, 14]),
        (0, "small", {}, (1, 1, 4, 4), [6, 12]),
        (1, "small", {}, (1, 1, 4, 4), [6, 12]),
        (1, "small", {"units": 8}, (1, 1, 4, 4), [8, 16]),
        (0, None, {"channels": 4}, (1, 4, 8, 8), [5, 10]),
    ],
)
def test_variants_and_presets(
    variant: int,
    preset: str | None,
    parameters: dict[str, int],
    extents: tuple[int, ...],
    expected: list[int],
) -> None:
    member = members(convcost.read_text(FAMILY))[variant]
    cost = convcost.analyse(convcost.build(member, preset=preset, parameters=parameters))
    assert cost.input.shape == extents
    assert [layer.output.shape[1] for layer in cost.layers] == expected


def test_names_of_variants() -> None:
    one, two = members(convcost.read_text(FAMILY))
    assert (one.name, one.family, one.description, one.source) == ("one", "family", "the first", "")
    assert (two.name, two.description, two.source) == ("two", "all of them", "a book")


def test_preset_and_parameter_that_are_not_there() -> None:
    spec = members(convcost.read_text(FAMILY))[0]
    with pytest.raises(SpecError, match="one has no preset 'smal'; did you mean 'small'"):
        convcost.build(spec, preset="smal")
    with pytest.raises(SpecError, match="one has no parameter 'unit'; did you mean 'units'"):
        convcost.build(spec, parameters={"unit": 3})
    with pytest.raises(SpecError, match="parameter 'units': expected a number, got"):
        convcost.build(spec, parameters={"units": (1, 2)})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        # Each of these once took seconds, or for ever.
        (
            "name: net\ninput: [3, 8, 8]\nparameters:\n  a0: [1, 1]\n"
            + "".join(f"  a{i}: [a{i - 1}, a{i - 1}]\n" for i in range(1, 50))
            + "layers:\n  - dense: a49\n",
            "expected a whole number, got a list of 2",
        ),
        (steps(*["relux"] * 5000), "too many errors: the rest is left out"),
        ("- - - a\n" * 200_000, "more than 100,000 values"),
        (steps("repeat: {times: 3000, layers: [relu: {from: nope}]}"), "no layer or block 'nope'"),
        (steps("relu: {name: " + "a" * 201 + "}"), "a name has at most 200 characters"),
        (
            steps(
                f"repeat: {{times: 5000, layers: [add: {{from: [{', '.join(['input'] * 99)}]}}]}}"
            ),
            "more than 250,000 layers, rounds and inputs",
        ),
    ],
)
def test_text_that_would_take_long_is_refused(text: str, message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        convcost.analyse(convcost.build(convcost.read_text(text, "spec.yaml")))
