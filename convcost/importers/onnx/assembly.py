"""The layers that an ONNX graph becomes, put together one by one with their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from convcost.dims import Dim, is_dim
from convcost.importers.network import Imported
from convcost.importers.onnx.extents import BATCH, Parameters, at_batch, batch_axis, of_sample
from convcost.importers.onnx.operator import Operator, UnsupportedError
from convcost.importers.onnx.values import Constant, Data, Known, owner_of
from convcost.layers import KINDS, AbstractLayer
from convcost.tensors import tensor

_KINDS: Mapping[str, type[AbstractLayer]] = MappingProxyType({kind.kind: kind for kind in KINDS})


@dataclass(slots=True)
class Assembly:
    """Layers and inputs so far, by name, in order."""

    parameters: Parameters
    batch: int | None = None
    """The batch that the file is for; None if it is for any."""
    layers: dict[str, Imported] = field(default_factory=dict)
    inputs: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    holders: dict[str, str] = field(default_factory=dict)
    """The layer that counts an initializer's elements as its parameters."""

    def add(
        self, name: str, kind: str, inputs: tuple[Data, ...], attributes: dict[str, Any]
    ) -> Data:
        """Place a layer behind others.

        Raises: ShapeError if it cannot take their shapes; UnsupportedError if not their rank.
        """
        made = _KINDS[kind](**attributes)
        shapes = [tensor(each.shape) for each in inputs]
        for shape in shapes:
            if not isinstance(shape, made.accepts):
                raise UnsupportedError(f"of {len(shape.shape)} axes")
        output = made.output_shape(*shapes).shape
        name = self.free(name)
        written = {key: self.parameters.written(value) for key, value in attributes.items()}
        self.layers[name] = Imported(name, type(made), written, tuple(e.layer for e in inputs))
        return Data(name, output, _outside(inputs[0], output))

    def take(self, name: str, shape: tuple[Dim, ...]) -> Data:
        """Place an input."""
        self.inputs[name] = shape[1:]
        return Data(name, shape)

    @property
    def first(self) -> Data:
        """The first input."""
        name, shape = next(iter(self.inputs.items()))
        return Data(name, (BATCH, *shape))

    def end(self, data: Data) -> str:
        """Return the layer that gives an output of the network; there is one in any case."""
        if data.layer not in self.inputs:
            return data.layer
        return self.add(f"{data.layer}_out", "identity", (data,), {}).layer

    def constant(self, name: str, constant: Constant, x: Data) -> Data:
        """Place a constant; ``x`` says how large the batch is that it is repeated for."""
        shape = tuple(0 if extent == BATCH else extent for extent in constant.shape)
        if 0 in shape and x.shape[shape.index(0) :][:1] != (BATCH,):
            x = self.first
        if not constant.learned:
            return self.add(name, "constant", (x,), {"shape": shape, "learned": False})
        own = [source.name for source in constant.sources if not source.is_made_up]
        called = (owner_of(own[0]) or own[0]) if own else name
        made = self.add(called, "constant", (x,), {"shape": shape})
        self.hold(made.layer, "weights", constant)
        return made

    def uncounted(
        self, name: str, operator: str, inputs: tuple[Data, ...], shape: tuple[Dim, ...]
    ) -> Data:
        """Place an operator that has no rule, with the shape that it is known to give.

        The batch comes first in it. Where it does not, or is merged with something, that is
        done once the operator is placed.
        """
        axis = batch_axis(shape)
        share = None if axis is None else of_sample(shape[axis])
        if axis:
            first = (shape[axis], *shape[:axis], *shape[axis + 1 :])
            made = self.uncounted(name, operator, inputs, first)
            order = (*range(1, axis + 1), 0, *range(axis + 1, len(shape)))
            return self.add(f"{name}_moved", "transpose", (made,), {"permutation": order})
        if share not in {None, 1}:
            apart = self.uncounted(name, operator, inputs, (BATCH, share, *shape[1:]))
            return self.add(f"{name}_merged", "reshape", (apart,), {"shape": (-1, *shape[1:])})
        said = tuple(0 if extent == BATCH else extent for extent in shape)
        if axis == 0 and inputs[0].shape[0] != BATCH:  # it takes the batch from what it reads
            inputs = (self.first, *inputs)
        return self.add(name, "uncounted", inputs, {"operator": operator, "shape": said})

    def change(self, name: str, **attributes: Any) -> None:
        """Give a layer other attributes."""
        layer = self.layers[name]
        self.layers[name] = replace(layer, attributes={**layer.attributes, **attributes})

    def hold(self, layer: str, role: str, constant: Constant) -> None:
        """Count the initializers of a constant with a layer, those that no layer before counts.

        So what several layers share is counted once, and what weights are computed from all.
        """
        new = [source for source in constant.sources if source.name not in self.holders]
        self.holders |= {source.name: layer for source in new}
        held = sum(source.elements for source in new)
        if constant.sources and held != constant.elements:
            placed = self.layers[layer]
            self.layers[layer] = replace(placed, holds={**placed.holds, role: held})

    def free(self, name: str) -> str:
        """Return a name that nothing has yet: this one, or with a number behind it."""
        found, count = name, 1
        while found in self.layers or found in self.inputs:
            count += 1
            found = f"{name}_{count}"
        return found


