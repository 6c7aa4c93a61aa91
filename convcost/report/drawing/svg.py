"""A drawing to look at: boxes with tooltips, frames around blocks, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from convcost.report.drawing.blocks import block_tree
from convcost.report.drawing.geometry import HEIGHT, Frame, Geometry, Point
from convcost.report.drawing.layout import Spot, lay_out
from convcost.report.drawing.picture import Box, Picture

# Plain rules, twice: viewers other than browsers know no variables.
_LIGHT = """
.ground{fill:#fff}.frame{fill:#00000006;stroke:#9aa0a8}text{fill:#1d2126}
.small{fill:#4b525b}.edge{stroke:#6b727b}.tip{fill:#6b727b}.box rect{stroke:#7d8590}
.input rect{fill:#fff}.product rect{fill:#cfe2ff}.learned rect{fill:#e2d9f3}
.function rect{fill:#d5ecd9}.reduction rect{fill:#ffe5c2}.join rect{fill:#ffd6d6}
.plain rect{fill:#eee}.block rect{fill:#f7f3d7}
"""
_DARK = """
.ground{fill:#16191d}.frame{fill:#ffffff08;stroke:#5b626b}text{fill:#e8eaed}
.small{fill:#b4bac2}.edge{stroke:#8f969f}.tip{fill:#8f969f}.box rect{stroke:#737a84}
.input rect{fill:#16191d}.product rect{fill:#1d3d6e}.learned rect{fill:#432f6b}
.function rect{fill:#1f4a2b}.reduction rect{fill:#5e3d10}.join rect{fill:#682b2b}
.plain rect{fill:#33383f}.block rect{fill:#4b4520}
"""
_STYLE = f"""
svg{{font-family:system-ui,'Segoe UI',Helvetica,Arial,sans-serif;font-size:12px}}
text{{text-anchor:middle}}.name{{font-weight:600}}.small{{font-size:11px}}
.frame text,.label{{text-anchor:start;font-size:11px}}.edge{{fill:none;stroke-width:1.3}}
.title{{font-weight:600;font-size:14px;text-anchor:start}}.output rect{{stroke-width:2}}
.box:hover rect{{stroke-width:3}}
{_LIGHT.strip()}
@media (prefers-color-scheme:dark){{
{_DARK.strip()}
}}
"""


def as_svg(picture: Picture) -> str:
    """Draw a network from its input at the top to its outputs at the bottom.

    Raises: MissingDependencyError without the layout library.
    """
    layout, root = lay_out(picture), block_tree(picture.boxes)
    at = Geometry(picture, layout, root)
    width = round(max(at.width, 8.5 * len(picture.title) + 24))
    height = round(at.height)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(picture.title)}</title>",
        f"<style>{_STYLE}</style>",
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7"'
        ' markerHeight="7" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker></defs>',
        '<rect class="ground" width="100%" height="100%"/>',
        f'<text class="title" x="12" y="22">{escape(picture.title)}</text>',
        *map(_frame, at.frames(root)),
        *(_line(at.way(edge)) for edge in picture.edges),
    ]
    for box in picture.boxes:
        style = f"box {box.sort}" + (" output" if box.name in picture.outputs else "")
        lines += _box(box, style, layout.boxes[box.name], at)
    return "\n".join([*lines, "</svg>"]) + "\n"


def _line(points: Sequence[Point]) -> str:
    return f'<path class="edge" marker-end="url(#tip)" d="{_curve(points)}"/>'


def _frame(frame: Frame) -> str:
    name = escape(".".join(frame.block.path))
    x, y = round(frame.x, 1), round(frame.y, 1)
    size = f'width="{frame.width:.1f}" height="{frame.height:.1f}"'
    return (
        f'<g><title>{name}</title><rect class="frame" x="{x}" y="{y}" rx="8" {size}/>'
        f'<text class="small label" x="{x + 8}" y="{y + 14}">{escape(frame.block.label)}</text></g>'
    )


def _box(box: Box, style: str, spot: Spot, at: Geometry) -> Iterator[str]:
    x, top, width = at.x(spot), at.top(spot), at.box_width
    tip = escape("\n".join(box.facts), quote=False)
    corner = f'x="{x - width / 2:.1f}" y="{top:.1f}"'
    yield f'<g class="{style}"><title>{tip}</title>'
    yield f'<rect {corner} width="{width:.1f}" height="{HEIGHT}" rx="6"/>'
    for text, font, y in ((box.label, "name", 17), (box.caption, "small", 32)):
        shown = escape(_shortened(text, at.letters), quote=False)
        yield f'<text class="{font}" x="{x:.1f}" y="{top + y:.1f}">{shown}</text>'
    yield "</g>"


def _shortened(text: str, letters: int) -> str:
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _curve(points: Sequence[Point]) -> str:
    """Write a line that leaves and enters every point straight down."""
    (x, y), *others = points
    path = [f"M{x:.1f} {y:.1f}"]
    for to_x, to_y in others:
        middle = (y + to_y) / 2
        same = to_x == x
        curve = f"C{x:.1f} {middle:.1f} {to_x:.1f} {middle:.1f} {to_x:.1f} {to_y:.1f}"
        path.append(f"V{to_y:.1f}" if same else curve)
        x, y = to_x, to_y
    return "".join(path)
