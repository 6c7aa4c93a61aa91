"""Sheets: many blocks in one synthetic network, so that caches are as cold as in a real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from convcost.analyse import analyse
from convcost.cost import NetworkCost
from convcost.forms import attributes_of
from convcost.graph import Network, build
from convcost.layers import AbstractLayer
from convcost.measure.calibration.block import Block
from convcost.measure.calibration.draws import draws
from convcost.measure.calibration.families import FAMILIES
from convcost.spec import Attribute, Layer, NetworkSpec, Reference, Step

SEED = 0
"""Of all sizes that are drawn: so that another run can go on where one stopped."""

BATCHES = (1, 8, 2, 8, 1, 16, 1, 4)
"""The batches of the sheets, in turns."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A synthetic network. ``groups`` has the block of every layer that is worth a row."""

    name: str
    network: Network
    batch: int
    groups: dict[str, str]

    def cost(self, *, training: bool = False) -> NetworkCost:
        """Analyse it."""
        return analyse(self.network, batch=self.batch, training=training)


def sheets(seed: int, *, skip: int = 0) -> Iterator[Sheet]:
    """Yield sheets without end, but for the first ones; each has other blocks."""
    points = {
        family: draws(seed + position, skip=skip * count)
        for position, (family, (count, _)) in enumerate(FAMILIES.items())
    }
    number = skip
    while True:
        batch = BATCHES[number % len(BATCHES)]
        blocks = []
        for family, (count, make) in FAMILIES.items():
            for index in range(count):
                block = Block(f"sheet{number}.{family}{index}", batch)
                make(block, next(points[family]))
                block.close()
                blocks.append(block)
        yield sheet(f"sheet{number}", blocks)
        number += 1


def sheet(name: str, blocks: Sequence[Block]) -> Sheet:
    """Put blocks beside each other."""
    spec = NetworkSpec(
        name=name,
        family=name,
        description="synthetic, for calibration",
        source="",
        input=(1, 1, 1),
        parameters={},
        presets={},
        variants={},
        blocks={},
        layers=tuple(step for block in blocks for step in _steps(block)),
        outputs=tuple(Reference(block.last) for block in blocks),
        file=name,
        text="",
        inputs={block.name: block.extents for block in blocks},
    )
    groups = {
        each.name: block.name for block in blocks for each in block.layers if not each.context
    }
    return Sheet(name, build(spec), blocks[0].batch, groups)


def _steps(block: Block) -> Iterator[Step]:
    for each in block.layers:
        yield Step(
            Layer(type(each.layer), _attributes(each.layer), {}),
            each.layer.label,
            each.name,
            tuple(map(Reference, each.inputs)),
        )


def _attributes(layer: AbstractLayer) -> dict[str, Attribute]:
    known = attributes_of(type(layer))
    return {
        field.name: Attribute(known[field.name].form, getattr(layer, field.name))
        for field in fields(layer)  # type: ignore[arg-type]  # a dataclass
    }
