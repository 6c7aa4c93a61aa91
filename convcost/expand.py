"""Blocks, repetitions, branches and conditions written out: steps to single layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convcost.errors import ConvcostError, GraphError, Location, SpecError
from convcost.layers import AbstractLayer
from convcost.spec import Call, Layer, Let, NetworkSpec, Reference, Repeat, Step
from convcost.values import evaluate, held, make_layer, rounds_of

MOST_STEPS = 250_000
_STEPS = "layers, rounds and inputs"
MOST_NESTED = 60  # lists of layers inside lists of layers
MOST_ERRORS = 20


@dataclass(frozen=True, slots=True)
class Pending:
    """A reference that is looked up when all layers are known, and where from."""

    reference: Reference
    path: tuple[str, ...]


Source = str | Pending
"""The output of a layer: by its full name, or by a reference."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A layer in its place; its name is its path through the blocks, with dots."""

    name: str
    block: tuple[str, ...]
    layer: AbstractLayer
    sources: tuple[Source, ...]
    location: Location | None
    holds: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The list of layers being written out: its path, values, input, and names in use."""

    path: tuple[str, ...]
    values: dict[str, Any]
    start: Source
    reserved: frozenset[str]
    used: Counter[str] = field(default_factory=Counter)

    def name(self, step: Step) -> str:
        """Return the step's own name, or its label with the next free number."""
        return step.name or self.numbered(step.label)

    def numbered(self, label: str) -> str:
        while True:
            self.used[label] += 1
            name = f"{label}{self.used[label]}"
            if name not in self.reserved:
                return name

    def block(self, name: str) -> tuple[str, ...]:
        """Return the path of what has a name, without its last part."""
        return (*self.path, *name.split(".")[:-1])

    def inside(
        self, name: str, values: dict[str, Any], start: Source, steps: tuple[Step, ...]
    ) -> _Frame:
        """Return the frame of a block in this list."""
        return _Frame((*self.path, *name.split(".")), values, start, _own_names(steps))

    def full(self, name: str) -> str:
        return ".".join((*self.path, name))


