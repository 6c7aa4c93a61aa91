"""Arithmetic in specs: what is allowed, what it comes to, and what is said of the rest.

Values expected are Python's own integers, or those of a tree that the test evaluates itself.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convcost
from convcost.errors import Location, SpecError
from convcost.expressions import parse

NAMES = {"a": 7, "b": 3, "width": 64, "flag": True, "zero": 0}
TOO_LARGE = 2**256


def value(text: str, names: Mapping[str, object] = NAMES) -> object:
    """Return what an expression comes to."""
    return parse(text, names).value(names)


def place(text: str) -> Location:
    """Return the place of an expression that begins in column 12 of line 3."""
    return Location("spec.yaml", 3, 12, "  - dense: " + text, max(1, len(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("+3", 3),
        ("-3", -3),
        ("a", 7),
        (" a ", 7),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("10 - 4 - 3", 3),
        ("2 * 7 // 4", 3),
        ("2 * (7 // 4)", 2),
        ("17 // 5 % 2", 1),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 // -2", -4),
        ("- - a", 7),
        ("-a + b", -4),
        ("4 * width // 2", 128),
        ("a > b", True),
        ("a < b", False),
        ("a >= 7", True),
        ("a <= 6", False),
        ("a == 7", True),
        ("a != 7", False),
        ("b < a < width", True),
        ("b < a > width", False),
        ("1 + 1 == 2", True),
        ("true", True),
        ("false", False),
        ("flag + 1", 2),
        ("not flag", False),
        ("not zero", True),
        ("not a == 7", False),
        ("a > 1 and b > 5", False),
        ("a > 1 or b > 5", True),
        ("true or false and false", True),
        ("1 if flag else 2", 1),
        ("1 if zero else 2", 2),
        ("1 if zero else 2 if zero else 3", 3),
        ("(1 if zero else 2) + 1", 3),
        ("1 + 1 if zero else 2", 2),
        ("5 if true else 1 // 0", 5),  # what is not chosen is not computed
        ("zero and 1 // 0", False),
        ("a or 1 // 0", True),
        ("1 - 1", 0),
        (str(TOO_LARGE - 1), TOO_LARGE - 1),
    ],
)
def test_value(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("marked", "message"),
    [
        # «» marks the part that is wrong
        ("«2 ** 3»", r"only \+ - \* // % are allowed$"),
        ("1 + «a ** b» * 2", r"only \+ - \* // % are allowed$"),
        ("«a / b»", r"only .* are allowed; use // for whole numbers"),
        ("1 + «a / b»", "use // for whole numbers"),
        ("«a @ b»", "are allowed"),
        ("«a << b»", "are allowed"),
        ("«a & b»", "are allowed"),
        ("«a | b»", "are allowed"),
        ("«~a»", "only -, . and not stand before a value"),
        ("«a is b»", "only == != < <= > >= compare"),
        ("«a in b»", "only == != < <= > >= compare"),
        ("«abs(a)»", "expected whole numbers, names"),
        ("2 * «max(a, b)»", "expected whole numbers, names"),
        ("«__import__('os').system('ls')»", "expected whole numbers, names"),
        ("«a.real»", "expected whole numbers, names"),
        ("2 + «a[0]»", "expected whole numbers, names"),
        ("«[a, b]»", "expected whole numbers, names"),
        ("«(a, b)»", "expected whole numbers, names"),
        ("«{a}»", "expected whole numbers, names"),
        ("«{a: b}»", "expected whole numbers, names"),
        ("«[x for x in a]»", "expected whole numbers, names"),
        ("«lambda: a»", "expected whole numbers, names"),
        ("(«x := 3»)", "expected whole numbers, names"),
        ("«'a'»", "expected whole numbers, names"),
        ("a + «'a'»", "expected whole numbers, names"),
        ("«b'a'»", "expected whole numbers, names"),
        ("«f'{a}'»", "expected whole numbers, names"),
        ("2 * «1.5»", "expected whole numbers, names"),
        ("«1e3»", "expected whole numbers, names"),
        ("«2j»", "expected whole numbers, names"),
        ("«True»", "expected whole numbers, names"),
        ("«None»", "expected whole numbers, names"),
        ("«...»", "expected whole numbers, names"),
        ("2 * «widht»", "unknown name 'widht'; did you mean 'width'"),
        ("«x» + a", "unknown name 'x'; known: a, b, flag, width, zero"),
        ("a + «" + "9" * 80 + "»", "the number is too large"),
        (f"«{TOO_LARGE}»", "the number is too large"),
        ("«»", "expected a whole number or an expression, got ''"),
        ("«a +»", "got 'a .'"),
        ("«a b»", "got 'a b'"),
        ("«a = 3»", "got 'a = 3'"),
        ("«a; b»", "got 'a; b'"),
        ("«import os»", "got 'import os'"),
        ("«007»", "got '007'"),
        ("«a\0»", "expected a whole number or an expression"),
        ("«(((»", "expected a whole number or an expression"),
        ("«" + "(" * 200 + "»", "expected a whole number or an expression"),
        ("«" + "1" * 201 + "»", "an expression has at most 200 characters"),
        ("«" + "a + " * 1000 + "a»", "an expression has at most 200 characters"),
    ],
)
def test_what_is_refused(marked: str, message: str) -> None:
    text = marked.replace("«", "").replace("»", "")
    whole = place(text)
    start, end = marked.index("«"), marked.index("»") - 1
    with pytest.raises(SpecError) as caught:
        parse(text, NAMES, whole)
    (problem,) = caught.value.problems
    assert re.search(message, problem.message), problem.message
    assert problem.location is not None
    found = problem.location
    assert (found.line, found.column, found.length) == (3, 12 + start, max(1, end - start))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a // zero", "'a // zero' divides by zero"),
        ("a % (b - 3)", "divides by zero"),
        ("*".join(["1024"] * 26), "the number becomes too large"),  # 2**260
        ("list + 1", "a list cannot be calculated with"),
        ("-list", "a list cannot be calculated with"),
        ("list == 1", "a list cannot be calculated with"),
        ("not list", "needs numbers to be true or false, got a list"),
    ],
)
def test_what_has_no_value(text: str, message: str) -> None:
    names = {**NAMES, "list": (1, 2)}
    expression = parse(text, names, place(text))
    with pytest.raises(SpecError, match=message) as caught:
        expression.value(names)
    assert [str(problem.location) for problem in caught.value.problems] == ["spec.yaml:3:12"]


def test_value_up_to_the_limit() -> None:
    assert value("*".join(["1024"] * 25)) == 2**250


@pytest.mark.parametrize(
    ("sign", "count", "expected"),
    [("-", 198, 7), ("-", 199, -7), ("+", 199, 7), ("not ", 48, True), ("not ", 49, False)],
)
def test_as_many_signs_as_fit(sign: str, count: int, expected: int) -> None:
    assert value(sign * count + "a") == expected


def error_in_spec(written: str) -> tuple[int, int, int, str]:
    """Return where the unknown name in a dense layer's units is, with the line shown."""
    text = f"name: n\ninput: [3, 8, 8]\nparameters: {{é: 1}}\nlayers:\n  - dense: {written}\n"
    with pytest.raises(SpecError, match="unknown name") as caught:
        convcost.read_text(text.replace("{é: 1}", "{e: 1}"), "spec.yaml")
    (problem,) = caught.value.problems
    where = problem.location
    assert where is not None
    return where.line, where.column, where.length, where.source_line


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("'3 + xyz'", 17),
        ('"3 + xyz"', 17),
        ("' xyz'", 14),
        ("!!str 3 + xyz", 22),
        ("&anchor 3 + xyz", 24),
    ],
)
def test_column_in_a_value_that_is_not_plain(written: str, column: int) -> None:
    # The value itself begins in column 12: "  - dense: " has 11 characters.
    assert error_in_spec(written)[:3] == (5, column, 3)


