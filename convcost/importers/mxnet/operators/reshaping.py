"""Reshape, with MXNet's codes: 0, -1, -2, -3 and -4.

Source: the documentation of ``mxnet.symbol.reshape``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from convcost.dims import Dim, exact_div
from convcost.importers.extents import written
from convcost.importers.mxnet.operation import Operation, Rule
from convcost.importers.shapes import BATCH
from convcost.spec import Written

_COPY, _INFER, _REST, _MERGE, _SPLIT = 0, -1, -2, -3, -4
_NUMPY_CODES = {-2: _COPY, -4: _REST, -5: _MERGE, -6: _SPLIT}
_SKIP = -3  # numpy's code for an axis of one position that is left out


def reshape(op: Operation) -> str:
    """Read Reshape: as it is where a spec has the same codes, else with computed extents."""
    backwards = op.attributes.flag("reverse", otherwise=False)
    return _reshaped(op, _codes(op), backwards=backwards)


def reshape_numpy(op: Operation) -> str:
    """Read the reshape of MXNet's numpy, which has other codes."""
    codes = op.attributes.extents("newshape")
    if not set(codes) & {0, _SKIP} and min(codes) >= min(_NUMPY_CODES):
        return _reshaped(op, tuple(_NUMPY_CODES.get(code, code) for code in codes), backwards=False)
    raise op.unknown(f"to {codes}")


def _reshaped(op: Operation, codes: tuple[int, ...], *, backwards: bool) -> str:
    rank = op.rank(op.inputs[0])
    copied = [index for index, code in enumerate(codes) if code == _COPY]
    plain = min(codes) >= _INFER and all(index < rank for index in copied)
    if plain and not (backwards and copied):
        return op.put("reshape", op.inputs[0], shape=codes)
    shape = op.shape(op.inputs[0])
    if backwards:
        found = _resolved(op, codes[::-1], shape[::-1])[::-1]
    else:
        found = _resolved(op, codes, shape)
    return op.put("reshape", op.inputs[0], shape=as_target(op, found))


def as_target(op: Operation, shape: Sequence[Dim]) -> tuple[Written, ...]:
    """Return a shape as a spec has it: the batch is copied, or inferred where it is inside."""
    target: list[Written] = []
    for index, extent in enumerate(shape):
        if isinstance(extent, int) or BATCH not in map(str, extent.free_symbols):
            target.append(written(extent))
        else:
            target.append(_COPY if index == 0 and str(extent) == BATCH else _INFER)
    if target.count(_INFER) > 1:
        raise op.unknown("that spreads the batch")
    return tuple(target)


def reshape_like(op: Operation) -> str:
    """Read reshape_like, of whole shapes."""
    if any(f"{side}_{end}" in op.attributes for side in ("lhs", "rhs") for end in ("begin", "end")):
        raise op.unknown("of some axes")
    target = as_target(op, op.shape(op.inputs[1]))
    return op.put("reshape", op.inputs[0], shape=target)


def _codes(op: Operation) -> tuple[int, ...]:
    codes = op.attributes.extents("shape", ())
    if not codes:  # as old files have it
        old = op.attributes.extents("target_shape", ())
        codes = tuple(extent or _INFER for extent in old)
        if op.attributes.flag("keep_highest", otherwise=False):
            codes = (_COPY, *codes[1:])
    if not codes:
        raise op.attributes.error("shape is missing")
    if min(codes) < _SPLIT or codes.count(_INFER) > 1 + codes.count(_SPLIT):
        raise op.attributes.error(f"shape: expected extents or codes, found {codes}")
    return codes


def _resolved(op: Operation, codes: Sequence[int], shape: Sequence[Dim]) -> list[Dim]:
    """Return the extents that codes mean for an input of this shape; at most one is -1."""
    found: list[Dim] = []
    left, waiting = list(shape), list(codes)

    def take() -> Dim:
        if not left:
            raise op.attributes.error(f"shape: {tuple(codes)} means more axes than {len(shape)}")
        return left.pop(0)

    while waiting:
        match waiting.pop(0):
            case 0:
                found.append(take())
            case -2:
                found += left
                left = []
            case -3:
                found.append(take() * take())
            case -4:
                found += _split(op, take(), waiting[:2])
                del waiting[:2]
            case code:
                left = left[1:]
                found.append(code)
    return found


def _split(op: Operation, extent: Dim, parts: Sequence[int]) -> list[Dim]:
    if len(parts) != 2 or parts.count(_INFER) > 1:  # noqa: PLR2004 - two parts
        raise op.attributes.error("shape: expected two extents behind -4, one of them -1 at most")
    first, second = parts
    if first == _INFER:
        return [exact_div(extent, second, what="what is split off"), second]
    return [first, exact_div(extent, first, what="what is split off")]


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(("Reshape", "reshape"), Rule(reshape)),
        **dict.fromkeys(("_npx_reshape", "_np_reshape", "_npi_reshape"), Rule(reshape_numpy)),
        "reshape_like": Rule(reshape_like, 2),
    }
)
