"""A network as MXNet writes it: a symbol's JSON."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

from convcost.cost import NetworkCost
from convcost.errors import MissingDependencyError


def symbol_json(cost: NetworkCost) -> str:
    """Return what ``Symbol.save`` writes of a network; the layers are its nodes' names.

    Raises: MeasurementError for what MXNet 1.9.1 has no operator for; MissingDependencyError
        without it.
    """
    if find_spec("mxnet") is None:
        raise MissingDependencyError(
            "MXNet is not installed: pip install 'convcost[mxnet]', on Python 3.11"
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, as mxnet is imported
        from convcost.measure.symbols import build

    return str(build(cost).tojson())
