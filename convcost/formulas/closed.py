"""The closed forms themselves: the rules, called on symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property

import sympy

from convcost.analyse import analyse
from convcost.cost import NetworkCost, Total, total
from convcost.counts import COUNTS
from convcost.dims import Dim, recording, symbol
from convcost.errors import ConvcostError, SpecError, nearest
from convcost.formulas import assumptions
from convcost.formulas.assumptions import Assumptions
from convcost.formulas.canonical import (
    EXAMPLE,
    canonical_inputs,
    canonical_layer,
    canonical_symbols,
    find_kind,
)
from convcost.formulas.domain import simplified
from convcost.formulas.floors import collected
from convcost.formulas.formula import Formula
from convcost.formulas.free import FREE, axes_of, parts, sizes_of, united, wanted
from convcost.graph import Network
from convcost.memory.footprint import Footprint
from convcost.tensors import Tensor
from convcost.values import evaluate

PEAK = "peak_bytes"
"""The most bytes of activations that are needed at once, by their lifetimes."""

QUANTITIES = (*COUNTS, "output", PEAK)
"""What a formula can be of; a layer by itself has no peak."""

_KNOWN = ("output", "activations", "activation_bytes")
"""What does not depend on a rule of what is uncounted: its output is stated."""

_BYTES = "bytes, float32"


class SymbolicNetwork:
    """A network analysed with symbols for some of its sizes, and the formulas it gives.

    ``free`` may name N, C, H, W (of an image; of a vector N and C, of other inputs N) and
    parameters of the spec; all else keeps its number. A
    parameter that is a list has a symbol for each item: ``widths_1``, ``widths_2``.
    """

    def __init__(
        self,
        network: Network,
        *,
        free: Sequence[str] = FREE,
        assume: Iterable[str] = (),
        training: bool = False,
    ) -> None:
        """Analyse the spec of ``network``, with its numbers for what is not free.

        Raises: SpecError for what cannot be left free, or an assumption that is not
            understood; and what building and analysing a network raise.
        """
        spec, names = network.spec, axes_of(network)
        self._spec = spec
        free = wanted(network, free)
        sizes = sizes_of(network)
        self._example = {part: size for name in free for part, size in parts(spec, sizes, name)}
        self._symbols = {name: symbol(name) for name in self._example}
        self._assumed = assumptions.read(assume, self._symbols)
        values = sizes | self._symbols | self._assumed.values
        values |= united(network, self._symbols, values, self._assumed)
        chosen = {
            name: tuple(values[part] for part, _ in parts(spec, sizes, name))
            if isinstance(sizes[name], tuple)
            else values[name]
            for name in spec.parameters
            if name in free
        }
        with recording() as self._conditions:
            symbolic = network.with_input(
                *(  # what is not free here may follow from what is
                    values[name] if name in self._symbols else written
                    for name, written in zip(names, network.extents, strict=True)
                ),
                parameters=chosen,
            )
            self.cost: NetworkCost = analyse(symbolic, batch=values["N"], training=training)
        extents = {"N": values["N"], **dict(zip(names, symbolic.source.extents, strict=True))}
        self._fixed = {
            name: extent
            for name, extent in extents.items()
            if name in FREE and name not in self._symbols and isinstance(extent, int)
        }

    def formula(self, quantity: str, layer: str | None = None) -> Formula:
        """Return the closed form of a total, or of one layer's share.

        Raises: SpecError for an unknown quantity or layer.
        """
        if quantity == PEAK and layer is None:
            return self._closed(PEAK, "", Footprint(self.cost).peak_ideal, _BYTES)
        if layer is None:
            return self._made(quantity, "", self._total, self.cost.layers[-1].output)
        for each in self.cost.layers:
            if each.name == layer:
                return self._made(quantity, layer, total(layer, [each]), each.output)
        known = nearest(layer, (each.name for each in self.cost.layers))
        raise SpecError(f"{self._spec.name} has no layer {layer!r}; {known}")

    @cached_property
    def _total(self) -> Total:
        return self.cost.total()

    @cached_property
    def _domain(self) -> tuple[sympy.Basic, ...]:
        return _domain(self._conditions, self._assumed)

    def per_layer(self, quantity: str) -> Iterator[Formula]:
        """Yield the closed form of every layer's share."""
        for each in self.cost.layers:
            yield self._made(quantity, each.name, total(each.name, [each]), each.output)

    def memory(self, optimizer: str = "sgd") -> Iterator[Formula]:
        """Yield the closed form of every part of the memory that there is."""
        for name, size in Footprint(self.cost, optimizer).closed.items():
            if size != 0:
                yield self._closed(name, "", size, _BYTES)

    @property
    def symbols(self) -> tuple[sympy.Symbol, ...]:
        """What is free, in the order it was asked for."""
        return tuple(self._symbols.values())

    def derived(
        self, value: Callable[[NetworkCost], sympy.Basic]
    ) -> tuple[sympy.Basic, tuple[sympy.Basic, ...]]:
        """Return what rules make of this network's cost, and where that holds."""
        with recording() as more:
            found = value(self.cost)
        domain = _domain([*self._conditions, *more], self._assumed)
        return self._assumed.restore(found), domain

    def _made(self, quantity: str, layer: str, sums: Total, output: Tensor) -> Formula:
        return self._closed(quantity, layer, *_quantity(quantity, sums, output))

    def _closed(self, quantity: str, layer: str, size: Dim | sympy.Basic, unit: str) -> Formula:
        return Formula(
            quantity=quantity,
            of=self._spec.name,
            layer=layer,
            source=self._spec.source,
            unit=unit,
            expr=collected(self._assumed.restore(sympy.sympify(size))),
            symbols=self.symbols,
            domain=self._domain,
            example=self._example,
            fixed=self._fixed,
            remark=self.cost.remark if quantity not in _KNOWN else "",
        )


