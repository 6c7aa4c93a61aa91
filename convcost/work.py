"""What a layer computes and what it learns, as records that add up.

Units: scalar operations for one pass of the whole batch; elements.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from convcost.dims import Dim, add_up


@dataclass(frozen=True, slots=True)
class Work:
    """Scalar operations, each sort by itself: one is never exchanged for another.

    A subtraction is an add. ``exponentials`` are calls of exp, log or a power.
    """

    multiplies: Dim = 0
    adds: Dim = 0
    comparisons: Dim = 0
    divisions: Dim = 0
    exponentials: Dim = 0
    square_roots: Dim = 0

    def __add__(self, other: Work) -> Work:
        return Work(
            self.multiplies + other.multiplies,
            self.adds + other.adds,
            self.comparisons + other.comparisons,
            self.divisions + other.divisions,
            self.exponentials + other.exponentials,
            self.square_roots + other.square_roots,
        )

    def __mul__(self, times: Dim) -> Work:
        return Work(
            self.multiplies * times,
            self.adds * times,
            self.comparisons * times,
            self.divisions * times,
            self.exponentials * times,
            self.square_roots * times,
        )

    @property
    def operations(self) -> Dim:
        """All of them."""
        return add_up(getattr(self, name) for name in WORK_FIELDS)


NO_WORK = Work()


@dataclass(frozen=True, slots=True)
class Backward:
    """The work of a backward pass: for the gradients of the inputs, and of the parameters.

    A gradient that is a dot product is counted as one; what windows scatter is added into
    zeros, an add for every contribution; a copy or a slice is free.
    """

    inputs: Work = NO_WORK
    parameters: Work = NO_WORK


@dataclass(frozen=True, slots=True)
class Saved:
    """What a layer's backward pass needs kept from the forward pass.

    ``mask_bytes`` are for what is neither input nor output, such as which elements were
    dropped; ``elements`` for other numbers of the network's own dtype.
    """

    inputs: bool = False
    output: bool = False
    elements: Dim = 0
    mask_bytes: Dim = 0


@dataclass(frozen=True, slots=True)
class Parameters:
    """Learned parameters by role, in elements."""

    weights: Dim = 0
    biases: Dim = 0
    scales: Dim = 0
    shifts: Dim = 0

    def __add__(self, other: Parameters) -> Parameters:
        return Parameters(
            self.weights + other.weights,
            self.biases + other.biases,
            self.scales + other.scales,
            self.shifts + other.shifts,
        )

    @property
    def count(self) -> Dim:
        """All of them."""
        return self.weights + self.biases + self.scales + self.shifts


WORK_FIELDS = tuple(field.name for field in fields(Work))
PARAMETER_FIELDS = tuple(field.name for field in fields(Parameters))
