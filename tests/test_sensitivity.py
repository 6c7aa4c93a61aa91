"""Elasticities, worked by hand from polynomials."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.errors import ConvcostError
from convcost.formulas import of_kind
from convcost.formulas.closed import possibly_free
from convcost.formulas.sensitivity import elasticities


def test_vgg_by_hand() -> None:
    # a*N*H*W + b*N: the extents move only the first part; see test_formulas for a and b.
    found = elasticities(convcost.load("vgg16").formula("macs"))
    share = Fraction(307904 * 224 * 224, 307904 * 224 * 224 + 20873216)
    assert found == {"N": 1, "H": share, "W": share}


def test_a_convolution_by_hand() -> None:
    found = elasticities(of_kind("conv2d", "parameters"))
    # c_o*(c_i/g*k_h*k_w + 1) at 64*(3*49 + 1): the bias does not move with the window.
    assert found["c_o"] == 1
    assert found["c_i"] == found["k_h"] == found["k_w"] == -found["g"] == Fraction(147, 148)


def test_a_floor_is_left_out() -> None:
    text = "name: net\ninput: [1, 9, 9]\nlayers: [{max_pool2d: {kernel: 2, stride: 2}}]\n"
    found = elasticities(convcost.build(convcost.read_text(text)).formula("activations"))
    assert found == {"N": 1, "H": 1, "W": 1}  # floor(H/2)*floor(W/2) moves as H*W does


def test_what_has_no_elasticity() -> None:
    with pytest.raises(ConvcostError, match="exponentials of relu is 0"):
        elasticities(of_kind("relu", "exponentials"))


@pytest.mark.parametrize(
    ("network", "names"),
    [
        # `channels` is C, `initial` follows, units decide
        ("densenet121", ["classes", "growth"]),
        ("vgg16", ["classes", "widths"]),
    ],
)
def test_what_may_be_free(network: str, names: list[str]) -> None:
    assert possibly_free(convcost.load(network)) == ["N", "C", "H", "W", *names]


def test_the_command() -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["sensitivity", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "growth = 32" in run("densenet121")
    record = json.loads(run("lenet", "--free", "H,W", "--format", "json"))
    # c = 1920*u*v + 13706 with u = v = (28 - 12)/4 = 4 and du/dH = 1/4.
    expected = Fraction(28 * 1920 * 4, 4 * (1920 * 16 + 13706))
    assert Fraction(record["elasticities"]["parameters"]["H"]["exact"]) == expected
    assert record["at"] == {"H": 28, "W": 28}
