"""The computable exercises and claims of the notes, by number: 5.1 to 5.12.

What is expected is worked by hand beside each, counted by the watched loops of
:mod:`counting`, or printed in the notes. README.md has the same answers as a table.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import counting
import pytest
from counting import Abacus, Map

import convcost
from convcost.cost import NetworkCost, Total
from convcost.formulas import of_kind
from convcost.formulas.scale import Change, scale

ONE_BY_ONE: dict[str, Any] = {
    "kernel": (1, 1),
    "stride": (1, 1),
    "padding": ((0, 0), (0, 0)),
    "dilation": (1, 1),
}


def cost(network: str, **choices: Any) -> NetworkCost:
    """Analyse a shipped network."""
    return convcost.analyse(convcost.load(network, **choices))


def totals(network: str, **choices: Any) -> Total:
    """Return the sums of a shipped network."""
    return cost(network, **choices).total()


def conv(x: tuple[int, int, int, int], **attributes: Any) -> Abacus:
    """Run the literal loop of a convolution; return what it counted."""
    abacus = Abacus()
    image: Any = abacus.tensor(x)
    defaults: dict[str, Any] = {"groups": 1, "bias": False, "rounding": "valid"}
    counting.conv2d(abacus, image, **defaults | attributes)
    return abacus


def test_5_1_kernel_for_horizontal_edges() -> None:
    # [[1], [-1]] slides to n_h - 1 rows and all n_w columns; an 8x6 image gives 7x6.
    sizes = {"k_h": 2, "k_w": 1, "p_h": 0, "p_w": 0, "s_h": 1, "s_w": 1, "d_h": 1, "d_w": 1}
    assumed = [f"{name} == {size}" for name, size in sizes.items()]
    shape = of_kind("conv2d", "output", chapter=True, assume=assumed)
    assert str(shape) == "(N, c_o, n_h - 1, n_w)"
    counted = conv((1, 1, 8, 6), filters=1, **ONE_BY_ONE | {"kernel": (2, 1)})
    formula = of_kind("conv2d", "multiplies", assume=assumed)
    found = formula.evaluate(N=1, c_i=1, c_o=1, H=8, W=6, g=1)
    assert found == counted.tally.multiplies == 7 * 6 * 2


def test_5_1_dense_layer_for_edges() -> None:
    # A weight for every pair of the 8*6 inputs and 7*6 outputs, instead of 2 in all.
    text = "name: net\ninput: [1, 8, 6]\nlayers: [{dense: {units: 42, bias: false}}]\n"
    found = convcost.analyse(convcost.build(convcost.read_text(text))).total()
    assert found.parameters.count == found.macs == 48 * 42


def test_5_1_as_a_matrix_product() -> None:
    # The notes: no difference in multiplies and adds. Both loops are watched.
    direct, product = Abacus(), Abacus()
    image: Any = direct.tensor((1, 2, 5, 4))
    sliding: Any = {**ONE_BY_ONE, "kernel": (3, 2), "rounding": "valid"}
    counting.conv2d(direct, image, filters=3, groups=1, bias=False, **sliding)
    same: Any = [[[[product.scalar(v.value) for v in r] for r in p] for p in i] for i in image]
    weights = [[product.number() for _ in range(2 * 3 * 2)] for _ in range(3)]
    counting.matrix_product(weights, counting.im2col(product, same, **sliding))
    assert direct.tally == product.tally
    assert direct.tally.multiplies == 3 * (3 * 3) * (2 * 3 * 2)


def test_5_2_last_example() -> None:
    # 8x8, kernel 3x5, padding (0, 1) on each side, stride (3, 4): floor(8/3) = 2 rows as the
    # notes say, and floor((8 - 5 + 2 + 4)/4) = floor(9/4) = 2 columns, where they have 8/4.
    columns = convcost.layers.Conv2d(
        filters=1, kernel=(3, 5), stride=(3, 4), padding=((0, 0), (1, 1))
    )
    assert columns.output_shape(convcost.tensors.FeatureMap(1, 1, 8, 8)).shape == (1, 1, 2, 2)


def multiplies(**sizes: int) -> int:
    """Count the multiplies of a convolution of 6x6 inputs by the loop."""
    channels, filters = sizes.get("c_i", 2), sizes.get("c_o", 3)
    kernel, padding = (sizes.get("k", 3),) * 2, ((sizes.get("p", 1),) * 2,) * 2
    window = {**ONE_BY_ONE, "kernel": kernel, "padding": padding}
    return conv((1, channels, 6, 6), filters=filters, **window).tally.multiplies


def test_5_3_multiplies_have_the_input_channels() -> None:
    # 6x6 positions, 3 filters, 2 channels of 9: the notes' product lacks the 2.
    assert multiplies() == 36 * 3 * 2 * 9
    formula = of_kind("conv2d", "multiplies")
    sizes = {"c_i": 2, "c_o": 3, "k_h": 3, "k_w": 3, "p_h": 1, "p_w": 1, "s_h": 1, "s_w": 1}
    assert formula.evaluate(N=1, H=6, W=6, d_h=1, d_w=1, g=1, **sizes) == multiplies()


def test_5_3_adds() -> None:
    # A sum of 18 products takes 17 adds for each of 3 * 36 outputs, not 9 * 2 of them as the
    # notes have it; and not without c_o.
    counted = conv(
        (1, 2, 6, 6), filters=3, **ONE_BY_ONE | {"kernel": (3, 3), "padding": ((1, 1),) * 2}
    )
    assert counted.tally.adds == 3 * 36 * 17
    layer = convcost.layers.Conv2d(filters=3, kernel=(3, 3), padding=((1, 1), (1, 1)), bias=False)
    assert layer.work(convcost.tensors.FeatureMap(1, 2, 6, 6)).adds == counted.tally.adds


def test_5_3_doubling_channels_is_the_same_for_both() -> None:
    # The notes order c_o > c_i > p: the two channels are alike, the padding is last indeed.
    once = multiplies()
    assert multiplies(c_i=4) == multiplies(c_o=6) == 2 * once
    assert multiplies(c_i=4, c_o=6) == 4 * once
    assert once < multiplies(p=2) == 8 * 8 * 3 * 2 * 9 < 2 * once
    formula = of_kind("conv2d", "multiplies")
    for names in (["c_i"], ["c_o"]):
        assert scale(formula, Change(dict.fromkeys(names, 2), {})).exact == 2


def test_5_3_kernels_of_one() -> None:
    # With the padding that keeps the shape: 1/9 of multiplies; adds 1/17 at two channels
    # without a bias (1 instead of 17), 1/9 with one (2 instead of 18): the notes say 1/8.
    assert Fraction(multiplies(k=1, p=0), multiplies()) == Fraction(1, 9)
    adds = {}
    for kernel, padding in ((1, 0), (3, 1)):
        for bias in (False, True):
            window = {"kernel": (kernel, kernel), "padding": ((padding, padding),) * 2}
            counted = conv((1, 2, 6, 6), filters=3, **ONE_BY_ONE | window | {"bias": bias})
            adds[kernel, bias] = counted.tally.adds
    assert Fraction(adds[1, False], adds[3, False]) == Fraction(1, 17)
    assert Fraction(adds[1, True], adds[3, True]) == Fraction(1, 9)


def test_5_3_kernels_of_one_are_dense_layers_of_the_pixels() -> None:
    pixels, image = Abacus(), conv((2, 3, 4, 5), filters=7, **ONE_BY_ONE)
    counting.dense(pixels, pixels.tensor((2 * 4 * 5, 3)), units=7, bias=False)
    assert image.tally == pixels.tally


def test_5_4_pooling() -> None:
    # c * positions * (the time of a maximum): of 2x3 elements, 5 comparisons.
    abacus = Abacus()
    image: Any = abacus.tensor((1, 4, 6, 9))
    window: Any = {**ONE_BY_ONE, "kernel": (2, 3), "stride": (2, 3), "rounding": "valid"}
    counting.pool2d(abacus, image, mode="max", count_padding=True, **window)
    assert abacus.tally.comparisons == 4 * 3 * 3 * 5
    formula = of_kind("max_pool2d", "comparisons")
    sizes = {"k_h": 2, "k_w": 3, "p_h": 0, "p_w": 0, "s_h": 2, "s_w": 3, "d_h": 1, "d_w": 1}
    assert formula.evaluate(N=1, c_i=4, H=6, W=9, **sizes) == 4 * 3 * 3 * 5


def test_5_5_the_two_convolutions_are_not_alike_in_parameters() -> None:
    # "More channels make the parameters of the two convolutions alike": 6*(25 + 1) against
    # 10*(6*25 + 1), and with the chapter's 16 channels 16*(6*25 + 1).
    found = [layer for layer in cost("lenet-notes").layers if layer.kind == "conv2d"]
    assert [layer.parameters.count for layer in found] == [6 * 26, 10 * 151]
    chapter = [layer for layer in cost("lenet").layers if layer.kind == "conv2d"]
    assert [layer.parameters.count for layer in chapter] == [6 * 26, 16 * 151]


def test_5_6_alexnet_against_lenet() -> None:
    # "Three times the time": of multiplies it takes thousands of times as many.
    assert (totals("alexnet-d2l").macs, totals("lenet").macs) == (938146176, 281640)
    assert 938146176 // 281640 == 3331


def test_5_6_memory_grows_with_the_batch() -> None:
    # "No clear change": activations are proportional to it, parameters do not change.
    network = convcost.load("alexnet-d2l")
    small, large = (convcost.analyse(network, batch=batch).total() for batch in (128, 256))
    assert large.activation_bytes == 2 * small.activation_bytes
    assert large.parameter_bytes == small.parameter_bytes


def test_5_7_vgg_is_slower_and_hungrier_than_alexnet() -> None:
    alexnet, vgg = totals("alexnet-d2l"), totals("vgg11", preset="fashion-mnist")
    assert (vgg.macs, vgg.parameters.count) == (7547232256, 128806154)
    assert vgg.macs > 8 * 938146176
    # The first block alone, at 224x224: 64 channels of a convolution and a relu.
    assert vgg.activation_bytes > 4 * 2 * 64 * 224 * 224 > 4 * alexnet.activation_bytes


def test_5_7_96_instead_of_224() -> None:
    # "A quarter of the time". (96/224)**2 = 9/49 = 0.184 for the convolutions.
    small = totals("vgg11", preset="fashion-mnist", input=(1, 96, 96)).macs
    assert small == 1399955456
    assert round(small / 7547232256, 3) == 0.185


@pytest.mark.parametrize(("network", "layers"), [("vgg16", 16), ("vgg19", 19)])
def test_5_7_other_vggs(network: str, layers: int) -> None:
    weighted = [each for each in cost(network).layers if each.parameters.weights]
    assert len(weighted) == layers


def test_5_8_nin_without_one_convolution() -> None:
    # The notes: 92 s instead of 120, 0.77. A 1x1 convolution less in four blocks, by hand.
    two, one = totals("nin-d2l"), totals("nin-d2l-one1x1")
    less = 96 * 96 * 54**2 + 256 * 256 * 26**2 + 384 * 384 * 12**2 + 10 * 10 * 5**2
    assert two.macs - one.macs == less
    assert round(one.macs / two.macs, 2) == 0.88


def test_5_9_why_nin_and_googlenet_are_small() -> None:
    # Dense layers: none in NiN; 1024*10 + 10 in GoogLeNet; most of the others.
    def dense(network: str, **choices: Any) -> tuple[int, int]:
        sums = {each.label: each.parameters.count for each in cost(network, **choices).by_kind()}
        return int(sums.get("dense", 0)), int(sum(sums.values()))

    assert dense("nin-d2l") == (0, 1992166)
    assert dense("googlenet-d2l")[0] == 1024 * 10 + 10
    assert dense("alexnet-d2l")[0] == 6400 * 4096 + 4096 + 4096 * 4097 + 10 * 4097
    assert dense("vgg11", preset="fashion-mnist")[0] == 25088 * 4096 + 4096 + 4096 * 4097 + 40970


def test_5_9_one_by_one_convolutions_save() -> None:
    # The first Inception block at 12x12: 192 -> 96 -> 128 with 3x3, against 192 -> 128.
    with_it = 192 * 96 + 96 * 128 * 9
    assert with_it == 129024 < 192 * 128 * 9


def test_5_10_bias_before_batch_norm() -> None:
    # "Cannot be left out". Loops: with any bias the normalized values are the same.
    outputs = []
    for bias in (0.0, 5.0):
        abacus = Abacus(training=True)
        x: Map = abacus.planes([[1, 2], [3, 7]])
        shifted: Any = [[[[v + bias for v in row] for row in plane] for plane in i] for i in x]
        outputs.append(
            counting.values(counting.batch_norm(abacus, shifted, scale=False, shift=False))
        )
    assert outputs[0] == pytest.approx(outputs[1])
    notes = [note.layer for note in cost("lenet-bn").notes if note.rule == "redundant-bias"]
    assert notes == ["conv1", "conv2", "dense1", "dense2"]


def test_5_10_without_scale_and_shift() -> None:
    # One of each for every channel or unit: 2 * (6 + 16 + 120 + 84).
    learned = totals("lenet-bn").parameters
    assert learned.scales + learned.shifts == 452
    assert totals("lenet-bn").parameters.count - totals("lenet").parameters.count == 452


@pytest.mark.parametrize(
    ("network", "billions"),
    # He et al., table 1: multiply-adds, in billions.
    [
        ("resnet18", 1.8),
        ("resnet34", 3.6),
        ("resnet50-original", 3.8),
        ("resnet101-original", 7.6),
        ("resnet152-original", 11.3),
    ],
)
def test_5_11_resnets_of_the_papers_table(network: str, billions: float) -> None:
    # The paper rounds some and cuts others (3.66 and 3.86).
    assert totals(network).macs / 10**9 == pytest.approx(billions, abs=0.07)


def test_5_11_the_bottleneck() -> None:
    # Of 256 channels, at every position: 256*64 + 64*64*9 + 64*256, against 2 * 256*256*9.
    layers = {layer.name: layer for layer in cost("resnet50").layers}
    unit = [layer for name, layer in layers.items() if name.startswith("stage1.bottleneck_unit2.")]
    macs = [layer.macs for layer in unit if layer.kind == "conv2d"]
    assert sum(macs) == (256 * 64 + 64 * 64 * 9 + 64 * 256) * 56 * 56
    assert (256 * 64 + 64 * 64 * 9 + 64 * 256) * 16 < 2 * 256 * 256 * 9


def test_5_11_preactivation_costs_the_same_macs() -> None:
    assert totals("resnet18-d2l").macs == totals("resnet18-d2l-preact").macs


def test_5_12_densenet_has_fewer_parameters() -> None:
    assert totals("densenet121").parameters.count == 7978856
    assert totals("resnet50").parameters.count == 25557032
    # A layer gives but 32 channels, growth; a ResNet stage gives up to 2048.
    grown = [layer for layer in cost("densenet121").layers if layer.kind == "conv2d"]
    assert sum(layer.output.channels == 32 for layer in grown) == 6 + 12 + 24 + 16


@pytest.mark.parametrize(
    ("network", "layers"),
    # Huang et al., table 1: 5 and twice the units, which is the name but for the last.
    [
        ("densenet121", 5 + 2 * (6 + 12 + 24 + 16)),
        ("densenet169", 5 + 2 * (6 + 12 + 32 + 32)),
        ("densenet201", 5 + 2 * (6 + 12 + 48 + 32)),
        ("densenet264", 5 + 2 * (6 + 12 + 64 + 48)),
    ],
)
def test_5_12_densenets_of_the_papers_table(network: str, layers: int) -> None:
    weighted = [each for each in cost(network).layers if each.parameters.weights]
    assert len(weighted) == layers
