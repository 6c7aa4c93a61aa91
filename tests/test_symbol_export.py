"""MXNet symbols of networks: MXNet loads them, infers the same, and the costs come back."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import convcost
from convcost.analyse import analyse
from convcost.catalogue import known_networks
from convcost.cli import app
from convcost.errors import MissingDependencyError
from convcost.measure.export import symbol_json
from convcost.work import Parameters, Work

mx = pytest.importorskip("mxnet", reason="it writes the files, and says what is in them")

SHIPPED = [spec.name for spec in known_networks()]


@pytest.mark.parametrize("name", SHIPPED)
def test_mxnet_loads_what_is_written_and_costs_come_back(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}-symbol.json"
    result = CliRunner().invoke(app, ["convert", name, "-o", str(path)])
    assert result.exit_code == 0, result.output
    cost = analyse(convcost.load(name), batch=2)
    internals = mx.sym.load(str(path)).get_internals()
    _, shapes, _ = internals.infer_shape(data=cost.input.shape)
    found = dict(zip(internals.list_outputs(), shapes, strict=True))
    for layer in cost.layers:
        assert found[f"{layer.name}_output"] == layer.output.shape
    extents = tuple(map(int, cost.input.shape[1:]))
    back = analyse(convcost.load(path, input=extents), batch=2)
    # MXNet has a shift in every batch norm; the first one of the -v2 networks learns none.
    unlearned = cost.input.elements if name.endswith("-v2") else 0
    assert back.total().work == cost.total().work + Work(adds=unlearned)
    shifts = Parameters(shifts=cost.input.channels if unlearned else 0)
    assert back.total().parameters == cost.total().parameters + shifts
    assert back.total().statistics == cost.total().statistics


def test_without_mxnet_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convcost.measure.export.find_spec", lambda _: None)
    with pytest.raises(MissingDependencyError, match="MXNet is not installed"):
        symbol_json(analyse(convcost.load("lenet")))
