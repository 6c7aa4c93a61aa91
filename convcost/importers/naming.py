"""Names of foreign nodes to dotted names: the tree of blocks that the author had in mind.

Three habits are read. Scopes, with ``/``, ``.`` or ``::`` between them, where an exporter
repeats the way to a scope (``/layer1/layer1.0/conv1/Conv``) and ends with the operator.
Words with ``_`` between them (``stage1_unit1_conv1``), which is what a layer is called as
often as where it is: a word is a block only if several layers share it and it is numbered,
or has layers of unlike names in it. And no place at all (``_plus3``, ``Relu_12``): what
works element by element is put where its latest input is.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LONGEST = 150  # characters of a name, with room for a number that makes it unique
DEEPEST = 12  # blocks in blocks

Parts = tuple[str, ...]

_SCOPES = re.compile(r"/|::|(?<=[A-Za-z0-9_])\.(?=[A-Za-z0-9_])")
_ILLEGAL = re.compile(r"[^A-Za-z0-9_-]")
_OPERATOR = re.compile(r"[A-Z][A-Za-z0-9]*(_\d+)?")
_NUMBERED = re.compile(r".*[A-Za-z_]\d+[A-Za-z]?|\d+")
_DIMENSIONS = re.compile(r".*\dd", re.IGNORECASE)  # conv2d, Pool3D
_AUTOMATIC = re.compile(  # what MXNet and exporters to ONNX call a node that nobody named
    r"_[a-z]\w*\d|[A-Z][A-Za-z0-9]*_\d+"
    r"|(activation|addn|batchnorm|clip|concat|leakyrelu|(elemwise|broadcast)_[a-z]+)\d+"
)
_WORDS = re.compile(
    "activation|add|adaptive|average|avg|batch|batchnorm|bn|broadcast|clip|concat|conv"
    "|convolution|data|dense|depthwise|div|dropout|elemwise|fc|flatten|fully|global|group|hard"
    "|instance|layer|leaky|linear|ln|log|lrn|matmul|max|mean|mul|multiply|norm|p|pad|pool|pooling"
    "|reduce|relu|reshape|sigmoid|slice|softmax|split|sub|sum|swish|tanh|transpose",
    re.IGNORECASE,
)
"""What operators are called: several layers whose names begin so are no block."""
_NEARLY_ALL = 0.9


@dataclass(frozen=True, slots=True)
class Named:
    """A layer to find a name for: its own, those of its inputs, whether it has a place.

    ``follows`` says that it belongs where its input is if its name does not tell.
    """

    name: str
    inputs: tuple[str, ...] = ()
    follows: bool = False


def dotted_names(layers: Sequence[Named], taken: Iterable[str] = ()) -> dict[str, str]:
    """Return a dotted name for every layer; each is legal in a spec, and there once.

    ``taken`` are the names that no layer may get.
    """
    paths = _scoped([layer.name for layer in layers])
    placed = {name for name, parts in paths.items() if len(parts) > 1}
    plain = [name for name in paths if name not in placed]
    paths |= _split([(name, paths[name][0]) for name in plain])
    paths = _unwrapped(paths)
    order = {layer.name: index for index, layer in enumerate(layers)}
    for layer in layers:
        sources = [source for source in layer.inputs if source in order]
        if layer.follows and sources and _is_nowhere(layer.name, paths):
            latest = max(sources, key=lambda source: order[source])
            paths[layer.name] = (*paths[latest][:-1], *paths[layer.name])
    return _unique(paths, taken)


def legal_name(text: str, otherwise: str) -> str:
    """Return a text with what no name may have made ``_``, and with a letter at its beginning."""
    name = _ILLEGAL.sub("_", text)[:LONGEST].strip("-")
    if not name.strip("_"):
        return otherwise
    return name if name[0].isalpha() or name[0] == "_" else f"_{name}"


def _is_nowhere(name: str, paths: Mapping[str, Parts]) -> bool:
    """Whether a name was made up by a framework, and says nothing but an operator."""
    return len(paths[name]) == 1 and _AUTOMATIC.fullmatch(name) is not None


def _scoped(names: Sequence[str]) -> dict[str, Parts]:
    """Cut names where their author put a separator; leave out an operator alone in its scope."""
    paths = {name: _scopes(name) for name in names}
    inside = Counter(parts[:i] for parts in paths.values() for i in range(1, len(parts) + 1))
    for name, parts in paths.items():
        if len(parts) > 1 and inside[parts[:-1]] == 1 and _OPERATOR.fullmatch(parts[-1]):
            paths[name] = parts[:-1]
    return paths


def _scopes(name: str) -> Parts:
    text = name[:LONGEST]
    parts: list[str] = []
    before = ""
    for scope in text.split("/"):
        # An exporter may write the whole way again: layer1/layer1.0/layer1.0.conv
        inside = scope.removeprefix(f"{before}.") if before else scope
        before = scope
        parts.extend(_ILLEGAL.sub("_", part) for part in _SCOPES.split(inside))
    kept = [part for part in parts if part.strip("_")] or [legal_name(text, "layer")]
    return (*kept[:DEEPEST], "_".join(kept[DEEPEST:])) if len(kept) > DEEPEST else tuple(kept)


def _split(names: Sequence[tuple[str, str]]) -> dict[str, Parts]:
    """Cut names at those ``_`` before which a block's name stands."""
    words = {name: tuple(text.split("_")) for name, text in names}
    cuts: dict[str, list[int]] = {name: [0] for name in words}
    waiting = [(list(words), 0, 1)]
    while waiting:
        members, start, end = waiting.pop()
        groups: dict[Parts, list[str]] = defaultdict(list)
        for name in members:
            groups[words[name][start:end]].append(name)
        for part, group in groups.items():
            rest = [words[name][end:] for name in group]
            block = _is_block("_".join(part), rest)
            if block:
                for name in group:
                    cuts[name].append(end)
            longer = [name for name in group if len(words[name]) > end]
            if len(longer) > 1 and len(cuts[longer[0]]) <= DEEPEST:
                waiting.append((longer, end if block else start, end + 1))
    return {name: _cut(words[name], cuts[name]) for name in words}


