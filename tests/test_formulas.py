"""Closed forms: against the integers, as the notes write them, and as programs that run."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import convcost
from convcost.cli import app
from convcost.counts import COUNTS
from convcost.errors import ConvcostError, ShapeError, SpecError
from convcost.formulas import QUANTITIES, Formula, SymbolicNetwork, of_kind
from convcost.formulas.code import EXPORTS
from convcost.formulas.export import FORMS
from convcost.formulas.printing import condition_text, mathml

NETWORKS = ("lenet", "alexnet", "nin", "googlenet", "resnet50", "resnet18-v2", "densenet121")
SYMBOLIC = {name: SymbolicNetwork(convcost.load(name)) for name in NETWORKS}
FORMULAS = {name: {q: net.formula(q) for q in COUNTS} for name, net in SYMBOLIC.items()}
NO_DILATION = ("d_h == 1", "d_w == 1", "g == 1")


def counted(network: str, sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return all quantities from the integer analysis."""
    made = convcost.load(network, input=(3 if network != "lenet" else 1, sizes["H"], sizes["W"]))
    total = convcost.analyse(made, batch=sizes["N"]).total()
    return {quantity: count.value(total) for quantity, count in COUNTS.items()}


def compiled(source: str, folder: Path, *options: str) -> str:
    """Compile a C program without a warning; return what it prints."""
    (folder / "f.c").write_text(source)
    strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", *options, "-o", str(folder / "f")]
    subprocess.run(["cc", *strict, str(folder / "f.c")], check=True)  # noqa: S607
    return subprocess.run([folder / "f"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("network", NETWORKS)
@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 9), h=st.integers(1, 300), w=st.integers(1, 300))
def test_formulas_equal_the_integers_just_where_they_are_valid(
    network: str, n: int, h: int, w: int
) -> None:
    sizes = {"N": n, "H": h, "W": w}
    try:
        expected = counted(network, sizes)
    except ShapeError:
        for formula in FORMULAS[network].values():
            with pytest.raises(ConvcostError, match="is valid for"):
                formula.evaluate(**sizes)
        return
    found = {name: formula.evaluate(**sizes) for name, formula in FORMULAS[network].items()}
    assert found == expected


@pytest.mark.parametrize("network", NETWORKS)
def test_published_macs_come_out(network: str) -> None:
    sizes = {"N": 1, "H": 28, "W": 28} if network == "lenet" else {"N": 1, "H": 224, "W": 224}
    published = {
        "lenet": 281640,
        "alexnet": 714188480,
        "nin": 1100188800,
        "googlenet": 1582671872,
        "resnet50": 4089184256,
        "resnet18-v2": 1814073344,
        "densenet121": 2834161664,
    }
    assert FORMULAS[network]["macs"].evaluate(**sizes) == published[network]


def test_vgg_is_a_handful_of_terms() -> None:
    formula = convcost.load("vgg16").formula("macs")
    # By hand, at h = H/2**i and so on: block 1 has 3*9*64 + 64*9*64 at full size, and so on;
    # the first dense layer 512*4096 for each of the last map's positions.
    assert str(formula) == (
        "38592*H*N*W + 221184*N*floor(H/2)*floor(W/2) + 1474560*N*floor(H/4)*floor(W/4)"
        " + 5898240*N*floor(H/8)*floor(W/8) + 7077888*N*floor(H/16)*floor(W/16)"
        " + 2097152*N*floor(H/32)*floor(W/32) + 20873216*N"
    )
    assert [condition_text(condition) for condition in formula.domain] == ["H >= 32", "W >= 32"]


def test_divisibility_leaves_a_polynomial() -> None:
    formula = convcost.load("vgg16").formula("macs", assume=["H % 32 == 0", "W % 32 == 0"])
    # (15346630656 of convolutions + 102760448 of the first dense layer) / 224**2 = 307904.
    assert str(formula) == "307904*H*N*W + 20873216*N"
    assert formula.evaluate(N=1, H=224, W=224) == 15470264320
    with pytest.raises(ConvcostError, match=r"valid for H % 32 == 0 only"):
        formula.evaluate(N=1, H=100, W=224)


