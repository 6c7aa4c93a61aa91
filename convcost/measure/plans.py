"""The memory that MXNet's executor plans, as it prints it itself."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

from convcost.cost import NetworkCost
from convcost.errors import MissingDependencyError
from convcost.measure.child import run

# The subgraph backend fuses by what it finds at run time; without it a plan can be repeated.
_ENVIRONMENT = {"MXNET_SUBGRAPH_BACKEND": "NONE", "MXNET_ENGINE_TYPE": "NaiveEngine"}


def planned_megabytes(costs: Sequence[NetworkCost], *, seconds: float = 300) -> list[int]:
    """Return what MXNet allocates for each of some costs, in whole MB of 2**20, rounded down.

    Training or inference, input and batch are those of the cost. All are bound in one child
    process; the memory is asked for and never touched.

    Raises: MeasurementError if MXNet cannot; MissingDependencyError without it.
    """
    if find_spec("mxnet") is None:
        raise MissingDependencyError(
            "MXNet is not installed: pip install 'convcost[mxnet]', on Python 3.11"
        )
    found: list[int] = run(_plan_all, list(costs), seconds=seconds, environment=_ENVIRONMENT)
    return found


def _plan_all(costs: Sequence[NetworkCost]) -> list[int]:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numpy, as mxnet is imported
        import mxnet as mx

        from convcost.measure import symbols

    return [symbols.planned_megabytes(symbols.bind(cost, mx.cpu())[1]) for cost in costs]