class Expansion:
    """The layers of a network, written out with given parameters.

    What is wrong is collected in ``errors``, each mistake once however often it is run.
    """

    def __init__(self, spec: NetworkSpec, parameters: Mapping[str, Any], start: str) -> None:
        """Write out all layers of ``spec``; ``start`` names the network's first input."""
        self.placed: dict[str, Placed] = {}
        self.outputs: dict[str, Source] = {name: name for name in (start, *spec.inputs)}
        self.errors: list[ConvcostError] = []
        self.last: Source = start
        self._spec = spec
        self._parameters = parameters
        self._steps_left = MOST_STEPS
        self._depth = 0
        self._wrong: set[int] = set()
        names = _own_names(spec.layers).union(spec.inputs)
        frame = _Frame((), dict(parameters), start, names)
        try:
            self.last = self._list(spec.layers, start, frame)
        except _EndError as error:
            self.errors.append(SpecError(*error.problems))

    def _list(self, steps: tuple[Step, ...], source: Source, frame: _Frame) -> Source:
        """Write out a list of layers; return where its output comes from."""
        self._depth += 1
        for step in steps:
            self._count(step)
            try:
                source = self._step(step, source, frame)
            except _EndError:
                raise
            except ConvcostError as error:
                if id(step) not in self._wrong:
                    self._wrong.add(id(step))
                    self.errors.append(error)
                if len(self.errors) >= MOST_ERRORS:
                    raise _EndError("too many errors: the rest is left out") from None
        self._depth -= 1
        return source

    def _count(self, step: Step) -> None:
        """Take a step, or refuse if that is one too many or too deep."""
        self._steps_left -= 1 + len(step.sources)
        if self._steps_left < 0:
            raise _EndError(f"more than {MOST_STEPS:,} {_STEPS}", location=step.location)
        if self._depth > MOST_NESTED:
            raise _EndError(f"nested more than {MOST_NESTED} deep", location=step.location)

    def _step(self, step: Step, source: Source, frame: _Frame) -> Source:
        if isinstance(step.action, Let):
            for name, written in step.action.values.items():
                self._steps_left -= len(written) if isinstance(written, tuple) else 0
                frame.values[name] = evaluate(written, frame.values)
            return source
        if step.when is not None and not step.when.holds(frame.values):
            return source
        sources = tuple(
            frame.start if reference.name == "input" else Pending(reference, frame.path)
            for reference in step.sources
        ) or (source,)
        match step.action:
            case Layer():
                return self._layer(step, step.action, sources, frame)
            case Call():
                start = _only(sources, f"block {step.action.block!r}", step)
                return self._call(step, step.action, start, frame)
            case Repeat():
                start = _only(sources, "repeat", step)
                return self._repeat(step, step.action, start, frame)

    def _layer(
        self, step: Step, action: Layer, sources: tuple[Source, ...], frame: _Frame
    ) -> Source:
        own = frame.name(step)
        name = frame.full(own)
        where = f"layer {name!r} ({action.layer.kind})"
        self._put(name, name, step)  # before its attributes, so that others may refer to it
        if action.branches:
            start = _only(sources, where, step)
            sources = tuple(self._branch(*each, start, frame) for each in action.branches.items())
        layer = make_layer(where, step, action, frame.values)
        if not action.layer.joins:
            _only(sources, where, step)
        elif len(sources) < action.layer.least_inputs:
            message = f"{where}: expected 2 inputs or more ('from: [...]' or 'branches'), got 1"
            raise GraphError(message, location=step.location)
        holds = held(where, step, action, frame.values)
        self.placed[name] = Placed(name, frame.block(own), layer, sources, step.location, holds)
        return name

    def _branch(self, branch: str, steps: tuple[Step, ...], start: Source, frame: _Frame) -> Source:
        name = branch
        while frame.full(name) in self.outputs:
            name = frame.numbered(branch)
        self.outputs[frame.full(name)] = start
        inside = frame.inside(name, dict(frame.values), frame.start, steps)
        source = self.outputs[frame.full(name)] = self._list(steps, start, inside)
        return source

    def _call(self, step: Step, action: Call, start: Source, frame: _Frame) -> Source:
        block = self._spec.blocks[action.block]
        values = dict(self._parameters)
        for argument, default in block.arguments.items():
            if argument in action.arguments:
                values[argument] = evaluate(action.arguments[argument], frame.values)
            else:
                values[argument] = evaluate(default, values)
        inside = frame.inside(frame.name(step), values, start, block.layers)
        return self._block(inside, block.layers, step)

    def _block(self, inside: _Frame, steps: tuple[Step, ...], step: Step) -> Source:
        """Write out a list of layers as a block of its own."""
        full = ".".join(inside.path)
        self._put(full, inside.start, step)
        source = self.outputs[full] = self._list(steps, inside.start, inside)
        return source

    def _repeat(self, step: Step, action: Repeat, source: Source, frame: _Frame) -> Source:
        rounds = rounds_of(step, action, frame.values, most=self._steps_left + 1)
        if len(rounds) * (1 + len(action.layers)) > self._steps_left:  # no need to try
            raise _EndError(f"more than {MOST_STEPS:,} {_STEPS}", location=step.location)
        bound = {*action.over, *([action.index] if action.index else [])}
        shadowed = {name: frame.values[name] for name in bound if name in frame.values}
        for index, values in enumerate(rounds):
            self._count(step)
            frame.values.update(values)
            if action.index:
                frame.values[action.index] = index
            if step.name:
                name = f"{step.name}{index + 1}"
                inside = frame.inside(name, frame.values, source, action.layers)
                source = self._block(inside, action.layers, step)
            else:
                source = self._list(action.layers, source, frame)
        frame.values.update(shadowed)
        return source

    def _put(self, full: str, source: Source, step: Step) -> None:
        if full in self.outputs:
            raise SpecError(
                f"two layers of one name: {full!r}; name a repeat around them, or leave the"
                " name out",
                location=step.location,
            )
        self.outputs[full] = source


class _EndError(SpecError):
    """An error after which writing out stops."""


def _own_names(steps: tuple[Step, ...]) -> frozenset[str]:
    """Return the names given in a list of layers, which numbering must leave alone."""
    names = set()
    for step in steps:
        if step.name:
            names.add(step.name)
        elif isinstance(step.action, Repeat):
            names |= _own_names(step.action.layers)
        if isinstance(step.action, Layer):
            names.update(step.action.branches)
    return frozenset(names)


def _only(sources: tuple[Source, ...], where: str, step: Step) -> Source:
    if len(sources) != 1:
        raise GraphError(f"{where}: expected 1 input, got {len(sources)}", location=step.location)
    return sources[0]
