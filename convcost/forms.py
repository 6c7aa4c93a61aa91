"""The forms that values have in a spec: how each is read, completed, and described.

One definition serves the loader (``read``, ``settle``) and ``convcost schema``
(``schema``, a JSON Schema).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from types import MappingProxyType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import yaml

from convcost.dims import Dim, is_dim
from convcost.errors import SpecError, nearest
from convcost.expressions import parse
from convcost.layers import AbstractLayer
from convcost.layers.window import Padding, Pair, Same
from convcost.reading import Scope, text_of
from convcost.spec import Written
from convcost.tensors import Extents

MOST_AXES = 32  # of a tensor, as numpy had it: more is a mistake

EXPRESSION_SCHEMA = {
    "description": "a whole number, or an expression of declared names",
    "anyOf": [{"type": "integer"}, {"type": "string"}],
}

EXTENTS_SCHEMA = {
    "description": "a list of whole numbers or expressions, or the name of one",
    "anyOf": [
        {"type": "array", "items": EXPRESSION_SCHEMA, "maxItems": MOST_AXES},
        {"type": "string"},
    ],
}


def read_number(node: yaml.Node, scope: Scope) -> Written:
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


class PairForm:
    """One number for both axes, or ``[rows, columns]``."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read an expression or a list of two."""
        return read_value(node, scope)

    def settle(self, value: Any) -> Pair:
        """Spread one number over both axes."""
        pair = value if isinstance(value, tuple) else (value, value)
        if len(pair) != 2:  # noqa: PLR2004 - rows and columns
            raise SpecError(f"expected a number or [rows, columns], got {shown(value)}")
        number = NumberForm()
        return number.settle(pair[0]), number.settle(pair[1])

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return VALUE_SCHEMA


class PaddingForm:
    """A word; or a number, ``[rows, columns]`` or ``[[top, bottom], [left, right]]``."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read the word, an expression, or a list of two."""
        if isinstance(node, yaml.ScalarNode) and node.value in get_args(Same):
            return text_of(node, scope, "a word")
        return read_value(node, scope)

    def settle(self, value: Any) -> Padding:
        """Spread the numbers over both axes and both sides."""
        if value in get_args(Same):
            return value  # type: ignore[no-any-return]
        axes = value if isinstance(value, tuple) else (value, value)
        if len(axes) != 2:  # noqa: PLR2004 - rows and columns
            raise SpecError(
                "expected same, a number, [rows, columns] or [[top, bottom], [left, right]],"
                f" got {shown(value)}"
            )
        pair = PairForm()
        return pair.settle(axes[0]), pair.settle(axes[1])

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return VALUE_SCHEMA


class ExtentsForm:
    """A list of whole numbers, such as a shape or axes; it may be empty."""

    def read(self, node: yaml.Node, scope: Scope) -> Written:
        """Read a list of expressions, or an expression that is one."""
        return read_value(node, scope)

    def settle(self, value: Any) -> Extents:
        """Accept a list that is not too long."""
        if not isinstance(value, tuple) or any(isinstance(item, tuple) for item in value):
            raise SpecError(f"expected a list of whole numbers, got {shown(value)}")
        if len(value) > MOST_AXES:
            raise SpecError(f"a tensor has at most {MOST_AXES} axes, got {len(value)}")
        return tuple(map(NumberForm().settle, value))

    def schema(self) -> dict[str, Any]:
        """Describe it."""
        return EXTENTS_SCHEMA


SpecForm = NumberForm | FlagForm | RateForm | ChoiceForm | PairForm | PaddingForm | ExtentsForm

_FORMS: Mapping[Any, SpecForm] = MappingProxyType(
    {
        Dim: NumberForm(),
        bool: FlagForm(),
        float: RateForm(),
        Pair: PairForm(),
        Padding: PaddingForm(),
        Extents: ExtentsForm(),
    }
)


@dataclass(frozen=True, slots=True)
class Field:
    """A kind's attribute in a spec."""

    form: SpecForm
    required: bool


@cache
def attributes_of(kind: type[AbstractLayer]) -> Mapping[str, Field]:
    """Return the attributes of a kind, in order, from the fields of its class."""
    hints = get_type_hints(kind)
    return MappingProxyType(
        {
            field.name: Field(
                ChoiceForm(get_args(hints[field.name]))
                if get_origin(hints[field.name]) is Literal
                else _FORMS[hints[field.name]],
                required=field.default is MISSING,
            )
            for field in fields(kind)  # type: ignore[arg-type]  # every kind is a dataclass
        }
    )


def shown(value: Any) -> str:
    """Write a value as a spec would; a long list by its length."""
    if isinstance(value, tuple):
        if len(value) > 8 or any(isinstance(item, tuple) for item in value):  # noqa: PLR2004
            return f"a list of {len(value)}"
        return "[" + ", ".join(map(shown, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
