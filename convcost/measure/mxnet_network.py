"""A network as MXNet executes it, bound to arrays on a device."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass, replace
from math import prod, sqrt
from typing import Any, final

import mxnet as mx
from mxnet.base import NDArrayHandle
from mxnet.symbol import Symbol

from convcost.cost import LayerCost, NetworkCost
from convcost.errors import MeasurementError
from convcost.layers import BatchNorm
from convcost.layers.group_normalization import AbstractGroupNormalization
from convcost.measure.backend import Array, Primitive
from convcost.measure.mxnet_nodes import layers_of_nodes
from convcost.measure.mxnet_watched import WatchedMxnetNetwork, WatchedMxnetStep, update
from convcost.measure.mxnet_work import logged, profiled
from convcost.measure.symbols import bind, data_of, is_data, planned_megabytes
from convcost.measure.symbols_elementwise import CONSTANT

ROLES = {
    "weight": "weights",
    "bias": "biases",
    "gamma": "scales",
    "beta": "shifts",
    "moving_mean": "statistics",
    "moving_var": "statistics",
    CONSTANT: "constants",
}
_NO_SCALE = "MXNet keeps gamma without a scale, fixed at 1 (fix_gamma)"
_CONSTANT = "MXNet has constants among its arguments; they are not learned"
_NO_SCALE_AT_ALL = "MXNet keeps gamma without a scale; here it stays 1"
_SHARED = "MXNet has a copy here of what the network shares with another layer"
_NO_SHIFT = "MXNet keeps beta without a shift; here it stays 0"


@final
@dataclass(frozen=True, slots=True)
class MxnetNetwork:
    """A bound network. In training, gradients are made of all that MXNet could learn."""

    cost: NetworkCost
    symbol: Symbol
    executor: Any
    head_gradients: tuple[Any, ...]

    @classmethod
    def of(cls, cost: NetworkCost, ctx: Any, seed: int) -> MxnetNetwork:
        """Build, bind and fill with random numbers."""
        symbol, executor = bind(cost, ctx)
        mx.random.seed(seed)
        _fill(executor)
        heads = [mx.nd.random.normal(shape=out.shape, ctx=ctx) for out in executor.outputs]
        return cls(cost, symbol, executor, tuple(heads) if cost.training else ())

    def inferred_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return what ``infer_shape`` says, by layer."""
        internals = self.symbol.get_internals()
        _, shapes, _ = internals.infer_shape(**data_of(self.cost, internals))
        found = dict(zip(internals.list_outputs(), shapes, strict=True))
        names = {each.name for each in self.cost.layers}
        return {name: found[f"{name}_output"] for name in names if f"{name}_output" in found}

    def run_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the arrays of a forward pass, by layer."""
        found: dict[str, tuple[int, ...]] = {}

        def look(name: bytes, handle: int) -> None:
            array = mx.nd.NDArray(ctypes.cast(handle, NDArrayHandle), writable=False)
            found[name.decode()] = array.shape

        self.executor.set_monitor_callback(look)
        self.run()
        names = {each.name for each in self.cost.layers}
        return {name: found[f"{name}_output"] for name in names if f"{name}_output" in found}

    def arrays(self) -> list[Array]:
        """Return its arguments and auxiliary states, the data aside."""
        kept = {**self.executor.arg_dict, **self.executor.aux_dict}
        layers = {each.name: each for each in self.cost.layers}
        found = []
        for name, array in kept.items():
            if is_data(name):
                continue
            layer, suffix = _parts(name)
            role = ROLES[suffix]
            found.append(Array(layer, role, prod(array.shape), _fixed(layers.get(layer), role)))
        return found

    def planned_bytes(self) -> int:
        """Return what the executor says it allocated."""
        return planned_megabytes(self.executor) << 20

    def run(self) -> None:
        """Make a forward pass."""
        self.executor.forward(is_train=False)
        self._wait()

    def work(self) -> dict[str, list[Primitive]]:
        """Return what oneDNN logs on a CPU; on a GPU the operators that the profiler saw."""
        on_cpu = self.executor.arg_arrays[0].context.device_type == "cpu"
        return (logged if on_cpu else profiled)(self)

    def step(self) -> None:
        """Pass forward and backward, and update by plain gradient descent."""
        self.executor.forward(is_train=True)
        self.executor.backward(list(self.head_gradients))
        for name, gradient in self.executor.grad_dict.items():
            if gradient is not None:
                array = self.executor.arg_dict[name]
                update(array, gradient)
        mx.nd.waitall()

    def again(self) -> MxnetNetwork:
        """Bind the same arrays again, with other memory for what layers output."""
        return replace(self, executor=self._twin())

    def watched(self) -> WatchedMxnetNetwork:
        """Bind the same arrays again, for an executor with a monitor."""
        twin = self._twin()
        nodes = layers_of_nodes(twin.get_optimized_symbol(), self.cost)  # what fused, if any did
        return WatchedMxnetNetwork(twin, nodes)

    def _twin(self) -> Any:
        bound = self.executor
        return self.symbol.bind(
            bound.arg_arrays[0].context,
            args=bound.arg_dict,
            grad_req="null",
            aux_states=bound.aux_dict,
        )

    def watched_step(self) -> WatchedMxnetStep:
        """Bind the same arrays and gradients again, for an executor with a monitor."""
        bound = self.executor
        gradients = {name: each for name, each in bound.grad_dict.items() if each is not None}
        twin = self.symbol.bind(
            bound.arg_arrays[0].context,
            args=bound.arg_dict,
            args_grad=gradients,
            grad_req={name: "write" if name in gradients else "null" for name in bound.arg_dict},
            aux_states=bound.aux_dict,
        )
        nodes = layers_of_nodes(self.symbol, self.cost)
        owners = {name: _parts(name)[0] for name in gradients}
        return WatchedMxnetStep(twin, self.head_gradients, nodes, owners)

    def _wait(self) -> None:
        for output in self.executor.outputs:
            output.wait_to_read()


def _parts(name: str) -> tuple[str, str]:
    """Split an array's name into its layer and what it is."""
    for suffix in ROLES:
        if name.endswith(f"_{suffix}"):
            return name.removesuffix(f"_{suffix}"), suffix
    raise MeasurementError(f"MXNet has an array {name!r} that is not understood")


