"""The forms of single values in a spec: numbers, flags, words; and how values are read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml

from convcost.dims import Dim, is_dim
from convcost.errors import SpecError, nearest
from convcost.expressions import Expression, parse
from convcost.reading import Scope, text_of
from convcost.spec import Written

WORD = re.compile(r"[A-Za-z0-9._:/-]{1,200}")

EXPRESSION_SCHEMA = {
    "description": "a whole number, or an expression of declared names",
    "anyOf": [{"type": "integer"}, {"type": "string"}],
}


def read_number(node: yaml.Node, scope: Scope) -> Expression:
    """Read an expression."""
    text = text_of(node, scope, "a whole number or an expression")
    return parse(text, scope.names, scope.place(node))


def read_value(node: yaml.Node, scope: Scope) -> Written:
    """Read an expression or a list, of lists perhaps, of expressions."""
    if isinstance(node, yaml.SequenceNode):
        return tuple(read_value(item, scope) for item in node.value)
    return read_number(node, scope)


VALUE_SCHEMA = {"anyOf": [*EXPRESSION_SCHEMA["anyOf"], {"type": "boolean"}, {"type": "array"}]}


def read_text_of(node: yaml.Node, scope: Scope) -> str:
    """Read a line of prose."""
    return text_of(node, scope, "text")


class NumberForm:
    """A whole number."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read an expression."""
        return read_number(node, scope)

    def settle(self, value: Any) -> Dim:
        """Accept a number that is neither a list nor true or false."""
        if isinstance(value, bool) or not is_dim(value):
            raise SpecError(f"expected a whole number, got {shown(value)}")
        return value  # type: ignore[no-any-return]

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return EXPRESSION_SCHEMA


class FlagForm:
    """``true`` or ``false``, or an expression that is one."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read an expression."""
        return read_number(node, scope)

    def settle(self, value: Any) -> bool:
        """Accept true and false, and 1 and 0."""
        if isinstance(value, tuple) or value not in (0, 1):
            raise SpecError(f"expected true or false, got {shown(value)}")
        return bool(value)

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"anyOf": [{"type": "boolean"}, {"type": "string"}]}


class RateForm:
    """A decimal number."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read a decimal number."""
        text = text_of(node, scope, "a decimal number")
        try:
            return float(text)
        except ValueError:
            raise scope.error(node, f"expected a decimal number, got {text!r}") from None

    def settle(self, value: Any) -> Any:
        """Keep it."""
        return value

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"type": "number"}


@dataclass(frozen=True)
class ChoiceForm:
    """One of some words."""

    options: tuple[str, ...]

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read the word."""
        text = text_of(node, scope, "one of " + ", ".join(self.options))
        if text not in self.options:
            raise scope.error(node, f"unknown value {text!r}; {nearest(text, self.options)}")
        return text

    def settle(self, value: Any) -> Any:
        """Keep it."""
        return value

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"enum": list(self.options)}


class WordForm:
    """A word of someone else's, such as an operator's name."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read the word."""
        return text_of(node, scope, "a word")

    def settle(self, value: Any) -> str:
        """Accept letters, digits and what stands between them in names."""
        if not isinstance(value, str) or not WORD.fullmatch(value):
            raise SpecError(f"expected a word of letters, digits and . _ : / -, got {shown(value)}")
        return value

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return {"type": "string", "pattern": f"^{WORD.pattern}$"}


def shown(value: Any) -> str:
    """Write a value as a spec would; a long list by its length."""
    if isinstance(value, tuple):
        if len(value) > 8 or any(isinstance(item, tuple) for item in value):  # noqa: PLR2004
            return f"a list of {len(value)}"
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
