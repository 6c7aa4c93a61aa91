"""What memory a network takes, and when."""

from convcost.memory.footprint import Allocator, Footprint

__all__ = ["Allocator", "Footprint"]
