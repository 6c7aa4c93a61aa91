"""Random small networks for properties that must hold for all: branches, joins, several outputs."""

from __future__ import annotations

from hypothesis import strategies as st

import convcost

KINDS = ("conv2d", "relu", "batch_norm", "dropout", "max_pool2d", "add", "multiply", "concat")


@st.composite
def networks(draw: st.DrawFn) -> convcost.Network:
    """Draw a network of up to a dozen layers on maps of one size, each reading any before it."""
    channels = {"input": 2}
    lines = []
    for index in range(draw(st.integers(1, 12))):
        name, kind = f"l{index}", draw(st.sampled_from(KINDS))
        source = draw(st.sampled_from(sorted(channels)))
        attributes = f"name: {name}, from: {source}"
        channels[name] = channels[source]
        if kind == "conv2d":
            channels[name] = draw(st.integers(1, 5))
            attributes += f", filters: {channels[name]}, kernel: 3, padding: 1"
        elif kind == "max_pool2d":
            attributes += ", kernel: 3, stride: 1, padding: 1"
        elif kind in {"add", "multiply", "concat"}:
            like = [n for n in channels if n != name and channels[n] == channels[source]]
            others = sorted(set(channels) - {name}) if kind == "concat" else like
            other = draw(st.sampled_from(others))
            channels[name] += channels[other] if kind == "concat" else 0
            attributes = f"name: {name}, from: [{source}, {other}]"
        lines.append(f"  - {kind}: {{{attributes}}}")
    outputs = {lines[-1].split("name: ")[1].split(",")[0], draw(st.sampled_from(sorted(channels)))}
    ends = ", ".join(sorted(outputs - {"input"}))
    text = "\n".join(["name: random", "input: [2, 3, 4]", "layers:", *lines, f"outputs: [{ends}]"])
    return convcost.build(convcost.read_text(text + "\n"))
