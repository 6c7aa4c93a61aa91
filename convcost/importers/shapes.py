"""The shapes of imported layers while importing, for what a file says in terms of them only.

An input's extents that the file leaves open are parameters of the spec, so the shapes are
formulas of them, and SymPy is loaded: only when a shape is asked for.
"""

from __future__ import annotations

from collections import deque
from typing import Any

from convcost.dims import Dim, symbol
from convcost.errors import ConvcostError
from convcost.expressions import parse
from convcost.forms import attributes_of
from convcost.importers.network import Imported
from convcost.layers import Input
from convcost.spec import Written
from convcost.tensors import Extents, Tensor
from convcost.values import evaluate

BATCH = "N"
"""The name of the batch's symbol: no parameter is called so."""


class Shapes:
    """What every input and layer gives, the batch first."""

    def __init__(self) -> None:
        self._parameters: list[str] = []
        self._symbols: dict[str, Dim] = {}
        self._inputs: dict[str, tuple[Written, ...]] = {}
        self._waiting: deque[Imported] = deque()
        self._known: dict[str, Tensor] = {}

    def parameter(self, name: str) -> Written:
        """Return a parameter of the spec, which shapes may depend on."""
        self._parameters.append(name)
        return parse(name, [name])

    def add_input(self, name: str, extents: tuple[Written, ...]) -> None:
        """Tell an input's extents, without the batch."""
        self._inputs[name] = extents

    def add(self, layer: Imported) -> None:
        """Tell a layer, after those that it reads."""
        self._waiting.append(layer)

    def of(self, name: str) -> Extents:
        """Return what an input or a layer gives.

        Raises: ConvcostError if a layer before it cannot take what it is given.
        """
        if not self._symbols:
            self._symbols = {each: symbol(each) for each in (BATCH, *self._parameters)}
        for each in list(self._inputs):
            extents = tuple(map(self._value, self._inputs.pop(each)))
            batch = self._symbols[BATCH]
            self._known[each] = Input(extents=extents, batch=batch).output_shape()
        while name not in self._known:
            self._infer(self._waiting.popleft())
        return self._known[name].shape

    def _infer(self, each: Imported) -> None:
        try:
            known = attributes_of(each.layer)
            settled = {
                key: known[key].form.settle(self._value(value))
                for key, value in each.attributes.items()
            }
            shapes = [self._known[source] for source in each.inputs]
            self._known[each.name] = each.layer(**settled).output_shape(*shapes)
        except ConvcostError as error:
            raise error.at(f"{each.name!r} ({each.layer.kind})", None) from None

    def _value(self, value: Written) -> Any:
        return evaluate(value, self._symbols)
