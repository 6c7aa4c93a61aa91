"""The notes' experiments: ratios of the model, and of times that are given."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.measure.chapter import CLAIMS, Experiment, experiments
from convcost.measure.result import Timing
from convcost.measure.session import Session
from convcost.report.chapter import Chapter

SECONDS = {"lenet-notes": 0.01, "alexnet-d2l": 0.03, "nin-d2l": 1.0, "nin-d2l-one1x1": 0.9}


def step(_: object, cost: NetworkCost) -> Timing:
    """Take the seconds of the table; what is not in it cannot be measured."""
    if cost.network not in SECONDS:
        raise MeasurementError("out of memory")
    taken = SECONDS[cost.network]
    return Timing(forward_seconds=taken, low=taken, high=taken, minimum_seconds=taken, rounds=1)


@pytest.fixture(scope="module")
def found() -> list[Experiment]:
    session: Any = SimpleNamespace(run=step, job=lambda cost: cost)
    return list(experiments(cast("Session", session), batch=2))


def test_ratios_of_the_model(found: list[Experiment]) -> None:
    small, thin = found[2], found[4]
    # Forward 1399955456/7547232256 = 0.1855 and 669884996/762297352 = 0.8788; backward is twice
    # that, but for the first layer, and the update of VGG's parameters does not shrink.
    assert 0.185 < small.by_multiplies < 0.22
    assert thin.by_multiplies == pytest.approx(0.8788, abs=0.005)
    # Activations alone shrink by 9/49; the parameters of the dense layers are read all the same.
    assert 9 / 49 < small.by_bytes < 1


def test_ratios_of_times(found: list[Experiment]) -> None:
    assert [each.measured for each in found] == [
        pytest.approx(3),
        None,
        None,
        pytest.approx(100),
        pytest.approx(0.9),
        None,
    ]
    assert found[1].failure == "vgg11: out of memory"


def test_what_agrees(found: list[Experiment]) -> None:
    record = json.loads(Chapter(found, 2, "cpu").as_json())
    # 3 of 3; failed; failed; 100 of 27.9; 0.9 of 0.767 is within a quarter; failed.
    assert [row["agrees"] for row in record["experiments"]] == [True, None, None, False, True, None]
    lines = Chapter(found, 2, "cpu").as_markdown().splitlines()
    assert len(lines) == 4 + len(CLAIMS)
    assert {line.count(" | ") for line in lines[2:]} == {8}
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(Chapter(found, 2, "cpu"))
    assert "96 instead of 224" in " ".join(console.export_text().split())
