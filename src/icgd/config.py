"""Checks a run's config and takes jobs' specs out of it, without importing JAX.

The static part of the schema is `workflow/schemas/config.schema.yaml`; what a kind accepts is read
from the signature of the class or function that the config names, so a new kind needs no schema.
"""

import ast
import difflib
import functools
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from icgd.constrained import SCHEMAS

SOURCE = Path(__file__).parent
BUILTIN = {
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "str": {"type": "string"},
}


OPTIONAL: dict[str, Any] = {
    part: {} for part in ("trained", "baselines", "borrowed", "interpolations", "references", "variants")
}


class ConfigError(Exception):
    """The config asks for something that does not exist or cannot be."""


def signature_schema(package: str, kind: str) -> dict[str, Any]:
    """JSON schema of the options of `icgd.<package>.<kind>`, kind being "module.name"."""
    module, _, name = kind.partition(".")
    path = SOURCE / package / f"{module}.py"
    tree = ast.parse(path.read_text()) if path.exists() else ast.Module([], [])
    found = {n.name: n for n in tree.body if isinstance(n, ast.ClassDef | ast.FunctionDef)}
    if name not in found:
        raise ConfigError(
            f"{kind!r} names nothing: expected <module>.<name> with the name defined in "
            f"src/icgd/{package}/<module>.py. Nearest: {_nearest(kind, _kinds(package))}"
        )
    aliases = {
        node.targets[0].id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }
    options = dict(_options(found[name]))
    required = [option for option, (_, optional) in options.items() if not optional]
    properties = {option: _value(hint, aliases) for option, (hint, _) in options.items()}
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


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


def _nearest(word: Any, choices: Any) -> str:
    close = difflib.get_close_matches(str(word), [str(c) for c in choices], n=1, cutoff=0.0)
    return repr(close[0]) if close else "none"


def _check(value: Any, schema: Mapping[str, Any], where: str) -> None:
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
            f"{', '.join(sorted(known))}. Did you mean {_nearest(key, known)}?"
        )
    if error.validator == "required":
        missing = [k for k in error.validator_value if k not in error.instance]
        extra = [k for k in error.instance if k not in known] if known else []
        hint = f"; is {extra[0]!r} misspelt?" if extra else ""
        raise ConfigError(f"{place} lacks the key {missing[0]!r}, which is required{hint}")
    wanted = {k: v for k, v in error.schema.items() if k not in ("description", "default")}
    hint = f". Nearest: {_nearest(error.instance, wanted['enum'])}" if "enum" in wanted else ""
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


def _check_kind(package: str, spec: Mapping[str, Any], where: str) -> None:
    options = {k: v for k, v in spec.items() if k not in ("kind", "training")}
    _check(options, signature_schema(package, spec["kind"]), where)
    if "training" in spec:
        _check(spec["training"], signature_schema("", "training.Training"), f"{where}.training")


def _check_reference(name: str, choices: Any, where: str) -> None:
    if name not in choices:
        raise ConfigError(
            f"{where} is {name!r}; expected one of {', '.join(sorted(choices))}. "
            f"Nearest: {_nearest(name, choices)}"
        )


def read(path: Path) -> Any:
    """A YAML file of the config."""
    return yaml.safe_load(path.read_text())


def validate(config: Mapping[str, Any], schema: Path) -> None:
    """Raise a `ConfigError` that names key, value and what was expected, if anything is wrong."""
    _check(config, read(schema), "")
    every = experiments(config)
    for name, experiment in every.items():
        _check_borrowed(experiment, every, f"experiments.{name}.borrowed")
        _check_experiment(experiment, f"experiments.{name}")
    for name, figure in config["figures"].items():
        _check_figure(figure, every, f"figures.{name}")
    for claim in config["claims"]:
        where = f"claims.{claim['id']}"
        _check_reference(claim["experiment"], every, f"{where}.experiment")
        known = learner_names(every[claim["experiment"]])
        _check_reference(claim["learner"], known, f"{where}.learner")


def _check_borrowed(experiment: Mapping[str, Any], every: Mapping[str, Any], where: str) -> None:
    for source, names in experiment["borrowed"].items():
        _check_reference(source, every, where)
        known = [*every[source]["trained"], *every[source]["baselines"]]
        for learner in names:
            _check_reference(learner, known, f"{where}.{source}")


