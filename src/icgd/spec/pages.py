"""The jobs that make pages to click: the report of a run, and the page in which its learners answer."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from icgd.results.digest import COMPUTING, DRAWING, ROOT
from icgd.results.job import Job, artefacts
from icgd.spec.expansion import LAW
from icgd.spec.planned import planned
from icgd.spec.products import Products

Tree = dict[str, Any]
PAGES = ROOT / "src" / "icgd" / "writeup" / "pages"
"""Templates, styles and scripts."""


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """What files that are no Python hold, by path from the repository's root."""
    return {place(file): hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in sorted(files)}


def place(file: Path) -> str:
    """A path as `ROOT / path` finds it again."""
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)


def lineage(job: Job, makers: Mapping[Path, Job]) -> dict[str, list[str]]:
    """The jobs that a job's artefacts come from, directly or not: names by rule."""
    found: dict[Path, Job] = {}
    left = [artefact.path for artefact in artefacts(job.spec)]
    while left:
        path = left.pop()
        if path in makers and path not in found:
            found[path] = makers[path]
            left += [artefact.path for artefact in artefacts(makers[path].spec)]
    by_rule: dict[str, list[str]] = {}
    for made in found.values():
        by_rule.setdefault(made.rule, []).append(made.name)
    return {rule: sorted(set(names)) for rule, names in sorted(by_rule.items())}


@dataclass(frozen=True)
class Pages:
    """Jobs after all other products of a run."""

    products: Products

    @property
    def all(self) -> list[Job]:
        """Both, the second only if some study has a panel."""
        return [self.report, *([self.companion] if self.products.config.panels else [])]

    @cached_property
    def report(self) -> Job:
        """What the run found, as one page: figures, claims, what they come from and have cost."""
        products, config = self.products, self.products.config
        spec = {
            "run": products.run,
            "studies": {study: products.sections.get(study, "") for study in config.studies},
            "sources": dict(products.sources),
            "pages": hashes(PAGES.iterdir()),
            "figures": [self._figure(name) for name in config.figures],
            "claims": {name: self._home("claims", name) for name in config.claims},
            "verdicts": products.verdicts.made(),
            "numbers": products.numbers.made(),
            "provenance": products.provenance.made(),
            "costs": products.costs.made("csv"),
            "schedule": products.costs.made("png"),
            "companion": bool(config.panels),
        }
        outputs = {"output": Path(products.plan.paths.whole("report.html"))}
        return planned("report", "all", spec, outputs, ["icgd.stages.report"], DRAWING, self._settings)

    @cached_property
    def companion(self) -> Job:
        """The page of the panels."""
        config, plan = self.products.config, self.products.plan
        panels = [self._panel(name) for name in sorted(config.panels, key=lambda n: config.panels[n].place)]
        shown = {learner for panel in panels for learner in panel["learners"]}
        spec = {
            "run": self.products.run,
            "panels": panels,
            "looks": {name: look.model_dump() for name, look in config.looks.items() if name in shown},
            "pages": hashes([*PAGES.iterdir(), *(ROOT / panel["script"] for panel in panels)]),
        }
        outputs = {"output": Path(plan.paths.whole("companion/index.html"))}
        used = ["icgd.stages.companion", *self._kinds()]
        return planned("companion", "all", spec, outputs, used, COMPUTING, self._settings)

    def _panel(self, name: str) -> Tree:
        panel, plan = self.products.config.panels[name], self.products.plan
        learners = {
            learner: plan.found(experiment, LAW, learner)
            for experiment, names in panel.reads.items()
            for learner in names
        }
        script = plan.kinds.script(name, self._home("panels", name), f"panels.{name}")
        told = panel.model_dump(exclude={"reads"})
        return {"name": name, "script": place(script), "learners": learners} | told

    def _kinds(self) -> list[str]:
        """The modules of the panels' tasks and learners."""
        plan, panels = self.products.plan, self.products.config.panels.values()
        read = [(name, learner) for panel in panels for name in panel.reads for learner in panel.reads[name]]
        tasks = [plan.base(name, LAW)["task"]["module"] for name, _ in read]
        return [*tasks, *(plan.source_spec(name, learner)["module"] for name, learner in read)]

    def _figure(self, name: str) -> Tree:
        job = self.products.figures[name]
        return {
            "name": name,
            "title": self.products.config.figures[name].title,
            "study": self._home("figures", name),
            "module": job.spec["module"],
            "image": job.made("png"),
            "from": lineage(job, self._makers),
        }

    @cached_property
    def _makers(self) -> dict[Path, Job]:
        return {path: job for job in self.products.plan.jobs.values() for path in job.outputs.values()}

    def _home(self, section: str, name: str) -> str:
        return self.products.config.homes.get(f"{section}.{name}", "")

    @property
    def _settings(self) -> Tree:
        return {name: value for name, value in self.products.plan.settings.items() if name != "xla_flags"}
