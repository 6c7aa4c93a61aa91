"""Graphviz's language: blocks are clusters.

Source: The DOT Language, graphviz.org/doc/info/lang.html.
"""

from __future__ import annotations

from collections.abc import Iterator

from convcost.report.drawing.blocks import Block, block_tree
from convcost.report.drawing.picture import Box, Picture

_FILLS = {
    "input": "#ffffff",
    "product": "#cfe2ff",
    "learned": "#e2d9f3",
    "function": "#d5ecd9",
    "reduction": "#ffe5c2",
    "join": "#ffd6d6",
    "plain": "#eeeeee",
    "block": "#f7f3d7",
}


def as_dot(picture: Picture) -> str:
    """Write a directed graph."""
    lines = [
        f"digraph {quoted(picture.network)} {{",
        f"  label={quoted(picture.title)} labelloc=t rankdir=TB fontname=Helvetica",
        '  node [shape=box style="rounded,filled" fontname=Helvetica fontsize=11]',
        "  edge [arrowsize=0.7]",
        *_block(block_tree(picture.boxes), "  "),
    ]
    edges = [f"  {quoted(edge.source)} -> {quoted(edge.target)}" for edge in picture.edges]
    return "\n".join([*lines, *edges, "}"]) + "\n"


def quoted(text: str) -> str:
    """Write a string: only quotes end it, and a backslash escapes what follows."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _block(block: Block, indent: str) -> Iterator[str]:
    for box in block.boxes:
        yield indent + _box(box)
    for inner in block.blocks:
        yield f"{indent}subgraph {quoted('cluster_' + '.'.join(inner.path))} {{"
        yield f'{indent}  label={quoted(inner.label)} style=rounded color="#999999"'
        yield from _block(inner, indent + "  ")
        yield indent + "}"


def _box(box: Box) -> str:
    label, tip = quoted(f"{box.label}\n{box.caption}"), quoted("\n".join(box.facts))
    return f'{quoted(box.name)} [label={label} tooltip={tip} fillcolor="{_FILLS[box.sort]}"]'
