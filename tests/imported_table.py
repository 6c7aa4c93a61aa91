"""Imported networks beside what their frameworks count: ``python tests/imported_table.py``.

Parameters are the sizes of the arrays that MXNet infers, and of the model's initializers for
ONNX; macs follow from the shapes that MXNet's and onnx's own inference give.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gluon_networks
import onnx
import onnx_networks
from test_mxnet_import import LARGER, SHAPES, ZOO, save, zoo

import convcost


class Row(NamedTuple):
    """A network, its layers here, and each count as imported and as its framework has it."""

    name: str
    layers: int
    parameters: tuple[int, int]
    macs: tuple[int, int]


def of_gluon(folder: Path) -> Iterator[Row]:
    """Yield the networks of Gluon's zoo, as MXNet saves them."""
    for name in ZOO:
        shape = LARGER.get(name, SHAPES)[0]
        cost = _cost(save(zoo(name), folder, name), shape[1:])
        graph = gluon_networks.trace(getattr(gluon_networks.vision, name)())
        rows = list(gluon_networks.rows(graph, shape))
        learned, macs = sum(row[2] for row in rows), sum(row[4] for row in rows)
        yield _row(f"Gluon {name}", cost, learned, macs)


def of_onnx(folder: Path) -> Iterator[Row]:
    """Yield the ONNX models that the tests build."""
    for name, build in onnx_networks.NETWORKS.items():
        builder = build()
        model = builder.model(builder.nodes[-1].output[0])
        path = folder / f"{name}.onnx"
        onnx.save(model.proto(), str(path))
        macs = onnx_networks.macs(model)
        yield _row(f"ONNX {name}", _cost(path, None), builder.learned(), macs)


def _cost(path: Path, extents: tuple[int, ...] | None) -> convcost.NetworkCost:
    return convcost.analyse(convcost.load(path, input=extents))


def _row(name: str, cost: convcost.NetworkCost, parameters: int, macs: int) -> Row:
    sums = cost.total()
    counted = int(sums.parameters.count), int(sums.macs)
    return Row(name, sums.layers, (counted[0], parameters), (counted[1], macs))


if __name__ == "__main__":
    table = [
        "| network | layers | parameters | the framework's | macs | the framework's |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    with tempfile.TemporaryDirectory() as name:
        for row in (*of_gluon(Path(name)), *of_onnx(Path(name))):
            cells = (row.layers, *row.parameters, *row.macs)
            table.append(f"| {row.name} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    sys.stdout.write("\n".join(table) + "\n")