def _check_figure(figure: Mapping[str, Any], every: Mapping[str, Any], where: str) -> None:
    plots = [p.stem for p in (SOURCE / "plots").glob("*.py")]
    _check_reference(figure["plot"], plots, f"{where}.plot")
    schema = signature_schema("plots", f"{figure['plot']}.draw")
    _check(figure.get("options", {}), schema, f"{where}.options")
    for source, tables in figure["sources"].items():
        name, _, variant = source.partition("/")
        _check_reference(name, every, f"{where}.sources")
        _check_reference(variant, ["test", *every[name]["variants"]], f"{where}.sources.{source}")
        for table in tables:
            _check_reference(table, every[name]["measurements"], f"{where}.sources.{source}")


def _check_experiment(experiment: Mapping[str, Any], where: str) -> None:
    _check_kind("tasks", experiment["task"], f"{where}.task")
    for group in ("trained", "baselines"):
        for name, spec in experiment[group].items():
            _check_kind("learners", spec, f"{where}.{group}.{name}")
    options = signature_schema("tasks", experiment["task"]["kind"])["properties"]
    for option, values in experiment["conditions"].items():
        _check_reference(option, options, f"{where}.conditions")
        _check(values, {"type": "array", "items": options[option]}, f"{where}.conditions.{option}")
    for name, variant in experiment["variants"].items():
        for option in variant["options"]:
            _check_reference(option, options, f"{where}.variants.{name}.options")
    known = learner_names(experiment)
    for learner, names in experiment["references"].items():
        for name in [learner, *names]:
            _check_reference(name, known, f"{where}.references")
    for learner in experiment["trained"]:
        if learner not in experiment["references"]:
            raise ConfigError(
                f"{where}.references lacks {learner!r}, which is trained; add what to compare it with"
            )
    for name in itertools.chain(*experiment["interpolations"].values()):
        _check_reference(name, known, f"{where}.interpolations")
    modules = [path.stem for path in (SOURCE / "compare").glob("*.py")]
    for measurement, given in experiment["measurements"].items():
        _check_reference(measurement, modules, f"{where}.measurements")
        schema = signature_schema("compare", f"{measurement}.measure")
        _check(given, schema, f"{where}.measurements.{measurement}")


def experiments(config: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The experiments of a config, with empty parts for those that they leave out."""
    return {name: OPTIONAL | dict(experiment) for name, experiment in config["experiments"].items()}


def learner_names(experiment: Mapping[str, Any]) -> list[str]:
    """Every learner of an experiment: trained, baselines, borrowed, interpolations."""
    groups = (experiment[g] for g in ("trained", "baselines", "interpolations"))
    return list(itertools.chain(*groups, *experiment["borrowed"].values()))


def origins(config: Mapping[str, Any], name: str, group: str) -> dict[str, str]:
    """Where an experiment's learners of a group ("trained" or "baselines") come from.

    Its own come from itself, the borrowed ones from the experiments that they are borrowed from.
    """
    every = experiments(config)
    found = dict.fromkeys(every[name][group], name)
    for source, names in every[name]["borrowed"].items():
        found |= {learner: source for learner in names if learner in every[source][group]}
    return found


def variants(experiment: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Variant names with the task options that each changes; "test" changes none."""
    found: dict[str, dict[str, Any]] = {"test": {}}
    for name, variant in experiment["variants"].items():
        for value in variant["values"]:
            found[f"{name}={value}"] = dict.fromkeys(variant["options"], value)
    return found


def conditions(experiment: Mapping[str, Any], variant: str) -> dict[str, dict[str, Any]]:
    """Evaluation conditions of a variant with the task options that each changes."""
    found: dict[str, dict[str, Any]] = {variant: {}}
    if variant == "test":
        for option, values in experiment["conditions"].items():
            found |= {f"{option}={value}": {option: value} for value in values}
    return found


def measurements(experiment: Mapping[str, Any], variant: str) -> list[str]:
    """Measurements made on a variant: all on the experiment itself, alignment on its variants."""
    return list(experiment["measurements"]) if variant == "test" else ["alignment"]


def task_spec(experiment: Mapping[str, Any], variant: str) -> dict[str, Any]:
    """The spec of the task that a variant trains on."""
    return dict(experiment["task"]) | variants(experiment)[variant]


@functools.cache
def seed_blocks(seeds: int, per_job: int) -> list[str]:
    """Names such as "0-4" of the blocks of seeds that are trained in one job."""
    starts = range(0, seeds, per_job)
    return [f"{start}-{min(start + per_job, seeds) - 1}" for start in starts]


def block_seeds(block: str) -> list[int]:
    """The seeds of a block: "2-4" gives [2, 3, 4]."""
    first, last = map(int, block.split("-"))
    return list(range(first, last + 1))
