"""A network as a spec again, with repeated blocks folded: what ``convcost convert`` writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from convcost.expressions import Expression
from convcost.graph import Network, Node
from convcost.layers import Input
from convcost.spec import Layer, Step
from convcost.writing.attributes import all_values
from convcost.writing.emit import HOLDS, Data, Emitter
from convcost.writing.fold import Folding
from convcost.writing.items import Slot, Text
from convcost.writing.text import as_yaml
from convcost.writing.tree import Leaf, tree
from convcost.writing.vary import words
from convcost.writing.wrap import wrapped

_LEAST_SAVED = (1, 3, -2)  # lines that a loop must save, to be tried
_WORTH_NAMES = 10  # lines: for fewer, layers keep their names
_MOST_SHAPES = 12  # that are tried without a kind of their own


def spec_text(network: Network, *, keep_names: bool = False) -> str:
    """Return the shortest spec found for a network, as YAML.

    It has the same layers in the same order. Repeated blocks are loops or kinds of blocks;
    where the network's own spec is a plain list of layers, the expressions of its parameters
    stay. Names stay, but for those of layers that are only numbered, where they would keep
    what is repeated from being told once; with ``keep_names`` those too.
    """
    source = _Source(network)
    best = _shortest(source, wrap=False)
    if not keep_names:
        wrapped_ = _shortest(source, wrap=True)
        best = wrapped_ if wrapped_.lines + _WORTH_NAMES <= best.lines else best
    return best.text


def _shortest(source: _Source, *, wrap: bool) -> _Draft:
    drafts = [_Draft(source, least, frozenset(), wrap) for least in _LEAST_SAVED]
    best = min(drafts, key=lambda draft: draft.lines)
    for paths in best.blocks():
        draft = replace(best, dissolved=best.dissolved | paths)
        best = min(best, draft, key=lambda each: each.lines)
    return best


@dataclass(frozen=True)
class _Source:
    """What is to be written: layers, and who reads them."""

    network: Network

    @cached_property
    def written(self) -> Mapping[str, Mapping[str, Any]]:
        """What the network's own spec says of its layers, by name, if that is a plain list."""
        steps = self.network.spec.layers
        if not all(_is_plain(step) for step in steps):
            return {}
        places = {step.location: step for step in steps if step.location is not None}
        names = {step.name: step for step in steps if step.name is not None}
        found: dict[str, dict[str, Any]] = {}
        for node in self.network.nodes:
            step = names.get(node.name)
            if step is None and node.location is not None:
                step = places.get(node.location)
            if step is not None and isinstance(step.action, Layer):
                given = step.action.attributes
                found[node.name] = {name: each.written for name, each in given.items()}
                held = {role: each.written for role, each in step.action.holds.items()}
                found[node.name][HOLDS] = held
        return found

    @property
    def extents(self) -> tuple[Any, ...]:
        """The extents of the input."""
        network = self.network
        return tuple(map(_said, network.extents)) if self.written else network.source.extents

    @property
    def other_inputs(self) -> dict[str, Data]:
        """The extents of the inputs beside the first one, by name."""
        if self.written:
            written = self.network.spec.inputs
            return {name: tuple(map(_said, extents)) for name, extents in written.items()}
        nodes = self.network.nodes[1:]
        return {n.name: n.layer.extents for n in nodes if isinstance(n.layer, Input)}

    @property
    def parameters(self) -> dict[str, Data]:
        """The parameters that are left, if any."""
        network = self.network
        if not self.written or not network.parameters:
            return {}
        given = {name: value for name, value in network.given.items() if name not in network.open}
        written = {**network.spec.parameters, **given}
        return {"parameters": {name: _said(value) for name, value in written.items()}}

    @cached_property
    def leaves(self) -> list[Leaf]:
        """All layers, the inputs aside."""
        places = {node.name: place for place, node in enumerate(self.network.nodes)}
        return [
            Leaf(
                places[node.name],
                node.name,
                type(node.layer),
                tuple(self._values(node).items()),
                tuple(places[name] for name in node.inputs),
            )
            for node in self.network.nodes
            if not isinstance(node.layer, Input)
        ]

    @cached_property
    def inputs(self) -> dict[int, str]:
        """The places of the network's inputs, by name."""
        nodes = enumerate(self.network.nodes)
        return {place: node.name for place, node in nodes if isinstance(node.layer, Input)}

    @cached_property
    def readers(self) -> dict[int, list[int]]:
        """Who reads each place; what is an output has a reader that is nowhere."""
        readers: dict[int, list[int]] = defaultdict(list)
        for leaf in self.leaves:
            for place in leaf.inputs:
                readers[place].append(leaf.place)
        outputs = {name: place for place, name in enumerate(n.name for n in self.network.nodes)}
        for name in self.network.outputs:
            readers[outputs[name]].append(-1)
        return readers

    def _values(self, node: Node) -> dict[str, Any]:
        values = all_values(node.layer)
        for name, written in self.written.get(node.name, {}).items():
            if name == HOLDS:
                continue
            said = _said(written)
            if words([said]):  # numbers are settled, and in their shortest form
                values[name] = said
        found = {name: _slot(name, value) for name, value in values.items()}
        held = self.written.get(node.name, {}).get(HOLDS, node.holds)
        return found | {f"{HOLDS}.{role}": _slot(role, _said(n)) for role, n in held.items()}


