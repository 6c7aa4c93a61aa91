"""The notes' experiments: ratios of the model, and of times that are given."""

from __future__ import annotations

import io
import json
from html import unescape
from typing import Any, cast

import pytest
from rich.console import Console

from convcost.cost import NetworkCost
from convcost.errors import MeasurementError
from convcost.measure.chapter import CLAIMS, Experiment, experiments
from convcost.measure.lanes import Lane
from convcost.measure.session import Session
from convcost.report.measured.experiments import Experiments

SECONDS = {"lenet-notes": 0.01, "alexnet-d2l": 0.03, "nin-d2l": 1.0, "nin-d2l-one1x1": 0.9}


class Timed:
    """A session that takes the seconds of the table; what is not in it cannot be measured."""

    def job(self, cost: NetworkCost) -> str:
        return f"{cost.network} at 224" if cost.input.shape[2:] == (224, 224) else cost.network

    def lane(self, name: str, _: object, network: str) -> Lane:
        taken = SECONDS.get(network.partition(" ")[0])
        error = None if taken else MeasurementError("out of memory")
        return Lane(name, _never, [[taken]] if taken else [], error)

    def run(self, _: object, network: str) -> int:
        if network.startswith("vgg11"):
            raise MeasurementError("out of memory")
        return 3 * 2**20 if network.endswith("224") else 2**20

    def take_turns(self, *_: object) -> None:
        pass


def _never() -> Any:
    raise AssertionError


@pytest.fixture(scope="module")
def found() -> list[Experiment]:
    return list(experiments(cast("Session", Timed()), batch=2))


def test_ratios_of_the_model(found: list[Experiment]) -> None:
    small, thin = found[3], found[5]
    # Forward 1399955456/7547232256 = 0.1855 and 669884996/762297352 = 0.8788; backward is twice
    # that, but for the first layer, and the update of VGG's parameters does not shrink.
    assert 0.185 < small.by_multiplies < 0.22
    assert thin.by_multiplies == pytest.approx(0.8788, abs=0.005)
    # Activations alone shrink by 9/49; the parameters of the dense layers are read all the same.
    assert 9 / 49 < small.by_bytes < 1


def test_memory_is_compared_by_what_is_planned(found: list[Experiment]) -> None:
    dense = found[7]
    # Every output has (224/96)**2 = 5.44 times the positions; that of the last layer has not.
    assert dense.by_bytes == pytest.approx(5.44, abs=0.02)
    assert dense.totals is not None
    large, small = (total / 2**30 for total in dense.totals)
    assert large == pytest.approx(8.88, abs=0.01)
    assert small == pytest.approx(1.64, abs=0.01)
    assert dense.measured == 3
    assert found[2].failure == "vgg11: out of memory"
    assert found[2].measured is None


def test_ratios_of_times(found: list[Experiment]) -> None:
    assert [each.measured for each in found if each.claim.of == "time"] == [
        pytest.approx(3),
        None,
        None,
        pytest.approx(100),
        pytest.approx(0.9),
        None,
    ]
    assert found[1].failure == "vgg11: out of memory"


def test_what_agrees(found: list[Experiment]) -> None:
    made = Experiments(found, 2, "cpu")
    record = json.loads(made.as_json())
    # 3 of 3; failed three times; 100 of 27.9; 0.9 of 0.767 is within a quarter; failed; 3 is more.
    expected = [True, None, None, None, False, True, None, True]
    assert [row["agrees"] for row in record["experiments"]] == expected
    assert (made.agreeing, made.known) == (3, 4)
    assert made.verdict.startswith("3 of 4 agree with the notes. Not: 120 seconds for NiN")
    rows = [line for line in made.as_markdown().splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(CLAIMS)
    assert {row.count(" | ") for row in rows} == {6}
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(made)
    shown = " ".join(console.export_text().split())
    assert "96 instead of 224" in shown
    assert "in all 8.883 GiB at a batch of 256, and 1.637 GiB" in shown


def test_a_page_has_it_all(found: list[Experiment]) -> None:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    made = Experiments(found, 2, "cpu")
    page = made.as_html()
    text = unescape(page)
    for said in (made.verdict, made.setting, *made.reasons, *(row[1] for row in made.table.rows)):
        assert said in text
    assert page.count("<svg") == 1
    assert "src=" not in page
    assert "href=" not in page.replace('href="data:,"', "").replace('href="#', "")
