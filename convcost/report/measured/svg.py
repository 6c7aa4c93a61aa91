"""Pictures of matplotlib as SVG that stands inside a page, beside others."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from convcost.errors import MissingDependencyError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK = "#010203"
"""What is drawn in this colour takes the colour of the page's text."""

_SIZE = (5.2, 3.6)  # inches: small enough that its text can be read on a phone


def drawn(draw: Callable[[Axes], object], name: str, label: str) -> str:
    """Return what ``draw`` draws; ``name`` keeps its identifiers from being those of another.

    Raises: MissingDependencyError without matplotlib.
    """
    with settings(name), warnings.catch_warnings():
        from matplotlib.figure import Figure

        warnings.filterwarnings("ignore", "Glyph")  # a browser has more of them
        figure = Figure(figsize=_SIZE, layout="constrained")
        draw(figure.add_subplot())
        written = io.BytesIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(written, format="svg", transparent=True, metadata=nothing)
    return _inline(written.getvalue().decode(), label)


def settings(name: str) -> AbstractContextManager[None]:
    """Return the library's settings for a picture.

    Raises: MissingDependencyError without matplotlib.
    """
    try:
        import matplotlib as mpl
    except ImportError:
        message = "a report in HTML needs matplotlib: pip install 'convcost[report]'"
        raise MissingDependencyError(message) from None
    ink = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color")
    chosen: dict[str, Any] = dict.fromkeys((*ink, "grid.color"), INK)
    chosen |= {"svg.fonttype": "none", "svg.hashsalt": name, "text.parse_math": False}
    chosen |= {"font.family": "sans-serif", "font.size": 9, "grid.alpha": 0.2}
    chosen |= {"axes.grid": True, "axes.spines.top": False, "axes.spines.right": False}
    found: AbstractContextManager[None] = mpl.rc_context(chosen)
    return found


def _inline(text: str, label: str) -> str:
    """Keep the drawing alone, without what only a file of its own needs."""
    view = re.search(r'viewBox="[^"]*"', text)
    body = text[text.index(">", text.index("<svg")) + 1 :]
    body = re.sub(_NOT_DRAWN, "", body, flags=re.DOTALL)
    used = set(re.findall(r"(?:href=\"#|url\(#)([^\")]+)", body))

    def tag(found: re.Match[str]) -> str:
        return _tag(found[0], used)

    body = _without_plain_groups(re.sub(r"<[^>]*>", tag, body))
    body = re.sub(_DOTS, _gathered, re.sub(r"\n\s*", "\n", body).strip())
    return f'<svg role="img" aria-label="{label}" {view[0] if view else ""}>{body}'


_NOT_DRAWN = r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->|<defs>\s*</defs>"
_SHORTER = (
    (INK, "currentColor"),
    (r"font-family: [^;\"]*;? ?", ""),  # the page's
    (r' transform="rotate\(-?0 [^"]*"', ""),
    (r'^(<use .*?) style="fill: (#\w+)[^"]*"', r'\1 fill="\2"'),
    (r'^(<use .*?) style="[^"]*"', r"\1"),  # what is used has its own but for the filling
    (r"\s*\n\s*(?=[LCQz\"])|(?<=[:;LMCQ]) ", ""),
    (r"xlink:href", "href"),
    # a straight line has nothing to fill, and lies within the axes
    (r'^(<path d="M[^L]*L[^L"]*")(?: clip-path="[^"]*")? style="fill:none;', r'\1 style="'),
    (r"stroke-opacity:0\.2;stroke-width:0\.8;stroke-linecap:square", "stroke-opacity:.2"),
)


def _tag(text: str, used: set[str]) -> str:
    """Write a tag in less space, its identifier only if it is used."""
    for pattern, kept in _SHORTER:
        text = re.sub(pattern, kept, text, flags=re.DOTALL)
    text = re.sub(r"\d+\.\d+", lambda number: f"{float(number[0]):.4g}", text)
    return re.sub(r' id="([^"]*)"', lambda own: own[0] if own[1] in used else "", text)


_PLACE = r' x="([^"]*)" y="([^"]*)"'
_DOTS = (
    r'<use href="#(?P<mark>\w+)" x="[^"]*" y="[^"]*" fill="(?P<fill>#\w+)"/>\n'
    r'(?:<use href="#(?P=mark)" x="[^"]*" y="[^"]*" fill="(?P=fill)"/>\n)+'
)


def _gathered(dots: re.Match[str]) -> str:
    """Write dots that look alike as a group, in whole units, each place once."""
    found = re.findall(_PLACE, dots[0])
    places = dict.fromkeys((round(float(x)), round(float(y))) for x, y in found)
    uses = (f'<use href="#{dots["mark"]}" x="{x}" y="{y}"/>' for x, y in places)
    return f'<g fill="{dots["fill"]}">{"".join(uses)}</g>\n'


def _without_plain_groups(body: str) -> str:
    """Drop the groups that have no attribute."""
    kept: list[bool] = []

    def tag(found: re.Match[str]) -> str:
        if found[0].startswith("</"):
            return found[0] if kept.pop() else ""
        kept.append(found[0].strip() != "<g>")
        return found[0] if kept[-1] else ""

    return re.sub(r"</?g\b[^>]*>\n?", tag, body)
