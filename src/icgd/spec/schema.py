"""Schemas of what the config names, read from signatures, and messages about violations.

What a kind accepts is the signature of the class or function that the config names, so a new kind needs
no schema. Sources are parsed, not imported: no JAX before the first job.
"""

import ast
import difflib
import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from icgd.ranges import SCHEMAS

SOURCE = Path(__file__).parent
BUILTIN = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
}


class ConfigError(Exception):
    """The config asks for something that does not exist or cannot be."""


def signature_schema(package: str, kind: str) -> dict[str, Any]:
    """JSON schema of the options of `icgd.<package>.<kind>`, kind being "module.name"."""
    module, _, name = kind.partition(".")
    tree = _parsed(SOURCE / package / f"{module}.py")
    found = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    if name not in found:
        raise ConfigError(
            f"{kind!r} names nothing: expected <module>.<name> with the name defined in "
            f"src/icgd/{package}/<module>.py. Nearest: {nearest(kind, _kinds(package))}"
        )
    aliases = dict(_aliases(tree))
    options = dict(_options(found[name]))
    required = [option for option, (_, optional) in options.items() if not optional]
    properties = {option: _value(hint, aliases) for option, (hint, _) in options.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


@functools.cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text()) if path.exists() else ast.Module([], [])


def _aliases(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Names that a module assigns, and those that it imports from a module of ours that assigns them."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("icgd."):
            source = SOURCE.parent.joinpath(*str(node.module).split(".")).with_suffix(".py")
            names = {alias.name for alias in node.names}
            yield from ((name, value) for name, value in _aliases(_parsed(source)) if name in names)


def _options(node: ast.ClassDef | ast.FunctionDef) -> Iterator[tuple[str, tuple[ast.expr, bool]]]:
    """Options with their type hints and whether they have a default."""
    if isinstance(node, ast.FunctionDef):
        pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        for argument, default in pairs:
            if argument.annotation:
                yield argument.arg, (argument.annotation, default is not None)
        return
    for field in node.body:
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
            yield field.target.id, (field.annotation, field.value is not None)


def _value(hint: ast.expr, aliases: Mapping[str, ast.expr]) -> Mapping[str, Any]:
    """JSON schema of a type hint."""
    if isinstance(hint, ast.Name):
        if hint.id in aliases:
            return _value(aliases[hint.id], aliases)
        return SCHEMAS.get(hint.id) or BUILTIN[hint.id]
    assert isinstance(hint, ast.Subscript), ast.unparse(hint)
    if ast.unparse(hint.value) == "Literal":
        values = ast.literal_eval(hint.slice)
        return {"enum": list(values) if isinstance(values, tuple) else [values]}
    return {"type": "array", "items": _value(hint.slice, aliases)}


def _kinds(package: str) -> list[str]:
    return [
        f"{path.stem}.{node.name}"
        for path in sorted((SOURCE / package).glob("*.py"))
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]


def nearest(word: Any, choices: Any) -> str:
    """The choice most like a word, quoted for a message."""
    close = difflib.get_close_matches(str(word), [str(c) for c in choices], n=1, cutoff=0.0)
    return repr(close[0]) if close else "none"


def check(value: Any, schema: Mapping[str, Any], where: str) -> None:
    """Raise a `ConfigError` for the first violation of `schema`."""
    errors = jsonschema.Draft202012Validator(schema).iter_errors(value)
    error = next(iter(sorted(errors, key=lambda e: list(map(str, e.absolute_path)))), None)
    if error is None:
        return
    place = ".".join([where, *map(str, error.absolute_path)]).strip(".") or "the config"
    known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
    if error.validator == "additionalProperties":
        key = next(k for k in error.instance if k not in known)
        raise ConfigError(
            f"unknown key {key!r} (value {error.instance[key]!r}) in {place}; expected one of "
            f"{', '.join(sorted(known))}. Did you mean {nearest(key, known)}?"
        )
    if error.validator == "required":
        missing = [k for k in error.validator_value if k not in error.instance]
        extra = [k for k in error.instance if k not in known] if known else []
        hint = f"; is {extra[0]!r} misspelt?" if extra else ""
        raise ConfigError(f"{place} lacks the key {missing[0]!r}, which is required{hint}")
    wanted = {k: v for k, v in error.schema.items() if k not in ("description", "default")}
    hint = f". Nearest: {nearest(error.instance, wanted['enum'])}" if "enum" in wanted else ""
    raise ConfigError(f"{place} is {error.instance!r}; expected {_describe(wanted)}{hint}")


def _describe(schema: Mapping[str, Any]) -> str:
    words = {
        "enum": lambda v: "one of " + ", ".join(map(repr, v)),
        "type": lambda v: "a value of type " + (v if isinstance(v, str) else " or ".join(v)),
        "minimum": lambda v: f"at least {v}",
        "exclusiveMinimum": lambda v: f"greater than {v}",
        "maximum": lambda v: f"at most {v}",
        "exclusiveMaximum": lambda v: f"less than {v}",
        "pattern": lambda v: f"matching {v}",
        "minItems": lambda v: f"with at least {v} entries",
    }
    return ", ".join(words[k](v) for k, v in schema.items() if k in words)
