"""Where the config's names lead: tasks, learners, measurements, plots and tables, each a module found by its
file.

A study's own room is looked at first, then the library, then the rooms of the run's other studies. Nothing is
registered: a new module, or a new name in one, is enough.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from icgd.results.digest import module_file
from icgd.spec.config import INCLUDED, study_file
from icgd.spec.model import Config
from icgd.spec.reading import ConfigError, nearest

LIBRARY = {
    "task": ("icgd.tasks",),
    "learner": ("icgd.algorithms", "icgd.models", "icgd.constructions"),
    "measure": ("icgd.analysis",),
    "plot": ("icgd.plotting",),
    "table": (),
}
"""Packages of the library by what they hold."""


def study_package(study: str, folder: str) -> str:
    """The package of a study's own modules."""
    return f"icgd.studies.{study}" if folder == INCLUDED else study


def own_paths(config: Config) -> list[str]:
    """Folders that Python must search for the packages of studies outside the repository."""
    outside = {s: folder for s, folder in config.studies.items() if folder != INCLUDED}
    return sorted({str(study_file(study, folder).parents[1]) for study, folder in outside.items()})


@dataclass(frozen=True)
class Kinds:
    """Finds modules for the names in a run's config."""

    config: Config

    def __post_init__(self) -> None:
        sys.path.extend(path for path in own_paths(self.config) if path not in sys.path)
        module_file.cache_clear()

    def rooms(self, role: str, study: str | None) -> list[str]:
        """Packages in the order in which they are searched."""
        packages = {name: study_package(name, folder) for name, folder in self.config.studies.items()}
        first = [packages[study]] if study in packages else []
        return list(dict.fromkeys([*first, *LIBRARY[role], *packages.values()]))

    def attribute(self, role: str, kind: str, study: str | None, where: str) -> tuple[str, str]:
        """Module and name of a task's or learner's kind, such as descent.gradient_step."""
        module, _, name = kind.partition(".")
        for room in self.rooms(role, study):
            if module_file(f"{room}.{module}"):
                return f"{room}.{module}", name
        raise ConfigError(self._nothing(role, "", module, study, where))

    def module(self, role: str, name: str, study: str | None, where: str) -> str:
        """The module of a measurement, plot or table: measure_<name>, plot_<name> or table_<name>."""
        for room in self.rooms(role, study):
            if module_file(f"{room}.{role}_{name}"):
                return f"{room}.{role}_{name}"
        raise ConfigError(self._nothing(role, f"{role}_", name, study, where))

    def script(self, panel: str, study: str, where: str) -> Path:
        """The script of a panel: panel_<name>.js in the room of its study."""
        home = module_file(study_package(study, self.config.studies[study]))
        file = home.with_name(f"panel_{panel}.js") if home else Path(f"panel_{panel}.js")
        if not file.is_file():
            known = [path.stem.removeprefix("panel_") for path in file.parent.glob("panel_*.js")]
            raise ConfigError(f"{where}: there is no {file}. Nearest: {nearest(panel, known)}")
        return file

    def _nothing(self, role: str, prefix: str, name: str, study: str | None, where: str) -> str:
        rooms = self.rooms(role, study)
        known = sorted(
            path.stem.removeprefix(prefix) for path in _files(rooms) if path.stem.startswith(prefix)
        )
        return (
            f"{where} names {name!r}, but there is no {prefix}{name}.py in {', '.join(rooms)}. "
            f"Nearest: {nearest(name, known)}"
        )


def _files(packages: list[str]) -> Iterator[Path]:
    for package in packages:
        if home := module_file(package):
            yield from (path for path in home.parent.glob("*.py") if path.stem != "__init__")
