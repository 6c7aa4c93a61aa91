"""One rule, two worlds: a formula with numbers put in is the number.

An example is drawn in numbers, then a second time with symbols in place of some or all of
them: extents and attributes. Every result of the rules must come out the same. A kind
needs a row in ``EXAMPLES`` and nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import astuple, fields, replace
from typing import Any, cast, get_args

import pytest
import sympy
from counting import Slide
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.logic.boolalg import Boolean
from test_oracle import ORACLES, reshape_examples

from convcost.dims import Dim, recording, symbol
from convcost.errors import ShapeError
from convcost.layers import (
    KINDS,
    AbstractLayer,
    Activation,
    Add,
    Arithmetic,
    BatchNorm,
    Concat,
    Constant,
    Conv2d,
    ConvTranspose2d,
    Dense,
    Divide,
    Dropout,
    Expand,
    Flatten,
    Gather,
    GlobalPool2d,
    GroupNorm,
    Identity,
    Input,
    InstanceNorm,
    LayerNorm,
    Lrn,
    Matmul,
    Maximum,
    Minimum,
    Multiply,
    Pad,
    Pool2d,
    Prelu,
    Reduce,
    Reshape,
    Resize,
    Slice,
    Squeeze,
    Subtract,
    Transpose,
    Uncounted,
    Unsqueeze,
)
from convcost.layers.activation import ALONG_AN_AXIS, Function
from convcost.layers.arithmetic import Operation
from convcost.layers.reduce import Reduction
from convcost.layers.resize import Interpolation
from convcost.layers.window import Padding, Pair
from convcost.tensors import FeatureMap, Tensor, Vector, tensor

Example = tuple[AbstractLayer, tuple[Tensor, ...]]
"""A layer and the shapes of its inputs."""


# What is drawn -----------------------------------------------------------------------------

booleans = st.booleans()
modes = st.sampled_from(["max", "average"])
roundings = st.sampled_from(["valid", "full", "clamped"])
few = st.integers(1, 4)
many = st.integers(1, 600)
feature_maps = st.builds(FeatureMap, st.integers(1, 64), many, many, many)
vectors = st.builds(Vector, st.integers(1, 64), many)
shapes = st.lists(many, min_size=1, max_size=5).map(tuple)
arrays = st.lists(many, min_size=3, max_size=5).map(tensor)
tensors: st.SearchStrategy[Tensor] = st.one_of(feature_maps, vectors, arrays)

kernels = st.tuples(st.integers(1, 11), st.integers(1, 11))
strides = dilations = st.tuples(few, few)
margins: st.SearchStrategy[Pair] = st.tuples(st.integers(0, 5), st.integers(0, 5))
paddings: st.SearchStrategy[Padding] = st.one_of(
    st.sampled_from(["same", "same_lower"]), st.tuples(margins, margins)
)


def of_one(
    layers: st.SearchStrategy[AbstractLayer], inputs: st.SearchStrategy[Any]
) -> st.SearchStrategy[Example]:
    """Draw a layer with one input, each by itself."""
    return st.tuples(layers, st.tuples(inputs))


@st.composite
def conv2d_examples(draw: st.DrawFn) -> Example:
    """Draw a convolution whose groups divide its channels."""
    groups, per_group_in, per_group_out = draw(st.tuples(few, many, many))
    layer = Conv2d(
        filters=groups * per_group_out,
        kernel=draw(kernels),
        stride=draw(strides),
        padding=draw(paddings),
        dilation=draw(dilations),
        groups=groups,
        bias=draw(booleans),
    )
    return layer, (draw(feature_maps).with_channels(groups * per_group_in),)


pools = st.builds(
    Pool2d,
    mode=modes,
    kernel=kernels,
    stride=strides,
    padding=paddings,
    dilation=dilations,
    rounding=roundings,
    count_padding=booleans,
)


@st.composite
def broadcasting(draw: st.DrawFn, most: int = 4) -> tuple[Tensor, ...]:
    """Draw tensors that meet: any extent of any of them may be 1."""
    whole = draw(tensors).shape
    shapes = draw(st.lists(st.tuples(*map(one_or, whole)), min_size=2, max_size=most))
    return tuple(map(tensor, shapes))


def one_or(extent: Any) -> st.SearchStrategy[Any]:
    """Draw an extent, or 1."""
    return st.sampled_from([extent, extent, 1])


@st.composite
def arithmetic_examples(draw: st.DrawFn) -> Example:
    """Draw an input and a constant tensor, which may have fewer axes."""
    whole = draw(tensors).shape
    x, operand = (draw(st.tuples(*map(one_or, whole))) for _ in range(2))
    first = draw(st.integers(0, len(whole)))
    functions = st.sampled_from(get_args(Operation))
    layer = Arithmetic(function=draw(functions), operand=operand[first:], learned=draw(booleans))
    return layer, (tensor(x),)


@st.composite
def activation_examples(draw: st.DrawFn) -> Example:
    """Draw a function, and an axis if it takes one."""
    x, function = draw(tensors), draw(st.sampled_from(get_args(Function)))
    rank = len(x.shape)
    axis = draw(st.integers(-rank, rank - 1)) if function in ALONG_AN_AXIS else 1
    return Activation(function=function, axis=axis), (x,)


@st.composite
def conv_transpose2d_examples(draw: st.DrawFn) -> Example:
    """Draw a transposed convolution whose groups divide its channels."""
    groups, per_group_in, per_group_out = draw(st.tuples(few, many, many))
    layer = ConvTranspose2d(
        filters=groups * per_group_out,
        kernel=draw(kernels),
        stride=draw(strides),
        padding=draw(st.tuples(margins, margins)),
        output_padding=draw(st.tuples(st.integers(0, 3), st.integers(0, 3))),
        dilation=draw(dilations),
        groups=groups,
        bias=draw(booleans),
    )
    return layer, (draw(feature_maps).with_channels(groups * per_group_in),)


sizes = st.one_of(st.just(()), st.tuples(many, many))
resizes = st.builds(
    Resize,
    mode=st.sampled_from(get_args(Interpolation)),
    size=sizes,
    scale=st.tuples(few, few),
    divisor=st.tuples(few, few),
)


@st.composite
def reduce_examples(draw: st.DrawFn) -> Example:
    """Draw axes of which at least one is left."""
    x = draw(tensors)
    rank = len(x.shape)
    axes = draw(st.sets(st.integers(0, rank - 1), min_size=1, max_size=rank - 1))
    function: Any = draw(st.sampled_from(get_args(Reduction)))
    return Reduce(function=function, axes=tuple(axes), keep=draw(booleans)), (x,)


@st.composite
def matmul_examples(draw: st.DrawFn) -> Example:
    """Draw two matrices, or stacks of them that meet."""
    rows, inner, columns = draw(st.tuples(many, many, many))
    leading = draw(st.lists(many, max_size=3))
    first, second = (draw(st.tuples(*map(one_or, leading))) for _ in range(2))
    return Matmul(), (tensor((*first, rows, inner)), tensor((*second, inner, columns)))


@st.composite
def layer_norm_examples(draw: st.DrawFn) -> Example:
    """Draw as many axes as are normalized together."""
    x = draw(tensors)
    dimensions = draw(st.integers(1, len(x.shape) - 1))
    layer = LayerNorm(dimensions=dimensions, scale=draw(booleans), shift=draw(booleans))
    return layer, (x,)


@st.composite
def group_norm_examples(draw: st.DrawFn) -> Example:
    """Draw groups that divide the channels."""
    groups, x = draw(few), draw(tensors)
    layer = GroupNorm(groups=groups, scale=draw(booleans), shift=draw(booleans))
    return layer, (x.with_channels(groups * draw(many)),)


@st.composite
def concat_examples(draw: st.DrawFn) -> Example:
    """Draw tensors that differ along one axis alone."""
    first = draw(tensors)
    rank = len(first.shape)
    axis = draw(st.integers(-rank, rank - 1))

    def with_extent(extent: int) -> Tensor:
        extents = list(first.shape)
        extents[axis] = extent
        return tensor(extents)

    others = draw(st.lists(many, min_size=1, max_size=3))
    return Concat(axis=axis), (first, *map(with_extent, others))


EXAMPLES: dict[type[AbstractLayer], st.SearchStrategy[Example]] = {
    Input: st.tuples(
        st.builds(Input, batch=many, extents=st.lists(many, min_size=1, max_size=5).map(tuple)),
        st.just(()),
    ),
    Conv2d: conv2d_examples(),
    Pool2d: of_one(pools, feature_maps),
    GlobalPool2d: of_one(st.builds(GlobalPool2d, mode=modes), feature_maps),
    Dense: of_one(st.builds(Dense, units=many, bias=booleans, flatten=booleans), tensors),
    BatchNorm: of_one(st.builds(BatchNorm, scale=booleans, shift=booleans), tensors),
    Activation: activation_examples(),
    Lrn: of_one(st.builds(Lrn, size=st.integers(1, 9)), feature_maps),
    Dropout: of_one(st.builds(Dropout, rate=st.floats(0, 1, exclude_max=True)), tensors),
    Flatten: of_one(st.just(Flatten()), tensors),
    Add: st.tuples(st.just(Add()), broadcasting()),
    Subtract: st.tuples(st.just(Subtract()), broadcasting(most=2)),
    Multiply: st.tuples(st.just(Multiply()), broadcasting()),
    Divide: st.tuples(st.just(Divide()), broadcasting(most=2)),
    Maximum: st.tuples(st.just(Maximum()), broadcasting()),
    Minimum: st.tuples(st.just(Minimum()), broadcasting()),
    Arithmetic: arithmetic_examples(),
    ConvTranspose2d: conv_transpose2d_examples(),
    Resize: of_one(resizes, feature_maps),
    Reduce: reduce_examples(),
    Matmul: matmul_examples(),
    LayerNorm: layer_norm_examples(),
    InstanceNorm: of_one(
        st.builds(InstanceNorm, scale=booleans, shift=booleans), st.one_of(feature_maps, arrays)
    ),
    GroupNorm: group_norm_examples(),
    Prelu: of_one(st.builds(Prelu, shared=booleans), tensors),
    Concat: concat_examples(),
    Identity: of_one(st.just(Identity()), tensors),
    **{
        kind: ORACLES[kind].examples
        for kind in (Reshape, Transpose, Squeeze, Unsqueeze, Slice, Gather, Pad, Expand, Constant)
    },
    Uncounted: st.tuples(
        st.builds(Uncounted, operator=st.just("X"), shape=st.tuples(st.integers(0, 9), many, many)),
        st.lists(tensors, min_size=1, max_size=3).map(tuple),
    ),
}


# From numbers to symbols and back ----------------------------------------------------------


WHICH_AXES = {"axis", "axes", "dimensions", "permutation"}
"""Attributes that name axes of a tensor: never symbols."""
BY_ONES = {Expand, Arithmetic, Matmul, Add, Subtract, Multiply, Divide, Maximum, Minimum}
"""Kinds that know what is to be broadcast by its ones: a symbol stands for more than 1."""


class Symbols:
    """Symbols in place of numbers, and the number that each one stands for.

    ``wanted`` decides for a name whether it becomes a symbol. A symbol is positive, so a
    number below 1 stays; so does 1 if it is to be kept.
    """

    def __init__(self, wanted: Callable[[str], bool], *, keep_ones: bool = False) -> None:
        """Start without any."""
        self.wanted = wanted
        self.least = 2 if keep_ones else 1
        self.numbers: dict[sympy.Basic | complex, int] = {}
        self.dims: dict[str, Dim] = {}

    def dim(self, name: str, number: Dim) -> Dim:
        """Return what stands for the number of that name: always the same for one name."""
        assert isinstance(number, int)
        if name not in self.dims:
            self.dims[name] = number
            if number >= self.least and self.wanted(name):
                self.dims[name] = symbol(name)
                self.numbers[symbol(name)] = number
        return self.dims[name]

    def attribute(self, name: str, value: Any) -> Any:
        """Return an attribute with its numbers replaced, in pairs and pairs of pairs too."""
        if name in WHICH_AXES:
            return value
        if isinstance(value, tuple):
            return tuple(self.attribute(f"{name}{i}", item) for i, item in enumerate(value))
        return self.dim(name, value) if type(value) is int else value

    def layer(self, layer: AbstractLayer) -> AbstractLayer:
        """Return a layer with the numbers among its attributes replaced."""
        changes = {
            field.name: self.attribute(field.name, getattr(layer, field.name))
            for field in fields(cast("Any", layer))
        }
        return cast("AbstractLayer", replace(cast("Any", layer), **changes))

    def tensor(self, shape: Tensor, place: str = "") -> Tensor:
        """Return a shape with its extents replaced.

        Without a place, equal extents of one axis become the same symbol, as they do in a
        network where tensors meet that come from one source.
        """
        names = {4: "nchw", 2: ("n", "features")}.get(len(shape.shape), "nabdefgijk")
        return tensor(
            self.dim(f"{name}{place or f'_{extent}'}", extent)
            for name, extent in zip(names, shape.shape, strict=False)
        )

    def number(self, dim: Dim) -> Dim:
        """Return a formula with the numbers put in."""
        if isinstance(dim, int):
            return dim
        value = dim.subs(self.numbers)
        assert value.is_Integer, f"{dim} is {value} at {self.numbers}"
        return int(value)

    def holds(self, condition: Boolean) -> bool:
        """Return whether a condition is true of the numbers."""
        return bool(condition.subs(self.numbers))


def outcome(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> dict[str, Dim]:
    """Return everything that the rules say, by name."""
    output = layer.output_shape(*shapes)
    result: dict[str, Dim] = {"statistics": layer.statistics(*shapes)}
    result |= {f"output, axis {axis}": extent for axis, extent in enumerate(output.shape)}
    records: dict[str, Any] = {
        "parameters": layer.parameters(*shapes),
        "work": layer.work(*shapes),
        "training work": layer.training_work(*shapes),
    }
    for title, record in records.items():
        name = f"{title}, {type(record).__name__}"
        result |= {f"{name}: {f.name}": getattr(record, f.name) for f in fields(record)}
    return result


def in_symbols(
    symbols: Symbols, layer: AbstractLayer, shapes: tuple[Tensor, ...], *, apart: bool = False
) -> tuple[dict[str, Dim], list[Boolean]]:
    """Return everything that the rules say of symbols, and on what conditions."""
    with recording() as conditions:
        lifted = tuple(
            symbols.tensor(shape, f"_of_{i}" if apart else "") for i, shape in enumerate(shapes)
        )
        return outcome(symbols.layer(layer), lifted), conditions


# The worlds agree --------------------------------------------------------------------------


def test_every_kind_has_examples() -> None:
    """A new kind is held to both worlds, or this fails."""
    assert {*EXAMPLES} == {*KINDS}


@pytest.mark.parametrize("share", ["all", "some"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_formula_with_numbers_put_in_is_the_number(
    kind: type[AbstractLayer], share: str, data: st.DataObject
) -> None:
    """Symbols for all or for some of the extents and attributes make no difference."""
    layer, shapes = data.draw(EXAMPLES[kind])
    symbols = Symbols(
        lambda name: share == "all" or data.draw(booleans, label=name), keep_ones=kind in BY_ONES
    )
    try:
        numbers = outcome(layer, shapes)
    except ShapeError:
        assume(False)  # noqa: FBT003
    formulas, conditions = in_symbols(symbols, layer, shapes)
    assert all(map(symbols.holds, conditions))
    assert {name: symbols.number(formula) for name, formula in formulas.items()} == numbers


MEETING: dict[type[AbstractLayer], st.SearchStrategy[Example]] = {
    Add: st.builds(lambda x, times: (Add(), (x,) * times), tensors, st.integers(2, 4)),
    Concat: concat_examples(),
}


@pytest.mark.parametrize("kind", MEETING, ids=lambda kind: kind.kind)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_tensors_from_different_sources_may_meet(
    kind: type[AbstractLayer], data: st.DataObject
) -> None:
    """If every extent has its own symbol, that they agree is a condition, and it holds."""
    layer, shapes = data.draw(MEETING[kind])
    symbols = Symbols(lambda _: True)
    formulas, conditions = in_symbols(symbols, layer, shapes, apart=True)
    assert conditions
    assert all(map(symbols.holds, conditions))
    numbers = outcome(layer, shapes)
    assert {name: symbols.number(formula) for name, formula in formulas.items()} == numbers


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_integers_give_plain_integers(kind: type[AbstractLayer], data: st.DataObject) -> None:
    """No float, no bool and no SymPy number comes out of integers."""
    layer, shapes = data.draw(EXAMPLES[kind])
    try:
        numbers = outcome(layer, shapes)
    except ShapeError:
        assume(False)  # noqa: FBT003
    assert {name: type(number) for name, number in numbers.items()} == dict.fromkeys(numbers, int)


# What the conditions are for ---------------------------------------------------------------

small_maps = st.builds(FeatureMap, *[st.integers(1, 6)] * 4)
tiny_maps = st.builds(FeatureMap, *[st.integers(2, 3)] * 4)  # without ones, to be broadcast
tiny_vectors = st.builds(Vector, *[st.integers(2, 3)] * 2)
pairs: st.SearchStrategy[tuple[Tensor, Tensor]] = st.one_of(
    st.tuples(tiny_maps, tiny_maps), st.tuples(tiny_vectors, tiny_vectors)
)
margin = st.integers(-2, 2)
UNCHECKED: dict[type[AbstractLayer], st.SearchStrategy[Example]] = {
    Conv2d: of_one(
        st.builds(
            Conv2d,
            filters=few,
            kernel=st.tuples(few, few),
            stride=strides,
            padding=st.tuples(margins, margins),
            dilation=dilations,
            groups=few,
        ),
        small_maps,
    ),
    Pool2d: of_one(pools, small_maps),
    ConvTranspose2d: of_one(
        st.builds(
            ConvTranspose2d,
            filters=few,
            kernel=st.tuples(few, few),
            stride=strides,
            padding=st.tuples(margins, margins),
            output_padding=st.tuples(few, few),
            dilation=dilations,
            groups=few,
        ),
        small_maps,
    ),
    Resize: of_one(resizes, small_maps),
    Add: st.tuples(st.just(Add()), pairs),
    Concat: st.tuples(st.just(Concat()), pairs),
    Reshape: st.one_of(
        reshape_examples(),
        of_one(
            st.builds(Reshape, shape=st.tuples(few, st.sampled_from([-1, 1, 2, 3]), few)),
            tiny_maps,
        ),
    ),
    Squeeze: of_one(st.just(Squeeze(axes=(1, -1))), small_maps),
    Slice: of_one(
        st.builds(Slice, axis=st.integers(0, 3), start=few, stop=few, step=few), small_maps
    ),
    Pad: of_one(
        st.builds(Pad, before=st.tuples(*[margin] * 4), after=st.tuples(*[margin] * 4)), small_maps
    ),
}


def can_be_moved(layer: Reshape | Squeeze | Slice | Pad, x: tuple[int, ...]) -> bool:
    """Return whether a layer can move the elements of a tensor of this shape."""
    match layer:
        case Reshape():
            shape = [x[a] if extent == 0 else extent for a, extent in enumerate(layer.shape)]
            known = math.prod(extent for extent in shape if extent != -1)
            rest = math.prod(x) % known if -1 in shape else math.prod(x) - known
            return bool(rest == 0)
        case Squeeze():
            return x[1] == x[-1] == 1
        case Slice():
            return bool(layer.start < layer.stop <= x[int(layer.axis)])
        case Pad():
            return all(sum(parts) > 0 for parts in zip(layer.before, x, layer.after, strict=True))


LAID = ("kernel", "stride", "dilation", "output_padding", "padding")


def makes_sense(layer: AbstractLayer, shapes: tuple[Tensor, ...]) -> bool:
    """Return whether a layer can take inputs of these shapes, as its kind is defined."""
    first, *others = (cast("tuple[int, ...]", shape.shape) for shape in shapes)
    if isinstance(layer, Add):
        return {*others} == {first}
    if isinstance(layer, Concat):
        return all((o[0], *o[2:]) == (first[0], *first[2:]) for o in others)
    if isinstance(layer, Resize):
        scaled = zip(first[2:], layer.scale, layer.divisor, strict=True)
        return bool(layer.size) or all(cast("int", a * b) >= cast("int", c) for a, b, c in scaled)
    if isinstance(layer, ConvTranspose2d):
        axes = zip(*(getattr(layer, name) for name in LAID), first[2:], strict=True)
        left = [(n - 1) * s + (k - 1) * d + o - sum(p) for k, s, d, o, p, n in axes]
        return min(left) >= 0 and not any(c % layer.groups for c in (first[1], layer.filters))
    if isinstance(layer, Reshape | Squeeze | Slice | Pad):
        return can_be_moved(layer, first)
    assert isinstance(layer, Conv2d | Pool2d)
    slides = [Slide(*astuple(window)) for window in layer.windows]
    fits = all(slide.along(size).fits for slide, size in zip(slides, first[2:], strict=True))
    groups = layer.groups if isinstance(layer, Conv2d) else 1
    channels = (first[1], layer.filters) if isinstance(layer, Conv2d) else ()
    return fits and not any(count % groups for count in channels)


@pytest.mark.parametrize("kind", UNCHECKED, ids=lambda kind: kind.kind)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_numbers_are_refused_exactly_if_a_condition_is_false(
    kind: type[AbstractLayer], data: st.DataObject
) -> None:
    """The recorded conditions are the domain of the formula, neither more nor less."""
    layer, shapes = data.draw(UNCHECKED[kind])
    symbols = Symbols(lambda _: True)
    formulas, conditions = in_symbols(symbols, layer, shapes, apart=True)
    assert all(map(symbols.holds, conditions)) == makes_sense(layer, shapes)
    if makes_sense(layer, shapes):
        numbers = outcome(layer, shapes)
        assert {name: symbols.number(formula) for name, formula in formulas.items()} == numbers
    else:
        with pytest.raises(ShapeError):
            outcome(layer, shapes)
