"""The jobs of a run up to its comparisons: what each is asked to do, from which artefacts; without JAX."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any

from icgd.results.digest import COMPUTING
from icgd.results.job import Artefact, Job
from icgd.results.paths import Paths
from icgd.spec.expansion import LAW, block_seeds, conditions, measurements, seed_blocks, variants
from icgd.spec.kinds import Kinds, own_paths
from icgd.spec.model import Config, Experiment, Spec, Trained
from icgd.spec.planned import planned

Tree = dict[str, Any]
Reads = Mapping[str, Sequence[str]]
"""Names of the learners that each <experiment>/<measurement> reads."""


def _once(plan_job: Callable[..., Job]) -> Callable[..., Job]:
    """A job is planned once, however many others read what it makes: that takes a millisecond or more."""

    @wraps(plan_job)
    def planned_before(plan: "Plan", *names: str) -> Job:
        key = (plan_job.__name__, *names)
        if key not in plan.done:
            plan.done[key] = plan_job(plan, *names)
        return plan.done[key]

    return planned_before


@dataclass(frozen=True)
class Plan:
    """The jobs of a run that draw, train, fit and compare; each by rule and name."""

    config: Config
    paths: Paths
    reads: Reads

    @cached_property
    def kinds(self) -> Kinds:
        """Where names lead."""
        return Kinds(self.config)

    @cached_property
    def settings(self) -> Tree:
        """What all jobs share besides their specs."""
        return {
            "xla_flags": self.config.xla_flags,
            "paths": own_paths(self.config),
            "root": self.paths.root,
        }

    @cached_property
    def done(self) -> dict[tuple[str, ...], Job]:
        """Jobs that others read and that were planned already."""
        return {}

    @cached_property
    def jobs(self) -> dict[tuple[str, str], Job]:
        """Every job of these rules, by rule and name."""
        found = {}
        for experiment in self.config.experiments:
            for job in self._experiment_jobs(experiment):
                found[job.rule, job.name] = job
        return found

    def comparisons(self, reads: Mapping[str, Sequence[str]] | None = None) -> list[Artefact]:
        """Tables of measurements: all, or those named by experiment or experiment/variant."""
        if reads is None:
            return [job.made() for job in self.jobs.values() if job.rule == "compare"]
        return [self.jobs["compare", name].made() for name in self._comparison_names(reads)]

    def _comparison_names(self, reads: Mapping[str, Sequence[str]]) -> Iterator[str]:
        for source, wanted in reads.items():
            experiment, _, family = source.partition("/")
            for variant in variants(self.config.experiments[experiment]):
                if variant.partition("=")[0] == (family or LAW):
                    yield from (f"{experiment}/{variant}/{measurement}" for measurement in wanted)

    def _experiment_jobs(self, name: str) -> Iterator[Job]:
        experiment = self.config.experiments[name]
        for variant in variants(experiment):
            yield self.prompts(name, variant)
            yield self.baselines(name, variant)
            for learner, trained in experiment.trained.items():
                for block in self.blocks(name, trained):
                    yield self.train(name, variant, learner, block)
            for measurement in measurements(experiment, variant):
                yield self.compare(name, variant, measurement)

    def blocks(self, experiment: str, trained: Trained) -> list[str]:
        """The blocks of seeds that a learner is trained in."""
        return seed_blocks(self.config.seeds_of(experiment), trained.training["seeds_per_job"])

    @_once
    def prompts(self, name: str, variant: str) -> Job:
        """Evaluation prompts, drawn once for all learners."""
        experiment = self.config.experiments[name]
        spec = self.base(name, variant) | {
            "conditions": conditions(experiment, variant),
            "count": experiment.evaluation_prompts,
        }
        output = Path(self.paths.prompts(name, variant))
        return self._job("prompts", f"{name}/{variant}", spec, {"output": output}, [spec["task"]])

    @_once
    def baselines(self, name: str, variant: str) -> Job:
        """Explicit algorithms at their optimal hyper-parameters."""
        experiment = self.config.experiments[name]
        algorithms = {b: self.learner_spec(name, "baselines", b) for b in experiment.baselines}
        spec = self.base(name, variant) | {"baselines": algorithms} | self._fitting
        output = Path(self.paths.baselines(name, variant))
        parts = [spec["task"], *algorithms.values()]
        return self._job("baselines", f"{name}/{variant}", spec, {"output": output}, parts)

    @_once
    def train(self, name: str, variant: str, learner: str, block: str) -> Job:
        """The training of a block of seeds."""
        spec, parts = self.training(name, variant, learner, block_seeds(block))
        output = Path(self.paths.learner(name, variant, learner, block))
        return self._job("train", f"{name}/{variant}/{learner}.{block}", spec, {"output": output}, parts)

    def rates(self, name: str, learner: str) -> Job:
        """Trials of learning rates."""
        spec, parts = self.training(name, LAW, learner, list(range(min(2, self.config.seeds))))
        output = Path(self.paths.rates(name, learner))
        return self._job("rates", f"{name}/{learner}", spec, {"output": output}, parts)

    def training(self, name: str, variant: str, learner: str, seeds: list[int]) -> tuple[Tree, list[Tree]]:
        """The spec of a training, and the kinds that it builds."""
        trained = self.config.experiments[name].trained[learner]
        spec = self.base(name, variant) | {
            "learner_name": learner,
            "key": trained.key or learner,
            "seeds": seeds,
            "learner": self.learner_spec(name, "trained", learner),
            "training": trained.training,
            "training_task": trained.task,
            "start": self._learner_files(name, variant, trained.start) if trained.start else [],
        }
        return spec, [spec["task"], spec["learner"]]

    def compare(self, name: str, variant: str, measurement: str) -> Job:
        """One measurement of an experiment's variant."""
        experiment, where = self.config.experiments[name], f"experiments.{name}.measurements"
        module = self.kinds.module(
            "measure", measurement, self.config.homes.get(f"experiments.{name}"), where
        )
        read = self._with_parts(experiment, self.reads[f"{name}/{measurement}"])
        learners = {learner: self.found(name, variant, learner) for learner in read}
        spec = (
            self.base(name, variant)
            | self._fitting
            | {
                "module": module,
                "conditions": conditions(experiment, variant),
                "options": experiment.measurements.get(measurement, {}),
                "prompts": self.prompts(name, variant).made(),
                "learners": learners,
                "interpolations": {n: parts for n, parts in experiment.interpolations.items() if n in read},
                "references": {n: c.model_dump() for n, c in experiment.references.items() if n in read},
                "labels": {n: t.labels for n, t in experiment.trained.items() if n in read and t.labels},
            }
        )
        output = Path(self.paths.comparison(name, variant, measurement))
        kinds = [
            self.source_spec(name, learner)
            for learner in learners
            if learner not in experiment.interpolations
        ]
        job_name = f"{name}/{variant}/{measurement}"
        return self._job("compare", job_name, spec, {"output": output}, [spec["task"], *kinds], [module])

    def _with_parts(self, experiment: Experiment, names: Sequence[str]) -> list[str]:
        """Learners with those that they are interpolated from."""
        parts = [part for name in names for part in experiment.interpolations.get(name, [])]
        return list(dict.fromkeys([*names, *parts]))

    def found(self, name: str, variant: str, learner: str) -> Tree:
        """Where an experiment's learner is: files of trained seeds, or the folder of a fitted algorithm."""
        experiment = self.config.experiments[name]
        if learner in experiment.interpolations:
            return {}
        source, group = self.origin(name, learner)
        there = variant if source == name else LAW  # borrowed learners are those of the main task
        if group == "trained":
            return {"trained": self._learner_files(source, there, learner), "own": source == name}
        return {"baselines": self.baselines(source, there).made()}

    def origin(self, name: str, learner: str) -> tuple[str, str]:
        """The experiment that a learner comes from, and its group there."""
        experiment = self.config.experiments[name]
        sources = [name, *(source for source, names in experiment.borrowed.items() if learner in names)]
        for source in sources:
            for group in ("trained", "baselines"):
                if learner in getattr(self.config.experiments[source], group):
                    return source, group
        raise KeyError(f"{name} has no learner {learner}")

    def source_spec(self, name: str, learner: str) -> Tree:
        """The spec of an experiment's learner, its own or a borrowed one."""
        source, group = self.origin(name, learner)
        return self.learner_spec(source, group, learner)

    def _learner_files(self, name: str, variant: str, learner: str) -> list[Artefact]:
        trained = self.config.experiments[name].trained[learner]
        return [self.train(name, variant, learner, block).made() for block in self.blocks(name, trained)]

    def learner_spec(self, name: str, group: str, learner: str) -> Tree:
        """A learner's spec with its kind looked up."""
        spec: Spec = getattr(self.config.experiments[name], group)[learner]
        return self._resolved("learner", spec, name, f"experiments.{name}.{group}.{learner}.kind")

    def _resolved(self, role: str, spec: Spec, experiment: str, where: str) -> Tree:
        study = self.config.homes.get(f"experiments.{experiment}")
        module, name = self.kinds.attribute(role, spec.kind, study, where)
        return {"module": module, "name": name, "options": spec.options}

    def base(self, name: str, variant: str) -> Tree:
        """What the specs of all jobs of a variant share."""
        experiment = self.config.experiments[name]
        task = self._resolved("task", experiment.task, name, f"experiments.{name}.task.kind")
        task["options"] = task["options"] | variants(experiment)[variant]
        return {
            "name": name,
            "experiment": experiment.key or name,
            "variant": variant,
            "seed": self.config.seed,
            "task": task,
        }

    @property
    def _fitting(self) -> Tree:
        return {"fitting_prompts": self.config.fitting_prompts}

    def _job(
        self,
        rule: str,
        name: str,
        spec: Tree,
        outputs: Mapping[str, Path],
        kinds: list[Tree],
        own: Sequence[str] = (),
    ) -> Job:
        modules = {f"icgd.stages.{rule}", *own, *(kind["module"] for kind in kinds)}
        return planned(rule, name, spec, outputs, modules, COMPUTING, self.settings)
