"""The command line: what it prints, where, and how it fails."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

import convcost
from convcost.cli import app, main
from convcost.report.labels import Labels, shortened

WRONG = """\
name: wrong
input: [1, 28, 28]
layers:
  - conv2d: {filter: 6, kernel: 5}
  - relux
"""


def run(*arguments: str, columns: int = 80) -> str:
    """Run a command in this process; return its standard output."""
    result = CliRunner().invoke(app, arguments, env={"COLUMNS": str(columns), "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    return result.stdout


def spawn(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a process of its own."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "convcost", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def numbers(line: str) -> list[int]:
    """Return the whole numbers of a line that stand before its memory."""
    words = re.sub(r"[0-9.]+ [KMG]?i?B.*", "", line).replace(",", "").split()
    return [int(word) for word in words if word.isdigit()]


def test_analyze_ends_with_every_layer_and_the_totals() -> None:
    text = " ".join(run("analyze", "vgg16", columns=100).split())
    assert "block1 conv1 64×224×224 1,792 86,704,128 86,704,128 12.25 MiB" in text
    assert "dense3 1000 4,097,000 4,096,000 4,096,000 3.906 KiB" in text
    assert "total 138,357,544 15,470,264,320 15,470,264,320 109.4 MiB" in text
    assert "39 layers" in text


@pytest.mark.parametrize("columns", [80, 100, 120, 200])
@pytest.mark.parametrize("network", ["vgg16", "googlenet", "resnet152", "densenet264"])
def test_tables_fit_the_terminal(network: str, columns: int) -> None:
    text = run("analyze", network, columns=columns)
    assert max(map(len, text.splitlines())) <= columns
    assert "…" not in text.splitlines()[2]  # no head is cut


def test_a_wide_terminal_shows_more() -> None:
    assert "comparisons" not in run("analyze", "vgg16", columns=80).splitlines()[2]
    assert "comparisons" in run("analyze", "vgg16", columns=200).splitlines()[2]


def test_columns_sum_to_the_printed_total() -> None:
    lines = run("analyze", "lenet-bn", columns=200).splitlines()
    *layers, total = [numbers(line)[-8:] for line in lines if len(numbers(line)) >= 8]
    assert len(layers) == 15
    # Parameters, statistics, multiplies, adds, comparisons, divisions, exponentials, roots.
    assert [sum(column) for column in zip(*layers, strict=True)] == total


def test_depth_groups_by_block() -> None:
    text = run("analyze", "resnet50", "--depth", "1", columns=120)
    labels = [line.split()[0] for line in text.splitlines()[4:] if line.strip()][:9]
    assert labels[:8] == ["conv1", "bn1", "relu1", "pool1", "stage1", "stage2", "stage3", "stage4"]
    assert "215,808" in text  # of stage 1: 75,008 + 2 * 70,400, as torchvision's layer1 has


def test_sort_and_top() -> None:
    text = run("analyze", "alexnet", "--sort", "parameters", "--top", "2", columns=120)
    labels = [line.split()[0] for line in text.splitlines()[4:6]]
    assert labels == ["dense1", "dense2"]


def test_json_is_only_json_and_exact() -> None:
    done = spawn("analyze", "vgg16", "--format", "json", "--batch", "1000000007")
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert document["network"] == "vgg16"
    assert document["input"] == {"n": 1000000007, "c": 3, "h": 224, "w": 224}
    assert document["total"]["macs"] == 15470264320 * 1000000007
    first = document["layers"][0]
    assert first["name"] == "block1.conv1"
    assert (first["kind"], first["block"], first["inputs"]) == ("conv2d", "block1", ["input"])
    assert first["output"] == [1000000007, 64, 224, 224]
    assert first["parameters"] == {"weights": 1728, "biases": 64, "scales": 0, "shifts": 0}
    assert first["work"].keys() == {
        "multiplies", "adds", "comparisons", "divisions", "exponentials", "square_roots"
    }  # fmt: skip
    assert document["total"].keys() >= {
        "parameters", "statistics", "multiplies", "adds", "comparisons", "divisions",
        "exponentials", "square_roots", "macs", "activations", "activation_bytes",
        "parameter_bytes", "layers",
    }  # fmt: skip
    assert document["notes"] == document["uncounted"] == []


def test_json_layers_sum_to_the_total() -> None:
    document = json.loads(run("analyze", "googlenet-d2l", "--format", "json"))
    total = document["total"]
    for name in ("multiplies", "adds", "comparisons", "divisions"):
        assert sum(layer["work"][name] for layer in document["layers"]) == total[name]
    for name in ("macs", "activations", "activation_bytes", "statistics"):
        assert sum(layer[name] for layer in document["layers"]) == total[name]
    assert total["parameters"] == 5977530
    assert total["layers"] == len(document["layers"])


def test_json_of_a_convention() -> None:
    document = json.loads(
        run("analyze", "resnet50", "--convention", "imgclsmob", "--format", "json")
    )
    assert document["convention"] == {
        "name": "imgclsmob", "unit": "FLOPs/2", "count": 4110476960, "printed": "4,110.48M",
        "parameters": 25557032, "uncovered": {},
    }  # fmt: skip
    burden = json.loads(
        run("analyze", "vgg16", "--convention", "convnet-burden", "--format", "json")
    )
    assert burden["convention"]["parameter_bytes"] == 138357544 * 4
    assert round(burden["convention"]["feature_bytes"] / 2**20) == 58


def test_csv_has_every_layer() -> None:
    rows = list(csv.DictReader(io.StringIO(run("analyze", "lenet", "--format", "csv"))))
    assert [row["kind"] for row in rows].count("conv2d") == 2
    assert sum(int(row["weights"]) + int(row["biases"]) for row in rows) == 44426
    assert rows[0]["output"] == "1x6x24x24"


def test_markdown_is_a_table_with_totals_and_notes() -> None:
    text = run("analyze", "lenet-bn", "--format", "markdown")
    assert "| **total** |  |  | **44,878** | **286,324** | **295,918** | **59.30 KiB** |" in text
    assert "- `dense1`: its bias is redundant" in text


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "vgg16.json"
    assert run("analyze", "vgg16", "--format", "json", "--output", str(path)) == ""
    assert json.loads(path.read_text())["total"]["parameters"] == 138357544
    run("analyze", "vgg16", "--output", str(path))
    assert "138,357,544" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_half_written(tmp_path: Path) -> None:
    done = spawn("analyze", "vgg16", "--output", str(tmp_path / "none" / "x.txt"))
    assert done.returncode == 1
    assert "cannot write" in done.stderr
    assert not (tmp_path / "none").exists()


def test_input_and_set_and_preset() -> None:
    small = json.loads(run("analyze", "vgg11", "--preset", "fashion-mnist", "--input", "1x96x96",
                           "--format", "json"))  # fmt: skip
    assert small["total"]["macs"] == 1399955456
    custom = json.loads(run("analyze", "vgg11", "--set", "convolutions=2,2,3,3,3",
                            "--set", "classes=1000", "--format", "json"))  # fmt: skip
    assert custom["total"]["parameters"] == 138357544  # that is VGG-16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["analyze", "vgg61"], "unknown network 'vgg61'; did you mean 'vgg1"),
        (["analyze", "vgg16", "--set", "clases=1"], "no parameter 'clases'; did you mean 'cl"),
        (["analyze", "vgg16", "--set", "classes"], "--set: expected name=value, got 'classes'"),
        (["analyze", "vgg16", "--set", "classes=2**9"], "--set classes: only + - * // % are"),
        (["analyze", "vgg16", "--input", "3x224"], "input: expected (channels, height, width)"),
        (["analyze", "vgg16", "--input", "3x"], "--input: expected CxHxW, such as 3x224x224"),
        (["analyze", "vgg16", "--input", "3x16x16"], "height: a window of 2 does not fit into 1"),
        (["analyze", "vgg16", "--sort", "add"], "unknown column 'add'; did you mean 'adds'"),
        (["analyze", "vgg16", "--convention", "ptflop"], "did you mean 'ptflops'"),
        (["analyze", "no/such.yaml"], "cannot read no/such.yaml"),
        (["compare", "vgg16", "alexnett"], "unknown network 'alexnett'; did you mean 'al"),
    ],
)  # fmt: skip
def test_wrong_input_is_an_error_and_no_traceback(arguments: list[str], message: str) -> None:
    done = spawn(*arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_all_errors_of_a_file_with_their_places(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(WRONG)
    done = spawn("analyze", str(path))
    assert done.returncode == 1
    assert f"--> {path}:4:14" in done.stderr
    assert "unknown key 'filter' in conv2d; did you mean 'filters'" in done.stderr
    assert (
        "      4 |   - conv2d: {filter: 6, kernel: 5}\n        |              ^^^^^^" in done.stderr
    )
    assert f"--> {path}:5:5" in done.stderr
    assert "unknown layer kind or block 'relux'; did you mean 'relu'" in done.stderr


@pytest.mark.parametrize("arguments", [["analyze"], ["analyze", "vgg16", "--batch", "0"], ["nope"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert spawn(*arguments).returncode == 2


def test_a_spec_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text("name: own\ninput: [1, 8, 8]\nlayers:\n  - dense: 10\n")
    assert json.loads(run("analyze", str(path), "--format", "json"))["total"]["macs"] == 640


def test_one_of_a_family_in_a_file() -> None:
    path = Path(convcost.find("vgg16").file)
    assert "138,357,544" in run("analyze", f"{path}:vgg16", columns=120)
    done = spawn("analyze", str(path))
    assert done.returncode == 1
    assert "it describes a family: ask for FILE:NAME" in done.stderr


def test_list_names_every_network_by_family() -> None:
    text = run("list", columns=120)
    for spec in convcost.known_networks():
        assert f"  {spec.name} " in text
    records = json.loads(run("list", "--format", "json"))
    assert {record["network"]: record["macs"] for record in records}["vgg16"] == 15470264320
    assert all(record["description"] and record["source"] for record in records)


def test_show_prints_the_spec_and_the_layers() -> None:
    text = run("show", "resnet18", columns=120)
    assert "units: [2, 2, 2, 2]" in text
    assert "conv1 conv2d (N, 64, 112, 112)" in text
    assert "stage4" in text


def test_compare_answers_the_notes_question() -> None:
    # Why do NiN and GoogLeNet have so few parameters? Their dense layers are (almost) gone.
    text = run("compare", "alexnet-d2l", "vgg11", "nin-d2l", "googlenet-d2l",
               "--preset", "fashion-mnist", "--by", "kind", columns=160)  # fmt: skip
    assert "43,040,778" in text  # AlexNet's dense parameters: 26218496 + 16781312 + 40970
    assert "119,586,826" in text  # VGG's
    assert "10,250" in text  # GoogLeNet's
    assert "1,992,166" in text  # all of NiN's, in convolutions


def test_compare_gives_ratios_to_the_first() -> None:
    record = json.loads(run("compare", "vgg11", "vgg11-bn", "--format", "json"))
    first, second = record["networks"]
    assert set(first["ratios"].values()) == {1.0}
    assert second["ratios"]["parameters"] == pytest.approx(132868840 / 132863336)
    text = run("compare", "resnet50", "resnet50-original", "--convention", "imgclsmob")
    assert "4,110,476,960 3,877,948,832 0.943×" in " ".join(text.split())


def test_schema_is_json() -> None:
    assert json.loads(run("schema"))["title"] == "convcost network spec"


def test_colours_only_where_wanted() -> None:
    colours = re.compile(r"\x1b\[[0-9;]*3[0-9]")  # a foreground; bold and dim are no colours
    assert colours.search(spawn("analyze", "lenet", FORCE_COLOR="1").stdout)
    assert not colours.search(spawn("analyze", "lenet", FORCE_COLOR="1", NO_COLOR="1").stdout)
    assert "\x1b[" not in spawn("analyze", "lenet").stdout


def test_version_and_help() -> None:
    assert run("--version") == f"convcost {convcost.__version__}\n"
    for command in ("analyze", "list", "show", "compare", "schema"):
        assert command in run("--help")
        assert "Usage" in run(command, "--help")


def test_main_runs_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    sys.argv = ["convcost", "analyze", "nope"]
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    assert "unknown network 'nope'" in capsys.readouterr().err


def test_totals_are_never_cut() -> None:
    text = run("analyze", "vgg16", "--batch", "99999999999999999999999", "--top", "1", columns=70)
    # 15,470,264,320 times (10**23 - 1)
    assert "1,547,026,431,999,999,999,999,984,529,735,680" in text


def test_names_stay_where_the_terminal_is_narrow() -> None:
    lines = run("analyze", "vgg16", "--depth", "1", columns=60).splitlines()
    assert [line.split()[0] for line in lines[4:9]] == [f"block{i}" for i in range(1, 6)]


def test_a_folder_is_no_network(tmp_path: Path) -> None:
    done = spawn("analyze", str(tmp_path))
    assert done.returncode == 1
    assert f"cannot read {tmp_path}: Is a directory" in done.stderr


def test_compare_in_markdown_has_every_digit_and_the_notes() -> None:
    text = run("compare", "lenet", "lenet-bn", "--format", "markdown")
    assert "| parameters | 44,426 | 44,878 1.01× |" in text
    assert "- lenet-bn `dense1`: its bias is redundant" in text


def test_compare_by_kind_keeps_the_convention(tmp_path: Path) -> None:
    text = run("compare", "vgg11", "vgg13", "--by", "kind", "--convention", "torch", columns=160)
    assert "15,218,180,096" in text  # PyTorch's own counter on VGG-11
    path = tmp_path / "own.yaml"
    path.write_text("name: own\ninput: [1, 8, 8]\nlayers:\n  - dense: 10\n")
    assert convcost.analyse(convcost.load(path)).total().macs == 640


def test_long_names_are_cut_where_they_are_alike() -> None:
    assert shortened("linearbottleneck12", 18) == "linearbottleneck12"
    assert shortened("linearbottleneck12", 17) == "linearbottl…eck12"
    assert shortened("linearbottleneck12", 8) == "linea…12"
    drawn = io.StringIO()
    table = Table.grid()
    table.add_row(Labels([("linearbottleneck12.conv0", "")]), "12345")
    Console(width=20, file=drawn).print(table, Labels([("a", "bold"), ("b", "")]))
    assert drawn.getvalue() == "linearbott…onv012345\na\nb\n"
