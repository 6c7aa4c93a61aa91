"""What a plain run must not load, and what every kind must have."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from convcost.layers import KINDS

SLOW = ("sympy", "numpy", "scipy", "mxnet", "onnx", "matplotlib", "igraph")


def modules_after(code: str) -> set[str]:
    """Run code in a fresh process; return the top-level modules it has loaded."""
    report = "import json, sys; print(json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{code}\n{report}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import convcost; convcost.analyse(convcost.load('vgg16'))",
        "import sys; sys.argv = ['convcost', 'analyze', 'vgg16', '--convention', 'thop']\n"
        "from convcost.cli import app; app(standalone_mode=False)",
        "import sys; sys.argv = ['convcost', 'predict', 'vgg16', '--profile', 't4']\n"
        "from convcost.cli import app; app(standalone_mode=False)",
        "import sys; sys.path.append('tests'); sys.argv = ['convcost', 'predict', 'vgg16']\n"
        "from convcost.prediction import profile; import time_profile\n"
        "profile.find_profile = lambda _: profile.SHIPPED / 'made.json'\n"
        "profile.load_profile = lambda _: time_profile.profile()\n"
        "from convcost.cli import app; app(standalone_mode=False)",
        "import sys; sys.argv = ['convcost', 'list']\n"
        "from convcost.cli import app; app(standalone_mode=False)",
    ],
)
def test_numbers_need_nothing_slow(code: str) -> None:
    loaded = modules_after(code)
    assert "convcost" in loaded  # the report works
    assert not loaded & set(SLOW)


def test_symbols_load_sympy_alone() -> None:
    loaded = modules_after("from convcost.dims import symbol; symbol('H')")
    assert "sympy" in loaded
    assert not loaded & {"numpy", "mxnet", "onnx"}


def test_kinds_are_documented_and_named_once() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert "Shapes:" in (kind.__doc__ or "")
