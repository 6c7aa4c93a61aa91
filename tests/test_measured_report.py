"""The report of measurements, of a recorded result: its numbers by hand, its forms, a browser."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from importlib import import_module
from io import StringIO
from pathlib import Path

import pytest
import typer
from rich.console import Console
from test_walls import modules_after
from typer.testing import CliRunner

import convcost
from convcost.errors import ConvcostError, MeasurementError
from convcost.graph import Network
from convcost.measure.result import Failure, MeasuredLayer, Result
from convcost.measure.result_files import from_json, load_results
from convcost.measure.session import INTERRUPTED
from convcost.report.measured import numbers
from convcost.report.measured.checks import memory_error
from convcost.report.measured.content import Chapter, Content, content
from convcost.report.measured.document import as_json
from convcost.report.measured.markdown import as_markdown
from convcost.report.measured.terminal import Short
from convcost.traffic import traffic

RECORDED = Path(__file__).parent / "measured" / "two.json"
CHROMIUM = shutil.which("chromium")
command = import_module("convcost.cli.report")  # the package has a command of that name
APP = typer.Typer(pretty_exceptions_enable=False)
APP.command()(command.report)


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return load_results(RECORDED)


@pytest.fixture(scope="module")
def found(results: list[Result]) -> Content:
    return content(results)


@pytest.fixture(scope="module")
def lenet(found: Content) -> Chapter:
    return found.chapters[0]


@pytest.fixture(scope="module")
def page(found: Content) -> str:
    return html_of(found)


def html_of(found: Content) -> str:
    pytest.importorskip("jinja2")
    pytest.importorskip("matplotlib")
    from convcost.report.measured.html import as_html

    return as_html(found)


# --- what it says ------------------------------------------------------------------------


def test_layers_by_hand(lenet: Chapter) -> None:
    # conv1 at batch 2: 2 * 6*24*24 outputs of 25 multiplies; 4 bytes for 2*784 inputs, 156
    # parameters and 6912 outputs; 200 of the 600 microseconds that the timed layers take.
    conv = lenet.lines[0]
    assert conv.multiplies == 2 * 6 * 24 * 24 * 25 == 172_800
    assert conv.bytes_moved == 4 * (2 * 784 + 156 + 6912)
    assert conv.intensity == pytest.approx(172_800 / 34_544)
    assert conv.rate == pytest.approx(864e6)
    assert conv.time_share == pytest.approx(1 / 3)
    assert conv.multiply_share == pytest.approx(172_800 / 563_280)
    # Of 3.456e9 multiply-adds a second it needs 50 microseconds; of 4e9 bytes, 8.6.
    assert conv.expected_seconds == pytest.approx(50e-6)
    assert conv.times_expected == pytest.approx(4)
    # A layer that moves bytes alone: 55,296 of 4e9 a second.
    assert lenet.lines[1].expected_seconds == pytest.approx(13.824e-6)
    assert lenet.lines[1].rate is None
    last = lenet.lines[-1]
    assert (last.seconds, last.rate, last.time_share, last.times_expected) == (None,) * 4


def test_layers_least_explained_by_hand(found: Content) -> None:
    # Microseconds beyond the least: 150, 86.2, 61.1, 41.4, 25.9; dense1 has 40 - 31.6 only.
    first, second = found.chapters
    names = [line.name for line in first.least_explained]
    assert names == ["conv1", "sigmoid1", "conv2", "pool1", "sigmoid2"]
    assert first.least_explained[2].unexplained_seconds == pytest.approx(150e-6 - 307_200 / 3.456e9)
    # Without ceilings: a quarter of the multiplies explains 1 of 4 milliseconds.
    (line,) = second.least_explained
    assert line.name == "first"
    assert line.expected_seconds == pytest.approx(0.001)
    assert second.lines[1].intensity is None  # it moves no bytes


def test_the_verdict(found: Content) -> None:
    first, second = found.chapters
    lines = {check.label: (check.state, check.text) for check in first.checks}
    assert lines["shapes"] == ("different", "10 of 11 layers equal")
    assert lines["parameters"] == (
        "equal",
        "10 of 10 arrays equal; 44,426 learned, 0 statistics",
    )
    assert lines["multiplies"] == ("equal", "4 of 4 layers equal to the framework's own log")
    assert lines["forward time"] == (
        "measured",
        "660 µs (95% interval 650 µs to 680 µs, least 640 µs, 30 rounds)",
    )
    assert lines["sum to whole"][0] == "warning"
    assert lines["reference kernel"][0] == "warning"
    details = {check.label: check.details for check in first.checks}
    assert details["shapes"] == ("pool2: predicted 2×16×4×4, found 2×16×5×5",)
    assert "training step: out of memory at batch 2" in details["not measured"]
    assert first.verdict == (
        "Different: shapes (pool2). The layers' times do not add up."
        " Not measured: training step, time of dense3."
    )
    assert second.verdict == (
        "Different: memory plan. Not known: shapes, multiplies, sum to whole, forward time."
    )


def test_a_verdict_without_fault(results: list[Result]) -> None:
    shapes, time = results[0].shapes, results[0].time
    assert shapes is not None
    for ratio, warns in ((0.95, False), (1.05, False), (0.949, True), (1.051, True)):
        good = replace(
            results[0],
            shapes=replace(shapes, equal=11, different=()),
            time=replace(time, sum_to_whole=ratio),
            failures=(),
        )
        (chapter,) = content([good]).chapters
        states = {check.label: check.state for check in chapter.checks}
        assert states["sum to whole"] == ("warning" if warns else "measured")
        assert chapter.state == ("warning" if warns else "equal")
        more = " The layers' times do not add up." if warns else ""
        assert chapter.verdict == f"Everything that was compared is equal.{more}"


def test_the_error_of_a_plan_is_of_whole_megabytes() -> None:
    megabyte = 2**20
    assert memory_error(3 * megabyte - 1, 2 * megabyte) == 0
    assert memory_error(3 * megabyte, 2 * megabyte) == 0.5
    assert memory_error(megabyte, 4 * megabyte) == -0.75
    assert memory_error(41_552, 0) == 0
    assert memory_error(megabyte, 0) is None


def test_the_model_by_hand(lenet: Chapter) -> None:
    # At pool1 both its input and its output are alive: 2 * 6 * (24*24 + 12*12) elements.
    model = lenet.model
    assert model is not None
    assert model.inference.peak == ("pool1", 4 * 2 * 6 * (576 + 144))
    assert model.training is not None
    # In training pool1's gradient becomes sigmoid1's: both, sigmoid1's output for its own
    # gradient, which elements pool1 took, a byte each, and the network's 2 * 10 outputs.
    alive = 4 * 2 * 6 * (576 + 576 + 144) + 2 * 6 * 144 + 4 * 2 * 10
    assert model.training.peak == ("pool1 backward", alive)
    assert model.macs is not None
    assert model.macs.domain == ("H >= 16", "W >= 16")  # 28 is not a multiple of 32
    short = content([replace(lenet.result, input=(2, 1, 32, 32), layers=())]).chapters[0].model
    assert short is not None
    assert short.macs is not None
    assert short.macs.domain == ("H % 32 == 0", "W % 32 == 0")


def test_a_model_is_of_the_network_that_was_measured(results: list[Result]) -> None:
    lenet = results[0]
    changed = (replace(lenet.layers[0], multiplies=1), *lenet.layers[1:])
    (chapter,) = content([replace(lenet, layers=changed)]).chapters
    assert chapter.model is None
    assert "not the network of that name that was measured" in chapter.why_no_model
    own = replace(lenet, network="mine")
    assert content([own]).chapters[0].model is None
    assert content([own], {"mine": convcost.load("lenet")}).chapters[0].model is not None
    for path in ("lenet.yaml", "specs/lenet"):
        (chapter,) = content([replace(lenet, network=path)]).chapters
        assert "only shipped networks" in chapter.why_no_model
    (chapter,) = content([replace(lenet, input=(2, 784))]).chapters
    assert "expected (channels, height, width)" in chapter.why_no_model


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (numbers.seconds(0.0123456), "12.3 ms"),
        (numbers.seconds(3.8e-8), "38.0 ns"),
        (numbers.seconds(125.0), "125 s"),
        (numbers.seconds(None), "-"),
        (numbers.rate(2.048e9), "2.05 G/s"),
        (numbers.rate(12.0), "12.0 /s"),
        (numbers.share(0.12345), "12.3%"),
        (numbers.brief(131072.0, numbers.BINARY), "128 KiB"),
        (numbers.found((1, 2)), "1×2"),
        (numbers.found(None), "nothing"),
        (numbers.planned(29 * 2**20), "29 MiB, rounded down"),
    ],
)
def test_numbers_are_short(text: str, shown: str) -> None:
    assert text == shown


# --- its forms ---------------------------------------------------------------------------


class Page(HTMLParser):
    """Every element is closed where it belongs; what there is to look at."""

    VOID = frozenset({"meta", "link", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in {"script", "style"}:
            self.text.append(data)

    def of(self, wanted: str) -> list[str]:
        return [value for _, name, value in self.attributes if name == wanted]


def test_html_is_whole_and_asks_for_nothing(page: str) -> None:
    seen = Page(page)
    assert seen.open == []
    assert "http" not in page
    assert "@import" not in page
    assert not seen.of("src")
    ids = seen.of("id")
    assert len(ids) == len(set(ids))
    links = [link for link in seen.of("href") if link != "data:,"]
    links += [f"#{name}" for name in re.findall(r"url\(#([^)]*)\)", page)]
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)
    assert page.count("url(") == page.count("url(#")


def test_html_says_it_all(page: str, found: Content) -> None:
    seen = Page(page)
    text = " ".join(" ".join(seen.text).split())
    for chapter in found.chapters:
        assert chapter.verdict in text
        for check in chapter.checks:
            assert all(part in text for part in (check.label, check.text, *check.details))
        for line in chapter.lines:
            assert line.name in text
        for _, value in chapter.provenance:
            assert value in text
    assert seen.tags["math"] == 1
    assert seen.tags["svg"] == 5 + 3  # no memory by step of an unknown network
    labels = [value for tag, name, value in seen.attributes if (tag, name) == ("svg", "aria-label")]
    assert len(labels) == seen.tags["svg"] == seen.tags["figcaption"] - 1
    assert "conv1" in page[page.index("<svg") :]


def test_html_takes_nothing_for_markup(page: str) -> None:
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "home|made &lt;b&gt;&amp;" in page


def test_pictures_take_any_name(results: list[Result]) -> None:
    odd = "卷积 <1.50> $\\frac$"
    layers = (replace(results[0].layers[0], name=odd), *results[0].layers[1:])
    text = html_of(content([replace(results[0], layers=layers)]))
    assert "卷积 &lt;1.50&gt; $\\frac$</text>" in text


def test_html_stays_small(results: list[Result]) -> None:
    # The report of four networks at two batches, DenseNet-121 the longest of them, is to
    # stay under 1 MB.
    cost = convcost.analyse(convcost.load("densenet121"))
    layers = []
    for index, layer in enumerate(cost.layers):
        moved = traffic(layer)
        layers.append(
            MeasuredLayer(
                name=layer.name,
                kind=layer.kind,
                seconds=1e-5 * (1 + index % 7),
                multiplies=int(layer.work.multiplies),
                adds=int(layer.work.adds),
                bytes_moved=int(moved.bytes_read + moved.bytes_written),
                measured_multiplies=None,
                primitives=("convolution brgconv:avx512_core direct",),
            )
        )
    result = replace(
        results[0], network="densenet121", input=(1, 3, 224, 224), batch=1, layers=tuple(layers)
    )
    found = content([result])
    assert found.chapters[0].model is not None
    assert len(html_of(found).encode()) < 250_000


def test_without_the_libraries_it_says_what_to_install(
    found: Content, monkeypatch: pytest.MonkeyPatch
) -> None:
    from convcost.report.measured.html import as_html
    from convcost.report.measured.svg import drawn

    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConvcostError, match=r"needs jinja2: pip install 'convcost\[report\]'"):
        as_html(found)
    with pytest.raises(ConvcostError, match=r"needs matplotlib: pip install 'convcost\[report\]'"):
        drawn(lambda axes: axes, "a", "b")


def test_a_measurement_that_found_nothing_is_a_page(results: list[Result]) -> None:
    nothing = replace(results[1], network="lenet", layers=(), input=(1, 1, 28, 28))
    found = content([replace(nothing, parameters=None)])
    assert Page(html_of(found)).tags["svg"] == 1  # what the model says of the memory
    assert "Not known: shapes, parameters" in as_markdown(found)


def test_markdown_tables_are_tables(found: Content) -> None:
    text = as_markdown(found)
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert len(tables) == 1 + 3 + 3
    for table in tables:
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1
    assert r"\<script\>" in text
    assert r"home\|made" in text
    for part in (
        "| conv1 | conv2d | 172.8 K | 33.73 KiB | 5.00 | 200 µs | 864 M/s |",
        "`150*H*N*W",
    ):
        assert part in text
    for chapter in found.chapters:
        for line in chapter.lines:
            assert f"| {line.name} |" in text


def test_a_terminal_of_80_columns_is_wide_enough(found: Content) -> None:
    console = Console(file=StringIO(), width=80, color_system=None)
    with console.capture() as captured:
        console.print(Short(found))
    text = captured.get()
    assert max(map(len, text.splitlines())) <= 80
    assert "✗ shapes               10 of 11 layers equal" in text
    assert re.search(r"sigmoid1 +100 µs +13.8 µs +7.23× +16.7% +0.0%", text)
    assert "home|made <b>&" in text


def test_json_has_the_results_and_what_is_derived(found: Content, results: list[Result]) -> None:
    document = json.loads(as_json(found))
    assert from_json(json.dumps(document["results"])) == results
    assert from_json(json.dumps(document)) == results
    first, second = document["derived"]
    assert first["least_explained"][0] == "conv1"
    assert first["layers"][0]["rate"] == pytest.approx(864e6)
    assert first["model"]["macs"]["text"].startswith("150*H*N*W")
    assert second["model"] is None


# --- the command -------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
def test_the_command_writes_a_file(tmp_path: Path, suffix: str) -> None:
    if suffix == ".html":
        pytest.importorskip("jinja2")
        pytest.importorskip("matplotlib")
    path = tmp_path / f"report{suffix}"
    done = CliRunner().invoke(APP, [str(RECORDED), "--output", str(path)])
    assert done.exit_code == 0, done.output
    assert "lenet" in path.read_text(encoding="utf-8")
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_the_command_prints_in_short() -> None:
    done = CliRunner().invoke(APP, [str(RECORDED)], env={"COLUMNS": "80"})
    assert done.exit_code == 0
    assert "Least explained by their work" in done.stdout


def test_the_command_names_the_formats_it_knows(tmp_path: Path) -> None:
    for name in ("report.pdf", "report"):
        done = CliRunner().invoke(APP, [str(RECORDED), "--output", str(tmp_path / name)])
        assert isinstance(done.exception, ConvcostError)
        assert "known: .html, .json, .md" in str(done.exception)
    missing = CliRunner().invoke(APP, [str(tmp_path / "run.json")])
    assert isinstance(missing.exception, MeasurementError)


def test_the_command_measures_networks(
    monkeypatch: pytest.MonkeyPatch, results: list[Result]
) -> None:
    asked: list[tuple[str, int]] = []

    def measured(device: str, cases: list[tuple[Network, int]], *, training: bool) -> list[Result]:
        assert (device, training) == ("cpu", True)
        asked.extend((network.name, batch) for network, batch in cases)
        return results[:1] * 4

    monkeypatch.setattr(command, "open_session", lambda device, _: device)
    monkeypatch.setattr(command, "measured", measured)
    arguments = [str(RECORDED), "lenet", "nin", "--batch", "1,2", "--device", "cpu", "--training"]
    done = CliRunner().invoke(APP, arguments)
    assert done.exit_code == 0, done.output
    assert asked == [("lenet", 1), ("lenet", 2), ("nin", 1), ("nin", 2)]
    assert done.stdout.count("lenet, batch 2") == 5


def test_the_command_reports_what_an_interrupt_leaves(
    monkeypatch: pytest.MonkeyPatch, results: list[Result], tmp_path: Path
) -> None:
    monkeypatch.setattr(command, "open_session", lambda *_: None)
    failed = (*results[0].failures, Failure(what="the rest", reason=INTERRUPTED))
    left = [replace(results[0], failures=failed)]
    monkeypatch.setattr(command, "measured", lambda *_, **__: left)
    path = tmp_path / "report.md"
    done = CliRunner().invoke(APP, ["lenet", "--batch", "1,2", "--output", str(path)])
    assert done.exit_code == 130
    assert "## lenet" in path.read_text(encoding="utf-8")


def test_what_a_page_needs_is_asked_for_before_measuring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.setattr(command, "measured", lambda *_, **__: pytest.fail("measured"))
    monkeypatch.setattr(command, "open_session", lambda *_: pytest.fail("opened"))
    done = CliRunner().invoke(APP, ["lenet", "--output", "report.html"])
    assert isinstance(done.exception, ConvcostError)


def test_a_recorded_result_needs_neither_mxnet_nor_numpy() -> None:
    loaded = modules_after(
        f"from convcost.cli.report import report; report([{str(RECORDED)!r}], batches='1')"
    )
    assert "convcost" in loaded
    assert not loaded & {"mxnet", "numpy", "matplotlib", "jinja2"}


# --- a browser ---------------------------------------------------------------------------

SORT = """<script>
const tables = [...document.querySelectorAll("table.textlast")];
const table = tables.find((each) => each.rows[1].cells[0].textContent === "conv1");
const column = (i) => [...table.tBodies[0].rows].map((row) => row.cells[i].textContent).join(",");
const head = (i) => table.tHead.rows[0].cells[i];
const seen = [];
for (const i of [5, 5, 3, 2, 0]) {
  head(i).firstChild.click();
  seen.push(head(i).getAttribute("aria-sort") + ":" + column(i));
}
seen.push([...table.querySelectorAll("[aria-sort]")].length);
const written = ["2 TiB", "1.5 GiB", "2 MiB", "3 KiB", "5 B", "40.0 ms", "4 µs", "5.25 ns"];
seen.push(written.map(number));
const shown = document.createElement("pre");
shown.id = "seen";
shown.textContent = JSON.stringify(seen);
document.body.append(shown);
</script>"""


def browse(path: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """Open a page in chromium, with a profile of its own."""
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    plain = ("--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr")
    profile = f"--user-data-dir={path.parent / 'profile'}"
    return subprocess.run(
        [CHROMIUM, *plain, profile, *flags, path.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )


def test_a_browser_shows_and_sorts_it(page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page.replace("</body>", f"{SORT}</body>"), encoding="utf-8")
    done = browse(path, "--dump-dom")
    assert "CONSOLE" not in done.stderr
    text = "".join(Page(done.stdout).text)
    assert "pool2: predicted 2×16×4×4, found 2×16×5×5" in text
    seen = json.loads(text[text.rindex('["desc') :])
    by_time, again, by_bytes, by_multiplies, by_name, heads, written = seen
    assert by_time.startswith("descending:200 µs,150 µs,100 µs,50.0 µs,40.0 µs,30.0 µs,")
    assert by_time.endswith(",-")
    assert again.startswith("ascending:5.00 µs,5.00 µs,10.0 µs,")
    assert again.endswith(",200 µs,-")  # what is not known stays last
    assert by_bytes.startswith("descending:123.4 KiB,54.00 KiB,41.30 KiB,")
    assert by_multiplies.startswith("descending:307.2 K,172.8 K,61.44 K,20.16 K,1,680,0,")
    assert by_name.startswith("ascending:conv1,conv2,dense1,")
    assert heads == 1
    sizes = [2 * 2**40, 1.5 * 2**30, 2 * 2**20, 3 * 2**10, 5]
    assert written == pytest.approx([*sizes, 0.04, 4e-6, 5.25e-9])


def test_a_browser_tells_of_errors(page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page.replace("</body>", "<script>missing()</script></body>"), encoding="utf-8")
    assert "CONSOLE" in browse(path, "--dump-dom").stderr


def test_a_browser_draws_it(page: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(page, encoding="utf-8")
    picture = tmp_path / "report.png"
    browse(path, f"--screenshot={picture}", "--window-size=1280,2000")
    assert picture.stat().st_size > 50_000
