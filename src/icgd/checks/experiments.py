"""Checks of experiments, with the code itself.

Kinds are imported, options held against their signatures, learners built abstractly: nothing is computed.
"""

import functools
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from icgd.analysis.experiment import others
from icgd.checks import options
from icgd.checks.building import build, in_a_line, possible
from icgd.results.paths import Paths
from icgd.spec.expansion import LAW, measurements, variants
from icgd.spec.kinds import Kinds
from icgd.spec.model import Config, Experiment, Trained
from icgd.spec.plan import Plan
from icgd.spec.reading import ConfigError, nearest, one_of
from icgd.training.loop import Training

DECLARED = ("METRICS", "COLUMNS", "OTHERS", "reads", "measure")
"""What the module of a measurement has."""


@dataclass(frozen=True)
class Checker:
    """The checks of one config."""

    config: Config

    @functools.cached_property
    def kinds(self) -> Kinds:
        """Where names lead."""
        return Kinds(self.config)

    def names(self, name: str) -> None:
        """Names of learners that an experiment uses must be its own or borrowed, each once."""
        experiment, where = self.config.experiments[name], f"experiments.{name}"
        self._borrowed(name, experiment, f"{where}.borrowed")
        twice = [n for n in experiment.learners if experiment.learners.count(n) > 1]
        if twice:
            raise ConfigError(
                f"{where} has two learners called {twice[0]!r}; borrow or name one of them otherwise"
            )
        for learner, parts in experiment.interpolations.items():
            one_of(parts[0], experiment.trained, f"{where}.interpolations.{learner}")
            one_of(parts[1], experiment.baselines, f"{where}.interpolations.{learner}")
        for learner, comparison in experiment.references.items():
            for other in [learner, *comparison.all]:
                one_of(other, experiment.learners, f"{where}.references.{learner}")
        for learner in experiment.unverified:
            one_of(learner, experiment.learners, f"{where}.unverified")
        for learner, trained in experiment.trained.items():
            if trained.start is not None:
                bases = [n for n, other in experiment.trained.items() if other.start is None]
                one_of(trained.start, bases, f"{where}.trained.{learner}.start")

    def _borrowed(self, name: str, experiment: Experiment, where: str) -> None:
        for source, names in experiment.borrowed.items():
            others = [other for other in self.config.experiments if other != name]
            one_of(source, others, where)
            there = self.config.experiments[source]
            for learner in names:
                one_of(learner, [*there.trained, *there.baselines], f"{where}.{source}")

    def kinds_of(self, name: str) -> None:
        """Tasks and learners of an experiment, on all its variants and conditions."""
        experiment, where = self.config.experiments[name], f"experiments.{name}"
        task = self._kind("task", name, experiment.task.kind, f"{where}.task.kind")
        options.checked(task, experiment.task.options, f"{where}.task")
        known = options.signature(task)
        for option, values in experiment.conditions.items():
            one_of(option, known, f"{where}.conditions")
            for value in values:
                self._task(task, experiment, {option: value}, f"{where}.conditions.{option}")
        for variant, changes in variants(experiment).items():
            family = variant.partition("=")[0]
            place = where if variant == LAW else f"{where}.variants.{family}"
            for option in changes:
                one_of(option, known, f"{place}.options")
            self._task(task, experiment, changes, f"{place}.values" if changes else f"{where}.task")
            self._learners(name, variant)

    def _task(self, task: Any, experiment: Experiment, changes: Mapping[str, Any], where: str) -> None:
        """A task with changes of some options can be made."""
        for option, value in changes.items():
            options.checked_value(task, option, value, where)
        possible(lambda: task(**{**experiment.task.options, **changes}), where, changes)

    def _learners(self, name: str, variant: str) -> None:
        experiment, where = self.config.experiments[name], f"experiments.{name}"
        plan = Plan(self.config, Paths("results/none"), {})
        task_spec = plan.base(name, variant)["task"]
        for group in ("trained", "baselines"):
            for learner, spec in getattr(experiment, group).items():
                place = f"{where}.{group}.{learner}"
                kind = self._kind("learner", name, spec.kind, f"{place}.kind")
                options.checked(kind, spec.options, place)
                changes = self._training(experiment, spec, place) if isinstance(spec, Trained) else {}
                resolved = plan.learner_spec(name, group, learner)
                made = functools.partial(build, resolved, task_spec, changes)
                possible(made, place, {"variant": variant} if variant != LAW else {})

    def _training(self, experiment: Experiment, spec: Trained, where: str) -> Mapping[str, Any]:
        """What training changes of the task, once it is found possible."""
        options.checked(Training, spec.training, f"{where}.training")
        possible(lambda: Training(**spec.training), f"{where}.training", {})
        module, name = self.kinds.attribute("task", experiment.task.kind, None, where)
        task = getattr(importlib.import_module(module), name)
        for option, value in spec.task.items():
            one_of(option, options.signature(task), f"{where}.task")
            options.checked_value(task, option, value, f"{where}.task")
        return spec.task

    def _kind(self, role: str, experiment: str, kind: str, where: str) -> Any:
        module, name = self.kinds.attribute(role, kind, self.home(experiment), where)
        found = self.imported(module)
        if not hasattr(found, name):
            known = [n for n in vars(found) if not n.startswith("_")]
            raise ConfigError(
                f"{where} is {kind!r}, but {module} has no {name!r}; expected one of its names. "
                f"Nearest: {nearest(name, known)}"
            )
        return getattr(found, name)

    def home(self, experiment: str) -> str | None:
        """The study of an experiment."""
        return self.config.homes.get(f"experiments.{experiment}")

    def imported(self, module: str) -> ModuleType:
        """A module; an error in it names file and line."""
        try:
            return importlib.import_module(module)
        except Exception as error:
            raise ConfigError(f"{module} cannot be imported: {in_a_line(error)}") from error

    def measurement(self, experiment: str, measurement: str) -> ModuleType:
        """The module of a measurement."""
        where = f"experiments.{experiment}.measurements"
        module = self.imported(self.kinds.module("measure", measurement, self.home(experiment), where))
        missing = [name for name in DECLARED if not hasattr(module, name)]
        if missing:
            raise ConfigError(
                f"{where}.{measurement}: {module.__name__} has no {missing[0]!r}; a measurement has "
                f"{', '.join(DECLARED)} (see CONTRIBUTING.md, A measurement)"
            )
        return module

    def measured(self, experiment: str) -> Iterator[tuple[str, str]]:
        """The measurements of an experiment, with the variant's family that each is made on."""
        every = self.config.experiments[experiment]
        for variant in variants(every):
            for measurement in measurements(every, variant):
                yield measurement, variant.partition("=")[0]

    def reads(self, name: str) -> dict[str, list[str]]:
        """What each measurement of an experiment reads."""
        experiment, found = self.config.experiments[name], {}
        for measurement in dict.fromkeys(measurement for measurement, _ in self.measured(name)):
            where = f"experiments.{name}.measurements.{measurement}"
            module, given = self.measurement(name, measurement), experiment.measurements.get(measurement, {})
            options.checked(module.measure, given, where)
            known = [*experiment.learners, *others(module, experiment)]
            for learner in options.learner_names(module.measure, given):
                one_of(learner, known, where)
            try:
                names = list(dict.fromkeys(module.reads(experiment, given)))
            except KeyError as error:
                raise ConfigError(
                    f"{where} needs references of {error}: add experiments.{name}.references."
                    f"{error.args[0]} with the algorithm that it is compared with"
                ) from None
            for learner in names:
                one_of(learner, experiment.learners, where)
            found[f"{name}/{measurement}"] = names
        return found
