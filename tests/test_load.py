"""The loader: what each construct of the spec language means, and what each mistake says.

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


def bug(*values: Any, reason: str) -> Any:
    """Return a case that convcost does not pass yet."""
    return pytest.param(*values, marks=pytest.mark.xfail(strict=True, reason=reason))


def steps(*items: str) -> str:
    """Return a spec with these items as its layers, the first of them on line 4."""
    return HEAD + "layers:\n" + "".join(f"  - {item}\n" for item in items)


def unmark(marked: str) -> tuple[str, list[Place]]:
    """Take the guillemets out of a text; return it, and the places they marked."""
    plain, places, line, column = "", [], 1, 1
    opened = (0, 0)
    for character in marked:
        if character == "«":
            opened = (line, column)
        elif character == "»":
            # What goes on over several lines is marked by its first character alone.
            length = column - opened[1] if line == opened[0] else 1
            places.append((*opened, max(1, length)))
        else:
            plain += character
            line, column = (line + 1, 1) if character == "\n" else (line, column + 1)
    return plain, places


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
    return where and (where.line, where.column, where.length)


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


# ---------------------------------------------------------------------- the text as YAML

LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{i}: &a{i} «[{', '.join([f'*a{i - 1}'] * 10)}]»\n".replace("«", "").replace("»", "")
    if i != 5
    # 10 values in a0, and 1 for itself: 11; then 111, 1111, ... and a5 passes 200,000.
    else "a5: «&a5 [*a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4, *a4]»\n"
    for i in range(1, 30)
)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        pytest.param("«»", "the file is empty", id="empty"),
        pytest.param("«#» nothing\n", "the file is empty", id="comment"),
        pytest.param("«- relu»\n", "got a list", id="list-at-top"),
        bug("«- relu»\n", "expected a mapping", reason="says 'expected the spec'"),
        pytest.param("«relu»\n", "got a single value 'relu'", id="word-at-top"),
        pytest.param(HEAD + "«layers»: [relu]\nlayers: [relu]\n", "", id="placeholder"),
        pytest.param(
            HEAD + "layers: [relu]\n«-»--\nname: other\n", "another document", id="two-documents"
        ),
        pytest.param("name: net\n«\t»input: [3, 8, 8]\n", "tab", id="tab"),
        pytest.param("name: net\ninput: [3, 8\n«»", "did not find expected", id="truncated"),
        pytest.param(steps("dense: «*»nothing"), "undefined alias", id="undefined-alias"),
        pytest.param(steps("dense: {units: 3«»"), "did not find expected", id="unclosed"),
        pytest.param(
            steps("«!!python/object/apply:os.system [ls]»"), "python/object/apply", id="python-tag"
        ),
        pytest.param(steps("dense: «!!int 3»"), "tags such as .*int.* not allowed", id="int-tag"),
        pytest.param(steps("«!mine relu»"), "tags such as '!mine' are not allowed", id="own-tag"),
        pytest.param("«!!map {name: net}»\n", "lacks 'input', 'layers'", id="map-tag"),
        pytest.param(steps("«&a [*a]»"), "an anchor that contains itself", id="itself"),
        pytest.param(
            HEAD + "layers: «&a»\n  - repeat: {times: 2, layers: *a}\n",
            "an anchor that contains itself",
            id="itself-deeper",
        ),
        pytest.param(LAUGHS, "expands to more than 200,000 values", id="billion-laughs"),
        pytest.param("[" * 60 + "«[»" + "[" * 100_000, "nested more than 60 deep", id="deep-list"),
        pytest.param(
            "{a: " * 60 + "«{»a: " + "{a: " * 100_000, "nested more than 60 deep", id="deep-mapping"
        ),
        pytest.param(
            "«#»" + "a" * 4_000_000, "a spec has at most 4,000,000 characters", id="huge-file"
        ),
        bug(
            steps("re«\0»lu"),
            "control character|special character",
            reason="the place of a control character is 1:1",
        ),
        bug(
            steps("re«\ud800»lu"), "surrogate", reason="the place of a lone surrogate is 1:1"
        ),
        pytest.param(
            steps("relu", "«rulu»").replace("\n", "\r\n"), "unknown layer kind", id="crlf"
        ),
    ],
)
def test_what_is_no_spec_at_all(marked: str, message: str) -> None:
    check(marked, message)


@pytest.mark.parametrize("mark", ["\r", "\x85", "\u2028", "\u2029"])
@pytest.mark.xfail(strict=True, reason="lines are split at \\n alone, YAML splits at these too")
def test_line_shown_is_the_one_that_yaml_counts(mark: str) -> None:
    (problem,) = error_of(steps(f"relu: {{name: 'a{mark}b'}}", "rulu")).problems[1:]
    assert problem.location is not None
    assert problem.location.source_line == "  - rulu"


def test_byte_order_mark_moves_no_column() -> None:
    problems = error_of("\ufeffnam: net\ninput: [3, 8, 8]\nlayers: []\n").problems
    assert all(place_of(problem) in {(1, 1, 3), (1, 1, 1)} for problem in problems)
    assert len(run("\ufeff" + steps("relu"))) == 1


def test_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"cannot read .*missing\.yaml"):
        convcost.load(str(tmp_path / "missing.yaml"))


def test_directory(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(SpecError, match=r"cannot read .*folder\.yaml"):
        convcost.load(str(tmp_path / "folder.yaml"))


def test_path_with_a_nul() -> None:
    with pytest.raises(SpecError, match=r"cannot read .*null"):
        convcost.load("a\0b.yaml")


def test_file_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes(b"name: net\ndescription: caf\xe9\n")
    with pytest.raises(SpecError, match=r"cannot read .*latin\.yaml.*utf-8"):
        convcost.load(str(path))


@pytest.mark.xfail(strict=True, reason="a byte that is not UTF-8 has no place")
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
    text = steps("dense: 10", "conv2d: {filters: 6, kernel: 5, pading: 2}")
    assert str(error_of(text)) == (
        "error: unknown key 'pading' in conv2d; did you mean 'padding'?\n"
        "  --> spec.yaml:5:37\n"
        "      5 |   - conv2d: {filters: 6, kernel: 5, pading: 2}\n"
        "        |                                     ^^^^^^"
    )


def test_error_shows_the_part_of_a_long_line_that_it_is_about() -> None:
    text = steps("dense: {" + " " * 500 + "unitz: 3, units: 4}")
    shown, carets = str(error_of(text)).split("\n")[2:]
    assert len(shown) < 120
    start = carets.index("^")
    assert shown[start : start + 5] == "unitz"
    assert carets.strip() == "| " + " " * (start - carets.index("|") - 2) + "^^^^^"


# ------------------------------------------------------------------- keys, kinds, values


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        (f"{HEAD}«name»: again\nlayers: [relu]\n", "key 'name' stands here again; .* line 1"),
        (f"{HEAD}parameters: {{a: 1, «a»: 2}}\nlayers: []\n", "key 'a' stands here again"),
        (steps("dense: {units: 3, «units»: 4}"), "key 'units' stands here again"),
        (f"{HEAD}«layer»: [relu]\nlayers: []\n", "unknown key 'layer' .*did you mean 'layers'"),
        ("«name: net»\nlayers: []\n", "lacks 'input'"),
        ("name: «a net»\ninput: [3, 8, 8]\nlayers: []\n", "expected a name .*got 'a net'"),
        ("name: «[net]»\ninput: [3, 8, 8]\nlayers: []\n", "expected .* text, got a list"),
        (f"{HEAD}description: «{{a: 1}}»\nlayers: []\n", "expected .* text, got a mapping"),
        ("name: net\ninput: «3»\nlayers: []\n", r"expected \[channels, height, width\]"),
        ("name: net\ninput: «[3, 8]»\nlayers: []\n", "got 2 values"),
        ("name: net\ninput: [3, «x», 8]\nlayers: []\n", "unknown name 'x'"),
        (f"{HEAD}layers: «relu»\n", "expected a list of layers, got a single value 'relu'"),
        (f"{HEAD}layers:«»\n", "expected a list of layers"),
        (f"{HEAD}layers: «{{relu: }}»\n", "expected a list of layers, got a mapping"),
        (f"{HEAD}layers:\n  - «?» [relu]\n    : 3\n", ""),
        (steps("«rulu»"), "unknown layer kind or block 'rulu'; did you mean 'relu'"),
        (steps("«convolution»: {filters: 3}"), "unknown layer kind or block 'convolution'"),
        (steps("«input»"), "unknown layer kind or block 'input'"),
        (steps("«[relu]»"), "expected a layer, got a list"),
        (steps("«{relu: , tanh: }»"), "a layer is one 'kind: attributes', got .* relu, tanh"),
        bug(
            steps("«{}»"),
            r"got (an empty mapping|no key|none|\{\})",
            reason="says 'got the keys' and then nothing",
        ),
        (steps("conv2d: {filters: 6, kernel: 5, «pading»: 2}"), "did you mean 'padding'"),
        (steps("max_pool2d: {«mode»: max, kernel: 2, stride: 2}"), "unknown key 'mode'"),
        (steps("relu: {«branches»: {a: [], b: []}}"), "unknown key 'branches' in relu"),
        (steps("conv2d: «{filters: 6}»"), "conv2d lacks 'kernel'"),
        (steps("«conv2d»: 6"), "conv2d lacks 'kernel'"),
        (steps("«conv2d»"), "conv2d lacks 'filters', 'kernel'"),
        (steps("dense: «{<<: {units: 3}}»").replace("<<", "«<<»"), "placeholder"),
        (steps("relu: «3»"), "relu takes no value"),
    ],
)
def test_structure(marked: str, message: str) -> None:
    check(marked, message)
