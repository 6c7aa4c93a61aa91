"""What a rule for an operator is given: its attributes, its inputs, and where to put layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from convcost.importers.mxnet.attributes import Attributes
from convcost.importers.mxnet.symbol import Node
from convcost.importers.network import Imported
from convcost.importers.shapes import Shapes
from convcost.layers import KINDS, AbstractLayer
from convcost.spec import Written
from convcost.tensors import Extents

LAYERS: Mapping[str, type[AbstractLayer]] = MappingProxyType({kind.kind: kind for kind in KINDS})
STATISTICS = "statistics"
SCALE = ("scales", "shifts")
LINEAR = ("weights", "biases")
_SUFFIX = "_fwd"  # what Gluon puts behind a block's name for the operator in it

_LEARNING = frozenset(
    {"conv2d", "conv_transpose2d", "dense", "prelu", "arithmetic"}
    | {"batch_norm", "layer_norm", "instance_norm"}
)
_RANKS = MappingProxyType(
    {"conv2d": 4, "conv_transpose2d": 4, "pool2d": 4, "global_pool2d": 4, "flatten": 2}
)


class Unknown(Exception):  # noqa: N818 - no error yet: it may be let through
    """A use of an operator that no rule is known for; the text says which.

    ``shape`` computes what it gives, if that is known.
    """

    def __init__(self, use: str, shape: Callable[[], Extents] | None = None) -> None:
        super().__init__(use)
        self.shape = shape


@dataclass(slots=True)
class Layers:
    """The layers made so far, with the rank of what each gives."""

    made: list[Imported] = field(default_factory=list)
    ranks: dict[str, int] = field(default_factory=dict)
    shapes: Shapes = field(default_factory=Shapes)
    _names: dict[str, int] = field(default_factory=dict)

    def add_input(self, name: str, extents: tuple[Written, ...]) -> str:
        """Add an input; return what layers call it."""
        key = self.unique(name)
        self.ranks[key] = 1 + len(extents)
        self.shapes.add_input(key, extents)
        return key

    def add(self, layer: Imported) -> None:
        """Add a layer that reads what is there already."""
        self.made.append(layer)
        self.ranks[layer.name] = self._rank(layer)
        self.shapes.add(layer)

    def unique(self, name: str) -> str:
        """Return a name that is nobody's yet: this one, or this one with a number."""
        found = name
        while found in self._names:
            self._names[name] += 1
            found = f"{name}_{self._names[name]}"
        self._names[found] = 1
        return found

    def _rank(self, layer: Imported) -> int:
        ranks = [self.ranks[source] for source in layer.inputs]
        given = layer.attributes

        def length(key: str) -> int:
            value = given[key]
            return len(value) if isinstance(value, tuple) else 0

        match layer.layer.kind:
            case "reshape" | "uncounted":
                return length("shape")
            case "squeeze":
                return ranks[0] - length("axes")
            case "unsqueeze":
                return ranks[0] + length("axes")
            case "reduce" if given.get("keep") is False:
                return ranks[0] - length("axes")
            case "dense" if given.get("flatten", True):
                return 2
            case kind:
                return _RANKS.get(kind, max(ranks))


@dataclass(frozen=True, slots=True)
class Operation:
    """One operator of a symbol: ``inputs`` are what it reads of other layers and of inputs.

    ``constants`` are the shapes of the parameters among what it reads, by position, as far as
    the file has them; ``holds`` the roles of which it has none of its own: others have them;
    ``computed`` whether a parameter is what other operators give.
    """

    node: Node
    name: str
    inputs: tuple[str, ...]
    constants: Mapping[int, tuple[int, ...] | None]
    holds: Mapping[str, int]
    layers: Layers
    computed: bool = False

    @property
    def attributes(self) -> Attributes:
        """The node's attributes."""
        return Attributes(self.node)

    def put(self, kind: str, /, *sources: str, **attributes: Written) -> str:
        """Add the layer that has the operator's name; return what others call it."""
        return self._put(self.name, kind, sources, attributes)

    def put_part(self, part: str, kind: str, /, *sources: str, **attributes: Written) -> str:
        """Add a layer before that one, called by a part of what the operator does."""
        return self._put(f"{self.name}_{part}", kind, sources, attributes)

    def _put(
        self, name: str, kind: str, sources: tuple[str, ...], attributes: Mapping[str, Written]
    ) -> str:
        name = self.layers.unique(name)
        holds = self.holds if kind in _LEARNING else {}
        self.layers.add(Imported(name, LAYERS[kind], attributes, sources or self.inputs, holds))
        return name

    def rank(self, source: str) -> int:
        """Return the number of axes of an input, with the batch."""
        return self.layers.ranks[source]

    def shape(self, source: str) -> Extents:
        """Return the shape of an input, as formulas where it depends on the network's input."""
        return self.layers.shapes.of(source)

    def axis(self, axis: int, rank: int) -> int:
        """Return an axis counted from the first one."""
        if not -rank <= axis < rank:
            raise self.attributes.error(f"there is no axis {axis} among {rank}")
        return axis % rank

    def unknown(self, use: str, shape: Callable[[], Extents] | None = None) -> Unknown:
        """Return that this use of the operator has no rule."""
        return Unknown(f"{self.node.operator} {use}".strip(), shape)


class Rule(NamedTuple):
    """How an operator becomes layers: the function returns what each of its outputs is called.

    ``data`` is how many of its inputs, from the first on, are tensors, or all if it is None;
    the others are its parameters, of these roles, or labels.
    """

    make: Callable[[Operation], str | tuple[str, ...]]
    data: int | None = 1
    roles: tuple[str, ...] = ()

    def is_data(self, position: int) -> bool:
        """Whether the operator reads a tensor there."""
        return self.data is None or position < self.data

    def role(self, position: int) -> str | None:
        """Return the role of a parameter that the operator reads there; None of a label."""
        index = 0 if self.data is None else max(position - self.data, 0)
        return self.roles[index] if index < len(self.roles) else None


def plain_name(node: Node) -> str:
    """Return a node's name without what Gluon adds to it."""
    return node.name.removesuffix(_SUFFIX) or node.name or node.operator