def possibly_free(network: Network) -> list[str]:
    """Return N, C, H, W and the spec's numbers that do not decide which layers there are.

    Of C, H and W only what the input has. A parameter that follows from others is not among them.
    """
    axes = axes_of(network)
    names = ["N", *filter(None, axes)]
    extents = {own for axis, own in zip(axes, network.bound, strict=True) if axis}
    for name, written in network.spec.parameters.items():
        if name in extents:
            continue  # it is C, H or W
        try:
            evaluate(written, {})  # has no value where it follows from others
            SymbolicNetwork(network, free=[name])
        except ConvcostError:
            continue
        names.append(name)
    return names


def of_kind(
    name: str, quantity: str, *, chapter: bool = False, assume: Iterable[str] = ()
) -> Formula:
    """Return the closed form of a layer kind, of canonical symbols.

    With ``chapter`` the notation is the notes': extents n_h and n_w, and a padding that is
    the total of both sides.

    Raises: SpecError for an unknown kind or quantity.
    """
    kind, given = find_kind(name)
    symbols = canonical_symbols()
    assumed = assumptions.read(assume, symbols)
    values: dict[str, Dim] = {**symbols, **assumed.values}
    with recording() as conditions:
        layer = canonical_layer(kind, given, values, chapter=chapter)
        sums, output = canonical_inputs(layer, values, chapter=chapter)
        expression, unit = _quantity(quantity, sums, output)
    restored = assumed.restore(expression)
    used = [which for which, what in symbols.items() if what in restored.free_symbols]
    return Formula(
        quantity=quantity,
        of=name,
        layer="",
        source=" ".join((kind.__doc__ or "").partition("Source:")[2].split()).rstrip("."),
        unit=unit,
        expr=restored,
        symbols=tuple(symbols[which] for which in used),
        domain=_domain(conditions, assumed),
        example={which: EXAMPLE[which] for which in used},
        fixed={},
    )


def _quantity(quantity: str, sums: Total, output: Tensor) -> tuple[sympy.Basic, str]:
    """Return the expression of a quantity, and its unit."""
    if quantity == "output":
        return sympy.Tuple(*output.shape), "elements"
    if quantity == PEAK:
        raise SpecError(f"{PEAK} is of a whole network")
    if quantity not in COUNTS:
        raise SpecError(f"unknown quantity {quantity!r}; {nearest(quantity, QUANTITIES)}")
    count = COUNTS[quantity]
    unit = f"{count.unit}, float32" if quantity.endswith("_bytes") else count.unit
    return sympy.Integer(0) + count.value(sums), unit


def _domain(conditions: Iterable[sympy.Basic], assumed: Assumptions) -> tuple[sympy.Basic, ...]:
    return simplified(map(assumed.restore, conditions), assumed.conditions)
