"""Mermaid's flowcharts, which many sites draw inside Markdown: blocks are subgraphs.

Source: mermaid.js.org/syntax/flowchart.html.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count

from convcost.report.drawing.blocks import Block, block_tree
from convcost.report.drawing.picture import Picture

_SHAPES = {"input": ("([", "])"), "block": ("[[", "]]")}
_BOX = ("[", "]")
_ESCAPED = str.maketrans({"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;"})


def as_mermaid(picture: Picture) -> str:
    """Write a flowchart. What stands in it is numbered, since names may be Mermaid's words."""
    numbers = {box.name: f"n{index}" for index, box in enumerate(picture.boxes)}
    blocks = count()
    lines = ["---", f"title: {_quoted(picture.title)}", "---", "flowchart TB"]
    lines += _block(block_tree(picture.boxes), "  ", numbers, blocks)
    for edge in picture.edges:
        lines.append(f"  {numbers[edge.source]} --> {numbers[edge.target]}")
    return "\n".join(lines) + "\n"


def _block(
    block: Block, indent: str, numbers: Mapping[str, str], blocks: Iterator[int]
) -> Iterator[str]:
    for box in block.boxes:
        before, behind = _SHAPES.get(box.sort, _BOX)
        label = f'"{_escaped(box.label)}<br/>{_escaped(box.caption)}"'
        yield f"{indent}{numbers[box.name]}{before}{label}{behind}"
    for inner in block.blocks:
        yield f'{indent}subgraph b{next(blocks)}["{_escaped(inner.label)}"]'
        yield from _block(inner, indent + "  ", numbers, blocks)
        yield f"{indent}end"


def _escaped(text: str) -> str:
    return text.translate(_ESCAPED)


def _quoted(text: str) -> str:
    """Write a string as YAML, which the title is."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
