"""A walk through a graph: constants are folded, functions written out, operators made layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from convcost.dims import Dim, product
from convcost.errors import ImportFormatError, ShapeError
from convcost.importers.onnx.assembly import Assembly, Call
from convcost.importers.onnx.folding import fold
from convcost.importers.onnx.functions import bound
from convcost.importers.onnx.graph import MOST_DEPTH, Plan, plan
from convcost.importers.onnx.inference import inferred
from convcost.importers.onnx.making import shape_part
from convcost.importers.onnx.moving import MOVES
from convcost.importers.onnx.operator import Operator, UnsupportedError, operator_of, text_of
from convcost.importers.onnx.reading import opsets
from convcost.importers.onnx.rules import RULES
from convcost.importers.onnx.shapes import Shapes
from convcost.importers.onnx.values import (
    Constant,
    Data,
    Known,
    Unknown,
    Value,
    constant_in,
    constant_of,
)

if TYPE_CHECKING:
    import onnx

    Graph = onnx.GraphProto | onnx.FunctionProto

MOST_OPERATORS = 100_000
MOST_CALLS = 4_000  # of functions, written out


@dataclass(slots=True)
class Scope:
    """The names of a graph that have values so far."""

    values: dict[str, Value] = field(default_factory=dict)
    reads: Counter[str] = field(default_factory=Counter)
    versions: Mapping[str, int] = field(default_factory=dict)
    inside: str = ""
    depth: int = 0


class Walk:
    """Make layers from the nodes of a model, in an assembly."""

    def __init__(
        self,
        model: onnx.ModelProto,
        path: Path,
        assembly: Assembly,
        shapes: Shapes,
        *,
        lenient: bool,
    ) -> None:
        """Get ready; ``lenient`` lets operators through for which there is no rule."""
        self.unknown: Counter[str] = Counter()
        self._path = path
        self._assembly = assembly
        self._shapes = shapes
        self._lenient = lenient
        self._left = MOST_OPERATORS
        self._calls_left = MOST_CALLS
        self._functions = {
            (text_of(each.domain), text_of(each.name), text_of(getattr(each, "overload", ""))): each
            for each in model.functions
        }

    def run(self, nodes: Plan, scope: Scope) -> None:
        """Give values to what some nodes give, in their order."""
        scope.reads = nodes.reads
        self._left -= len(nodes.nodes)
        if self._left < 0 or scope.depth > MOST_DEPTH:
            raise ImportFormatError(f"more than {MOST_OPERATORS:,} nodes")
        for index, node in nodes.nodes:
            self._step(node, operator_of(node, scope.versions, index, scope.inside), scope)

    def _step(self, node: onnx.NodeProto, operator: Operator, scope: Scope) -> None:
        values = tuple(scope.values[name] if name else None for name in operator.inputs)
        try:
            results = self._results(node, operator, values, scope)
        except UnsupportedError as error:
            results = self._without_rule(node, operator, str(error), scope)
        except ShapeError as error:
            raise operator.error(error.problems[0].message) from None
        except (ValueError, IndexError) as error:  # a file may say anything of how many there are
            raise operator.error(f"what it is given does not go together: {error}") from None
        for name, value in zip(operator.outputs, results, strict=False):
            if name and value is not None:
                scope.values[name] = value
                if isinstance(value, Data) and not scope.depth:
                    self._shapes.require(name, value, operator)
        missing = [n for n in operator.outputs if scope.reads[n] and n not in scope.values]
        if missing:
            raise operator.error(f"it does not give {missing[0]!r}")

    def _results(
        self,
        node: onnx.NodeProto,
        operator: Operator,
        values: tuple[Value | None, ...],
        scope: Scope,
    ) -> Sequence[Value | None]:
        function = self._functions.get((operator.domain, operator.kind, text_of(node.overload)))
        if function is not None:
            return self._called(function, operator, values, scope)
        if operator.kind == "If" and not operator.domain:
            return self._branch(operator, values, scope)
        known = tuple(value for value in values if not isinstance(value, Unknown))
        if len(known) < len(values):
            return tuple(Unknown() for _ in operator.outputs)
        if operator.kind in {"Shape", "Size"} and isinstance(known[0], Data):
            return (_shape(operator, known[0]),)
        if not any(isinstance(value, Data) for value in known):
            constants = [value if isinstance(value, Constant) else None for value in known]
            if all(each is None or each.is_plain for each in constants) or not _is_layout(operator):
                return fold(operator, constants)
            known = tuple(self._as_data(operator, each) for each in constants)
        if operator.label not in RULES:
            raise UnsupportedError
        result = RULES[operator.label](self._call(operator, known, scope))
        return result if isinstance(result, tuple) else (result,)

    def _as_data(self, operator: Operator, constant: Constant | None) -> Known | None:
        """Return a constant as long as an input is as a layer, others as they are."""
        if constant is None or constant.is_plain:
            return constant
        name = f"{operator.name}_constant"
        return self._assembly.constant(name, constant, self._assembly.first)

    def _call(self, operator: Operator, values: tuple[Known | None, ...], scope: Scope) -> Call:
        return Call(
            operator,
            values,
            self._assembly,
            tuple(scope.reads[name] == 1 for name in operator.inputs),
            tuple(bool(name and scope.reads[name]) for name in operator.outputs),
            () if scope.depth else self._shapes.stated(operator.outputs[0]),
        )

    def _without_rule(
        self, node: onnx.NodeProto, operator: Operator, reason: str, scope: Scope
    ) -> Sequence[Value | None]:
        """Note an operator that has no rule; let it through if that is wanted."""
        self.unknown[f"{operator.label} ({reason})" if reason else operator.label] += 1
        if not self._lenient:
            return tuple(Unknown() for _ in operator.outputs)
        values = [scope.values[name] if name else None for name in operator.inputs]
        tensors = [value for value in values if isinstance(value, Data)]
        shapes = inferred(node, operator, values)
        made: list[Value | None] = []
        for name in operator.outputs:
            if not name or not scope.reads[name]:
                made.append(None)
                continue
            shape = shapes.get(name) or (None if scope.depth else self._shapes.of(name))
            if shape is None:
                raise operator.error(f"the shape of its output {name!r} is not in the file")
            uncounted = self._uncounted(operator, tensors, shape) if tensors else None
            made.append(uncounted or Constant(shape, floating=True))
        return made

    def _uncounted(
        self, operator: Operator, tensors: Sequence[Data], shape: tuple[Dim, ...]
    ) -> Data:
        word = operator.label.replace(".", "_")
        return self._assembly.uncounted(operator.name, word, tuple(tensors), shape)

    def _branch(
        self, operator: Operator, values: Sequence[Value | None], scope: Scope
    ) -> Sequence[Value | None]:
        """Return what If gives: of the one branch, if it is known which."""
        condition = values[0]
        if not isinstance(condition, Constant) or condition.known is None:
            raise UnsupportedError
        name = "then_branch" if bool(condition.numbers().ravel()[0]) else "else_branch"
        graph = operator.graph(name)
        inner = Scope(dict(scope.values), Counter(), scope.versions, operator.name, scope.depth + 1)
        return self._inner(graph, [text_of(output.name) for output in graph.output], inner)

    def _called(
        self,
        function: onnx.FunctionProto,
        operator: Operator,
        values: Sequence[Value | None],
        scope: Scope,
    ) -> Sequence[Value | None]:
        """Return what a function of the model gives, written out in place."""
        self._calls_left -= 1
        if self._calls_left < 0:
            raise ImportFormatError(f"more than {MOST_CALLS:,} calls of functions")
        inner = Scope({}, Counter(), opsets(function.opset_import, self._path), operator.name)
        inner.depth = scope.depth + 1
        given = [*values, *[None] * len(function.input)]
        for name, value in zip(function.input, given, strict=False):
            if value is not None:
                inner.values[text_of(name)] = value
        body = bound(function, operator)
        return self._inner(body, [text_of(name) for name in function.output], inner)

    def _inner(self, graph: Graph, outputs: list[str], inner: Scope) -> Sequence[Value | None]:
        if inner.depth > MOST_DEPTH:
            raise ImportFormatError(f"functions or graphs nested more than {MOST_DEPTH} deep")
        inner.values |= initializers(graph)
        self.run(plan(graph.node, outputs, inner.values), inner)
        return [inner.values.get(name) for name in outputs]


def initializers(graph: Graph) -> dict[str, Constant]:
    """Return the initializers of a graph; a function has none."""
    tensors = getattr(graph, "initializer", ())
    return {text_of(tensor.name): constant_in(tensor, initializer=True) for tensor in tensors}


def _is_layout(operator: Operator) -> bool:
    """Whether an operator changes the shape of what it reads."""
    return operator.kind in MOVES or operator.kind == "Expand"


def _shape(operator: Operator, x: Data) -> Constant:
    """Return the shape of data, or the number of its elements, as a constant."""
    shape = list(shape_part(operator, x.shape))
    if operator.kind == "Size":
        shape = [product(shape)]
    numeric = all(isinstance(extent, int) for extent in shape)
    array = np.array(shape, np.int64 if numeric else object)
    return constant_of(array[0] if operator.kind == "Size" else array, floating=False)
