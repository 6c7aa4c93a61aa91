"""What blocks of all families draw from, and how large a map may be."""

from __future__ import annotations

from convcost.layers.activation import Function
from convcost.measure.calibration.block import Block
from convcost.measure.calibration.draws import Draw

MULTIPLIES = (100_000_000, 300_000_000, 1_000_000_000)
"""At most of a convolution."""
ELEMENTS = (1_000_000, 4_000_000, 8_000_000)
"""At most of a tensor."""
FUNCTIONS: tuple[Function, ...] = ("relu", "relu", "relu", "relu", "sigmoid", "tanh")
POOLS = (
    ("max", 2, 2, 0),
    ("max", 3, 2, 1),
    ("max", 3, 2, 0),
    ("max", 3, 1, 1),
    ("average", 2, 2, 0),
    ("average", 3, 1, 1),
)
"""Mode, kernel, stride and padding."""
_SMALLEST, _LARGEST = 4, 160  # rows of a feature map


def rows_of(
    draw: Draw, block: Block, channels: int, multiplies: int, *, halved: bool = False
) -> int:
    """Draw the rows of a map of so many channels, with so many multiplies a position.

    Those that a stride is to halve are even, as in most networks.
    """
    limits = (draw.one_of(MULTIPLIES) // max(1, multiplies), draw.one_of(ELEMENTS) // channels)
    rows = draw.extent(_SMALLEST, _LARGEST, most=min(limits) // block.batch)
    return rows + rows % 2 if halved else rows