def test_a_remainder_may_be_assumed() -> None:
    formula = convcost.load("resnet18").formula("macs", assume=["H % 32 == 1", "W % 32 == 1"])
    assert "floor" not in str(formula)
    for side in (33, 65, 225):
        whole = FORMULAS["resnet50"]["macs"].symbols
        assert len(whole) == 3
        network = convcost.load("resnet18", input=(3, side, side))
        assert (
            formula.evaluate(N=2, H=side, W=side) == convcost.analyse(network, batch=2).total().macs
        )


def test_densenet_is_a_polynomial_in_the_growth() -> None:
    formula = convcost.load("densenet121").formula("macs", free="growth")
    assert formula.expr.as_poly().degree() == 2  # type: ignore[attr-defined]
    assert formula.evaluate(growth=32) == 2834161664
    assert formula.evaluate(growth=48) == (
        convcost.analyse(convcost.load("densenet121", parameters={"growth": 48})).total().macs
    )


def test_the_notes_shapes() -> None:
    # Section 5.2 of the notes, in their notation: p is the total of both sides.
    shape = of_kind("conv2d", "output", chapter=True, assume=NO_DILATION)
    assert str(shape) == (
        "(N, c_o, floor((-k_h + n_h + p_h + s_h)/s_h), floor((-k_w + n_w + p_w + s_w)/s_w))"
    )
    same = (*NO_DILATION, "p_h == k_h - 1", "p_w == k_w - 1")
    shape = of_kind("conv2d", "output", chapter=True, assume=same)
    assert str(shape) == "(N, c_o, floor((n_h + s_h - 1)/s_h), floor((n_w + s_w - 1)/s_w))"
    divided = (*same, "n_h % s_h == 0", "n_w % s_w == 0")
    assert str(of_kind("conv2d", "output", chapter=True, assume=divided)) == (
        "(N, c_o, n_h/s_h, n_w/s_w)"
    )
    unit = (*NO_DILATION, "s_h == 1", "s_w == 1")
    assert str(of_kind("conv2d", "output", chapter=True, assume=unit)) == (
        "(N, c_o, -k_h + n_h + p_h + 1, -k_w + n_w + p_w + 1)"
    )


def test_the_notes_multiplies_lack_the_input_channels() -> None:
    formula = of_kind("conv2d", "multiplies", chapter=True, assume=NO_DILATION)
    assert "c_i*c_o*k_h*k_w" in str(formula)
    # The notes' last example in 5.2 with 3 channels in and 2 out: 2x2 outputs of 2 filters
    # over 3*3*5 inputs each.
    sizes = {"n_h": 8, "n_w": 8, "k_h": 3, "k_w": 5, "p_h": 0, "p_w": 2, "s_h": 3, "s_w": 4}
    assert formula.evaluate(N=1, c_i=3, c_o=2, **sizes) == 2 * 2 * 2 * 45


def test_every_kind_has_formulas() -> None:
    for name in ("conv2d", "max_pool2d", "average_pool2d", "global_pool2d", "dense", "lrn", "add",
                 "batch_norm", "softmax", "relu", "dropout", "flatten", "concat", "multiply",
                 "identity", "conv_transpose2d", "resize", "reduce", "matmul", "layer_norm",
                 "instance_norm", "group_norm", "prelu", "arithmetic", "subtract", "divide",
                 "maximum", "minimum", "gelu", "log_softmax"):  # fmt: skip
        for quantity in {*QUANTITIES} - {"peak_bytes"}:
            assert str(of_kind(name, quantity))
    with pytest.raises(SpecError, match="peak_bytes is of a whole network"):
        of_kind("relu", "peak_bytes")
    assert str(of_kind("relu", "comparisons")) == "H*N*W*c_i"
    assert str(of_kind("batch_norm", "square_roots")) == "c_i"
    assert str(of_kind("resize", "multiplies")) == "4*H*N*W*c_i*s_h*s_w"
    assert str(of_kind("reduce", "divisions")) == "N*c_i"
    assert str(of_kind("conv_transpose2d", "macs")) == "H*N*W*c_i*c_o*k_h*k_w/g"


