"""Closed forms of layers and networks: the rules called on symbols, exported, evaluated."""

from convcost.formulas.closed import QUANTITIES, SymbolicNetwork, of_kind
from convcost.formulas.formula import Formula

__all__ = ["QUANTITIES", "Formula", "SymbolicNetwork", "of_kind"]
