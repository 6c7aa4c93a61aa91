"""A profile whose numbers are made up, for tests: no machine ever took these times."""

from __future__ import annotations

from dataclasses import replace

from convcost.prediction.machine import Machine
from convcost.prediction.model import Coefficient, HeldOut, KernelModel, TimeModel
from convcost.prediction.profile import Origin, Profile

MACHINE = Machine(
    processor="an invented processor",
    device="cpu",
    threads=1,
    lanes=16,
    l2_bytes=512 * 1024,
    l3_bytes=8 * 1024 * 1024,
    multiply_adds_per_second=1e11,
    bytes_per_second=1e10,
)
SECONDS = {
    "multiply_adds": 2e-11,
    "window_elements": 1e-10,
    "operations": 1e-10,
    "exponentials": 2e-9,
    "bytes_l2": 2e-11,
    "bytes_l3": 5e-11,
    "bytes_memory": 1e-10,
    "weight_bytes": 1e-10,
    "launches": 5e-6,
}
KERNELS = (
    *("conv2d", "conv2d 1x1", "conv2d depthwise", "conv2d few channels"),
    *("conv2d as a product", "conv2d 1x1 as a product", "dense", "batch_norm", "softmax"),
    *("batch_norm in plain layout", "activation relu", "activation tanh", "activation sigmoid"),
    *("max pool2d", "average pool2d", "global average pool2d", "global max pool2d"),
    *("max pool2d in plain layout", "average pool2d in plain layout"),
    *("lrn", "add", "elementwise", "concat", "dropout", "view or copy"),
)
HELD_OUT = HeldOut(mean_error=0.08, median_error=0.06, bias=0.01)


def kernel_model(spread: float = 0.1) -> KernelModel:
    """Return a kernel with all terms, each coefficient known to 10%, all independent."""
    return KernelModel(
        coefficients={
            name: Coefficient(seconds=value, error=value / 10, lowest=0, highest=1e12)
            for name, value in SECONDS.items()
        },
        covariance=tuple(
            tuple((value / 10) ** 2 if row == column else 0.0 for column in SECONDS)
            for row, value in SECONDS.items()
        ),
        spread=spread,
        rows=100,
        held_out=HELD_OUT,
    )


def time_model(network_spread: float = 0.0) -> TimeModel:
    """Return a model in which all kernels are the same."""
    return TimeModel(
        kernels=dict.fromkeys(KERNELS, kernel_model()),
        rows=100 * len(KERNELS),
        held_out=HELD_OUT,
        network_spread=network_spread,
    )


def training_model() -> TimeModel:
    """Return a model of training steps: kernels forward and backward, and the update."""
    backward = [f"{name} backward" for name in KERNELS]
    kernels = dict.fromkeys([*KERNELS, *backward, "update"], kernel_model())
    return replace(time_model(), kernels=kernels)


def profile() -> Profile:
    """Return the profile."""
    return Profile(
        name="invented",
        machine=MACHINE,
        origin=Origin(
            date="2026-01-01T00:00:00+00:00",
            system="none",
            python="3.11",
            convcost="0",
            framework="none",
            environment={},
            seed=0,
            calibration_seconds=0.0,
            note="made up for tests",
        ),
        unfused=time_model(),
        fused=None,
        training=None,
    )