def _fixed(cost: LayerCost | None, role: str) -> str | None:
    """Return why an array is not learned, or not the layer's own; None if it is both."""
    if role == "constants":
        return _CONSTANT
    if cost is None or role == "statistics":
        return None
    layer = cost.layer
    held, own = cost.parameters, layer.parameters(*cost.input_shapes)
    if getattr(own, role) and not getattr(held, role):
        return _SHARED
    if isinstance(layer, BatchNorm) and role == "scales" and not layer.scale:
        return _NO_SCALE
    if not isinstance(layer, BatchNorm | AbstractGroupNormalization):
        return None
    if role == "shifts" and not layer.shift:
        return _NO_SHIFT
    return _NO_SCALE_AT_ALL if role == "scales" and not layer.scale else None


def _fill(executor: Any) -> None:
    """Fill with random numbers; weights of He's scale, so that no layer's output vanishes.

    Source: He et al., arXiv:1502.01852, equation 10; uniform, which MXNet draws faster.
    """
    for name, array in {**executor.arg_dict, **executor.aux_dict}.items():
        if is_data(name):
            array[:] = mx.nd.random.normal(shape=array.shape, ctx=array.context)
        elif name.endswith("_weight"):
            bound = sqrt(6 / prod(array.shape[1:]))  # a variance of 2 / inputs
            mx.nd.random.uniform(-bound, bound, out=array)
        else:
            array[:] = 1 if name.endswith(("_gamma", "_moving_var", "_constant")) else 0
