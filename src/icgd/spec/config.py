"""Checks a run's config and takes jobs' specs out of it, without importing JAX.

The static part of the schema is `workflow/schemas/config.schema.yaml`, the rest `icgd.schema` reads from
signatures.
"""

import functools
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from icgd.ranges import RESERVED
from icgd.spec.schema import SOURCE, ConfigError, check, nearest, signature_schema

OPTIONAL: dict[str, Any] = {
    part: {} for part in ("trained", "baselines", "borrowed", "interpolations", "references", "variants")
}


def _check_kind(package: str, spec: Mapping[str, Any], where: str) -> None:
    options = {k: v for k, v in spec.items() if k not in RESERVED}
    check(options, signature_schema(package, spec["kind"]), where)
    if "training" in spec:
        check(spec["training"], signature_schema("", "training.Training"), f"{where}.training")


def _check_reference(name: str, choices: Any, where: str) -> None:
    if name not in choices:
        raise ConfigError(
            f"{where} is {name!r}; expected one of {', '.join(sorted(choices))}. "
            f"Nearest: {nearest(name, choices)}"
        )


def read(path: Path) -> Any:
    """A YAML file of the config."""
    return yaml.safe_load(path.read_text())


def validate(config: Mapping[str, Any], schema: Path) -> None:
    """Raise a `ConfigError` that names key, value and what was expected, if anything is wrong."""
    check(config, read(schema), "")
    every = experiments(config)
    for name, experiment in every.items():
        _check_borrowed(experiment, every, f"experiments.{name}.borrowed")
        _check_experiment(experiment, f"experiments.{name}")
    for name, figure in config["figures"].items():
        _check_figure(figure, every, f"figures.{name}")
    known = [f"{name}/{learner}" for name, one in every.items() for learner in learner_names(one)]
    for name in config["unverified"]:
        _check_reference(name, known, "unverified")
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
    check(figure.get("options", {}), schema, f"{where}.options")
    for source, tables in figure["sources"].items():
        name, _, variant = source.partition("/")
        _check_reference(name, every, f"{where}.sources")
        _check_reference(variant, ["test", *every[name]["variants"]], f"{where}.sources.{source}")
        for table in tables:
            _check_reference(table, every[name]["measurements"], f"{where}.sources.{source}")


def _check_training_task(
    spec: Mapping[str, Any], experiment: Mapping[str, Any], options: Mapping[str, Any], where: str
) -> None:
    """Where a trained learner starts, and what its training changes of the task."""
    if "start" in spec:
        others = [n for n, other in experiment["trained"].items() if "start" not in other]
        _check_reference(spec["start"], others, f"{where}.start")
    for option, value in spec.get("task", {}).items():
        _check_reference(option, options, f"{where}.task")
        check(value, options[option], f"{where}.task.{option}")


def _check_experiment(experiment: Mapping[str, Any], where: str) -> None:
    _check_kind("tasks", experiment["task"], f"{where}.task")
    for group in ("trained", "baselines"):
        for name, spec in experiment[group].items():
            _check_kind("learners", spec, f"{where}.{group}.{name}")
    options = signature_schema("tasks", experiment["task"]["kind"])["properties"]
    for name, spec in experiment["trained"].items():
        _check_training_task(spec, experiment, options, f"{where}.trained.{name}")
    for option, values in experiment["conditions"].items():
        _check_reference(option, options, f"{where}.conditions")
        check(values, {"type": "array", "items": options[option]}, f"{where}.conditions.{option}")
    for name, variant in experiment["variants"].items():
        for option in variant["options"]:
            _check_reference(option, options, f"{where}.variants.{name}.options")
    known = learner_names(experiment)
    for learner, names in experiment["references"].items():
        for name in [learner, *names]:
            _check_reference(name, known, f"{where}.references")
    for learner in experiment["trained"]:
        if learner not in experiment["references"] and "alignment" in experiment["measurements"]:
            raise ConfigError(
                f"{where}.references lacks {learner!r}, which is trained; add what to compare it with"
            )
    for name in itertools.chain(*experiment["interpolations"].values()):
        _check_reference(name, known, f"{where}.interpolations")
    modules = [path.stem for path in (SOURCE / "compare").glob("*.py")]
    for measurement, given in experiment["measurements"].items():
        _check_reference(measurement, modules, f"{where}.measurements")
        schema = signature_schema("compare", f"{measurement}.measure")
        check(given, schema, f"{where}.measurements.{measurement}")


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
