"""MXNet's symbol files, as ``HybridBlock.export`` and ``Symbol.save`` write them, to a spec.

They are read as plain JSON: MXNet need not be installed. A file has no shapes, or few: the
extents of its input become parameters of the spec.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from convcost.errors import ConvcostError, ImportFormatError
from convcost.importers.extents import written
from convcost.importers.mxnet.attributes import Attributes
from convcost.importers.mxnet.inputs import extents_of, flowing, inputs_of, shape_of
from convcost.importers.mxnet.operation import (
    STATISTICS,
    Layers,
    Operation,
    Rule,
    Unknown,
    plain_name,
)
from convcost.importers.mxnet.operators import RULES
from convcost.importers.mxnet.symbol import Node, Symbol, holds_symbol, read_symbol
from convcost.importers.network import Imported, network_spec, refuse_unknown
from convcost.spec import NetworkSpec, Written

_NO_SHAPE = (
    "no rule is known for it, nor does the file have the shape it gives, so that of what follows"
    " cannot be known"
)

__all__ = ["holds_symbol", "read_file"]


def read_file(path: Path, *, allow_unknown: bool = False, axes: int | None = None) -> NetworkSpec:
    """Read a symbol file.

    ``axes`` is how many extents an input has that the file says nothing of.

    Raises: ImportFormatError for what is no symbol, or has operators that no rule is known
        for, unless ``allow_unknown`` lets them through and what they give is known.
    """
    importer = _Importer(read_symbol(path), allow_unknown=allow_unknown)
    try:
        importer.read_inputs(axes)
        importer.read_operators()
        outputs = importer.outputs()
    except ConvcostError as error:
        raise ImportFormatError(*error.at(str(path), None).problems) from None
    refuse_unknown(str(path), importer.unknown)
    return network_spec(
        name=path.stem.removesuffix("-symbol"),
        file=str(path),
        source=f"{path.name}, a symbol of MXNet",
        inputs=importer.inputs,
        parameters=importer.parameters,
        layers=_needed(importer.layers.made, outputs),
        outputs=outputs,
    )


class _Importer:
    """Layers out of a symbol, node by node."""

    def __init__(self, symbol: Symbol, *, allow_unknown: bool) -> None:
        self.layers = Layers()
        self.inputs: dict[str, tuple[Written, ...]] = {}
        self.parameters: dict[str, Written | None] = {}
        self.unknown: Counter[str] = Counter()
        self._symbol = flowing(symbol, RULES)
        self._allow_unknown = allow_unknown
        self._given: dict[int, tuple[str, ...]] = {}
        self._learned: dict[int, Node] = {}

    def read_inputs(self, axes: int | None) -> None:
        """Find the inputs, and make parameters of their extents."""
        for index in inputs_of(self._symbol, RULES):
            first = not self.inputs
            extents = extents_of(self._symbol, index, first=first, axes=axes if first else None)
            for extent in extents:
                self.parameters[extent.parameter] = extent.size
            own = self._symbol.nodes[index].name or "data"
            values = tuple(self.layers.shapes.parameter(extent.parameter) for extent in extents)
            name = self.layers.add_input(own, values)
            self.inputs[name] = values
            self._given[index] = (name,)

    def read_operators(self) -> None:
        """Make layers of all operators; those that no rule is known for are counted."""
        for index, node in self._symbol.nodes.items():
            if node.is_variable:
                continue
            rule = RULES.get(node.operator)
            operation = self._operation(node, rule)
            if operation is None:
                if self._allow_unknown:
                    raise Attributes(node).error(_NO_SHAPE)
                if rule is None:
                    self.unknown[node.operator] += 1
                continue
            try:
                self._given[index] = _made(rule, operation)
            except Unknown as use:
                if not self._allow_unknown:
                    self.unknown[str(use)] += 1
                if self._allow_unknown or use.shape is not None:  # to see what comes behind it
                    self._given[index] = (_uncounted(operation, use),)

    def outputs(self) -> list[str]:
        """Return the layers that the symbol's heads are, each once."""
        found: dict[str, None] = {}
        for index, output in self._symbol.heads:
            node = self._symbol.nodes[index]
            if node.is_variable or index not in self._given:
                continue
            if output >= len(self._given[index]) and (index, 0) in self._symbol.heads:
                continue  # such as the random slopes of an activation function, beside it
            found[self._output(index, output)] = None
        return list(found)

    def _operation(self, node: Node, rule: Rule | None) -> Operation | None:
        """Return what a rule is given; None if it reads what no rule was known for."""
        if rule is None and not node.inputs:
            return None
        constants: dict[int, tuple[int, ...] | None] = {}
        holds: dict[str, int] = {}
        computed = False
        inputs = []
        for position, (source, output) in enumerate(node.inputs):
            if source in self._given:
                if rule is None or rule.is_data(position):
                    inputs.append(self._output(source, output))
                continue
            role = rule.role(position) if rule else None
            if source not in self._symbol.nodes:  # made of parameters or labels
                computed = computed or role is not None
                continue
            variable = self._symbol.nodes[source]
            if not variable.is_variable:
                return None
            constants[position] = shape_of(variable)
            if role is not None and self._is_others(source, node, role):
                holds[role] = 0
        if not inputs:
            if rule is None:
                return None
            raise Attributes(node).error("reads no tensor")
        return Operation(
            node, plain_name(node), tuple(inputs), constants, holds, self.layers, computed=computed
        )

    def _output(self, index: int, output: int) -> str:
        given, node = self._given[index], self._symbol.nodes[index]
        if output >= len(given):
            raise Attributes(node).error(f"output {output} is read; {len(given)} is imported")
        return given[output]

    def _is_others(self, source: int, node: Node, role: str) -> bool:
        """Whether another operator has learned a parameter before: it is counted there.

        Raises: ImportFormatError for statistics, which would be counted twice.
        """
        other = self._learned.setdefault(source, node)
        if other is not node and role == STATISTICS:
            name = self._symbol.nodes[source].name
            raise Attributes(node).error(f"shares the statistics {name!r} with {other.name!r}")
        return other is not node


def _made(rule: Rule | None, operation: Operation) -> tuple[str, ...]:
    if rule is None:
        raise Unknown(operation.node.operator)
    if operation.computed:
        raise operation.unknown("with parameters that are computed")
    made = rule.make(operation)
    return (made,) if isinstance(made, str) else made


def _uncounted(operation: Operation, use: Unknown) -> str:
    """Put a layer that is not counted where no rule is known.

    Raises: ImportFormatError if nobody knows what shape it gives.
    """
    if use.shape is None:
        raise operation.attributes.error(_NO_SHAPE)
    shape = tuple(written(extent) for extent in use.shape()[1:])
    return operation.put("uncounted", operator=operation.node.operator, shape=(0, *shape))


def _needed(layers: list[Imported], outputs: list[str]) -> list[Imported]:
    """Return the layers that outputs depend on."""
    needed = set(outputs)
    found = []
    for layer in reversed(layers):
        if layer.name in needed:
            needed.update(layer.inputs)
            found.append(layer)
    return found[::-1]
