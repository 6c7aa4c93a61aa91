"""Functions of one element: what each takes, and what its gradient takes.

The algorithms that are counted, with e = exp(2 * x) in tanh:

- relu ``max(x, 0)``, relu6 ``min(max(x, 0), 6)``, clip ``min(max(x, a), b)``;
- leaky_relu ``x`` where x > 0, else ``a * x``; elu ``x`` where x > 0, else
  ``a * (exp(x) - 1)``; selu ``b * elu(x)``;
- sigmoid ``1 / (1 + exp(-x))``, tanh ``(e - 1) / (e + 1)``, swish ``x * sigmoid(x)``,
  softplus ``log(1 + exp(x))``, mish ``x * tanh(softplus(x))``, softsign ``x / (1 + abs(x))``;
- hard_sigmoid ``min(max(a * x + b, 0), 1)``, hard_swish ``x * min(max(x + 3, 0), 6) / 6``;
- gelu ``x * (1 + erf(x * a)) * 1/2``,
  gelu_tanh ``x * (1 + tanh(x * (a + b * x*x))) * 1/2``;
- erf, exp, log and power (``x**a``): an exponential; sqrt: a square root; reciprocal: a
  division; square: a multiply; abs: a comparison; neg: nothing.

The gradients, from dy and the output y:

- relu dy where y > 0; relu6 and clip dy where y is between the bounds; leaky_relu dy times
  1 or a; elu dy times 1 or ``y + a``; selu dy times b or ``y + a * b``;
- sigmoid ``dy * y * (1 - y)``; tanh ``dy * (1 - y * y)``; softplus ``dy * (1 - exp(-y))``;
  softsign ``dy * (1 - abs(y))**2``, squared by a multiply; hard_sigmoid ``a * dy`` where
  0 < y < 1;
- exp ``dy * y``; sqrt ``dy * 1/2 / y``; reciprocal ``-dy * y * y``; neg ``-dy``.

From the input x, what is a function of it computed again:

- hard_swish ``dy * (x/3 + 1/2)`` between -3 and 3; swish ``dy * s * (1 + x * (1 - s))`` with
  s the sigmoid;
- gelu ``dy * (erf(x * a) * 1/2 + 1/2 + x * exp(x * x * c) * d)``; gelu_tanh
  ``dy * (1 + t + x * (1 - t * t) * (a + 3 * b * x*x)) * 1/2`` with t its tanh, and x*x taken
  once; mish ``dy * (t + x * (1 - t * t) * s)`` with t its tanh and s the sigmoid;
- erf ``dy * exp(-x * x) * a``; log ``dy / x``; power ``dy * a * x**(a - 1)``; square
  ``dy * 2 * x``; abs dy with the sign of x, a comparison.

Source: Howard et al., arXiv:1905.02244v5, section 5.2 for the hard ones; Klambauer et al.,
arXiv:1706.02515, equation 2 for selu; Hendrycks & Gimpel, arXiv:1606.08415, section 2 for
gelu; Misra, arXiv:1908.08681, equation 1 for mish; ONNX for the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from convcost.work import NO_WORK, Work

_SIGMOID = Work(exponentials=1, adds=1, divisions=1)
_TANH = Work(multiplies=1, exponentials=1, adds=2, divisions=1)
_SOFTPLUS = Work(exponentials=2, adds=1)
_ELU = Work(comparisons=1, exponentials=1, adds=1, multiplies=1)
_CLIP = Work(comparisons=2)

PER_ELEMENT: Mapping[str, Work] = MappingProxyType(
    {
        "relu": Work(comparisons=1),
        "relu6": _CLIP,
        "sigmoid": _SIGMOID,
        "tanh": _TANH,
        "hard_sigmoid": Work(multiplies=1, adds=1, comparisons=2),
        "hard_swish": Work(adds=1, comparisons=2, multiplies=1, divisions=1),
        "swish": _SIGMOID + Work(multiplies=1),
        "leaky_relu": Work(comparisons=1, multiplies=1),
        "elu": _ELU,
        "selu": _ELU + Work(multiplies=1),
        "gelu": Work(multiplies=3, adds=1, exponentials=1),
        "gelu_tanh": _TANH + Work(multiplies=5, adds=2),
        "erf": Work(exponentials=1),
        "exp": Work(exponentials=1),
        "log": Work(exponentials=1),
        "sqrt": Work(square_roots=1),
        "abs": Work(comparisons=1),
        "neg": NO_WORK,
        "reciprocal": Work(divisions=1),
        "square": Work(multiplies=1),
        "power": Work(exponentials=1),
        "clip": _CLIP,
        "softplus": _SOFTPLUS,
        "mish": _SOFTPLUS + _TANH + Work(multiplies=1),
        "softsign": Work(comparisons=1, adds=1, divisions=1),
    }
)

BACKWARD: Mapping[str, Work] = MappingProxyType(
    {
        "relu": Work(comparisons=1),
        "relu6": _CLIP,
        "sigmoid": Work(multiplies=2, adds=1),
        "tanh": Work(multiplies=2, adds=1),
        "hard_sigmoid": Work(comparisons=2, multiplies=1),
        "hard_swish": Work(comparisons=2, multiplies=2, adds=1),
        "swish": _SIGMOID + Work(multiplies=3, adds=2),
        "leaky_relu": Work(comparisons=1, multiplies=1),
        "elu": Work(comparisons=1, adds=1, multiplies=1),
        "selu": Work(comparisons=1, adds=1, multiplies=1),
        "gelu": Work(multiplies=7, adds=2, exponentials=2),
        "gelu_tanh": _TANH + Work(multiplies=9, adds=5),
        "erf": Work(multiplies=3, exponentials=1),
        "exp": Work(multiplies=1),
        "log": Work(divisions=1),
        "sqrt": Work(multiplies=1, divisions=1),
        "abs": Work(comparisons=1),
        "neg": NO_WORK,
        "reciprocal": Work(multiplies=2),
        "square": Work(multiplies=2),
        "power": Work(multiplies=2, exponentials=1),
        "clip": _CLIP,
        "softplus": Work(exponentials=1, adds=1, multiplies=1),
        "mish": _SOFTPLUS + _TANH + _SIGMOID + Work(multiplies=4, adds=2),
        "softsign": Work(comparisons=1, adds=1, multiplies=2),
    }
)
"""The work of the gradient of one element, times the output's."""

OF_INPUT = frozenset(
    {"hard_swish", "swish", "gelu", "gelu_tanh", "mish", "erf", "log", "power", "square", "abs"}
)
"""Those whose slopes are computed from the input."""
OF_NEITHER = frozenset({"neg"})
