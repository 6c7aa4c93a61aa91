"""Families of blocks as real networks have them, each of sizes that are drawn.

None is of a network that comes with convcost: their forms are common, their sizes are not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from convcost.layers import ConvTranspose2d
from convcost.layers.activation import Function
from convcost.measure.calibration import ends
from convcost.measure.calibration.block import Block, Pair
from convcost.measure.calibration.draws import Draw
from convcost.measure.calibration.limits import FUNCTIONS, POOLS, rows_of

_KERNELS: tuple[int | Pair, ...] = (3, 3, 3, 3, 5, 1, 7, (1, 7), (7, 1), (1, 3), (3, 1))


def _taps(kernel: int | Pair) -> int:
    return kernel[0] * kernel[1] if isinstance(kernel, tuple) else kernel * kernel


def _plain(block: Block, draw: Draw) -> None:
    """Convolutions with a bias or batch norm, then a pooling."""
    channels, kernel = draw.channels(8, 512), draw.one_of(_KERNELS)
    filters = max(1, int(channels * draw.one_of((1, 1, 1, 2, 0.5))))
    widest = max(channels, filters)
    rows = rows_of(draw, block, widest, widest * filters * _taps(kernel))
    normalized, function = draw.one_of((True, False)), draw.one_of(FUNCTIONS)
    block.feed(channels, rows, max(1, int(rows * draw.one_of((1, 1, 1, 0.7)))))
    for _ in range(2):
        block.conv(filters, kernel, bias=not normalized)
        if normalized:
            block.norm()
        block.act(function)
    mode, size, stride, padding = draw.one_of(POOLS)
    block.pool(mode, size, stride, padding)  # type: ignore[arg-type]  # a literal
    block.conv_norm_act(filters)


def _residual(block: Block, draw: Draw) -> None:
    """Two residual units of two convolutions, the second one with a stride."""
    width = draw.channels(8, 384)
    rows = rows_of(draw, block, width, 9 * width * width, halved=True)
    identity = block.feed(width, rows)
    block.conv_norm_act(width, 3)
    block.conv(width, 3)
    block.add(block.norm(), identity)
    identity = block.act()
    block.conv_norm_act(2 * width, 3, stride=2)
    block.conv(2 * width, 3)
    body = block.norm()
    block.conv(2 * width, 1, identity, stride=2)
    block.add(body, block.norm())
    block.act()


def _bottleneck(block: Block, draw: Draw) -> None:
    """Two residual units that narrow and widen, the second one with a stride."""
    width, wider = draw.channels(8, 320), draw.one_of((4, 4, 2))
    groups = draw.one_of((1, 1, 1, 1, 4, 8, 32))
    groups = groups if width % groups == 0 and width > groups else 1
    multiplies = max(9 // groups, 2 * wider) * width * width
    rows = rows_of(draw, block, wider * width, multiplies, halved=True)
    source = block.feed(wider * width, rows)
    for stride in (1, 2):
        scale = stride
        block.conv_norm_act(scale * width, 1, source)
        block.conv_norm_act(scale * width, 3, stride=stride, groups=groups)
        block.conv(scale * wider * width)
        body = block.norm()
        if stride > 1:
            block.conv(scale * wider * width, 1, source, stride=stride)
            source = block.norm()
        block.add(body, source)
        source = block.act()


def _preactivated(block: Block, draw: Draw) -> None:
    """Residual units that normalize first."""
    width, wider = draw.channels(16, 320), draw.one_of((1, 4))
    rows = rows_of(draw, block, wider * width, 9 * width * width)
    source = block.feed(wider * width, rows)
    for _ in range(2):
        block.norm(source)
        block.act()
        if wider > 1:
            block.conv_norm_act(width)
        block.conv_norm_act(width, 3)
        source = block.add(block.conv(wider * width), source)


def _dense(block: Block, draw: Draw) -> None:
    """Layers that each see all before them, and a transition that halves."""
    channels = draw.channels(32, 640, regular=True)  # oneDNN's gradient of a concatenation
    growth = draw.channels(8, 48, regular=True)  # fails for many others
    narrowed = draw.one_of((True, True, False))
    inner = 4 * growth if narrowed else channels
    rows = rows_of(draw, block, channels + 3 * growth, inner * max(9 * growth, channels))
    source = block.feed(channels, rows)
    for _ in range(3):
        block.norm(source)
        block.act()
        if narrowed:
            block.conv_norm_act(inner)
        source = block.concat(source, block.conv(growth, 3))
    block.norm()
    block.act()
    block.conv(block.width // 2)
    block.pool("average", 2, 2)


def _branches(block: Block, draw: Draw) -> None:
    """Four branches of unlike kernels, joined."""
    channels, out = draw.channels(32, 768), draw.channels(16, 320, regular=True)
    narrow, half = draw.channels(8, 160), max(1, out // 16) * 8
    normalized, kernel = draw.one_of((True, False)), draw.one_of((5, 3, 7))
    multiplies = max(channels * out, kernel * kernel * narrow * out // 2)
    source = block.feed(channels, rows_of(draw, block, channels, multiplies))

    def unit(filters: int, kernel: int = 1, source: str | None = None) -> str:
        sources = () if source is None else (source,)
        block.conv(filters, kernel, *sources, bias=not normalized)
        if normalized:
            block.norm()
        return block.act()

    ends = [unit(out, 1, source)]
    unit(narrow, 1, source)
    ends.append(unit(out, 3))
    unit(max(1, narrow // 2), 1, source)
    ends.append(unit(half, kernel))
    block.pool("max" if draw.one_of((True, False)) else "average", 3, 1, 1, source)
    ends.append(unit(half))
    block.concat(*ends)
    unit(narrow)


def _separable(block: Block, draw: Draw) -> None:
    """Depthwise and pointwise convolutions, one after the other."""
    channels, factor = draw.channels(8, 768), draw.one_of((1, 2))
    function: Function = draw.one_of(("relu", "relu", "relu6"))
    kernel, stride = draw.one_of((3, 3, 5, 7)), draw.one_of((1, 2))
    multiplies = factor * channels * channels
    block.feed(channels, rows_of(draw, block, factor * channels, multiplies, halved=True))
    for number in (1, 2):
        block.depthwise(kernel, stride=stride if number == 1 else 1)
        block.norm()
        block.act(function)
        block.conv_norm_act(factor * channels, function=function)


def _inverted(block: Block, draw: Draw) -> None:
    """Units that widen, filter every channel by itself, and narrow."""
    width, wider = draw.channels(8, 192), draw.one_of((6, 6, 3, 4))
    function: Function = draw.one_of(("relu6", "relu6", "relu", "hard_swish"))
    kernel = draw.one_of((3, 3, 5))
    multiplies = 2 * wider * width * width
    source = block.feed(width, rows_of(draw, block, wider * width, multiplies, halved=True))
    for stride in (1, 2):
        block.conv_norm_act(wider * width, 1, source, function=function)
        block.depthwise(kernel, stride=stride)
        block.norm()
        block.act(function)
        block.conv(width)
        body = block.norm()
        source = block.add(body, source) if stride == 1 else body


def _gated(block: Block, draw: Draw) -> None:
    """A convolution whose channels are weighed by what all positions say."""
    width = draw.channels(16, 384)
    function: Function = draw.one_of(("swish", "hard_swish", "relu"))
    rows = rows_of(draw, block, width, 9 * width * width)
    block.feed(width, rows)
    source = block.conv_norm_act(width, 3, function=function)
    block.global_pool()
    block.conv(max(1, width // 4), bias=True)
    block.act()
    block.conv(width, bias=True)
    block.multiply(source, block.act(draw.one_of(("sigmoid", "hard_sigmoid"))))
    block.conv_norm_act(width)


def _upsampled(block: Block, draw: Draw) -> None:
    """A sum that no convolution takes in, and a transposed convolution, as decoders have it."""
    width, kernel = draw.channels(16, 256), draw.one_of((2, 2, 3, 4))
    function: Function = draw.one_of(("relu", "relu", "leaky_relu"))
    narrower = max(1, width // 16) * 8
    source = block.feed(width, rows_of(draw, block, 2 * width, 9 * width * width))
    block.add(block.conv_norm_act(width, 3, function=function), source)
    block.put(ConvTranspose2d(filters=narrower, kernel=(kernel, kernel), stride=(2, 2), bias=True))
    block.act(function)
    block.conv_norm_act(narrower, 3)


FAMILIES: Mapping[str, tuple[int, Callable[[Block, Draw], None]]] = MappingProxyType(
    {
        "plain": (7, _plain),
        "residual": (4, _residual),
        "bottleneck": (5, _bottleneck),
        "preactivated": (3, _preactivated),
        "dense": (3, _dense),
        "branches": (3, _branches),
        "separable": (4, _separable),
        "inverted": (3, _inverted),
        "stem": (5, ends.stem),
        "head": (3, ends.head),
        "pooled_head": (2, ends.pooled_head),
        "small": (3, ends.small),
        "gated": (2, _gated),
        "upsampled": (2, _upsampled),
    }
)
"""How many blocks of a family a sheet has, and what makes them."""
