"""Optimizers: what they keep for every parameter, and what an update takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from convcost.work import Work


@dataclass(frozen=True, slots=True)
class Optimizer:
    """The numbers kept for every parameter besides it and its gradient, and an update's work."""

    state: int
    work: Work


OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType(
    {
        # the weight less the rate times its gradient
        "sgd": Optimizer(0, Work(multiplies=1, adds=1)),
        # a velocity times the momentum, less the rate times the gradient, is added
        "momentum": Optimizer(1, Work(multiplies=2, adds=2)),
        # Kingma & Ba, arXiv:1412.6980v9, algorithm 1: two moments, each corrected by a
        # division, the first over the root of the second.
        "adam": Optimizer(2, Work(multiplies=6, adds=4, divisions=3, square_roots=1)),
    }
)
"""By name; each Work is for one parameter."""