@pytest.mark.parametrize(
    ("assume", "message"),
    [
        ("H + W == 3", "cannot use 'H . W == 3'"),
        ("H", "cannot use 'H'"),
        ("H % 0 == 0", "nothing is divisible by 0"),
        ("H % 4 == 5", "5 is no such remainder"),
        ("X == 3", "unknown name 'X'"),
        ("H ** 2 == 4", "only . - . // % are allowed"),
        ("f(H) == 3", "expected whole numbers, names"),
    ],
)
def test_assumptions_that_cannot_be_used(assume: str, message: str) -> None:
    with pytest.raises(SpecError, match=f"--assume: .*{message}"):
        convcost.load("lenet").formula("macs", assume=[assume])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"quantity": "mac"}, "unknown quantity 'mac'; did you mean 'macs'"),
        ({"free": "N Q"}, "no number 'Q' to leave free"),
        ({"free": "units"}, "times must be a whole number, 0 or more, got units_1 - 1"),
        ({"free": "bottleneck"}, "no number 'bottleneck' to leave free"),
        ({"layer": "conv9"}, "no layer 'conv9'; did you mean 'conv1'"),
        ({"assume": ["H % 2 == 0", "H % 3 == 0"]}, "H is assumed about already"),
    ],
)
def test_what_cannot_be_asked(choices: dict[str, Any], message: str) -> None:
    quantity = choices.pop("quantity", "macs")
    with pytest.raises(SpecError, match=message):
        convcost.load("resnet50").formula(quantity, **choices)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"N": 1, "H": 28}, "a value for 'W' is missing"),
        ({"N": 1, "H": 28, "W": 28, "C": 3}, "has no symbol 'C'"),
        ({"N": 1, "H": 0, "W": 28}, "H must be 1 or more"),
        ({"N": 1, "H": 15, "W": 28}, "valid for H >= 16 only"),
    ],
)
def test_values_that_a_formula_refuses(values: dict[str, int], message: str) -> None:
    with pytest.raises(ConvcostError, match=message):
        FORMULAS["lenet"]["macs"].evaluate(**values)


# --- exports, run on sizes of which the integer analysis knows the answer ---

EXPORTED = ("lenet", "resnet50", "nin", "alexnet")


def random_sizes(network: str) -> list[tuple[int, int, int]]:
    """Return a dozen batches, heights and widths that the network takes; always the same."""
    chance = Random(network)  # noqa: S311 - not for secrets
    formula = FORMULAS[network]["macs"]
    sizes = ((chance.randint(1, 64), *chance.choices(range(16, 400), k=2)) for _ in range(99))
    valid = [(n, h, w) for n, h, w in sizes if formula.is_valid(N=n, H=h, W=w)]
    return valid[:12]


def known(network: str, quantity: str) -> list[int]:
    """Return what the integer analysis says at the random sizes."""
    return [
        counted(network, {"N": n, "H": h, "W": w})[quantity] for n, h, w in random_sizes(network)
    ]


@pytest.mark.parametrize("network", EXPORTED)
@pytest.mark.parametrize("quantity", ["macs", "adds", "parameters", "activation_bytes"])
def test_python_export_runs(network: str, quantity: str) -> None:
    scope: dict[str, Any] = {}
    exec(EXPORTS["python"](FORMULAS[network][quantity]), scope)  # noqa: S102 - our own text
    found = [scope[quantity](*sizes) for sizes in random_sizes(network)]
    assert found == known(network, quantity)


@pytest.mark.parametrize("network", EXPORTED)
def test_numpy_export_is_exact_or_raises(network: str) -> None:
    np = pytest.importorskip("numpy", reason="the core is installed without numpy")
    scope: dict[str, Any] = {}
    exec(EXPORTS["numpy"](FORMULAS[network]["macs"]), scope)  # noqa: S102 - our own text
    columns = map(np.array, zip(*random_sizes(network), strict=True))
    assert scope["macs"](*columns).tolist() == known(network, "macs")
    with pytest.raises(OverflowError):
        scope["macs"](10**9, 10**6, 10**6)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler here")
