"""What the Snakefile needs to know of a run: its config, checked, and its jobs. No JAX is imported here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from icgd.results.digest import ROOT, remember
from icgd.results.flags import FlagsError, known
from icgd.results.job import Job
from icgd.results.paths import Paths
from icgd.results.store import write_text
from icgd.spec.bundle import archive_job
from icgd.spec.config import config_files, load, stacked
from icgd.spec.gpu_jobs import gains
from icgd.spec.model import Config
from icgd.spec.needs import Need, need, needs
from icgd.spec.order import expected, measured, remaining
from icgd.spec.pages import Pages
from icgd.spec.places import located
from icgd.spec.plan import Plan
from icgd.spec.products import Products
from icgd.spec.reading import ConfigError
from icgd.spec.specs import write_spec
from icgd.workflow.checked import checked
from icgd.writeup.sections import published_studies, relative, section_files, source_hashes

PUBLISHED = ROOT / "config" / "paper.yaml"


@dataclass(frozen=True)
class Run:
    """A run: the overrides that it was asked for with, its name, and everything that follows from them."""

    name: str
    config: Config
    reads: Mapping[str, list[str]]
    file: str = ""
    """The last config file of the command line, which named it."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """What it changes in the published config."""
    most_mb: int | None = None
    """The memory that jobs side by side may have; no job asks for more."""

    @cached_property
    def paths(self) -> Paths:
        """Where its files are."""
        return Paths(f"results/{self.name}")

    @cached_property
    def plan(self) -> Plan:
        """Jobs up to the comparisons."""
        return Plan(self.config, self.paths, self.reads)

    @cached_property
    def products(self) -> Products:
        """Jobs after them."""
        sections = section_files(self.config.studies)
        places = {study: relative(file) for study, file in sections.items()}
        return Products(self.plan, self.name, source_hashes(sections.values()), places, published_studies())

    @cached_property
    def archive(self) -> Job:
        """The job that bundles it."""
        return archive_job(self.products, self.overrides)

    @cached_property
    def pages(self) -> Pages:
        """Jobs after those."""
        return Pages(self.products)

    @cached_property
    def jobs(self) -> dict[tuple[str, str], Job]:
        """All jobs, by rule and name, but for trials of rates and the archive."""
        products = self.products
        record = [products.provenance, products.costs]
        whole = [products.metrics, products.verdicts, *record, products.numbers, products.paper]
        checks = [products.verify(exact) for exact in (False, True)]
        later = [
            *products.figures.values(),
            *products.tables.values(),
            *products.claims.values(),
            *whole,
            *checks,
            *self.pages.all,
        ]
        return self.plan.jobs | {(job.rule, job.name): job for job in later}

    def job(self, rule: str, name: str) -> Job:
        """The job of a rule that makes what the name says."""
        if rule == "rates":
            experiment, _, learner = name.partition("/")
            return self.plan.rates(experiment, learner)
        if rule == "archive":
            return self.archive
        return self.jobs[rule, name]

    def spec(self, rule: str, name: str) -> Callable[[Any], str]:
        """Snakemake's input function for the spec of a job; `name` holds wildcards."""

        def written(wildcards: Any) -> str:
            if not self.owner.is_file():
                write_text(self.owner, self.file + "\n")
            return str(write_spec(self.paths, self.job(rule, name.format(**wildcards))))

        return written

    @property
    def owner(self) -> Path:
        """Says whose config file the results are of."""
        return Path(self.paths.whole("config_file.txt"))

    def check_owner(self) -> None:
        """Raise a `ConfigError` if the results are those of another config file that is called the same."""
        if not self.owner.is_file():
            return
        other = self.owner.read_text("utf-8").strip()
        # Where the published config has been named, it counts like no file.
        if other != self.file and (ROOT / other).is_file() and ROOT / other != PUBLISHED:
            raise ConfigError(
                f"{self.paths.root} holds the results of {other}, not of {self.file or 'config/paper.yaml'}; "
                f"rename one of the files, or remove {self.paths.root}"
            )

    def made(self, rule: str, name: str) -> Callable[[Any], list[str]]:
        """Snakemake's input function for the artefacts that a job reads."""
        return lambda wildcards: self._inputs(rule, name.format(**wildcards))

    def _inputs(self, rule: str, name: str) -> list[str]:
        """What a job reads; Snakemake asks for it several times."""
        if (rule, name) not in self._read:
            self._read[rule, name] = self.job(rule, name).inputs
        return self._read[rule, name]

    @cached_property
    def _read(self) -> dict[tuple[str, str], list[str]]:
        return {}

    @cached_property
    def _remaining(self) -> Mapping[tuple[str, str], float]:
        return remaining(self.jobs.values(), measured(), lambda job: self._inputs(job.rule, job.name))

    def priority(self, rule: str, name: str) -> Callable[[Any], float]:
        """Snakemake's function for the priority of a job: the seconds of the work that waits for it."""
        return lambda wildcards: self._remaining[rule, name.format(**wildcards)]

    def gpu(self, count: int) -> Callable[[Any], int]:
        """Snakemake's function for the GPUs that a training asks for, on a machine with so many."""
        published, seconds = load([]) if count else self.config, expected(measured())

        def asked(wildcards: Any) -> int:
            name = "{experiment}/{variant}/{learner}.{seeds}".format(**wildcards)
            return int(count > 0 and gains(self.config, published, name, seconds))

        return asked

    @cached_property
    def _needs(self) -> Mapping[tuple[str, str], Need]:
        return needs()

    def memory(self, rule: str, name: str) -> Callable[..., int]:
        """Snakemake's function for the memory (MB) that a job asks for; more at each attempt."""

        def asked(wildcards: Any, attempt: int) -> int:
            wanted = need(self._needs, rule, name.format(**wildcards)).memory(attempt)
            return min(wanted, self.most_mb or wanted)

        return asked

    def minutes(self, rule: str, name: str) -> Callable[..., int]:
        """Snakemake's function for the time (min) that a job asks for; more at each attempt."""

        def asked(wildcards: Any, attempt: int) -> int:
            return need(self._needs, rule, name.format(**wildcards)).minutes(attempt)

        return asked

    def study_jobs(self, study: str) -> list[Job]:
        """The jobs of a study's figures, tables and claims."""
        products = self.products
        shown = [products.figures[name] for name in self.config.of_study("figures", study)]
        shown += [products.tables[name] for name in self.config.of_study("tables", study)]
        return shown + ([products.claims[study]] if study in products.claims else [])

    def outputs(self, jobs: Iterable[Job]) -> list[str]:
        """Everything that some jobs make."""
        return [str(path) for job in jobs for path in job.outputs.values()]