@dataclass(frozen=True)
class _Draft:
    """A way to write a network: what a loop must save, which blocks are dissolved, which made."""

    source: _Source
    least: int
    dissolved: frozenset[str]
    wrap: bool

    @cached_property
    def _folded(self) -> tuple[Folding, Emitter]:
        source = self.source
        parts = tree(source.leaves, source.readers, self.dissolved)
        if self.wrap:
            parts = wrapped(parts, source.readers)
        folding = Folding(self.least, frozenset(source.network.parameters))
        (start, *_) = source.inputs
        items = folding.items(parts, start, start, source.inputs)
        return folding, Emitter(folding, items)

    @cached_property
    def text(self) -> str:
        """The spec as YAML."""
        return "\n".join(as_yaml(part) for part in self._sections() if part)

    @property
    def lines(self) -> int:
        """How long it is."""
        return self.text.count("\n")

    def blocks(self) -> Iterator[frozenset[str]]:
        """Return the paths of the blocks of each shape, some of them."""
        for paths in self._folded[0].paths[:_MOST_SHAPES]:
            yield frozenset(paths) - {""}

    def _sections(self) -> Iterator[dict[str, Data]]:
        network, emitter = self.source.network, self._folded[1]
        spec = network.spec
        heads = {"name": spec.name, "family": spec.family}
        heads |= {"description": spec.description, "source": spec.source}
        if spec.family == spec.name:
            del heads["family"]
        yield {key: text for key, text in heads.items() if text}
        inputs = self.source.other_inputs
        others = {"inputs": inputs} if inputs else {}
        yield {"input": self.source.extents, **others, **self.source.parameters}
        yield {"blocks": emitter.blocks} if emitter.blocks else {}
        last = network.nodes[-1].name
        outputs = {} if network.outputs == (last,) else {"outputs": network.outputs}
        yield {"layers": emitter.layers, **outputs}


def _is_plain(step: Step) -> bool:
    return isinstance(step.action, Layer) and not step.action.branches and step.when is None


def _said(written: Any) -> Any:
    """Return a written value with the expressions that name something, and numbers."""
    if isinstance(written, Expression):
        return Text(written.text) if written.names else written.value({})
    return tuple(map(_said, written)) if isinstance(written, tuple) else written


def _slot(name: str, value: Any) -> Any:
    """Return a slot for a value that may differ between copies: a number, or a list of them."""
    return Slot(name, value) if _is_number(value) else value


def _is_number(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_is_number, value))
    return isinstance(value, int) and not isinstance(value, bool)
