"""The one way from a foreign file's layers to a ``NetworkSpec``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from convcost.errors import ImportFormatError
from convcost.expressions import Expression, parse
from convcost.forms import attributes_of
from convcost.importers.naming import Named, dotted_names, legal_name
from convcost.layers import AbstractLayer
from convcost.simple_forms import NumberForm
from convcost.spec import Attribute, Layer, NetworkSpec, Reference, Step, Written

INPUT = "input"  # what the first input is called in a spec


@dataclass(frozen=True, slots=True)
class Imported:
    """A layer as an importer found it.

    ``name`` is its author's, and no other layer's or input's; ``inputs`` are such names, in
    order; ``attributes`` are as a spec writes them; ``holds`` is how many learned elements of
    a role it has, where its kind says otherwise.
    """

    name: str
    layer: type[AbstractLayer]
    attributes: Mapping[str, Written]
    inputs: tuple[str, ...]
    holds: Mapping[str, Written] = field(default_factory=dict)


def network_spec(  # noqa: PLR0913 - what a spec consists of, by name
    *,
    name: str,
    file: str,
    source: str,
    inputs: Mapping[str, tuple[Written, ...]],
    parameters: Mapping[str, Written | None],
    layers: Sequence[Imported],
    outputs: Sequence[str],
    description: str = "",
) -> NetworkSpec:
    """Return the spec of imported layers, whose dotted names are the tree of blocks.

    ``inputs`` are the extents of the inputs without the batch, by name, the one that
    ``--input`` gives first. ``outputs`` are names of layers.

    Raises: ImportFormatError if a name stands twice, or what is read is not there.
    """
    _require_known(file, inputs, layers, outputs)
    called = _input_names(inputs)
    named = [Named(each.name, each.inputs, _follows(each.layer)) for each in layers]
    called |= dotted_names(named, taken=called.values())
    (_, extents), *others = inputs.items()
    family = legal_name(name, "network")
    return NetworkSpec(
        name=family,
        family=family,
        description=description,
        source=source,
        input=extents,
        parameters=parameters,
        presets={},
        variants={},
        blocks={},
        layers=tuple(_step(each, called) for each in layers),
        outputs=tuple(Reference(called[output]) for output in outputs),
        file=file,
        text="",
        inputs={called[name]: written for name, written in others},
    )


def number(text: str, parameters: Iterable[str] = ()) -> Expression:
    """Return a whole number or an expression of parameters, as a spec would write it.

    Raises: SpecError if it is neither.
    """
    return parse(text, parameters)


def refuse_unknown(file: str, operators: Mapping[str, int]) -> None:
    """Name all operators that no rule is known for.

    Raises: ImportFormatError unless there are none.
    """
    if operators:
        most_first = sorted(operators.items(), key=lambda pair: (-pair[1], pair[0]))
        listed = ", ".join(f"{count} x {operator}" for operator, count in most_first)
        raise ImportFormatError(
            f"{file}: operators without a rule: {listed}; --allow-unknown lets them through"
        )


def _require_known(
    file: str,
    inputs: Mapping[str, tuple[Written, ...]],
    layers: Sequence[Imported],
    outputs: Sequence[str],
) -> None:
    if not layers or not outputs:
        raise ImportFormatError(f"{file}: the network has no layers that its outputs depend on")
    if not inputs:
        raise ImportFormatError(f"{file}: the network has no input")
    count = Counter([*inputs, *(each.name for each in layers)])
    for name, times in count.items():
        if times > 1:
            raise ImportFormatError(f"{file}: two nodes of one name: {name!r}")
    read = {source: each.name for each in layers for source in each.inputs}
    read |= dict.fromkeys(outputs, "output")
    for name, reader in read.items():
        if name not in count:
            raise ImportFormatError(f"{file}: {reader!r} reads {name!r}, which is not there")


def _input_names(inputs: Mapping[str, tuple[Written, ...]]) -> dict[str, str]:
    """Return what each input is called in the spec: the first one ``input``."""
    names: dict[str, str] = {}
    for name in inputs:
        wanted = legal_name(name, "input_") if names else INPUT
        number = 1
        found = wanted
        while found in names.values():
            number += 1
            found = f"{wanted}_{number}"
        names[name] = found
    return names


def _follows(layer: type[AbstractLayer]) -> bool:
    """Whether a layer whose name has no place belongs where its input is."""
    return layer.joins or layer.sharing == "in place"


def _step(each: Imported, called: Mapping[str, str]) -> Step:
    known = attributes_of(each.layer)
    attributes = {
        name: Attribute(known[name].form, written) for name, written in each.attributes.items()
    }
    holds = {role: Attribute(NumberForm(), count) for role, count in each.holds.items()}
    return Step(
        Layer(each.layer, attributes, {}, holds),
        each.layer.label,
        called[each.name],
        tuple(Reference(called[source]) for source in each.inputs),
    )