def test_column_behind_letters_of_two_bytes() -> None:
    assert error_in_spec("e + é")[:3] == (5, 16, 1)


@pytest.mark.parametrize(
    "written",
    ["3 +\n      xyz", "(3 +\n      xyz)", "|\n      3 + xyz", ">-\n      3 +\n      xyz"],
)
def test_column_in_a_value_of_several_lines_is_on_the_line_shown(written: str) -> None:
    _, column, length, line = error_in_spec(written)
    assert column + length - 1 <= len(line)


def test_name_must_be_written_as_it_was_declared() -> None:
    with pytest.raises(SpecError):
        parse("\uff41", NAMES)  # a letter a of full width


# --- trees that the test evaluates itself ---


@dataclass(frozen=True)
class Tree:
    """An expression: its text, and what it comes to; None if that divides by zero."""

    text: str
    value: int | None


def binary(symbol: str, compute: Callable[[int, int], int], left: Tree, right: Tree) -> Tree:
    """Join two trees; a comparison or a sum of trees in parentheses."""
    found: int | None = None
    if left.value is not None and right.value is not None:
        try:
            found = compute(left.value, right.value)
        except ZeroDivisionError:
            found = None
    return Tree(f"({left.text} {symbol} {right.text})", found)


def choice(test: Tree, yes: Tree, no: Tree) -> Tree:
    """Choose between two trees; the other one is not computed."""
    chosen = None if test.value is None else (yes if test.value else no).value
    return Tree(f"({yes.text} if {test.text} else {no.text})", chosen)


