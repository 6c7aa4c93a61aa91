"""An operator of a graph: what it is called, what it reads, and its attributes, checked."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convcost.errors import ImportFormatError

if TYPE_CHECKING:
    import onnx

_SCOPES = "pkg.torch.onnx.name_scopes"
_TYPES = {
    1: ("a number", "f"),
    2: ("a whole number", "i"),
    3: ("text", "s"),
    4: ("a tensor", "t"),
    5: ("a graph", "g"),
    6: ("numbers", "floats"),
    7: ("whole numbers", "ints"),
    8: ("texts", "strings"),
}
"""What an attribute of a type is called, and the field it is in (AttributeProto.AttributeType)."""
_FLOAT, _INT, _STRING, _TENSOR, _GRAPH, _FLOATS, _INTS = 1, 2, 3, 4, 5, 6, 7
_LONGEST_SCOPES = 2_000


class UnsupportedError(Exception):
    """There is no rule for an operator, or not for this form of it."""


@dataclass(frozen=True, slots=True)
class Operator:
    """A node: its operator and version, its place, the names of what it reads and gives."""

    kind: str
    domain: str
    version: int
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, onnx.AttributeProto]
    placed: bool = False
    """Whether its author, or an exporter, gave it a name that says where it belongs."""

    @property
    def label(self) -> str:
        """Its operator, with the domain if that is not ONNX's own."""
        return f"{self.domain}.{self.kind}" if self.domain else self.kind

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number."""
        return self._value(name, _INT, default)  # type: ignore[no-any-return]

    def integers(self, name: str, default: tuple[int, ...] | None = None) -> tuple[int, ...]:
        """Return a list of whole numbers."""
        return tuple(self._value(name, _INTS, default))

    def decimal(self, name: str, default: float | None = None) -> float:
        """Return a decimal number."""
        return self._value(name, _FLOAT, default)  # type: ignore[no-any-return]

    def decimals(self, name: str) -> tuple[float, ...]:
        """Return a list of decimal numbers."""
        return tuple(self._value(name, _FLOATS, None))

    def word(self, name: str, default: str | None = None) -> str:
        """Return a word."""
        return text_of(self._value(name, _STRING, default))

    def tensor(self, name: str) -> onnx.TensorProto:
        """Return a tensor."""
        return self._value(name, _TENSOR, None)  # type: ignore[no-any-return]

    def graph(self, name: str) -> onnx.GraphProto:
        """Return a graph."""
        return self._value(name, _GRAPH, None)  # type: ignore[no-any-return]

    def _value(self, name: str, type_: int, default: Any) -> Any:
        attribute = self.attributes.get(name)
        if attribute is None:
            if default is None:
                raise self.error(f"the attribute {name!r} is missing")
            return default
        expected, field = _TYPES[type_]
        if attribute.type != type_:
            got = _TYPES.get(attribute.type, ("something else", ""))[0]
            raise self.error(f"{name}: expected {expected}, got {got}")
        return getattr(attribute, field)

    def error(self, message: str) -> ImportFormatError:
        """Return an error about this node."""
        return ImportFormatError(f"node {self.name!r} ({self.label}): {message}")


def text_of(value: str | bytes) -> str:
    """Return text that a file may have as bytes.

    Raises: ImportFormatError if it is not UTF-8.
    """
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        raise ImportFormatError(f"not UTF-8: {value[:40]!r}") from None


def operator_of(
    node: onnx.NodeProto, versions: Mapping[str, int], index: int, inside: str
) -> Operator:
    """Return a node's operator; ``inside`` is the place of the function that it stands in."""
    kind, domain = text_of(node.op_type), text_of(node.domain)
    domain = "" if domain == "ai.onnx" else domain
    given, module = text_of(node.name) or f"{kind}_{index}", _module(node)
    name = f"{module}/{kind}" if module else given
    return Operator(
        kind,
        domain,
        versions.get(domain, 1),
        f"{inside}/{name}" if inside else name,
        tuple(map(text_of, node.input)),
        tuple(map(text_of, node.output)),
        {text_of(attribute.name): attribute for attribute in node.attribute},
        placed="/" in given,
    )


def _module(node: onnx.NodeProto) -> str:
    """Return the module around an operation, where PyTorch's exporter notes it; or nothing."""
    for entry in node.metadata_props:
        if entry.key == _SCOPES and len(entry.value) <= _LONGEST_SCOPES:
            try:
                scopes = ast.literal_eval(text_of(entry.value))
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                return ""
            if isinstance(scopes, list) and len(scopes) > 1 and isinstance(scopes[-2], str):
                return scopes[-2]
    return ""
