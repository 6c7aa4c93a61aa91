"""Names in tables that are too narrow for them: what tells them apart is at their ends."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.style import Style
from rich.text import Text

_LEAST = 8  # columns


@dataclass(frozen=True, slots=True)
class Label:
    """A name on one line, cut in its middle if it has to be."""

    text: str
    style: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as much of it as there is room for."""
        del console
        yield Text(shortened(self.text, options.max_width), Style.parse(self.style), no_wrap=True)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell between how many columns it takes."""
        del console, options
        return Measurement(min(_LEAST, len(self.text)), len(self.text))


def shortened(text: str, width: int) -> str:
    """Return a text of so many columns at most: the beginning, and a third of it the end."""
    if len(text) <= width:
        return text
    kept = max(width - 1, 1)
    end = kept // 3
    return f"{text[: kept - end]}…{text[len(text) - end :]}"
