"""The names in a spec: of networks and blocks, and of layers, which may have dots."""

from __future__ import annotations

import re

import yaml

from convcost.reading import Scope, text_of

LONGEST_NAME = 200
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


def read_name(node: yaml.Node, scope: Scope) -> str:
    """Read a name for a network, a block or one of its branches."""
    return _read_name(node, scope, NAME, "a name of letters, digits, _ and -")


def read_path(node: yaml.Node, scope: Scope) -> str:
    """Read a layer's name, with the blocks that it stands in before it and dots between."""
    return _read_name(node, scope, PATH, "a name of letters, digits, _ and -, with dots perhaps")


def _read_name(node: yaml.Node, scope: Scope, pattern: re.Pattern[str], what: str) -> str:
    name = text_of(node, scope, "a name")
    if not pattern.fullmatch(name):
        raise scope.error(node, f"expected {what}, got {name!r}")
    if len(name) > LONGEST_NAME:
        raise scope.error(node, f"a name has at most {LONGEST_NAME} characters")
    if name == "input":
        raise scope.error(node, "'input' names what a block is given: choose another name")
    return name
