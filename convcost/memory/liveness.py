"""Which memory is needed when: tensors share buffers, buffers live from step to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from convcost.dims import Dim
from convcost.memory.program import Program, Step


@dataclass(slots=True)
class Buffer:
    """Memory for one tensor, or for several of which each overwrites or views another.

    It is needed from the step ``first`` to the step ``last``, both included; what is kept
    outlives the last step.
    """

    size: Dim
    first: int
    last: int
    tensors: list[str] = field(default_factory=list)


def buffers(program: Program) -> list[Buffer]:
    """Return the buffers of a program, in the order they come to be needed."""
    last_use = _last_uses(program)
    of: dict[str, Buffer] = {}
    found = []
    for index, step in enumerate(program.steps):
        for name in step.writes:
            size = program.sizes[name]
            if name in step.views and step.views[name] not in of:
                continue  # a view of the input, which is outside
            buffer = _shared(name, step, index, of, size)
            if buffer is None:
                buffer = Buffer(size, index, index)
                found.append(buffer)
            buffer.last = max(buffer.last, last_use.get(name, index))
            buffer.tensors.append(name)
            of[name] = buffer
    return found


def live_bytes(program: Program, found: Sequence[Buffer]) -> list[Dim]:
    """Return the bytes that are needed at every step."""
    change: list[Dim] = [0] * (len(program.steps) + 2)
    for buffer in found:
        change[buffer.first] = change[buffer.first] + buffer.size
        change[buffer.last + 1] = change[buffer.last + 1] - buffer.size
    return list(accumulate(change))[:-2]


def _last_uses(program: Program) -> Mapping[str, int]:
    """Return the step that reads a tensor last; one after all for what is kept."""
    last_use = {name: index for index, step in enumerate(program.steps) for name in step.reads}
    return last_use | dict.fromkeys(program.kept, len(program.steps))


def _shared(
    name: str, step: Step, index: int, of: Mapping[str, Buffer], size: Dim
) -> Buffer | None:
    """Return the buffer of what a tensor views or may overwrite, if there is one."""
    if name in step.views:
        return of[step.views[name]]
    for source in step.overwrites.get(name, ()):
        buffer = of.get(source)
        # After this step nothing may need it, nor may another write have taken it.
        if buffer is not None and buffer.last == index and buffer.size == size:
            return buffer
    return None