@pytest.mark.parametrize("network", EXPORTED)
def test_c_export_compiles_and_runs(network: str, tmp_path: Path) -> None:
    calls = "".join(
        f'    printf("%" PRId64 "\\n", adds({n}, {h}, {w}));\n' for n, h, w in random_sizes(network)
    )
    program = (
        EXPORTS["c"](FORMULAS[network]["adds"])
        + "#include <inttypes.h>\n#include <stdio.h>\n"
        + f"int main(void)\n{{\n{calls}    return 0;\n}}\n"
    )
    assert list(map(int, compiled(program, tmp_path).split())) == known(network, "adds")


def test_c_says_where_it_overflows() -> None:
    text = EXPORTS["c"](convcost.load("vgg16").formula("macs", free="N"))
    assert f"while no argument exceeds {(2**63 - 1) // 15470264320}." in text


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
@pytest.mark.parametrize("network", EXPORTED)
def test_javascript_export_runs(network: str) -> None:
    program = EXPORTS["javascript"](FORMULAS[network]["macs"])
    for n, h, w in random_sizes(network):
        program += f"console.log(String(macs({n}, {h}, {w})));\n"
    n, h, w = random_sizes(network)[0]
    program += f"console.log(String(macs({n}n * 10n ** 9n, {h}, {w})));\n"
    done = subprocess.run(["node", "-e", program], capture_output=True, text=True, check=True)  # noqa: S607
    expected = known(network, "macs")
    assert list(map(int, done.stdout.split())) == [*expected, expected[0] * 10**9]


CORNERS = """\
name: corners
input: [1, 128, 1]
parameters: {k: 3, p: 1, s: 2}
layers:
  - max_pool2d: {kernel: [k, 1], stride: [s, 1], padding: [p, 0], rounding: clamped}
  - conv2d: {filters: "k % 2 + 1", kernel: [21, 1]}
  - max_pool2d: {kernel: [2, 1], stride: [2, 1]}
"""
"""Remainders and minima, for which C and JavaScript have no operator of integers."""

NEGATIVE = """\
name: negative
input: [1, 128, 1]
layers:
  - conv2d: {filters: 1, kernel: [101, 1]}
  - max_pool2d: {kernel: [2, 1], stride: [2, 1]}
"""
"""H - 100 + floor((H - 100)/2) is H + floor((H - 300)/2): C's division rounds towards 0."""


@pytest.mark.parametrize(
    ("text", "free", "sizes"),
    [
        (CORNERS, "H k p s", (43, 2, 1, 1)),
        (CORNERS, "H k p s", (65, 3, 0, 3)),
        (CORNERS, "H k p s", (44, 1, 0, 2)),
        (NEGATIVE, "H", (103,)),
        (NEGATIVE, "H", (104,)),
    ],
)
def test_exports_where_languages_round_otherwise(
    text: str, free: str, sizes: tuple[int, ...], tmp_path: Path
) -> None:
    spec = convcost.read_text(text)
    formula = convcost.build(spec).formula("activations", free=free)
    values = dict(zip(free.split(), sizes, strict=True))
    network = convcost.build(spec, input=(1, values.pop("H"), 1), parameters=values)
    expected = convcost.analyse(network).total().activations
    assert "Min(" in str(formula) or "floor((H - 300)/2)" in str(formula)
    scope: dict[str, Any] = {}
    exec(EXPORTS["python"](formula), scope)  # noqa: S102 - our own text
    assert scope["activations"](*sizes) == expected
    arguments = ", ".join(map(str, sizes))
    if shutil.which("cc"):
        source = EXPORTS["c"](formula) + "#include <inttypes.h>\n#include <stdio.h>\n"
        source += f'int main(void) {{ printf("%" PRId64, activations({arguments})); return 0; }}\n'
        assert compiled(source, tmp_path) == str(expected)
    if shutil.which("node"):
        source = EXPORTS["javascript"](formula) + f"console.log(String(activations({arguments})))"
        done = subprocess.run(["node", "-e", source], capture_output=True, text=True, check=True)  # noqa: S607
        assert done.stdout.strip() == str(expected)


