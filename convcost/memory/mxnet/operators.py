"""What MXNet's registration of an operator says about memory, for those that networks use.

Source: the registrations in MXNet's src/operator; checked by binding networks in the CPU
build of 1.9.1 (oneDNN).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from convcost.memory.mxnet.pool import Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What MXNet's registration of an operator says.

    ``shares`` and ``view`` are as in :class:`Operation`. ``backward`` is the operator that
    gives the gradients of the inputs, and ``reads`` what that reads: ``x`` the inputs, with a
    number one of them, ``y`` and a number a result, ``g`` and a number the gradient of a
    result. ``apart`` are several, each for one input, with what they read. Without any the
    gradient of the result is that of every input. ``merges``: applied twice to the same, it
    is applied once.
    """

    shares: Pairs = ()
    view: bool = False
    backward: str | None = None
    reads: tuple[str, ...] = ("g0",)
    apart: tuple[tuple[str, tuple[str, ...]], ...] = ()
    learns: bool = False
    merges: bool = True


FIRST: Pairs = ((0, 0),)
EITHER: Pairs = ((0, 0), (1, 0))
ALONE: Mapping[str, Any] = {"learns": True, "merges": False}

_LINEAR = ("add", "sub")
_BROADCAST = (*_LINEAR, "mul", "div", "power", "maximum", "minimum")

FORWARD: Mapping[str, Facts] = MappingProxyType(
    {
        "Variable": Facts(merges=False),
        "Convolution": Facts(backward="_backward_Convolution", reads=("g0", "x"), **ALONE),
        "FullyConnected": Facts(backward="_backward_FullyConnected", reads=("g0", "x"), **ALONE),
        "Deconvolution": Facts(backward="_backward_Deconvolution", reads=("g0", "x"), **ALONE),
        "LayerNorm": Facts(
            shares=FIRST, backward="_backward_LayerNorm", reads=("g0", "x", "y1", "y2"), **ALONE
        ),
        "InstanceNorm": Facts(
            backward="_backward_InstanceNorm", reads=("g0", "y1", "y2", "x"), **ALONE
        ),
        "PReLU": Facts(
            shares=FIRST, backward="_backward_LeakyReLU", reads=("g0", "x", "y0"), **ALONE
        ),
        "reduce to sum": Facts(backward="_backward_reduce"),
        "reduce to extreme": Facts(backward="_backward_reduce", reads=("g0", "x", "y0")),
        "UpSampling": Facts(backward="_backward_UpSampling"),
        "BilinearResize2D": Facts(backward="_backward_UpSampling"),
        "dot": Facts(backward="_backward_dot", reads=("g0", "x")),
        "batch_dot": Facts(apart=(("batch_dot", ("g0", "x1")), ("batch_dot", ("x0", "g0")))),
        "linalg_gemm2": Facts(backward="_backward_linalg_gemm2", reads=("g0", "x")),
        "BatchNorm": Facts(backward="_backward_BatchNorm", reads=("g0", "y1", "y2", "x"), **ALONE),
        "max": Facts(backward="_backward_max", reads=("g0", "g1", "x", "y0", "y1")),
        "average": Facts(backward="_backward_average", reads=("g0", "x", "y0")),
        "relu": Facts(shares=FIRST, backward="_backward_Activation", reads=("g0", "y0")),
        "sigmoid": Facts(shares=FIRST, backward="_backward_Activation", reads=("g0", "y0", "x")),
        "tanh": Facts(shares=FIRST, backward="_backward_Activation", reads=("g0", "y0", "x")),
        "softmax": Facts(shares=FIRST, backward="_backward_softmax", reads=("g0", "y0")),
        "softrelu": Facts(shares=FIRST, backward="_backward_Activation", reads=("g0", "y0", "x")),
        "softsign": Facts(shares=FIRST, backward="_backward_Activation", reads=("g0", "y0", "x")),
        "log_softmax": Facts(shares=FIRST, backward="_backward_softmax", reads=("g0", "y0")),
        "LeakyReLU": Facts(shares=FIRST, backward="_backward_LeakyReLU", reads=("g0", "x", "y0")),
        "exp": Facts(shares=FIRST, backward="elemwise_mul", reads=("g0", "y0")),
        "sqrt": Facts(shares=FIRST, backward="_backward_unary", reads=("g0", "y0")),
        "negative": Facts(shares=FIRST, backward="negative"),
        **{
            name: Facts(shares=FIRST, backward="_backward_unary", reads=("g0", "x"))
            for name in ("erf", "log", "abs", "reciprocal", "square")
        },
        "clip": Facts(backward="_backward_clip", reads=("g0", "x")),
        "hard_sigmoid": Facts(shares=FIRST, backward="_backward_hard_sigmoid", reads=("g0", "x")),
        "LRN": Facts(backward="_backward_LRN", reads=("g0", "x", "y1")),
        "Dropout": Facts(
            shares=FIRST, backward="_backward_Dropout", reads=("g0", "y1"), merges=False
        ),
        "Flatten": Facts(shares=FIRST, view=True, backward="_copy"),
        "Pad": Facts(backward="_backward_Pad", merges=False),
        "Reshape": Facts(shares=FIRST, view=True, backward="_backward_reshape"),
        "transpose": Facts(backward="transpose"),
        "slice": Facts(backward="_backward_slice"),
        "take": Facts(backward="_backward_take", reads=("g0", "x1")),
        "broadcast_to": Facts(backward="_broadcast_backward"),
        "broadcast_to, learned": Facts(backward="_broadcast_backward", **ALONE),
        "uncounted": Facts(backward="_backward_uncounted", reads=("g0", "x"), merges=False),
        "Concat": Facts(backward="_backward_Concat", reads=("g0", "x")),
        "elemwise_add": Facts(shares=EITHER),
        "add_n": Facts(shares=FIRST),
        "elemwise_mul": Facts(shares=EITHER, backward="_backward_mul", reads=("g0", "x")),
        **{
            f"broadcast_{name}": Facts(
                shares=EITHER,
                backward=f"_backward_broadcast_{name}",
                reads=("g0",) if name in _LINEAR else ("g0", "x"),
            )
            for name in _BROADCAST
        },
        **{
            f"broadcast_{name}, learned": Facts(
                shares=FIRST,
                backward=f"_backward_broadcast_{name}, learned",
                reads=("g0",) if name in _LINEAR else ("g0", "x"),
                **ALONE,
            )
            for name in _BROADCAST
        },
        "_plus_scalar": Facts(shares=FIRST, backward="_copy"),
        "_minus_scalar": Facts(shares=FIRST, backward="_copy"),
        "_mul_scalar": Facts(shares=FIRST, backward="_backward_mul_scalar"),
        "_div_scalar": Facts(shares=FIRST, backward="_backward_div_scalar"),
        **{
            f"_{name}_scalar": Facts(
                shares=FIRST, backward=f"_backward_{name}_scalar", reads=("g0", "x")
            )
            for name in ("power", "maximum", "minimum")
        },
        "_copy": Facts(shares=FIRST, view=True, backward="_copy"),
    }
)
"""The operators of a network; ``max`` and ``average`` are Pooling, ``relu``, ``sigmoid`` and
``tanh`` Activation."""

