"""The jobs that make what a reader sees: figures, the merged table, claims, numbers, the record and the
PDF.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from icgd.results.digest import COMPUTING, DRAWING, ROOT, hash_of
from icgd.results.job import Artefact, Job
from icgd.spec.model import Config
from icgd.spec.plan import Plan
from icgd.spec.planned import planned

Tree = dict[str, Any]


@dataclass(frozen=True)
class Products:
    """Jobs after the comparisons of a plan."""

    plan: Plan
    run: str
    sources: Mapping[str, str]
    """Hashes of the paper's LaTeX sources, by path from the paper's folder."""
    sections: Mapping[str, str]
    """Where the section of each study is."""
    published: frozenset[str] = frozenset()
    """The repository's studies, to whose sections the text refers."""

    @property
    def config(self) -> Config:
        """The run's config."""
        return self.plan.config

    @cached_property
    def figures(self) -> dict[str, Job]:
        """A job per figure."""
        return {name: self._figure(name) for name in self.config.figures}

    def _figure(self, name: str) -> Job:
        figure = self.config.figures[name]
        study = self.config.homes.get(f"figures.{name}")
        module = self.plan.kinds.module("plot", figure.plot, study, f"figures.{name}.plot")
        spec = {
            "module": module,
            "options": figure.options,
            "confidence": self.config.confidence,
            "looks": self._looks(study, [source.partition("/")[0] for source in figure.reads]),
            "tables": self.plan.comparisons(figure.reads),
        }
        outputs = {suffix: Path(self.plan.paths.figure(name, suffix)) for suffix in ("pdf", "png", "csv")}
        return self._job("figure", name, spec, outputs, [module])

    def _looks(self, study: str | None, experiments: list[str]) -> Tree:
        """Looks of the learners that a figure may show."""
        shown = {learner for name in experiments for learner in self.config.experiments[name].learners}
        return {
            name: look.model_dump()
            for name, look in self.config.looks.items()
            if name in shown or self.config.homes.get(f"looks.{name}") == study
        }

    @cached_property
    def tables(self) -> dict[str, Job]:
        """A job per table of the text."""
        return {name: self._table(name, experiments) for name, experiments in self.config.tables.items()}

    def _table(self, name: str, experiments: list[str]) -> Job:
        study = self.config.homes.get(f"tables.{name}")
        module = self.plan.kinds.module("table", name, study, f"tables.{name}")
        spec = {
            "module": module,
            "confidence": self.config.confidence,
            "looks": self._looks(study, experiments),
            "tables": [table for experiment in experiments for table in self._tables(experiment)],
        }
        return self._job("table", name, spec, {"output": Path(self.plan.paths.table(name))}, [module])

    @cached_property
    def metrics(self) -> Job:
        """The merged table."""
        outputs = {suffix: self._whole(f"metrics.{suffix}") for suffix in ("parquet", "csv")}
        return self._job("metrics", "all", {"tables": self.plan.comparisons()}, outputs)

    @cached_property
    def claims(self) -> dict[str, Job]:
        """A job per study that claims something."""
        studies = {study: self.config.of_study("claims", study) for study in self.config.studies}
        own = [name for name in self.config.claims if f"claims.{name}" not in self.config.homes]
        studies |= {"own": own}
        return {study: self._claims(study, names) for study, names in studies.items() if names}

    def _claims(self, study: str, names: list[str]) -> Job:
        claims = {name: self.config.claims[name].model_dump(exclude_none=True) for name in names}
        experiments = dict.fromkeys(claim["experiment"] for claim in claims.values())
        spec = {
            "claims": claims,
            "confidence": self.config.confidence,
            "tables": [table for name in experiments for table in self._tables(name)],
        }
        return self._job("claims", study, spec, {"output": Path(self.plan.paths.claims(study))})

    def _tables(self, experiment: str) -> list[Artefact]:
        jobs = (job for job in self.plan.jobs.values() if job.rule == "compare")
        return [j.made() for j in jobs if j.name.startswith(f"{experiment}/")]

    @cached_property
    def verdicts(self) -> Job:
        """All claims in one table."""
        spec = {"tables": [job.made() for job in self.claims.values()]}
        return self._job("verdicts", "all", spec, {"output": self._whole("claims.csv")})

    @cached_property
    def provenance(self) -> Job:
        """The record of the run."""
        spec = {
            "run": self.run,
            "config": self.config.model_dump(mode="json", exclude={"homes"}),
            "costs": self._costs([*self.plan.jobs.values(), *self._shown, self.metrics]),
            "metrics": self.metrics.made("parquet"),
            "figures": [job.made("pdf") for job in self.figures.values()],
        }
        return self._job("provenance", "all", spec, {"output": self._whole("provenance.json")})

    @cached_property
    def numbers(self) -> Job:
        """Every number that the text asks for."""
        spec = {
            "config": self.config.model_dump(mode="json", exclude={"homes"}),
            "confidence": self.config.confidence,
            "studies": list(self.config.studies),
            "sections": dict(self.sections),
            "sources": dict(self.sources),
            "metrics": self.metrics.made("parquet"),
            "claims": self.verdicts.made(),
            "provenance": self.provenance.made(),
        }
        return self._job("numbers", "all", spec, {"output": self._whole("numbers")})

    @cached_property
    def paper(self) -> Job:
        """The PDF."""
        spec = {
            "whole": set(self.config.studies) >= self.published,
            "sections": dict(self.sections),
            "sources": dict(self.sources),
            "numbers": self.numbers.made(),
            "tables": [job.made() for job in self.tables.values()],
            "figures": [job.made("pdf") for job in self.figures.values()],
        }
        return self._job("paper", "all", spec, {"output": self._whole("paper.pdf")})

    @cached_property
    def costs(self) -> Job:
        """What every job up to the PDF has cost, and when it ran."""
        last = [self.verdicts, self.provenance, self.numbers, self.paper]
        spec = {
            "costs": self._costs([*self.plan.jobs.values(), *self._shown, self.metrics, *last]),
            "after": [job.made(next(iter(job.outputs))) for job in (self.metrics, *last)],
        }
        outputs = {suffix: self._whole(f"costs.{suffix}") for suffix in ("csv", "png")}
        return self._job("costs", "all", spec, outputs)

    @property
    def _shown(self) -> list[Job]:
        return [*self.figures.values(), *self.tables.values(), *self.claims.values()]

    def _costs(self, jobs: list[Job]) -> list[Tree]:
        """Where each job says what it has cost, and the study that it is of, if any."""
        place = self.plan.paths.costs
        return [{"file": place(job.rule, job.name), "study": self._study(job) or ""} for job in jobs]

    def _study(self, job: Job) -> str | None:
        if job.rule == "claims":
            return job.name
        section = {"figure": "figures", "table": "tables"}.get(job.rule, "experiments")
        return self.config.homes.get(f"{section}.{job.name.partition('/')[0]}")

    def verify(self, exact: bool) -> Job:
        """The comparison with a reference run."""
        rule = "verify_exact" if exact else "verify"
        files = [ROOT / "workflow" / "reference" / f"{self.run}{part}.csv" for part in ("", "_claims")]
        spec = {
            "reference": [hash_of(file.read_text("utf-8")) for file in files if file.is_file()],
            "exact": exact,
            "run": self.run,
            "verified": self.config.verified,
            "unverified": [
                [n, learner] for n, e in self.config.experiments.items() for learner in e.unverified
            ],
            "algorithms": [
                [name, learner, comparison.algorithm]
                for name, experiment in self.config.experiments.items()
                for learner, comparison in experiment.references.items()
            ],
            "metrics": self.metrics.made("parquet"),
            "claims": self.verdicts.made(),
        }
        return self._job(rule, "all", spec, {"output": self._whole(f"{rule}.txt")}, stage="verify")

    def _whole(self, name: str) -> Path:
        return Path(self.plan.paths.whole(name))

    def _job(
        self,
        rule: str,
        name: str,
        spec: Tree,
        outputs: Mapping[str, Path],
        modules: list[str] | None = None,
        stage: str = "",
    ) -> Job:
        used = [f"icgd.stages.{stage or rule}", *(modules or [])]
        packages = DRAWING if rule != "provenance" else (*DRAWING, *COMPUTING)
        settings = {name: value for name, value in self.plan.settings.items() if name != "xla_flags"}
        return planned(rule, name, spec, outputs, used, packages, settings)
