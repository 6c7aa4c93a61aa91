"""MXNet's graph of operators: the order they run in, what is merged, and the gradients.

The order is depth first from the outputs, then from the gradients of the parameters in the
order of the parameters. Applied twice to the same, an operator without parameters, state or
chance is applied once; the gradients of one result are summed.

Source: MXNet, src/nnvm/gradient.cc, src/executor/graph_executor.cc and
    src/executor/eliminate_common_expr_pass.cc.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from convcost.memory.mxnet.operators import OPERATORS
from convcost.memory.mxnet.pool import Operation, plan


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """An operator, applied: what it reads, the bytes of its results, what it is set to."""

    operator: str
    inputs: tuple[Entry, ...]
    sizes: tuple[int, ...]
    attributes: Hashable = None


Entry = tuple[Node, int]
"""A result of a node."""


def _walk(roots: Iterable[Node]) -> list[Node]:
    """Return the nodes that roots need, each behind its inputs: depth first, in order."""
    done: dict[Node, None] = {}
    begun: set[Node] = set()
    for root in roots:
        stack = [] if root in begun else [(root, iter(root.inputs))]
        begun.add(root)
        while stack:
            node, inputs = stack[-1]
            below = next((source for source, _ in inputs if source not in begun), None)
            if below is None:
                done[node] = None
                stack.pop()
            else:
                begun.add(below)
                stack.append((below, iter(below.inputs)))
    return list(done)


def _merged(ends: Sequence[Node]) -> list[Node]:
    """Apply every operator once to the same inputs; an output that is one already is copied."""
    found: dict[Node, Node] = {}
    same: dict[Hashable, Node] = {}
    for node in _walk(ends):
        inputs = tuple([(found[source], position) for source, position in node.inputs])
        it = replace(node, inputs=inputs)
        if OPERATORS[it.operator].merges:
            it = same.setdefault((it.operator, it.attributes, inputs), it)
        found[node] = it
    merged: dict[Node, None] = {}
    for end in ends:
        it = found[end]
        merged[it if it not in merged else Node("_copy", ((it, 0),), it.sizes[:1])] = None
    return list(merged)


def _gradients(ends: Sequence[Node]) -> list[Node]:
    """Return the nodes that give the gradients of parameters, in the parameters' order."""
    given: dict[Entry, list[Entry]] = defaultdict(list)
    for end in ends:
        given[end, 0].append((Node("_head_gradient", (), end.sizes[:1]), 0))
    learning = []
    for node in reversed(_walk(ends)):
        facts = OPERATORS[node.operator]
        if not node.inputs:
            continue
        if facts.apart:
            given[node, 0] = [_sum(given[node, 0])]  # once, for all of them
            gradients = [
                (_backward(node, operator, reads, given, of=[position]), 0)
                for position, (operator, reads) in enumerate(facts.apart)
            ]
        elif facts.backward is None:
            gradients = [_sum(given[node, 0])] * len(node.inputs)
        else:
            backward = _backward(node, facts.backward, facts.reads, given)
            gradients = [(backward, position) for position in range(len(node.inputs))]
            learning += [backward] if facts.learns else []
        for entry, gradient in zip(node.inputs, gradients, strict=True):
            given[entry].append(gradient)
    return learning[::-1]


def _backward(
    node: Node,
    operator: str,
    what: Iterable[str],
    given: Mapping[Entry, Sequence[Entry]],
    of: Iterable[int] | None = None,
) -> Node:
    """Return the node that gives the gradients of a node's inputs, or of some of them."""
    reads: list[Entry] = []
    for it in what:
        if it == "x":
            reads += node.inputs
            continue
        if it[0] == "x":
            reads.append(node.inputs[int(it[1:])])
            continue
        entry = node, int(it[1:])
        reads.append(entry if it[0] == "y" else _sum(given.get(entry, ()), like=entry))
    wanted = node.inputs if of is None else [node.inputs[position] for position in of]
    return Node(operator, tuple(reads), tuple([source.sizes[at] for source, at in wanted]))


CHAINED = 8
"""So many gradients and more are summed by a chain of additions."""


def _sum(gradients: Sequence[Entry], like: Entry | None = None) -> Entry:
    """Return the sum of the gradients of an entry; zeros if there are none."""
    if not gradients:
        assert like is not None  # noqa: S101
        return Node("_zeros", (), (like[0].sizes[like[1]],)), 0
    total, *others = gradients
    sizes = (total[0].sizes[total[1]],)
    if not others:
        return total
    if len(gradients) < CHAINED:
        return Node("add_n", tuple(gradients), sizes), 0
    for other in others:
        total = Node("_grad_add", (total, other), sizes), 0
    return Node("_copy", (total,), sizes), 0


def blocks_of(outputs: Sequence[Node], *, training: bool) -> list[int]:
    """Return the bytes of every block for a graph of MXNet's operators."""
    ends = _merged(outputs)
    nodes = _walk([*ends, *_gradients(ends)] if training else ends)
    operations = [_operation(node) for node in nodes if node.operator != "Variable"]
    return plan(operations, kept=[(end, 0) for end in ends])


def _operation(node: Node) -> Operation:
    facts = OPERATORS[node.operator]
    writes = tuple([((node, position), size) for position, size in enumerate(node.sizes)])
    return Operation(node.inputs, writes, facts.shares, facts.view)
