"""Ratios: the notes' exercises in 5.3, and a network at twice the size."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError
from convcost.formulas import of_kind
from convcost.formulas.printing import text
from convcost.formulas.scale import Change, Ratio, scale


def of_conv(quantity: str = "multiplies", **times: int) -> Ratio:
    """Multiply sizes of a convolution."""
    return scale(of_kind("conv2d", quantity), Change(times, {}))


@pytest.mark.parametrize(
    ("times", "ratio"), [({"c_i": 2}, 2), ({"c_o": 2}, 2), ({"c_i": 2, "c_o": 2}, 4)]
)
def test_channels_multiply_the_multiplies(times: dict[str, int], ratio: int) -> None:
    for quantity in ("multiplies", "adds"):
        found = of_conv(quantity, **times)
        assert found.exact == found.limit == found.example == ratio


def test_padding_adds_a_little() -> None:
    found = of_conv(p_h=2, p_w=2)
    # ResNet's first layer: 112 positions become floor((224 - 7 + 12 + 2)/2) = 115.
    assert found.example == Fraction(115 * 115, 112 * 112)
    assert found.limit == 1


def test_one_by_one_kernels() -> None:
    for quantity in ("multiplies", "adds"):
        found = scale(of_kind("conv2d", quantity), Change({}, {"k_h": 1, "k_w": 1}))
        assert text(found.limit) == "1/(k_h*k_w)"
        # 112 positions become floor((224 - 1 + 6 + 2)/2) = 115, of 1 instead of 49 taps.
        assert found.example == Fraction(115 * 115, 112 * 112 * 49)


def test_a_bias_keeps_parameters_below_twice() -> None:
    found = of_conv("parameters", c_i=2)
    assert found.example == Fraction(64 * 6 * 49 + 64, 64 * 3 * 49 + 64)
    assert found.limit == 2


def test_a_network_at_twice_the_size() -> None:
    formula = convcost.load("vgg16").formula("macs")
    found = scale(formula, Change({"H": 2, "W": 2}, {}))
    larger = convcost.analyse(convcost.load("vgg16", input=(3, 448, 448))).total().macs
    assert found.example == Fraction(int(larger), 15470264320)
    assert found.limit == 4


def test_96_instead_of_224_is_less_than_a_fifth() -> None:
    # The notes, 5.7: "a quarter of the time". The multiplies say 0.185.
    formula = convcost.load("vgg11", preset="fashion-mnist").formula("macs")
    found = scale(formula, Change({}, {"H": 96, "W": 96}))
    assert found.example == Fraction(1399955456, 7547232256)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["conv2d"], "give --times, such as H=2,W=2"),
        (["conv2d", "--times", "zz=2"], "nothing that conv2d costs depends on zz"),
        (["conv2d", "--times", "c_i=x"], "--times: expected such as H=2,W=2, got 'c_i=x'"),
        (["conv2d", "--times", "c_i=0"], "got 'c_i=0'"),
        (["vgg16", "--times", "Q=2"], "no number 'Q'"),
    ],
)
def test_what_cannot_be_scaled(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["scale", *arguments])
    assert isinstance(result.exception, ConvcostError)
    assert message in str(result.exception)


def test_the_command() -> None:
    result = CliRunner().invoke(app, ["scale", "conv2d", "--times", "c_i=2"])
    assert "multiplies: 2\n  limit 2, at the example 2\n" in result.stdout
    arguments = ["scale", "conv2d", "--times", "p_h=2,p_w=2", "--format", "json"]
    record = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert record["ratios"]["macs"]["example"] == str(Fraction(115 * 115, 112 * 112))
