"""A network as an ONNX model, which onnx's checker accepts and runtimes load."""

from __future__ import annotations

from typing import Literal

from convcost.cost import NetworkCost
from convcost.errors import ExportError, MissingDependencyError, Problem
from convcost.graph import Network

Weights = Literal["none", "random"]


def as_onnx(
    network: Network, cost: NetworkCost, *, batch: int | None = None, weights: Weights = "none"
) -> bytes:
    """Return a serialized model of a network; its shapes are those of ``cost``.

    The batch is left open, as ``N``, unless it is given. With ``weights`` "none" the model
    makes its weights itself, all alike, as it is loaded: it has the size of a page and costs
    what it should, and nobody takes it for trained. With "random" they are in the file.

    Raises: ExportError that names all layers without an ONNX form; MissingDependencyError
        without onnx.
    """
    try:
        import onnx  # noqa: F401
    except ImportError:
        message = "a model needs onnx: pip install 'convcost[onnx]'"
        raise MissingDependencyError(message) from None
    from convcost.exporters.onnx.model import Model
    from convcost.exporters.onnx.rules import rule_of

    model = Model(network, batch, random=weights == "random")
    problems: list[Problem] = []
    for each in cost.layers:
        try:
            rule_of(each)(each.layer, model.node(each))
        except ExportError as error:
            where = f"layer {each.name!r} ({each.kind})"
            problems.extend(error.at(where, None).problems)
    if problems:
        raise ExportError(*problems)
    return model.serialized(cost)
