"""The config of a run: `config/paper.yaml` and the studies that it names, under what the run changes."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from icgd.results.digest import ROOT
from icgd.spec.explain import explained
from icgd.spec.model import Config, Grid
from icgd.spec.reading import ConfigError, Mistakes, joined, merged, nearest, one_of, read

SECTIONS = ("tasks", "experiments", "figures", "tables", "panels", "claims", "looks")
"""What a study's file holds; `tasks` are named there for several experiments."""
INCLUDED = "included"
"""A study whose files are in the repository; another one's are in the folder that stands instead."""
KNOWN = [*(key for key in Config.model_fields if key != "homes"), "tasks"]

Tree = dict[str, Any]


def load(overrides: Sequence[Path], given: Mapping[str, Any] | None = None) -> Config:
    """The config under override files, and single values of the command line after them."""
    base = _only_known(read(ROOT / "config" / "paper.yaml"), KNOWN)
    changes = _only_known(stacked(overrides, given or {}), KNOWN)
    published = base.get("studies", {})
    base["studies"] = merged(published, changes.pop("studies", {}))
    left_out = [_study(study, folder) for study, folder in published.items() if study not in base["studies"]]
    changes = {section: _without(changes[section], section, left_out) for section in changes}
    parts = {study: _study(study, folder) for study, folder in base["studies"].items()}
    whole = base | {section: _section(section, base, parts) for section in SECTIONS}
    whole["tasks"] = merged(whole["tasks"], changes.pop("tasks", {}))
    whole = merged(_with_tasks(whole), changes)
    homes = {
        f"{s}.{name}": study for study, part in parts.items() for s in SECTIONS for name in part.get(s) or {}
    }
    return typed(whole, dict(_adopted(whole, homes)) | homes)


def stacked(overrides: Sequence[Path], given: Mapping[str, Any]) -> Tree:
    """Override files, and single values after them, as one override."""
    changes: Tree = {}
    for override in [*map(read, overrides), dict(given)]:
        changes = _stacked(changes, override)
    return changes


def config_files(overrides: Sequence[Path]) -> list[Path]:
    """All files that a config is read from, in the order in which they are merged."""
    published = read(ROOT / "config" / "paper.yaml").get("studies", {})
    studies = merged(published, stacked(overrides, {}).get("studies") or {})
    return [ROOT / "config" / "paper.yaml", *(study_file(s, f) for s, f in studies.items()), *overrides]


def own_studies(overrides: Mapping[str, Any]) -> list[str]:
    """The studies of an override whose code is outside the repository."""
    studies = overrides.get("studies") or {}
    return [study for study, folder in studies.items() if folder not in (None, INCLUDED)]


def _adopted(whole: Tree, homes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Homes of claims and figures that an override adds: the study of the experiment that they are about."""
    for section in ("claims", "figures"):
        for name, entry in (whole.get(section) or {}).items():
            about = entry.get("experiment") or next(iter(entry.get("reads") or {}), "")
            if home := homes.get(f"experiments.{str(about).partition('/')[0]}"):
                yield f"{section}.{name}", home


def typed(whole: Tree, homes: Mapping[str, str]) -> Config:
    """A merged config as types, with its grids expanded; `ConfigError` names place, value and expectation."""
    whole = _with_tasks(whole)
    tree: Tree = {key: value for key, value in whole.items() if key != "tasks"}
    for name, experiment in (tree.get("experiments") or {}).items():
        tree["experiments"] = tree["experiments"] | {name: _expanded(experiment, f"experiments.{name}")}
    try:
        return Config(**tree, homes=dict(homes))
    except ValidationError as error:
        raise ConfigError(explained(error)) from None


def study_file(study: str, folder: str) -> Path:
    """The config of a study."""
    if folder == INCLUDED:
        return ROOT / "config" / "studies" / f"{study}.yaml"
    path = ROOT / Path(folder).expanduser()
    if path.name != study:
        raise ConfigError(
            f"studies.{study} is {folder!r}; expected 'included' or a folder that is named {study}"
        )
    return path.resolve() / f"{study}.yaml"


def _study(study: str, folder: Any) -> Tree:
    if not isinstance(folder, str):
        raise ConfigError(f"studies.{study} is {folder!r}; expected 'included' or a folder")
    file = study_file(study, folder)
    if folder == INCLUDED and not file.exists():
        known = [path.stem for path in (ROOT / "config" / "studies").glob("*.yaml")]
        one_of(study, known, "studies")
    return _only_known(read(file), SECTIONS)


def _section(section: str, base: Tree, parts: Mapping[str, Tree]) -> Tree:
    files = [("config/paper.yaml", base.get(section) or {})]
    return joined(
        [*files, *((f"{study}.yaml", part.get(section) or {}) for study, part in parts.items())], section
    )


def _without(changes: Any, section: str, left_out: Sequence[Tree]) -> Any:
    """Changes of a section, but for entries of studies that are left out."""
    gone = {name for part in left_out for name in part.get(section) or {}}
    return {k: v for k, v in changes.items() if k not in gone} if isinstance(changes, dict) else changes


def _stacked(first: Any, second: Any) -> Any:
    """Two overrides as one; nulls and stars stay what they are."""
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return second
    return dict(first) | {k: _stacked(first[k], v) if k in first else v for k, v in second.items()}


def _only_known(part: Tree, known: Sequence[str]) -> Tree:
    """What a file holds, which may have no other keys than those that are known."""
    mistakes = [
        f"{key} is an unknown key (value {value!r}); expected one of {', '.join(known)}. "
        f"Did you mean {nearest(key, known)}?"
        for key, value in part.items()
        if key not in known
    ]
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return part


def _with_tasks(whole: Tree) -> Tree:
    """Experiments that name a task of the section `tasks` get it."""
    experiments, tasks, mistakes = dict(whole.get("experiments") or {}), whole.get("tasks") or {}, Mistakes()
    for name, experiment in experiments.items():
        if isinstance(experiment, dict) and isinstance(task := experiment.get("task"), str):
            with mistakes.collected():
                one_of(task, tasks, f"experiments.{name}.task")
                experiments[name] = experiment | {"task": tasks[task]}
    mistakes.refuse()
    return whole | {"experiments": experiments}


def _expanded(experiment: Any, where: str) -> Any:
    """The learners of an experiment's grids among those that it trains."""
    if not isinstance(experiment, dict) or "grids" not in experiment:
        return experiment
    experiment = dict(experiment)
    grids = experiment.pop("grids")
    found = dict(_grid_learners(grids, f"{where}.grids"))
    parts = [(f"{where}.trained", experiment.get("trained") or {}), *found.items()]
    return experiment | {"trained": joined(parts, f"{where}.trained")}


def _grid_learners(grids: Any, where: str) -> Iterator[tuple[str, Tree]]:
    if not isinstance(grids, dict):
        raise ConfigError(f"{where} is {grids!r}; expected grids by name")
    for name, grid in grids.items():
        try:
            checked = Grid.model_validate(grid)
        except ValidationError as error:
            raise ConfigError(explained(error, f"{where}.{name}")) from None
        yield f"{where}.{name}", checked.learners(f"{where}.{name}")
