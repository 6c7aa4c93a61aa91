"""Functions that a model brings along: which they are, and their bodies as a call has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convcost.importers.onnx.operator import Operator, text_of

if TYPE_CHECKING:
    import onnx


def bound(function: onnx.FunctionProto, operator: Operator) -> onnx.FunctionProto:
    """Return a function with the attributes that a call gives put in; the rest by default."""
    given = {text_of(default.name): default for default in function.attribute_proto}
    given |= operator.attributes
    if not given and not function.attribute:
        return function
    body = type(function)()
    body.CopyFrom(function)
    for node in body.node:
        for index in reversed(range(len(node.attribute))):
            attribute = node.attribute[index]
            if not attribute.ref_attr_name:
                continue
            value = given.get(text_of(attribute.ref_attr_name))
            name = attribute.name
            del node.attribute[index]
            if value is not None:
                node.attribute.append(value)
                node.attribute[-1].name = name
    return body
