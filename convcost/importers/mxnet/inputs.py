"""The variables of a symbol: which are inputs, what the others are, and what shape they have."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from convcost.errors import ImportFormatError
from convcost.importers.mxnet.attributes import Attributes
from convcost.importers.mxnet.operation import Rule
from convcost.importers.mxnet.symbol import Node, Symbol

DATA = "data"  # what MXNet's users call the input
_OF_PARAMETERS = frozenset({"__init__", "__lr_mult__", "__wd_mult__"})
_EXTENTS: Mapping[int, tuple[str, ...]] = {
    1: ("features",),
    2: ("channels", "length"),
    3: ("channels", "height", "width"),
    4: ("channels", "depth", "height", "width"),
}
_IMAGE = 3  # extents without the batch
_WINDOWS = frozenset({"Convolution", "Convolution_v1", "Deconvolution", "Pooling", "Pooling_v1"})


@dataclass(frozen=True, slots=True)
class Extent:
    """An extent of an input: the parameter it is in the spec, and its size if the file has it."""

    parameter: str
    size: int | None


def flowing(symbol: Symbol, rules: Mapping[str, Rule]) -> Symbol:
    """Return the nodes that data flow through to the outputs, and what those nodes read.

    What is made of labels and of parameters alone is no part of them.
    """
    reached = {index for index, _ in symbol.heads}
    kept = {}
    for index, node in reversed(list(symbol.nodes.items())):  # every node behind those that read it
        if index in reached:
            kept[index] = node
            rule = rules.get(node.operator)
            for position, (source, _) in enumerate(node.inputs):
                is_data = rule is None or rule.is_data(position)
                if is_data or symbol.nodes[source].is_variable:
                    reached.add(source)
    return Symbol(dict(reversed(list(kept.items()))), symbol.heads)


def inputs_of(symbol: Symbol, rules: Mapping[str, Rule]) -> list[int]:
    """Return the variables that are inputs, the one called data first.

    They are read as a tensor, not as an operator's parameter or label, and nothing about
    them says how to learn them.
    """
    found: dict[int, None] = {}
    for node in symbol.nodes.values():
        data = rules[node.operator].data if node.operator in rules else 1
        for source, _ in node.inputs[:data]:
            variable = symbol.nodes[source]
            learned = variable.name != DATA and _OF_PARAMETERS & set(variable.attributes)
            if variable.is_variable and not learned:
                found[source] = None
    return sorted(found, key=lambda index: symbol.nodes[index].name != DATA)


def shape_of(variable: Node) -> tuple[int, ...] | None:
    """Return the shape that a file has for a variable; 0 is an extent that it leaves open."""
    shape = Attributes(variable).extents("__shape__", ())
    if any(extent < 0 for extent in shape):
        shape = tuple(max(extent, 0) for extent in shape)
    return shape or None


def extents_of(
    symbol: Symbol, index: int, *, first: bool, axes: int | None = None
) -> tuple[Extent, ...]:
    """Return the extents of an input, without the batch.

    ``axes`` is how many there are if the file does not say; else what reads the input does,
    and an image it is if nothing does.
    """
    variable = symbol.nodes[index]
    shape = shape_of(variable)
    if shape is not None and len(shape) == 1:
        raise ImportFormatError(f"input {variable.name!r} is a vector without a batch: {shape}")
    sizes = shape[1:] if shape else (0,) * (axes or _windows_of(symbol, index) or _IMAGE)
    names = _EXTENTS.get(len(sizes)) or tuple(f"extent_{i + 1}" for i in range(len(sizes)))
    prefix = "" if first else re.sub(r"\W", "_", variable.name, flags=re.ASCII) + "_"
    return tuple(
        Extent(prefix + name, size or None) for name, size in zip(names, sizes, strict=True)
    )


def _windows_of(symbol: Symbol, index: int) -> int | None:
    """Return the number of extents that the first window on the way from an input slides over."""
    reached = {index}
    for number, node in symbol.nodes.items():
        if node.inputs and node.inputs[0][0] in reached:
            if node.operator in _WINDOWS:
                kernel = Attributes(node).extents("kernel", ())
                if kernel:
                    return 1 + len(kernel)
            reached.add(number)
    return None
