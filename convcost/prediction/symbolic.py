"""Predicted seconds as a formula in N, H and W: the same terms, of symbols."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sympy

from convcost.cost import NetworkCost
from convcost.errors import ConvcostError
from convcost.formulas import SymbolicNetwork
from convcost.formulas.exact import holds
from convcost.formulas.printing import condition_text, text
from convcost.graph import Network
from convcost.prediction.network import Way, model_of, operations
from convcost.prediction.profile import Profile

_DIGITS = 4  # of a coefficient, as it is written


@dataclass(frozen=True, slots=True)
class TimeFormula:
    """A network's predicted seconds, of symbols.

    ``missing`` names the kernels that were not calibrated: the formula is of the rest.
    """

    expr: Any
    symbols: tuple[sympy.Symbol, ...]
    domain: tuple[sympy.Basic, ...]
    missing: tuple[str, ...]

    def evaluate(self, **values: int) -> float:
        """Return the seconds at these sizes.

        Raises: ConvcostError if a symbol has no value, or the sizes are not in the domain.
        """
        for symbol in self.symbols:
            if symbol.name not in values:
                raise ConvcostError(f"seconds: a value for {symbol.name!r} is missing")
        for condition in self.domain:
            if not holds(condition, values):
                raise ConvcostError(f"seconds are valid for {condition_text(condition)} only")
        return float(self.expr.subs({symbol: values[symbol.name] for symbol in self.symbols}))

    @property
    def conditions(self) -> list[str]:
        """Where it holds, in words."""
        return [condition_text(condition) for condition in self.domain]

    def __str__(self) -> str:
        """Write it with coefficients of four digits; a bracket is 1 if it is true, else 0."""
        rounded = {number: sympy.Float(number, _DIGITS) for number in self.expr.atoms(sympy.Float)}
        return text(self.expr.xreplace(rounded))

    def as_text(self) -> str:
        """Write it, where it holds, and what is not in it."""
        arguments = ", ".join(symbol.name for symbol in self.symbols)
        lines = [f"seconds({arguments}) = {self}"]
        lines += [f"  where {condition}" for condition in self.conditions]
        if self.missing:
            lines.append(f"  at least: without {', '.join(self.missing)}")
        return "\n".join(lines) + "\n"

    def as_json(self) -> str:
        """Write it with all its digits, as SymPy reads it."""
        return json.dumps(
            {
                "quantity": "seconds",
                "symbols": [symbol.name for symbol in self.symbols],
                "text": str(self),
                "srepr": sympy.srepr(self.expr),
                "domain": self.conditions,
                "missing": list(self.missing),
            },
            indent=2,
        )


def time_formula(
    network: Network,
    profile: Profile,
    way: Way,
    *,
    free: Sequence[str] = ("N", "H", "W"),
    assume: Iterable[str] = (),
) -> TimeFormula:
    """Return the predicted seconds of a network in the symbols that are left free.

    Raises: ProfileError if the profile was not calibrated for this way to run; and what
        analysing with symbols raises.
    """
    model = model_of(profile, way)
    symbolic = SymbolicNetwork(network, free=free, assume=assume, training=way == "training")
    missing: dict[str, None] = {}

    def seconds(cost: NetworkCost) -> Any:
        found = [each.terms for each in operations(cost, profile.machine, way)]
        missing.update(dict.fromkeys(t.kernel for t in found if t.kernel not in model.kernels))
        known = [each for each in found if each.kernel in model.kernels]
        return sympy.Add(*(model.kernels[each.kernel].seconds(each.values) for each in known))

    expression, domain = symbolic.derived(seconds)
    return TimeFormula(
        sympy.expand(expression), symbolic.symbols, domain, (*missing, *symbolic.cost.uncounted)
    )
