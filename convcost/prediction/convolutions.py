"""Which kernel runs a convolution, and what of its time is the kernel's own."""

from __future__ import annotations

from convcost.cost import LayerCost
from convcost.dims import Dim, ceil_div, exceeds, floor_div, modulo
from convcost.layers import Conv2d, ConvTranspose2d
from convcost.prediction.layouts import is_flat, is_pointwise
from convcost.prediction.setting import Setting, calls, feature_map
from convcost.prediction.taps import along, taps_inside
from convcost.tensors import FeatureMap

DEPTHWISE = "conv2d depthwise"
PRODUCTS = ("conv2d 1x1 as a product", "conv2d as a product")
"""The kernels of convolutions that run as a product of matrices: by one tap, and by several."""

_VECTORS = 4  # of filters, at most, that are computed together


def conv2d(layer: Conv2d, cost: LayerCost, setting: Setting) -> tuple[str, dict[str, Dim]]:
    """Return the kernel of a convolution, and the terms that are its own."""
    x = feature_map(cost)
    if not setting.blocked:
        return _by_matrix_product(layer, cost)
    taps = x.n * taps_inside(layer, x)
    if layer.groups != 1 and floor_div(x.c, layer.groups) == 1:  # every channel by itself
        products = taps * setting.rounded(layer.filters)
        return DEPTHWISE, {"multiply_adds": products, "calls": calls(cost, setting)}
    if is_pointwise(layer, x):
        products = taps * setting.rounded(x.c) * setting.rounded(layer.filters)
        return "conv2d 1x1", {"multiply_adds": products}
    kernel = "conv2d few channels" if is_flat(layer, x) else "conv2d"
    return kernel, _in_tiles(layer, cost, setting)


def _in_tiles(layer: Conv2d, cost: LayerCost, setting: Setting) -> dict[str, Dim]:
    """Call a kernel for every row of outputs, block of channels and few vectors of filters.

    It loads the weights of them all, and a single vector of filters waits: what is added to a
    sum is not there when the next is to be added.
    Source: oneDNN 2.0, src/cpu/x64/jit_avx2_convolution.cpp and jit_avx2_conv_kernel_f32.cpp.
    """
    x, output = feature_map(cost), cost.output
    assert isinstance(output, FeatureMap)  # noqa: S101 - of a convolution
    channels, filters = floor_div(x.c, layer.groups), floor_div(layer.filters, layer.groups)
    blocks: Dim = 1
    if not is_flat(layer, x):
        blocks, channels = setting.vectors(channels), setting.rounded(channels)
    vectors = setting.vectors(filters)
    rows, columns = layer.windows
    products = x.n * taps_inside(layer, x) * channels * layer.groups * setting.machine.lanes
    alone = modulo(vectors, _VECTORS)
    return {
        "multiply_adds": products * vectors,
        "waits": products * (exceeds(alone, 0) - exceeds(alone, 1)),
        "weight_loads": x.n * along(rows, x.h) * columns.kernel * channels * layer.groups * vectors,
        "calls": x.n * output.h * layer.groups * blocks * ceil_div(vectors, _VECTORS),
    }


def _by_matrix_product(layer: Conv2d, cost: LayerCost) -> tuple[str, dict[str, Dim]]:
    """Write out the patch of every output, padding and all, unless it is one element.

    It is a product for every image and group, and each lays the weights out for itself.
    """
    x = feature_map(cost)
    values: dict[str, Dim] = {
        "multiply_adds": cost.work.multiplies,
        "packed_bytes": x.n * cost.parameters.weights * cost.element_bytes,
        "products": x.n * layer.groups,
    }
    if layer.taps == 1 and layer.stride == (1, 1):
        return PRODUCTS[0], values
    values["patch_elements"] = cost.output.positions * x.c * layer.taps
    return PRODUCTS[1], values


def conv_transpose2d(
    layer: ConvTranspose2d, cost: LayerCost, setting: Setting
) -> tuple[str, dict[str, Dim]]:
    """Return the kernel of a transposed convolution, and the terms that are its own."""
    x = feature_map(cost)
    of_one = setting.rounded(floor_div(x.c, layer.groups))
    filters = setting.rounded(floor_div(layer.filters, layer.groups))
    products = x.n * x.h * x.w * layer.taps * layer.groups * of_one * filters
    return "conv_transpose2d", {"multiply_adds": products}
