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

from convcost.dims import Dim
from convcost.errors import SpecError
from convcost.layers import AbstractLayer
from convcost.layers.window import Padding, Pair, Same
from convcost.reading import Scope, text_of
from convcost.simple_forms import (
    EXPRESSION_SCHEMA,
    VALUE_SCHEMA,
    ChoiceForm,
    FlagForm,
    NumberForm,
    RateForm,
    WordForm,
    read_value,
    shown,
)
from convcost.spec import Written
from convcost.tensors import Extents

MOST_AXES = 32  # of a tensor, as numpy had it: more is a mistake

EXTENTS_SCHEMA = {
    "description": "a list of whole numbers or expressions, or the name of one",
    "anyOf": [
        {"type": "array", "items": EXPRESSION_SCHEMA, "maxItems": MOST_AXES},
        {"type": "string"},
    ],
}


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


SpecForm = (
    NumberForm | FlagForm | RateForm | ChoiceForm | WordForm | PairForm | PaddingForm | ExtentsForm
)

_FORMS: Mapping[Any, SpecForm] = MappingProxyType(
    {
        Dim: NumberForm(),
        bool: FlagForm(),
        float: RateForm(),
        str: WordForm(),
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
