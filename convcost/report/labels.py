"""Names in tables that are too narrow for them: what tells them apart is at their ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

_LEAST = 8  # columns


@dataclass(frozen=True, slots=True)
class Labels:
    """Names with their styles, each on one line, cut in its middle if it has to be."""

    lines: Sequence[tuple[str, str]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as much of them as there is room for."""
        del console
        width = options.max_width
        cut = [(shortened(text, width), style) for text, style in self.lines]
        yield Text("\n", no_wrap=True).join(Text(text, style) for text, style in cut)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell between how many columns they take."""
        del console, options
        widest = max(len(text) for text, _ in self.lines)
        return Measurement(min(_LEAST, widest), widest)


def shortened(text: str, width: int) -> str:
    """Return a text of so many columns at most: the beginning, and a third of it the end."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 1)
    end = kept // 3
    return f"{text[: kept - end]}…{text[len(text) - end :]}"
