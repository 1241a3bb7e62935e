"""Config files, read strictly and merged: `config/paper.yaml`, the studies it names, then the run's
overrides.
"""

import contextlib
import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

EVERY = "*"
"""In an override: the key that stands for every entry that is there already."""


class ConfigError(Exception):
    """The config asks for something that does not exist or cannot be: a line for each mistake.

    A line begins with the place in the config that it speaks of, such as experiments.one_step.task.
    """


class Mistakes:
    """Collects what is wrong, so that a run is refused for all of it at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextlib.contextmanager
    def collected(self) -> Iterator[None]:
        """Keep a `ConfigError` of the block."""
        try:
            yield
        except ConfigError as error:
            self.lines += str(error).splitlines()

    def refuse(self) -> None:
        """Raise a `ConfigError` with everything that was kept, if anything was."""
        if self.lines:
            raise ConfigError("\n".join(dict.fromkeys(self.lines)))


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML as version 1.2 has it: 1e-2 is a number, `on` is text, and a key may stand only once."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag[-4:] not in ("bool", "loat", ":int", "tamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_NUMBERS = list("-+.0123456789")
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))
Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?\d+$"), _NUMBERS)
Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?$|^[-+]?\.inf$|^\.nan$"),
    _NUMBERS,
)


def _decimal(loader: Loader, node: yaml.ScalarNode) -> int:
    return int(loader.construct_scalar(node))


def _mapping(loader: Loader, node: yaml.MappingNode) -> dict[str, Any]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if key.tag not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"):
            raise ConfigError(f"line {line}: the key {key.value!r} is read as no text; write it in quotes")
        if key.value in seen and key.tag.endswith("str"):
            raise ConfigError(
                f"the key {key.value!r} stands twice, in lines {seen[key.value]} and {line}; keep one of them"
            )
        seen[key.value] = line
    loader.flatten_mapping(node)
    return {
        loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value
    }


Loader.add_constructor("tag:yaml.org,2002:map", _mapping)
Loader.add_constructor("tag:yaml.org,2002:int", _decimal)


def read(path: Path) -> dict[str, Any]:
    """A YAML file of the config, empty or a mapping."""
    try:
        found = yaml.load(path.read_text("utf-8"), Loader=Loader)  # noqa: S506
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start})") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise ConfigError(f"{path}, line {line}: {error.problem}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(found, dict | None):
        raise ConfigError(f"{path} holds {type(found).__name__}; expected keys with values")
    return found or {}


def merged(base: Any, override: Any) -> Any:
    """`base` with what differs: mappings key by key, null removes an entry, lists and values are replaced.

    The key "*" changes every entry of the base that is a mapping, before entries of their own name do.
    """
    if not (isinstance(base, Mapping) and isinstance(override, Mapping)):
        return _without_nulls(deepcopy(override))
    result = dict(base)
    if EVERY in override:
        result = {k: merged(v, override[EVERY]) if isinstance(v, Mapping) else v for k, v in result.items()}
    for key, value in override.items():
        if value is None:
            result.pop(key, None)
        elif key != EVERY:
            result[key] = merged(result[key], value) if key in result else _without_nulls(deepcopy(value))
    return result


def _without_nulls(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: _without_nulls(v) for k, v in value.items() if v is not None and k != EVERY}


def joined(parts: Sequence[tuple[str, Mapping[str, Any]]], where: str) -> dict[str, Any]:
    """The entries of several files' sections, refusing a name that two of them have."""
    result: dict[str, Any] = {}
    home: dict[str, str] = {}
    for file, entries in parts:
        for name, value in entries.items():
            if name in result:
                raise ConfigError(f"{where}.{name} stands in {home[name]} and in {file}; rename one of them")
            result[name], home[name] = value, file
    return result


def nearest(word: Any, choices: Any) -> str:
    """The choice most like a word, quoted for a message."""
    close = difflib.get_close_matches(str(word), [str(c) for c in choices], n=1, cutoff=0.0)
    return repr(close[0]) if close else "none"


def one_of(value: Any, choices: Any, where: str) -> None:
    """Raise a `ConfigError` unless the value is one of the choices."""
    if value not in choices:
        known = ", ".join(sorted(map(str, choices))) or "nothing"
        known = known if len(known) < 300 else known[:300] + " …"
        raise ConfigError(
            f"{where} is {value!r}; expected one of {known}. Nearest: {nearest(value, choices)}"
        )
