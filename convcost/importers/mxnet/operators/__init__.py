"""The operators of MXNet that are known, family by family: each with a rule that makes layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import Operation, Rule
from convcost.importers.mxnet.operators import (
    elementwise,
    normalization,
    products,
    reshaping,
    resizing,
    shapes,
    slicing,
    softmax,
    windows,
)

_FAMILIES = (
    *(windows, normalization, elementwise, softmax, shapes, reshaping, slicing, products),
    resizing,
)
# Element by element, so that what they give has the shape of what they are given.
_UNCOUNTED = (
    *("sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "arcsinh", "arccosh"),
    *("arctanh", "sign", "round", "rint", "ceil", "floor", "trunc", "fix", "cbrt", "rcbrt"),
    *("gamma", "gammaln", "erfinv", "log2", "log10", "log1p", "expm1", "logical_not"),
    *("degrees", "radians", "smooth_l1", "cumsum", "sort", "argsort", "_contrib_quadratic"),
    *("_mod_scalar", "_rmod_scalar", "_hypot_scalar", "_equal_scalar", "_not_equal_scalar"),
    *("_greater_scalar", "_greater_equal_scalar", "_lesser_scalar", "_lesser_equal_scalar"),
)


def _uncounted(op: Operation) -> str:
    raise op.unknown("", lambda: op.shape(op.inputs[0]))


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        **dict.fromkeys(_UNCOUNTED, Rule(_uncounted)),
        **{name: rule for family in _FAMILIES for name, rule in family.RULES.items()},
    }
)