def negative(tree: Tree) -> Tree:
    """Negate a tree."""
    return Tree(f"(-{tree.text})", None if tree.value is None else -tree.value)


def both(left: Tree, right: Tree) -> Tree:
    """Ask whether both are true; the second is computed if the first is."""
    if left.value is None or (left.value and right.value is None):
        return Tree(f"({left.text} and {right.text})", None)
    return Tree(f"({left.text} and {right.text})", bool(left.value and right.value))


OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": operator.floordiv,
    "%": operator.mod,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}

LEAVES = st.one_of(
    st.integers(0, 1000).map(lambda number: Tree(str(number), number)),
    st.sampled_from(sorted(NAMES)).map(lambda name: Tree(name, NAMES[name])),
    st.sampled_from([Tree("true", 1), Tree("false", 0)]),
)


def grow(trees: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    """Build larger trees."""
    return st.one_of(
        st.builds(
            lambda symbol, left, right: binary(symbol, OPERATORS[symbol], left, right),
            st.sampled_from(sorted(OPERATORS)),
            trees,
            trees,
        ),
        st.builds(choice, trees, trees, trees),
        st.builds(both, trees, trees),
        trees.map(negative),
    )


@given(st.recursive(LEAVES, grow, max_leaves=20).filter(lambda tree: len(tree.text) <= 200))
@settings(deadline=None, max_examples=500)
def test_random_expressions_evaluate_as_integers_do(tree: Tree) -> None:
    if tree.value is None:
        with pytest.raises(SpecError):
            value(tree.text)
    else:
        assert value(tree.text) == tree.value


WORDS = ["if ", "else ", "not ", "and ", "or ", "lambda ", "in ", "is ", "0x", "1e9", "__", "f'{"]
ALPHABET = st.sampled_from([*"ab01.+-*/%()<>=! ,[]{}'\"\\\n#:;@~|&^\0é\ud800", *WORDS, "**", "//"])


@given(st.one_of(st.text(max_size=250), st.lists(ALPHABET, max_size=60).map("".join)))
@settings(deadline=None, max_examples=1000)
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
def test_random_text_is_an_expression_or_a_spec_error(text: str) -> None:
    try:
        found = value(text)
    except SpecError:
        return
    assert isinstance(found, int)