def test_every_layers_function_has_a_name_of_its_own(tmp_path: Path) -> None:
    formulas = list(SYMBOLIC["lenet"].per_layer("adds"))
    expected = convcost.analyse(convcost.load("lenet"), batch=2).layers[0].work.adds
    scope: dict[str, Any] = {}
    exec(EXPORTS["python"](*formulas), scope)  # noqa: S102 - our own text
    assert scope["adds_conv1"](2, 28, 28) == expected
    assert {f"adds_{formula.layer}" for formula in formulas} <= scope.keys()
    if shutil.which("cc"):
        main = 'int main(void) { printf("%d", (int)adds_conv1(2, 28, 28)); return 0; }\n'
        source = EXPORTS["c"](*formulas) + "#include <stdio.h>\n" + main
        assert compiled(source, tmp_path) == str(expected)


def test_formulas_of_arrays_are_exact_or_raise() -> None:
    np = pytest.importorskip("numpy", reason="the core is installed without numpy")
    formula = FORMULAS["resnet50"]["macs"].numpy()
    sides = np.array([32, 100, 224])
    expected = [counted("resnet50", {"N": 2, "H": s, "W": 64})["macs"] for s in (32, 100, 224)]
    assert formula(2, sides, 64).tolist() == expected
    assert formula([[1], [2]], sides, 64).shape == (2, 3)
    with pytest.raises(OverflowError):
        formula(10**9, 10**6, 10**6)
    with pytest.raises(ConvcostError, match="N must be 1 or more"):
        formula(0, sides, 64)
    small = convcost.load("vgg16").formula("macs").numpy()
    with pytest.raises(ConvcostError, match="macs is valid for H >= 32 only"):
        small(1, [31, 224], 224)
    minimum = convcost.build(convcost.read_text(CORNERS)).formula("activations", free="H k p s")
    assert minimum.numpy()([64, 128], 3, 1, 2).tolist() == [
        minimum.evaluate(H=height, k=3, p=1, s=2) for height in (64, 128)
    ]


def test_an_extent_may_follow_from_a_parameter() -> None:
    # 224*224 positions, 9 taps, 64 filters for each channel.
    formula = convcost.load("vgg16").formula("macs", free=["channels"])
    assert str(formula) == f"{224 * 224 * 9 * 64}*channels + {15470264320 - 3 * 224 * 224 * 576}"
    by_extent = convcost.load("vgg16").formula("macs", free="C")
    assert by_extent.evaluate(C=7) == formula.evaluate(channels=7)


def test_assumptions_that_leave_nothing() -> None:
    with pytest.raises(ConvcostError, match="nothing is left of H < 10: H must be 32 or more"):
        convcost.load("vgg16").formula("macs", assume=["H < 10"])
    assert convcost.load("vgg16").formula("macs", assume=["H < 33"]).is_valid(N=1, H=32, W=32)


def test_what_is_fixed_is_said() -> None:
    formula = convcost.load("vgg16").formula("macs", free="H")
    assert formula.conditions == ["N == 1", "W == 224", "H >= 32"]
    for form in ("text", "latex", "mathml", "markdown", "srepr", "python", "c", "javascript"):
        assert "W == 224" in FORMS[form](formula)
        assert "H >= 32" in FORMS[form](formula)


def test_a_shape_has_no_value() -> None:
    with pytest.raises(ConvcostError, match="a shape is no number"):
        convcost.load("lenet").formula("output").evaluate(N=1, H=28, W=28)


def test_names_longer_than_a_letter_are_no_products() -> None:
    formula = convcost.load("densenet121").formula("macs", free="growth N")
    assert r"N \mathit{growth}^{2}" in formula.latex
    assert r"\mathit{widths}_{1}" in convcost.load("vgg16").formula("macs", free="widths").latex
    assert "c_{i}" in of_kind("conv2d", "macs").latex


def test_a_list_leaves_each_of_its_items_free() -> None:
    formula = convcost.load("vgg16").formula("parameters", free="widths")
    assert [what.name for what in formula.symbols] == [f"widths_{i}" for i in range(1, 6)]
    widths = (8, 16, 32, 64, 64)
    narrow = convcost.load("vgg16", parameters={"widths": widths})
    values = {f"widths_{i}": width for i, width in enumerate(widths, 1)}
    assert formula.evaluate(**values) == convcost.analyse(narrow).total().parameters.count


