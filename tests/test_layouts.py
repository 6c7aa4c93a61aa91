"""Layouts of tensors: by hand, and as oneDNN's own log has them."""

from __future__ import annotations

from importlib.util import find_spec

import pytest
from time_profile import MACHINE

import convcost
from convcost.cost import NetworkCost
from convcost.measure import tasks
from convcost.measure.mxnet_backend import MxnetBackend
from convcost.measure.session import Session
from convcost.prediction.fusion import fused, fused_terms, unfused
from convcost.prediction.layouts import layout, layouts

needs_mxnet = pytest.mark.skipif(find_spec("mxnet") is None, reason="MXNet has the log")

TEXT = """
name: layouts
input: [3, 20, 20]
layers:
  - conv2d: {name: stem, filters: 16, kernel: 3, padding: 1}      # few channels: read plain
  - batch_norm: {name: bn}
  - relu: {name: relu}
  - max_pool2d: {name: pool, kernel: 2, stride: 2}
  - conv2d: {name: odd, filters: 20, kernel: 3, padding: 1}       # 20 do not fill blocks
  - batch_norm: {name: bn_odd}
  - average_pool2d: {name: pool_odd, kernel: 3, stride: 1, padding: 1}
  - conv2d: {name: from_odd, filters: 16, kernel: 1, bias: false} # nor does what comes in
  - conv2d: {name: depthwise, filters: 16, kernel: 3, padding: 1, groups: 16, from: pool}
  - conv2d: {name: grouped, filters: 16, kernel: 3, padding: 1, groups: 4}   # 4 in a group
  - conv2d: {name: grouped8, filters: 16, kernel: 3, padding: 1, groups: 2}  # 8 in a group
  - relu6: {name: clip}                                           # oneDNN has no kernel for it
  - conv2d: {name: wide, filters: 8, kernel: 9, stride: 2, padding: 4}       # too wide to pad
  - conv2d: {name: wide1, filters: 8, kernel: 9, padding: 2, from: clip}
  - conv2d: {name: padded, filters: 8, kernel: 11, padding: 4, from: clip}   # 4 of padding
  - add: {name: sum, from: [pool, grouped8]}
  - conv2d: {name: one, filters: 24, kernel: 1}
  - concat: {name: both, from: [one, clip]}
  - conv2d: {name: last, filters: 8, kernel: 1}
  - relu6: {name: end}
  - conv2d: {name: even, filters: 16, kernel: 1, stride: 2, from: pool}
  - conv2d: {name: rest, filters: 16, kernel: 1, stride: 3, from: pool}      # does not divide 10
  - max_pool2d: {name: small, kernel: 5, stride: 5, from: pool}
  - conv2d: {name: narrow, filters: 16, kernel: 7, padding: 3, groups: 16}   # 3 before 2 outputs
outputs: [from_odd, wide, wide1, padded, end, even, rest, narrow]
"""
IN_BLOCKS = {
    *("stem", "bn", "relu", "pool", "depthwise", "grouped8", "wide1", "sum", "one", "both", "last"),
    *("even", "rest", "small"),
}


def _cost() -> NetworkCost:
    return convcost.analyse(convcost.build(convcost.read_text(TEXT)), batch=2)


def test_layouts_by_hand() -> None:
    cost = _cost()
    found = layouts(cost, unfused(cost))
    assert {name for name, blocked in found.items() if blocked} == IN_BLOCKS


def test_who_reads_another_layout_pays() -> None:
    cost = _cost()
    blocked = layouts(cost, unfused(cost))
    found = {
        layer.name: fused_terms((layer,), MACHINE, blocked).values.get("reordered_bytes", 0)
        for layer in cost.layers
    }
    small = 4 * 2 * 16 * 10 * 10  # bytes of what the pooling gives
    assert {name: number for name, number in found.items() if number} == {
        "odd": 2 * small,
        "grouped": 2 * small,
        "grouped8": 2 * small,
        "clip": 2 * small,
        "wide1": 2 * small,
        "both": 2 * small,
        "end": 2 * 4 * 2 * 8 * 10 * 10,
        "narrow": 2 * 4 * 2 * 16 * 2 * 2,
    }


def test_what_is_fused_works_in_the_layout_of_the_first() -> None:
    cost = _cost()
    found = layouts(cost, fused(cost))
    assert {name for name, blocked in found.items() if blocked} == IN_BLOCKS | {"end"}


@needs_mxnet
@pytest.mark.parametrize("together", ["", "fused"])
def test_layouts_as_the_log_has_them(together: str) -> None:
    cost = _cost()
    session = Session(backend=MxnetBackend(), device="cpu", threads=1, seconds=120)
    log = session.run(tasks.work, session.job(cost), log=True, fused=bool(together))
    groups = (fused if together else unfused)(cost)
    blocked = layouts(cost, groups)
    for first, *_ in groups:
        names = [each.name for each in log.get(first.name, ())]
        kernels = [name for name in names if not name.startswith("reorder")]
        if first.kind in {"conv2d", "pool2d"}:
            (kernel,) = kernels
            assert blocked[first.name] == (" jit" in kernel), (first.name, kernel)
            found = fused_terms((first,), MACHINE, blocked).kernel
            assert (found == "conv2d 1x1") == (" jit_1x1" in kernel), (first.name, kernel)
        if first.kind in {"conv2d", "pool2d", "batch_norm"}:
            inputs = [blocked.get(name, False) for name in first.inputs]
            other = [each != layout(first, inputs).takes for each in inputs]
            assert sum(other) == len(names) - len(kernels), (first.name, names)
