"""How networks begin and end: images, means of all positions, dense layers."""

from __future__ import annotations

from convcost.measure.calibration.block import Block
from convcost.measure.calibration.draws import Draw
from convcost.measure.calibration.limits import ELEMENTS, FUNCTIONS, MULTIPLIES, POOLS, rows_of


def stem(block: Block, draw: Draw) -> None:
    """A convolution of an image, and a pooling."""
    channels, filters = draw.one_of((3, 3, 3, 1, 1, 2, 4)), draw.channels(8, 96)
    kernel, stride = draw.one_of((3, 3, 5, 7, 7, 11)), draw.one_of((1, 2, 2, 4))
    normalized = draw.one_of((True, False))
    places = stride * stride  # of the input, for one of the output
    multiplies = max(1, channels * filters * kernel * kernel // places)
    most = min(MULTIPLIES[1] // multiplies, ELEMENTS[1] * places // filters) // block.batch
    block.open(channels, draw.extent(24, 256, most=most))
    block.conv(filters, kernel, stride=stride, bias=not normalized)
    if normalized:
        block.norm()
    block.act()
    if draw.one_of((True, False, False)):
        block.lrn(5)
    mode, size, step, padding = draw.one_of(POOLS[:3])
    block.pool(mode, size, step, padding)  # type: ignore[arg-type]  # a literal
    block.conv_norm_act(filters)


def head(block: Block, draw: Draw) -> None:
    """Dense layers behind a feature map."""
    rows = draw.between(1, 8)
    channels = draw.channels(32, 512)
    block.feed(channels, rows)
    block.flatten()
    for _ in range(2):
        block.dense(draw.between(64, 4096), "relu")
        block.dropout()
    block.dense(draw.between(10, 1024))
    block.act("softmax")


def pooled_head(block: Block, draw: Draw) -> None:
    """A mean of all positions, and a dense layer."""
    channels, filters = draw.channels(32, 640), draw.channels(64, 2048)
    block.feed(channels, rows_of(draw, block, filters, channels * filters))
    block.conv_norm_act(filters)
    block.global_pool()
    block.flatten()
    block.dense(draw.between(10, 1024))


def small(block: Block, draw: Draw) -> None:
    """A whole small network of an image, where starting kernels takes most of the time."""
    block.open(draw.one_of((1, 1, 3)), draw.between(16, 48))
    function = draw.one_of(FUNCTIONS)
    mode = draw.one_of(("average", "max"))
    normalized = draw.one_of((False, False, True))
    for high in (16, 40):
        block.conv(draw.between(4, high), draw.one_of((3, 5)), bias=not normalized)
        if normalized:
            block.norm()
        block.act(function)
        block.pool(mode, 2, 2)  # type: ignore[arg-type]  # a literal
    block.flatten()
    block.dense(draw.between(32, 256), function)
    block.dense(draw.between(16, 128), function)
    block.dense(10)