@dataclass(frozen=True, slots=True)
class Call:
    """An operator with the values that it reads: what a rule makes layers from."""

    operator: Operator
    values: tuple[Known | None, ...]
    assembly: Assembly
    sole: tuple[bool, ...]
    """Of each input, whether nothing else reads it."""
    wanted: tuple[bool, ...]
    """Of each output, whether anything reads it."""
    stated: Sequence[int | str] = ()
    """The shape of the first output as the file states it; nothing if it does not."""
    learns: Mapping[str, Constant] = field(default_factory=dict)
    """What the next layer has as its parameters, by role."""

    def value(self, index: int) -> Known | None:
        """Return an input; None if it is left out."""
        return self.values[index] if index < len(self.values) else None

    def data(self, index: int = 0) -> Data:
        """Return an input that depends on the network's."""
        value = self.value(index)
        if isinstance(value, Data):
            return value
        if value is None:
            raise self.operator.error(f"input {index + 1} is missing")
        raise UnsupportedError("of a constant")

    def constant(self, index: int) -> Constant:
        """Return an input that does not."""
        value = self.value(index)
        if isinstance(value, Constant):
            return value
        if value is None:
            raise self.operator.error(f"input {index + 1} is missing")
        raise UnsupportedError(f"with input {index + 1} computed")

    def optional(self, index: int) -> Constant | None:
        """Return an input that does not, or None if it is left out."""
        return None if self.value(index) is None else self.constant(index)

    def bias(self, index: int) -> Constant | None:
        """Return a bias; None if it is left out, or zeros that an exporter made up."""
        bias = self.optional(index)
        if bias is None or bias.sources or bias.known is None or bias.numbers().any():
            return bias
        return None

    def whole(self, index: int) -> list[Any]:
        """Return the whole numbers of an input, or symbols that stand for such."""
        values = self.constant(index).numbers().ravel().tolist()
        if not all(is_dim(value) for value in values):
            raise self.operator.error(f"input {index + 1}: expected whole numbers")
        return list(values)

    def add(self, kind: str, *inputs: Data, part: str = "", **attributes: Any) -> Data:
        """Place a layer of this operator; ``part`` tells several apart."""
        if kind not in _KINDS:
            raise UnsupportedError
        name = f"{self.operator.name}_{part}" if part else self.operator.name
        made = self.assembly.add(name, kind, inputs, attributes)
        for role, constant in self.learns.items():
            self.assembly.hold(made.layer, role, constant)
        return made

    def named_by(self, weights: Constant) -> Call:
        """Return the call under its weights' name, if that says more than its own."""
        owner = owner_of(weights.sources[0].name) if weights.sources else None
        if owner is None or self.operator.placed:
            return self
        return replace(self, operator=replace(self.operator, name=owner))

    def axis(self, axis: int, rank: int) -> int:
        """Return an axis, which may be counted from the last one, as counted from the first."""
        if not -rank <= axis < rank:
            raise self.operator.error(f"there is no axis {axis} among {rank}")
        return axis % rank

    def at_batch(self, extent: Dim) -> Dim:
        """Return an extent at the batch that the file is for, if it is for one."""
        return extent if self.assembly.batch is None else at_batch(extent, self.assembly.batch)

    def batched(self, target: Sequence[Any], shape: Sequence[Dim]) -> list[Dim]:
        """Return a target with the batch of a shape where it has the number for it."""
        aligned = list(target)
        for index in range(len(target)):
            axis = index + len(shape) - len(target)
            if axis >= 0 and aligned[index] == self.at_batch(shape[axis]):
                aligned[index] = shape[axis]
        return aligned

    def aligned(self, constant: Constant, x: Data) -> list[Dim]:
        """Return the shape of a constant that meets data, with the batch where it has its number.

        Axes are compared from the last one on; leading ones of extent 1 are left out.
        """
        shape = list(constant.shape)
        while len(shape) > len(x.shape) and shape[0] == 1:
            del shape[0]
        return self.batched(shape, x.shape)

    def given(self, constant: Constant, x: Data) -> Data:
        """Return a constant as data: a layer that gives it for every batch of ``x``."""
        shaped = constant.like(self.aligned(constant, x))
        return self.assembly.constant(f"{self.operator.name}_constant", shaped, x)

    def learn(self, **constants: Constant | None) -> Call:
        """Return the call with what its next layer learns, by role."""
        learns = {role: each for role, each in constants.items() if each is not None}
        return replace(self, learns=learns)


def _outside(x: Data, output: tuple[Dim, ...]) -> Dim:
    """Return what is around the batch in its axis: as before, where that is as long as before."""
    axis = batch_axis(x.shape)
    same = axis is not None and axis < len(output) and output[axis] == x.shape[axis]
    return x.outside if same else 1
