"""Whole networks against numbers from elsewhere: see published.yaml for their sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

import convcost
from convcost.conventions import count

PUBLISHED = yaml.safe_load(Path(__file__).with_name("published.yaml").read_text())


def analysed(network: str, **choices: Any) -> convcost.NetworkCost:
    """Analyse a shipped network at batch 1."""
    if "input" in choices:
        choices["input"] = tuple(choices["input"])
    return convcost.analyse(convcost.load(network, **choices))


@pytest.mark.parametrize(("network", "row"), PUBLISHED["networks"].items())
def test_totals(network: str, row: dict[str, int]) -> None:
    total = analysed(network).total()
    assert total.parameters.count == row["parameters"]
    assert total.statistics == row["statistics"]
    assert total.macs == row["macs"]


def test_every_network_has_published_totals() -> None:
    without = {spec.name for spec in convcost.known_networks()} - PUBLISHED["networks"].keys()
    # DenseNet-264 is in the paper's table 1 without a count; no framework ships it.
    assert without == {"densenet264"}


@pytest.mark.parametrize("row", PUBLISHED["elsewhere"], ids=str)
def test_totals_elsewhere(row: dict[str, Any]) -> None:
    choices = {key: row[key] for key in ("preset", "input") if key in row}
    total = analysed(row["network"], **choices).total()
    assert (total.parameters.count, total.macs) == (row["parameters"], row["macs"])


def test_a_batch_multiplies_the_work_and_not_the_parameters() -> None:
    one = analysed("resnet18").total()
    eight = convcost.analyse(convcost.load("resnet18"), batch=8).total()
    assert eight.macs == 8 * 1814073344
    assert eight.parameters == one.parameters


@pytest.mark.parametrize("row", PUBLISHED["layers"], ids=lambda row: row["layer"])
def test_layers_by_hand(row: dict[str, Any]) -> None:
    (layer,) = [each for each in analysed(row["network"]).layers if each.name == row["layer"]]
    assert list(layer.output.shape) == row["output"]
    assert layer.parameters.count == row["parameters"]
    assert (layer.work.multiplies, layer.work.adds) == (row["multiplies"], row["adds"])


def beyond(tool: str, network: str) -> int:
    """What a tool counts in torchvision's model that is not in the spec."""
    extra = PUBLISHED["beyond"].get(tool, {})
    return int(extra.get(network, extra.get("vgg", 0) if network.startswith("vgg") else 0))


@pytest.mark.parametrize(
    ("network", "tool", "reported"),
    [
        (network, tool, reported)
        for network, row in PUBLISHED["conventions"].items()
        for tool, reported in row.items()
    ],
)
def test_conventions_of_tools(network: str, tool: str, reported: int) -> None:
    assert count(analysed(network), tool).count + beyond(tool, network) == reported


def test_torchinfo_counts_a_batch_as_often_as_it_has_images() -> None:
    cost = convcost.analyse(convcost.load("vgg11"), batch=4)
    assert count(cost, "torchinfo").count == 30466101152  # torchinfo 1.8.0, batch 4


@pytest.mark.parametrize(("network", "printed"), PUBLISHED["imgclsmob"].items())
def test_imgclsmob_as_its_table_prints_it(network: str, printed: str) -> None:
    assert count(analysed(network), "imgclsmob").printed == printed + "M"


@pytest.mark.parametrize(("network", "billions"), PUBLISHED["torchvision"].items())
def test_torchvision_as_its_metadata_says_it(network: str, billions: float) -> None:
    assert count(analysed(network), "torchvision").printed == f"{billions:.3f}"


@pytest.mark.parametrize("row", PUBLISHED["convnet_burden"], ids=lambda row: row["network"])
def test_convnet_burden(row: dict[str, Any]) -> None:
    burden = count(analysed(row["network"]), "convnet-burden")
    assert burden.parameter_bytes is not None
    assert burden.feature_bytes is not None
    assert round(burden.parameter_bytes / 2**20) == row["parameter_mb"]
    assert round(burden.feature_bytes / 2**20) == row["feature_mb"]
    assert round(float(burden.count) / 1e9) == row["gflops"]


@pytest.mark.parametrize(
    ("network", "convention", "reported"),
    [
        ("vgg16", "mxop", 15470255128),  # mxop's README
        ("resnet18", "mxop", 1816556056),
        ("vgg16", "netscope", 15470264320),  # Netscope's VGG-16 and NiN
        ("nin", "netscope", 1100188800),
    ],
)
def test_other_conventions(network: str, convention: str, reported: int) -> None:
    assert count(analysed(network), convention).count == reported


@pytest.mark.parametrize(
    ("rounding", "network", "macs"),
    [
        # Published both ways: floor and ceil differ by a tenth of the total.
        ("valid", "nin", 969460864),
        ("full", "nin", 1100188800),
    ],
)
def test_the_rounding_of_pools_changes_totals(rounding: str, network: str, macs: int) -> None:
    text = convcost.find(network).text.replace("rounding: clamped", f"rounding: {rounding}")
    changed = convcost.build(convcost.read_text(text))
    assert convcost.analyse(changed).total().macs == macs


def test_densenet264_is_densenet201_with_more_units() -> None:
    # Table 1 of arXiv:1608.06993: 6, 12, 64 and 48 units; each unit is a 1x1 to 128 channels
    # and a 3x3 to 32, with two batch norms. Counted here block by block.
    parameters, channels = 64 * 3 * 49 + 2 * 64, 64
    for index, units in enumerate((6, 12, 64, 48)):
        for _ in range(units):
            parameters += 2 * channels + channels * 128 + 2 * 128 + 128 * 32 * 9
            channels += 32
        if index < 3:
            parameters += 2 * channels + channels * (channels // 2)
            channels //= 2
    parameters += 2 * channels + channels * 1000 + 1000
    assert analysed("densenet264").total().parameters.count == parameters == 33337704
