"""The report as Markdown: the same tables and sentences, without pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator

from convcost.report.markdown import table as markdown_table
from convcost.report.measured import tables
from convcost.report.measured.captions import TITLES, captions
from convcost.report.measured.content import Chapter, Content


def as_markdown(content: Content) -> str:
    """Write it all."""
    lines = [f"# {_text(content.title)}", ""]
    for verdict, chapters in content.verdicts:
        titles = "; ".join(_text(chapter.title) for chapter in chapters)
        lines.append(f"- **{_text(verdict)}** {titles}")
    lines += _table(tables.overview(content))
    for chapter in content.chapters:
        lines += _chapter(chapter)
    return "\n".join(lines) + "\n"


def _chapter(chapter: Chapter) -> Iterator[str]:
    yield from ("", f"## {_text(chapter.title)}", "", f"{_text(chapter.setting)}.")
    rows = [
        [_text(check.label), check.state, "; ".join(map(_text, (check.text, *check.details)))]
        for check in chapter.checks
    ]
    yield from ("", *markdown_table(["check", "state", "what was found"], rows, left=3))
    if chapter.model is not None and chapter.model.macs is not None:
        macs = chapter.model.macs
        where = f", valid for `{', '.join(macs.domain)}`" if macs.domain else ""
        yield from ("", f"Multiply-adds of convolutions and dense layers: `{macs.text}`{where}.")
    if chapter.least_explained:
        yield from ("", "### Time that the work does not explain", "")
        yield f"\u201cExplained\u201d is {chapter.expectation}."
        yield from _table(tables.unexplained(chapter))
    accuracy = tables.accuracy(chapter)
    if accuracy.rows:
        yield from ("", "### Predicted times", *_table(accuracy))
    found = captions(chapter)
    if found:
        yield from ("", "### What the pictures show", "")
        yield from (f"- **{TITLES[name]}**: {_text(each)}" for name, each in found.items())
    if chapter.why_no_model:
        yield from ("", f"No formula and no memory by step: {_text(chapter.why_no_model)}")
    yield from ("", "### Layers", *_table(tables.layers(chapter)), "", "### Provenance", "")
    yield from (f"- {name}: {_text(value)}" for name, value in chapter.provenance)


def _table(made: tables.Table) -> list[str]:
    body = [list(map(_text, row)) for row in made.rows]
    return ["", *markdown_table(made.heads, body, left=made.left)]


def _text(text: str) -> str:
    """Write text that Markdown takes for nothing else."""
    return re.sub(r"([\\`*_|<>\[\]])", r"\\\1", text.replace("\n", " "))