def test_roles_of_parameters_are_quantities() -> None:
    roles = {name: FORMULAS["resnet50"][name].evaluate(N=1, H=224, W=224) for name in
             ("weights", "biases", "scales", "shifts")}  # fmt: skip
    # torchvision: 25,557,032 of which 53,120 of batch norm (its statistics are as many), and
    # the last layer's 1,000 biases.
    assert roles == {
        "weights": 25557032 - 53120 - 1000,
        "biases": 1000,
        "scales": 26560,
        "shifts": 26560,
    }


def test_names_are_safe_in_every_language() -> None:
    text = (
        "name: net\ninput: [1, 8, 8]\nparameters: {int: 3, lambda_: 2, macs: 2, np: 2}\n"
        "layers:\n  - dense: int * macs * np\n  - dense: lambda_\n"
    )
    network = convcost.build(convcost.read_text(text))
    formula = network.formula("macs", free="int macs np lambda_")
    assert "int64_t macs(int64_t int_, int64_t macs_, int64_t np, int64_t lambda_)" in EXPORTS["c"](
        formula
    )
    scope: dict[str, Any] = {}
    exec(EXPORTS["python"](formula), scope)  # noqa: S102 - our own text
    assert scope["macs"](3, 2, 2, 2) == 64 * 12 + 12 * 2


@pytest.mark.parametrize("formula", [FORMULAS["resnet50"]["macs"], of_kind("conv2d", "adds")])
def test_mathml_is_well_formed(formula: Formula) -> None:
    root = ET.fromstring(mathml(formula.expr))  # noqa: S314 - our own text
    assert root.tag == "{http://www.w3.org/1998/Math/MathML}math"


def test_latex_is_a_formula_with_floors() -> None:
    formula = FORMULAS["resnet50"]["macs"]
    assert r"\left\lfloor \frac{H + 31}{32} \right\rfloor" in formula.latex
    assert formula.latex.count("{") == formula.latex.count("}")
    assert formula._repr_latex_() == f"${formula.latex}$"


@pytest.mark.filterwarnings("ignore")  # of matplotlib's own dependencies
@pytest.mark.parametrize(
    "formula",
    [
        FORMULAS["densenet121"]["adds"],
        of_kind("conv2d", "multiplies"),
        convcost.build(convcost.read_text(CORNERS)).formula("macs", free="H p s"),
    ],
    ids=lambda formula: formula.of,
)
def test_latex_compiles(formula: Formula) -> None:
    pytest.importorskip("matplotlib", reason="mathtext is matplotlib's")
    from matplotlib.mathtext import MathTextParser

    parsed = MathTextParser("path").parse(f"${formula.latex}$")
    assert parsed.width > 0
    with pytest.raises(ValueError, match="Expected"):
        MathTextParser("path").parse(f"${formula.latex[:-1]}\\frac{{$")


def test_markdown_has_a_worked_number() -> None:
    text = FORMS["markdown"](FORMULAS["resnet50"]["macs"])
    assert "At N = 1, H = 224, W = 224: 4,089,184,256." in text
    assert "| $H$ | height of the input |" in text


def test_the_command() -> None:
    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["formula", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    assert run("vgg16", "--assume", "H % 32 == 0", "--assume", "W % 32 == 0") == (
        "macs(N, H, W) = 307904*H*N*W + 20873216*N\n  where H % 32 == 0\n  where W % 32 == 0\n"
    )
    record = json.loads(run("lenet", "--quantity", "parameters", "--as", "json"))
    assert record["text"] == "1920*floor((H - 12)/4)*floor((W - 12)/4) + 13706"
    assert "lenet, layer conv1: (N, 6, H - 4, W - 4)" in run(
        "lenet", "--per-layer", "--quantity", "output"
    )
    for form in FORMS:
        assert run("max_pool2d", "--quantity", "comparisons", "--as", form)


def test_symbolic_analysis() -> None:
    result = CliRunner().invoke(app, ["analyze", "resnet18", "--symbolic"], env={"COLUMNS": "400"})
    assert result.exit_code == 0
    assert "(N, 64, floor((H + 1)/2), floor((W + 1)/2))" in " ".join(result.stdout.split())
    for form in ("markdown", "latex"):
        result = CliRunner().invoke(app, ["analyze", "lenet", "--symbolic", "--format", form])
        assert r"\left\lfloor \frac{H - 12}{4} \right\rfloor" in result.stdout
