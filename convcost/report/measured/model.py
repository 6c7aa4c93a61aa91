"""What the model adds to a result that names a network it knows: memory by step, a formula."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from convcost.analyse import analyse
from convcost.catalogue import FILES, load
from convcost.cost import NetworkCost
from convcost.errors import ConvcostError, SpecError
from convcost.graph import Network
from convcost.measure.result import Result
from convcost.prediction.profile import Profile
from convcost.report.measured.predicted import Predicted, predicted_of
from convcost.tensors import FeatureMap

_WHOLE = ("H % 32 == 0", "W % 32 == 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A formula as text and as MathML, and where it is valid."""

    text: str
    mathml: str
    domain: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The bytes alive at every step, by the layers' names; in training back to the first."""

    steps: tuple[str, ...]
    live_bytes: tuple[int, ...]
    peak_step: int

    @property
    def peak(self) -> tuple[str, int]:
        """The step at which the most is alive, and how much that is."""
        return self.steps[self.peak_step], self.live_bytes[self.peak_step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Memory over a pass at inference, over a training step if one was measured; the macs.

    ``predicted`` is None without a profile of the machine, and text if it cannot predict.
    """

    inference: Schedule
    training: Schedule | None
    macs: Written | None
    predicted: Predicted | str | None = None


def model_of(
    result: Result, network: Network | None = None, profile: Profile | None = None
) -> Model | str:
    """Return what the model says of a network, or why it can say nothing.

    The network is the one that was measured, or the shipped one of the result's name; times
    are predicted by a profile.
    """
    try:
        made = network or _shipped(result.network, result.input[1:])
        cost = analyse(made, batch=result.batch, dtype=result.dtype)
        if not _is_of(cost, result):
            return f"{result.network} is not the network of that name that was measured"
        inference = _schedule(cost)
        if inference is None:
            return f"{result.network} keeps nothing in memory"
        taught = analyse(made, batch=result.batch, dtype=result.dtype, training=True)
        training = _schedule(taught) if result.training else None
        predicted = None if profile is None else predicted_of(result, made, cost, profile)
        return Model(
            inference=inference, training=training, macs=_macs(cost, made), predicted=predicted
        )
    except ConvcostError as error:
        return f"{result.network}: {error.problems[0].message}"


def _shipped(name: str, given: tuple[int, ...]) -> Network:
    """Load a network by its name; a file of results does not say what files to read.

    Raises: SpecError if it is not a shipped one.
    """
    if Path(name).name != name or Path(name).suffix in FILES:
        raise SpecError("only shipped networks are looked up")
    return load(name, input=given)


def _is_of(cost: NetworkCost, result: Result) -> bool:
    """Return whether a result is of this network, by its layers and their work."""
    known = {layer.name: layer.work.multiplies for layer in cost.layers}
    return all(known.get(each.name) == each.multiplies for each in result.layers)


def _schedule(cost: NetworkCost) -> Schedule | None:
    from convcost.memory.footprint import Footprint

    footprint = Footprint(cost)
    if footprint.peak_step is None:
        return None
    return Schedule(
        steps=tuple(step.name for step in footprint.program.steps),
        live_bytes=tuple(map(int, footprint.live)),
        peak_step=footprint.peak_step,
    )


def _macs(cost: NetworkCost, network: Network) -> Written | None:
    """Return the formula of the macs: the short one if it is valid at this size."""
    from convcost.formulas import SymbolicNetwork
    from convcost.formulas.printing import condition_text, mathml, text

    given = cost.input
    sizes = {"N": int(given.n)}
    if isinstance(given, FeatureMap):
        sizes |= {"H": int(given.h), "W": int(given.w)}
    for assume in (_WHOLE, ()):
        try:
            formula = SymbolicNetwork(network, assume=assume).formula("macs")
            valid = formula.is_valid(**sizes)
        except ConvcostError:
            continue
        if valid and formula.evaluate(**sizes) == cost.total().macs:
            domain = tuple(map(condition_text, formula.domain))
            return Written(text=text(formula.expr), mathml=mathml(formula.expr), domain=domain)
    return None
