"""File and line of what a message about the config speaks of."""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from icgd.spec.reading import Loader

MERGED = "tag:yaml.org,2002:merge"


def located(message: str, files: Sequence[Path]) -> str:
    """The message, each line after the file and line in which the place that it begins with is written.

    `files` are in the order in which they are merged: of those that know as much of a place the last one
    counts. Lines that begin with no place in them stay as they are.
    """
    trees = list(_trees(files))
    return "\n".join(_located(line, trees) for line in message.splitlines())


def _trees(files: Sequence[Path]) -> Iterator[tuple[Path, Any]]:
    """The files that are YAML; of another one the message says so."""
    for file in files:
        with contextlib.suppress(OSError, UnicodeDecodeError, yaml.YAMLError):
            yield file, yaml.compose(file.read_text("utf-8"), Loader=Loader)


def _located(text: str, trees: Sequence[tuple[Path, Any]]) -> str:
    place = text.partition(" ")[0].rstrip(":").split(".")
    found = [(*_found(tree, place), file) for file, tree in trees if tree is not None]
    depth, line, file = max(reversed(found), key=lambda entry: entry[0], default=(0, 0, None))
    return f"{file}, line {line}: {text}" if depth else text


def _found(node: Any, place: Sequence[str]) -> tuple[int, int]:
    """How many parts of a place there are below a node, and the line of the last of them."""
    best = 0, node.start_mark.line + 1
    for key, value in _entries(node):
        parts = key.value.split(".")
        if place[: len(parts)] == parts:
            depth, line = _found(value, place[len(parts) :])
            found = len(parts) + depth, line if depth else key.start_mark.line + 1
            best = max(best, found, key=lambda entry: entry[0])
    return best


def _entries(node: Any) -> Iterator[tuple[Any, Any]]:
    """Keys and values of a mapping, also those that it takes over from an anchor."""
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        if key.tag == MERGED:
            for other in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                yield from _entries(other)
        else:
            yield key, value
