"""The report as one HTML file that needs nothing else: no host, no font, no script from afar."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from convcost.errors import MissingDependencyError
from convcost.report.measured import tables
from convcost.report.measured.checks import SIGNS
from convcost.report.measured.content import Chapter, Content
from convcost.report.measured.plots import Picture, pictures
from convcost.report.measured.svg import settings

if TYPE_CHECKING:
    from jinja2 import Environment


_NAMESPACE = ' xmlns="http://www.w3.org/1998/Math/MathML"'  # HTML has no need of it


@dataclass(frozen=True, slots=True)
class _Page:
    """A chapter, and what is drawn of it."""

    chapter: Chapter
    pictures: tuple[Picture, ...]
    formula: str
    unexplained: tables.Table
    accuracy: tables.Table
    layers: tables.Table


def as_html(content: Content) -> str:
    """Write it all.

    Raises: MissingDependencyError without jinja2 or matplotlib.
    """
    template = environment().get_template("report.html.j2")
    pages = list(map(_page, content.chapters))
    return template.render(
        content=content, pages=pages, overview=tables.overview(content), states=SIGNS
    )


def require() -> None:
    """See that there is what this needs, before time is spent on measuring.

    Raises: MissingDependencyError without jinja2 or matplotlib.
    """
    environment()
    settings("")


def _page(chapter: Chapter) -> _Page:
    macs = chapter.model.macs if chapter.model is not None else None
    return _Page(
        chapter,
        tuple(pictures(chapter)),
        "" if macs is None else macs.mathml.replace(_NAMESPACE, ""),
        tables.unexplained(chapter),
        tables.accuracy(chapter),
        tables.layers(chapter),
    )


def environment() -> Environment:
    """Return what fills in the templates.

    Raises: MissingDependencyError without jinja2.
    """
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        message = "a report in HTML needs jinja2: pip install 'convcost[report]'"
        raise MissingDependencyError(message) from None
    return Environment(
        loader=PackageLoader(__package__ or "", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