def start(files: Iterable[Path], given: Mapping[str, Any], most_mb: int | None = None) -> Run:
    """The run that a command line asks for; `ConfigError` if anything in it is wrong."""
    files = [file for file in files if file.resolve() != PUBLISHED]  # every run begins with that one
    if {"{", "}"} & set(str(ROOT)):
        raise ConfigError(
            f"the project is in {ROOT}; Snakemake cannot work in a folder with braces in its name"
        )
    name = files[-1].stem if files else PUBLISHED.stem
    if name == PUBLISHED.stem and (files or given):
        raise ConfigError(_not_published(files, given))
    if not set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+"):
        raise ConfigError(f"the config is named {name!r}; expected letters, digits and _ - . + alone")
    try:
        config = load(files, given)
        reads = checked(config)
    except ConfigError as error:
        read = [Path(relative(file.resolve())) for file in config_files(files)]
        raise ConfigError(located(str(error), read)) from None
    file = relative(files[-1].resolve()) if files else ""
    run = Run(name, config, reads, file, stacked(files, given), most_mb)
    run.check_owner()
    try:
        known(config.xla_flags)
    except FlagsError as error:
        raise ConfigError(str(error)) from None
    remember(write_text)
    return run


def _not_published(files: Sequence[Path], given: Mapping[str, Any]) -> str:
    """Why what a command line changes may not go to the results of the published config."""
    if files:
        return f"{files[-1]} would write to results/paper, where the published run is; rename the file"
    changes = ", ".join(given)
    return (
        f"--config changes {changes} of the published run, which is in results/paper; write that into a file "
        "such as config/mine.yaml and add --configfile config/mine.yaml: results go to results/mine"
    )
