"""The oracle's loops for what lays a map out anew: transposed convolutions and resizing.

What is counted is said in :mod:`counting`. Besides: what is scattered is added into zeros,
one add for every contribution; the weights of a place between others are geometry.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import product
from typing import TypedDict, Unpack

from counting import Abacus, Bank, Map, Pair, Scalar, dot, lengths

Margins = tuple[Pair, Pair]


class Laying(TypedDict):
    """How kernels are laid down."""

    filters: int
    groups: int
    kernel: Pair
    stride: Pair
    dilation: Pair


def transposed_places(
    shape: tuple[int, ...], laying: Laying
) -> Iterator[tuple[tuple[int, int, int, int], tuple[int, int, int, int], tuple[int, ...]]]:
    """Return for every product where its input stands, where its output, and its weight."""
    n, channels, h, w = shape
    kernel, stride, dilation = laying["kernel"], laying["stride"], laying["dilation"]
    per_group = laying["filters"] // laying["groups"]
    for image, c, i, j in product(range(n), range(channels), range(h), range(w)):
        for out, a, b in product(range(per_group), range(kernel[0]), range(kernel[1])):
            row, column = i * stride[0] + a * dilation[0], j * stride[1] + b * dilation[1]
            filter_ = c // (channels // laying["groups"]) * per_group + out
            yield (image, c, i, j), (image, filter_, row, column), (c, out, a, b)


def conv_transpose2d(
    abacus: Abacus,
    x: Map,
    *,
    bias: bool,
    padding: Margins,
    output_padding: Pair,
    **laying: Unpack[Laying],
) -> Map:
    """Add every input element, times each weight, where the kernel lays it; cut; add biases."""
    shape = lengths(x)
    laid: Bank = defaultdict(lambda: abacus.scalar(0))
    for (n, c, i, j), to, weight in transposed_places(shape, laying):
        laid[to] += x[n][c][i][j] * abacus.weights[weight]
    # The last place that a kernel reaches, then what is added behind, less what is cut off.
    rows, columns = (
        range(before, (extent - 1) * step + (size - 1) * gap + 1 + more - after)
        for extent, step, size, gap, more, (before, after) in zip(
            shape[2:],
            laying["stride"],
            laying["kernel"],
            laying["dilation"],
            output_padding,
            padding,
            strict=True,
        )
    )

    def output(n: int, f: int, i: int, j: int) -> Scalar:
        value = laid[n, f, i, j]
        return value + abacus.biases[f,] if bias else value

    return [
        [[[output(n, f, i, j) for j in columns] for i in rows] for f in range(laying["filters"])]
        for n in range(shape[0])
    ]


# Resizing -------------------------------------------------------------------------------


class Sampling(TypedDict):
    """How a map is resized."""

    mode: str
    size: tuple[int, ...]
    scale: Pair
    divisor: Pair


def new_extents(x: Map, sampling: Sampling) -> tuple[int, ...]:
    """Return the rows and columns there are to be."""
    extents = zip(lengths(x)[2:], sampling["scale"], sampling["divisor"], strict=True)
    return sampling["size"] or tuple(math.floor(extent * up / down) for extent, up, down in extents)


def taps_along(old: int, new: int, mode: str) -> list[list[tuple[int, float]]]:
    """Return for every place of an axis the places it is made of, and their weights.

    The middles of the first and last elements lie at half an element from the ends.
    Source: ONNX, Resize, half_pixel; Keys 1981, equation 4 with a = -1/2, for cubic.
    """
    found = []
    for i in range(new):
        middle = (i + 0.5) * old / new - 0.5
        if mode == "nearest":
            found.append([(min(old - 1, max(0, math.floor(middle + 0.5))), 1.0)])
            continue
        first = math.floor(middle) - (0 if mode == "linear" else 1)
        near = range(first, first + (2 if mode == "linear" else 4))
        weight = linear if mode == "linear" else cubic
        found.append([(min(old - 1, max(0, k)), weight(abs(middle - k))) for k in near])
    return found


def linear(distance: float) -> float:
    """Return the weight of an element at this distance, below 1."""
    return 1 - distance


def cubic(distance: float) -> float:
    """Return the weight of an element at this distance, below 2."""
    if distance <= 1:
        return 1.5 * distance**3 - 2.5 * distance**2 + 1
    return -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2


Tap = tuple[int, int, float]


def taps_of(x: Map, sampling: Sampling) -> list[list[list[Tap]]]:
    """Return for every row and column the places they are made of, and their weights."""
    rows, columns = (
        taps_along(old, new, sampling["mode"])
        for old, new in zip(lengths(x)[2:], new_extents(x, sampling), strict=True)
    )
    return [
        [[(i, j, a * b) for i, a in down for j, b in across] for across in columns] for down in rows
    ]


def resize(abacus: Abacus, x: Map, **sampling: Unpack[Sampling]) -> Map:
    """Copy the nearest element, or weigh those around."""

    def output(plane: list[list[Scalar]], taps: list[Tap]) -> Scalar:
        near = [plane[i][j] for i, j, _ in taps]
        if sampling["mode"] == "nearest":
            return near[0]
        return dot(near, [abacus.scalar(weight) for _, _, weight in taps])

    places = taps_of(x, sampling)
    return [
        [[[output(plane, taps) for taps in row] for row in places] for plane in image]
        for image in x
    ]