def _cut(words: Parts, cuts: Sequence[int]) -> Parts:
    ends = (*cuts[1:], len(words))
    parts = ["_".join(words[start:end]).strip("_") for start, end in zip(cuts, ends, strict=True)]
    return tuple(part for part in parts if part) or ("layer",)


def _is_block(name: str, rest: Sequence[Parts]) -> bool:
    """Whether a word (or some) that several names begin with names a block.

    ``rest`` are the words behind it in each of those names.
    """
    if len(rest) == 1 or not name.strip("_") or not all(rest):
        return False  # it is one layer's, or a layer has the very name
    stems = {words[0].rstrip("0123456789") for words in rest}
    if _NUMBERED.fullmatch(name) and not _DIMENSIONS.fullmatch(name):
        return any(stems) or any(len(words) > 1 for words in rest)
    bare = any(words[0].isdecimal() for words in rest)  # conv_1, conv_2
    return len(stems) > 1 and not bare and not _WORDS.fullmatch(name)


def _unwrapped(paths: dict[str, Parts]) -> dict[str, Parts]:
    """Leave out a block around nearly everything: it says nothing.

    Where its parts are numbers, or called as others are, they get its name before their own.
    """
    while True:
        tops = Counter(parts[0] for parts in paths.values())
        top, most = tops.most_common(1)[0] if tops else ("", 0)
        inside = [parts for parts in paths.values() if parts[0] == top]
        if most < 2 or most < _NEARLY_ALL * len(paths) or any(len(p) == 1 for p in inside):  # noqa: PLR2004
            return paths
        children = {parts[1] for parts in inside}
        if not children & (set(tops) - {top}) and not any(c[0].isdecimal() for c in children):
            paths = {name: p[1:] if p[0] == top else p for name, p in paths.items()}
        else:
            return {
                name: (f"{top}_{p[1]}", *p[2:]) if p[0] == top else p for name, p in paths.items()
            }


def _unique(paths: Mapping[str, Parts], taken: Iterable[str]) -> dict[str, str]:
    """Join the parts; number those that would stand twice, or be a block's name as well."""
    legal = {own: (legal_name(parts[0], "layer"), *parts[1:]) for own, parts in paths.items()}
    blocks = {".".join(parts[:i]) for parts in legal.values() for i in range(1, len(parts))}
    used, names = {*taken, "input"}, {}
    count: Counter[str] = Counter()
    for own, parts in legal.items():
        name = ".".join(parts)
        if name in blocks:  # a layer of its own block's name goes into it
            name = f"{name}.{parts[-1]}"
        found = name
        while found in used or found in blocks:
            count[name] += 1
            found = f"{name}_{count[name] + 1}"
        used.add(found)
        names[own] = found
    return names
