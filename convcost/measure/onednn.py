"""oneDNN's log (``DNNL_VERBOSE=1``): what ran, and how many multiplies it was asked for.

A line reads ``dnnl_verbose,exec,engine,primitive,implementation,propagation,descriptors,
attributes,auxiliary,problem,milliseconds``. A convolution's problem is such as
``g4mb2_ic16oc16_ih17oh17kh3sh1dh0ph1_iw17ow17kw3sw1dw0pw1`` (``dh`` is one less than the
dilation), an inner product's ``mb2ic7ih6iw6oc10``.

Source: oneDNN 2.4, "Verbose Mode"; lines that MXNet 1.9.1 printed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

from convcost.measure.backend import Primitive

_PREFIX = "dnnl_verbose,exec,"
_FIELDS = 11


def primitives(log: str) -> list[Primitive]:
    """Return what a log says was executed, in order."""
    return [_primitive(line) for line in log.splitlines() if line.startswith(_PREFIX)]


def _primitive(line: str) -> Primitive:
    fields = line.split(",")
    kind, implementation = fields[3], fields[4]
    if len(fields) != _FIELDS:
        return Primitive(f"{kind} {implementation}", None)
    auxiliary, problem = fields[8], fields[9]
    algorithm = re.search(r"alg:(?:convolution|deconvolution|pooling|eltwise)_(\w+)", auxiliary)
    name = f"{kind} {implementation}" + (f" {algorithm[1]}" if algorithm else "")
    sizes = {key: int(value) for key, value in re.findall(r"([a-z]+)(\d+)", problem)}
    if kind == "convolution":
        return Primitive(name, _convolution(sizes))
    if kind == "deconvolution":
        return Primitive(name, _deconvolution(sizes))
    if kind == "inner_product":
        return Primitive(name, _inner_product(sizes))
    return Primitive(name, None)


def _convolution(sizes: Mapping[str, int]) -> int:
    """Return outputs times the patch each is made of, taps in the padding included."""
    outputs = [sizes.get(key, 1) for key in ("mb", "oc", "od", "oh", "ow")]
    taps = [sizes.get(key, 1) for key in ("kd", "kh", "kw")]
    return prod(outputs) * prod(taps) * (sizes["ic"] // sizes.get("g", 1))


def _deconvolution(sizes: Mapping[str, int]) -> int:
    """Return inputs times the taps that each is laid on, those that are cut off included."""
    inputs = [sizes.get(key, 1) for key in ("mb", "ic", "id", "ih", "iw")]
    taps = [sizes.get(key, 1) for key in ("kd", "kh", "kw")]
    return prod(inputs) * prod(taps) * (sizes["oc"] // sizes.get("g", 1))


def _inner_product(sizes: Mapping[str, int]) -> int:
    return prod(sizes.get(key, 1) for key in ("mb", "oc", "ic", "id", "ih", "iw"))