BACKWARD: Mapping[str, Facts] = MappingProxyType(
    {
        "_backward_Convolution": Facts(),
        "_backward_FullyConnected": Facts(shares=((1, 0),)),
        "_backward_BatchNorm": Facts(),
        "_backward_Deconvolution": Facts(),
        "_backward_LayerNorm": Facts(),
        "_backward_InstanceNorm": Facts(),
        "_backward_reduce": Facts(),
        "_backward_UpSampling": Facts(),
        "_backward_dot": Facts(),
        "_backward_linalg_gemm2": Facts(shares=((2, 1),)),
        "_backward_max": Facts(shares=((1, 0),)),
        "_backward_average": Facts(),
        "_backward_Activation": Facts(shares=FIRST),
        "_backward_softmax": Facts(shares=EITHER),
        "_backward_clip": Facts(),
        "_backward_hard_sigmoid": Facts(shares=FIRST, view=True),  # a fault: it is no view
        "_backward_LRN": Facts(),
        "_backward_Dropout": Facts(shares=FIRST),
        "_backward_Pad": Facts(),
        "_backward_reshape": Facts(shares=FIRST, view=True),
        "_backward_slice": Facts(),
        "_backward_take": Facts(),
        "_broadcast_backward": Facts(),
        "_backward_uncounted": Facts(),
        "_backward_Concat": Facts(),
        "_backward_mul": Facts(shares=((0, 1),)),
        **{
            f"_backward_broadcast_{name}": Facts(
                shares=((0, 0), (0, 1)) if name in _LINEAR else ((0, 1),)
            )
            for name in _BROADCAST
        },
        **{
            f"_backward_broadcast_{name}, learned": Facts(shares=FIRST if name in _LINEAR else ())
            for name in _BROADCAST
        },
        "_backward_LeakyReLU": Facts(shares=FIRST),
        "_backward_unary": Facts(shares=EITHER),
        "_backward_mul_scalar": Facts(shares=FIRST),
        **{
            f"_backward_{name}_scalar": Facts(shares=EITHER)
            for name in ("power", "maximum", "minimum")
        },
        "_backward_div_scalar": Facts(shares=FIRST),
        "_grad_add": Facts(shares=EITHER),
        "_head_gradient": Facts(),
        "_zeros": Facts(),
    }
)
"""The operators that only gradients need."""

OPERATORS: Mapping[str, Facts] = MappingProxyType({**FORWARD, **BACKWARD})
