"""The operators of MXNet that are known, family by family: each with a rule that makes layers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.importers.mxnet.operation import Rule
from convcost.importers.mxnet.operators import elementwise, normalization, shapes, windows

RULES: Mapping[str, Rule] = MappingProxyType(
    {**windows.RULES, **normalization.RULES, **elementwise.RULES, **shapes.RULES}
)
