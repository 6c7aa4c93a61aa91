"""The graph as data: GraphML, and NetworkX's node-link JSON.

Source: graphml.graphdrawing.org; networkx.readwrite.json_graph.node_link_data.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from convcost.report.drawing.picture import Box, Picture
from convcost.report.records import dumps
from convcost.simple_forms import shown

if TYPE_CHECKING:
    import networkx as nx

_COUNTS = ("layers", "multiplies", "adds", "macs", "parameters")


def as_json(picture: Picture) -> str:
    """Write what ``networkx.node_link_graph(..., edges="edges")`` reads."""
    import networkx as nx

    graph = _graph(picture)
    for box in picture.boxes:
        values = {name: _plain(value) for name, value in box.attributes.items()}
        graph.add_node(box.name, block=list(box.block), output=list(box.output), attributes=values)
    for edge in picture.edges:
        graph.add_edge(edge.source, edge.target, positions=list(edge.positions))
    graph.graph["outputs"] = list(picture.outputs)
    return dumps(nx.node_link_data(graph, edges="edges"))


def as_graphml(picture: Picture) -> str:
    """Write GraphML, whose values are numbers and text: lists have blanks between."""
    import networkx as nx

    graph = _graph(picture)
    for box in picture.boxes:
        said = "; ".join(f"{name}: {shown(value)}" for name, value in box.attributes.items())
        output = " ".join(map(str, box.output))
        graph.add_node(box.name, block=".".join(box.block), output=output, attributes=said)
    for edge in picture.edges:
        graph.add_edge(edge.source, edge.target, positions=" ".join(map(str, edge.positions)))
    graph.graph["outputs"] = " ".join(picture.outputs)
    written = io.BytesIO()
    nx.write_graphml_xml(graph, written, encoding="utf-8")
    return written.getvalue().decode()


def _graph(picture: Picture) -> nx.DiGraph[str]:
    """Return the boxes with what is one number or one text of each."""
    import networkx as nx

    graph: nx.DiGraph[str] = nx.DiGraph(network=picture.network)
    graph.add_nodes_from((box.name, _facts(box)) for box in picture.boxes)
    return graph


def _facts(box: Box) -> dict[str, Any]:
    counts = {name: getattr(box, name) for name in _COUNTS}
    return {"label": box.label, "kind": box.kind, "counted": box.counted, **counts}


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
