"""The oracle's backward loops for transposed convolutions and resizing.

What is counted is said in :mod:`counting_backward`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Unpack

from counting import Pair, Scalar, at, dot, lengths, places_of, shaped, total
from counting_backward import Gradients, Pass, counted_by, cut_out
from counting_resampling import Laying, Margins, Sampling, taps_of, transposed_places

Pairs = defaultdict[tuple[int, ...], list[tuple[Scalar, Scalar]]]


def conv_transpose2d(
    back: Pass,
    *,
    bias: bool,
    padding: Margins,
    output_padding: Pair,
    **laying: Unpack[Laying],
) -> Gradients:
    """Take a dot product with the gradient for every input element and for every weight."""
    del output_padding
    learned = back.for_parameters
    dy, ours = counted_by(learned, back.dy), back.dy
    rows, columns = (range(extent) for extent in lengths(back.y)[2:])
    zeros = (back.for_inputs.scalar(0), learned.scalar(0))
    dx: Pairs = defaultdict(list)
    dw: Pairs = defaultdict(list)
    for source, (n, f, row, column), key in transposed_places(lengths(back.x), laying):
        i, j = row - padding[0][0], column - padding[1][0]
        inside = i in rows and j in columns
        g, h = (ours[n][f][i][j], dy[n][f][i][j]) if inside else zeros
        dx[source].append((g, back.forward.weights[key]))
        dw[key].append((h, at(back.x, source)))
    for key, pairs in dw.items():
        learned.weights[key] = dot(*zip(*pairs, strict=True))
    if bias:
        for f in range(laying["filters"]):
            places = [place for place in places_of(lengths(dy)) if place[1] == f]
            learned.biases[f,] = total([at(dy, place) for place in places])
    return (shaped(lengths(back.x), lambda place: dot(*zip(*dx[place], strict=True))),)


def resize(back: Pass, **sampling: Unpack[Sampling]) -> Gradients:
    """Add the gradient, times the weights, to what an output was made of."""
    taps = taps_of(back.x, sampling)
    dx = back.zeros()
    for n, c, i, j in places_of(lengths(back.y)):
        for row, column, weight in taps[i][j]:
            gradient = back.dy[n][c][i][j]
            dx[n, c, row, column] += (
                gradient if sampling["mode"] == "nearest" else gradient * weight
            )
    return (cut_out(dx, back.x),)
