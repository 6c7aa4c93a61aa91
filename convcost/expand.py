"""Blocks, repetitions, branches and conditions written out: steps to single layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convcost.errors import ConvcostError, GraphError, Location, Problem, SpecError
from convcost.expressions import Expression
from convcost.layers import AbstractLayer
from convcost.spec import Call, Layer, Let, NetworkSpec, Reference, Repeat, Step, Written

MOST_STEPS = 500_000
MOST_NESTED = 40  # calls of blocks inside blocks
MOST_PROBLEMS = 20


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

    def inside(
        self, name: str, values: dict[str, Any], start: Source, steps: tuple[Step, ...]
    ) -> _Frame:
        """Return the frame of a block in this list."""
        return _Frame((*self.path, name), values, start, _own_names(steps))

    def full(self, name: str) -> str:
        return ".".join((*self.path, name))


def evaluate(written: Written | None, values: Mapping[str, Any]) -> Any:
    """Compute the expressions in a value."""
    if isinstance(written, Expression):
        return written.value(values)
    if isinstance(written, tuple):
        return tuple([evaluate(part, values) for part in written])
    return written


class Expansion:
    """The layers of a network, written out with given parameters."""

    def __init__(self, spec: NetworkSpec, parameters: Mapping[str, Any], start: str) -> None:
        """Write out all layers of ``spec``; ``start`` names the network's input."""
        self.placed: dict[str, Placed] = {}
        self.outputs: dict[str, Source] = {start: start}
        self.problems: list[Problem] = []
        self._spec = spec
        self._parameters = parameters
        self._steps_left = MOST_STEPS
        frame = _Frame((), dict(parameters), start, _own_names(spec.layers))
        try:
            self.last = self._list(spec.layers, start, frame)
        except ConvcostError as error:  # one after which there is no going on
            self.problems.extend(error.problems)
            self.last = start

    def _list(self, steps: tuple[Step, ...], source: Source, frame: _Frame) -> Source:
        """Write out a list of layers; return where its output comes from."""
        for step in steps:
            self._steps_left -= 1
            if self._steps_left < 0:
                raise _FatalError(f"more than {MOST_STEPS:,} layers", location=step.location)
            try:
                source = self._step(step, source, frame)
            except _FatalError:
                raise
            except ConvcostError as error:
                self.problems.extend(error.problems)
                if len(self.problems) >= MOST_PROBLEMS:
                    raise _FatalError("too many errors, the rest is left out") from None
        return source

    def _step(self, step: Step, source: Source, frame: _Frame) -> Source:
        if isinstance(step.action, Let):
            for name, written in step.action.values.items():
                frame.values[name] = evaluate(written, frame.values)
            return source
        if step.when is not None and not _decided(step.when, frame.values):
            return source
        sources = tuple(
            frame.start if reference.name == "input" else Pending(reference, frame.path)
            for reference in step.sources
        ) or (source,)
        match step.action:
            case Layer():
                return self._layer(step, step.action, sources, frame)
            case Call():
                return self._call(step, step.action, _only(sources, step), frame)
            case Repeat():
                return self._repeat(step, step.action, _only(sources, step), frame)

    def _layer(
        self, step: Step, action: Layer, sources: tuple[Source, ...], frame: _Frame
    ) -> Source:
        name = frame.full(frame.name(step))
        if action.branches:
            start = _only(sources, step)
            sources = tuple(
                self._branch(branch, steps, start, frame)
                for branch, steps in action.branches.items()
            )
        layer = _make(name, step, action, frame.values)
        if not action.layer.joins:
            _only(sources, step)
        elif len(sources) < 2:  # noqa: PLR2004 - what joining means
            raise GraphError(
                f"layer {name!r} ({layer.kind}): expected 2 inputs or more, got 1:"
                " give it 'from: [...]' or 'branches'",
                location=step.location,
            )
        self._put(name, name, step)
        self.placed[name] = Placed(name, frame.path, layer, sources, step.location)
        return name

    def _branch(self, branch: str, steps: tuple[Step, ...], start: Source, frame: _Frame) -> Source:
        name = branch
        while frame.full(name) in self.outputs:
            name = frame.numbered(branch)
        self.outputs[frame.full(name)] = start
        inside = frame.inside(name, dict(frame.values), frame.start, steps)
        source = self._list(steps, start, inside)
        self.outputs[frame.full(name)] = source
        return source

    def _call(self, step: Step, action: Call, start: Source, frame: _Frame) -> Source:
        if len(frame.path) > MOST_NESTED:
            raise _FatalError(f"nested more than {MOST_NESTED} deep", location=step.location)
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
        rounds = _rounds(step, action, frame.values)
        bound = {*action.over, *([action.index] if action.index else [])}
        shadowed = {name: frame.values[name] for name in bound if name in frame.values}
        for index, values in enumerate(rounds):
            frame.values.update(values)
            if action.index:
                frame.values[action.index] = index
            self._steps_left -= 1
            if self._steps_left < 0:
                raise _FatalError(f"more than {MOST_STEPS:,} layers", location=step.location)
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


class _FatalError(SpecError):
    """An error after which writing out stops."""


def _own_names(steps: tuple[Step, ...]) -> frozenset[str]:
    """Return the names given in a list of layers, which numbering must leave alone."""
    names = set()
    for step in steps:
        if step.name:
            names.add(step.name)
        elif isinstance(step.action, Repeat):
            names |= _own_names(step.action.layers)
    return frozenset(names)


def _decided(when: Expression, values: Mapping[str, Any]) -> bool:
    value = when.value(values)
    if not isinstance(value, int):
        raise SpecError(
            f"{when.text!r} decides which layers there are: it needs numbers, not symbols",
            location=when.location,
        )
    return bool(value)


def _only(sources: tuple[Source, ...], step: Step) -> Source:
    if len(sources) != 1:
        raise GraphError(f"{step.label} takes 1 input, got {len(sources)}", location=step.location)
    return sources[0]


def _make(name: str, step: Step, action: Layer, values: Mapping[str, Any]) -> AbstractLayer:
    """Compute the attributes of a layer."""
    where = f"layer {name!r} ({action.layer.kind})"
    settled = {}
    for key, attribute in action.attributes.items():
        try:
            settled[key] = attribute.form.settle(evaluate(attribute.written, values))
        except ConvcostError as error:
            raise error.at(f"{where}: {key}", attribute.location or step.location) from None
    try:
        return action.layer(**settled)
    except ConvcostError as error:
        key = str(error.problems[0].message).split(" ", 1)[0]
        known = action.attributes.get(key)
        raise error.at(where, (known and known.location) or step.location) from None


def _rounds(step: Step, action: Repeat, values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the values of each round; a plain repetition has none."""
    if action.times is not None:
        times = action.times.value(values)
        if not isinstance(times, int) or times < 0:
            raise SpecError(
                f"times must be a whole number, 0 or more, got {times}", location=step.location
            )
        return [{}] * min(times, MOST_STEPS + 1)
    lists = {name: evaluate(written, values) for name, written in action.over.items()}
    for name, items in lists.items():
        if not isinstance(items, tuple):
            raise SpecError(f"'over' takes lists; {name} is {items}", location=step.location)
    lengths = {len(items) for items in lists.values()}
    if len(lengths) != 1:
        sizes = ", ".join(f"{name} has {len(items)}" for name, items in lists.items())
        raise SpecError(f"lists of unlike length: {sizes or 'none'}", location=step.location)
    return [dict(zip(lists, items, strict=True)) for items in zip(*lists.values(), strict=True)]
