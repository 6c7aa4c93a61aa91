"""Networks of Gluon's model zoo that do not come with convcost, through their symbols."""

from __future__ import annotations

import tempfile
from pathlib import Path

from convcost.graph import Network, build
from convcost.importers.mxnet import read_file
from convcost.measure.session import Session

IMAGE = (3, 224, 224)
ZOO = {
    **{f"mobilenet{width}": ("mobilenet", IMAGE) for width in ("1.0", "0.75", "0.5", "0.25")},
    **{f"mobilenetv2_{width}": ("mobilenet_v2", IMAGE) for width in ("1.0", "0.75", "0.5", "0.25")},
    "squeezenet1.0": ("squeezenet", IMAGE),
    "squeezenet1.1": ("squeezenet", IMAGE),
    "inceptionv3": ("inception", (3, 299, 299)),
}
"""Their family and input. The zoo's other networks are those that come with convcost."""


def zoo(session: Session) -> dict[str, Network]:
    """Return the zoo's networks, as they are imported from its symbols."""
    found = {}
    texts = session.run(symbols, tuple(ZOO))
    with tempfile.TemporaryDirectory() as folder:
        for name, text in texts.items():
            path = Path(folder, f"{name}-symbol.json")
            path.write_text(text, encoding="utf-8")
            found[name] = build(read_file(path, axes=3), input=ZOO[name][1])
    return found


def symbols(names: tuple[str, ...]) -> dict[str, str]:
    """Return what Gluon makes of networks without weights, in a child process."""
    from convcost.measure.mxnet_backend import opened

    mx = opened()
    data = mx.sym.var("data")
    return {name: mx.gluon.model_zoo.vision.get_model(name)(data).tojson() for name in names}
