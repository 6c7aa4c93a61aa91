"""The largest whole number that keeps within a limit."""

from __future__ import annotations

from collections.abc import Callable

_LARGEST = 2**60


def largest_within(within: Callable[[int], bool]) -> int | None:
    """Return the largest number from 1 on that is within a limit; 0 if 1 is not.

    What is once beyond the limit stays beyond it. None if there is no limit.
    """
    low, high = 0, 1
    while within(high):
        low, high = high, high * 2
        if high > _LARGEST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if within(middle) else (low, middle)
    return low
