"""Formulas as functions of numpy arrays: the one place in the core that knows numpy."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import sympy

from convcost.errors import ConvcostError, MissingDependencyError
from convcost.formulas.code import ArrayPrinter
from convcost.formulas.floors import as_divisions, whole
from convcost.formulas.printing import condition_text

if TYPE_CHECKING:
    import numpy as np


def vectorized(
    name: str,
    expression: sympy.Basic,
    symbols: Sequence[sympy.Symbol],
    domain: Sequence[sympy.Basic],
) -> Callable[..., np.ndarray[Any, np.dtype[np.int64]]]:
    """Return an expression of integers as a function of arrays.

    It calculates in Python's integers, element by element, and so is exact; what does not
    fit into 64 bits is an error.

    Raises: MissingDependencyError without numpy; ConvcostError for a shape.
    """
    try:
        import numpy as np
    except ImportError:
        message = "a formula as a function of arrays needs numpy: pip install numpy"
        raise MissingDependencyError(message) from None
    if isinstance(expression, sympy.Tuple):
        raise ConvcostError("a shape is no number: choose another quantity")

    def compiled(tree: sympy.Basic) -> Callable[..., Any]:
        options = {"modules": {"np": np}, "printer": ArrayPrinter, "dummify": True}
        return cast("Callable[..., Any]", sympy.lambdify(symbols, tree, **options))

    body = compiled(whole(expression))
    conditions = {condition_text(each): compiled(as_divisions(each)) for each in domain}
    least = [1 if what.is_positive else 0 for what in symbols]

    def function(*sizes: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
        given = np.broadcast_arrays(*(np.asarray(size, dtype=object) for size in sizes))
        for what, size, smallest in zip(symbols, given, least, strict=True):
            if not np.all(size >= smallest):
                raise ConvcostError(f"{what.name} must be {smallest} or more")
        for text, condition in conditions.items():
            if not np.all(condition(*given)):
                raise ConvcostError(f"{name} is valid for {text} only")
        exact = np.broadcast_to(
            np.asarray(body(*given), dtype=object), np.shape(given[0]) if given else ()
        )
        return exact.astype(np.int64)  # raises OverflowError

    function.__name__ = name
    return function
