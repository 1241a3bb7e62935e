# What all rules share: the run's name, its validated config, the code that each stage depends on.
import itertools
import json
import os
import re
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
sys.path.insert(0, str(ROOT / "src"))
from icgd import code, config as settings
from icgd.schema import ConfigError

os.environ.update(PYTHONPATH=str(ROOT / "src"))
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(ROOT / ".cache" / "jax"))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.05")

RUN = Path(str(workflow.configfiles[-1])).stem
for part in (
    "figures",
    "claims",
):  # the same for every run, unless its config has its own
    config.setdefault(part, settings.read(ROOT / f"config/{part}.yaml"))

try:
    settings.validate(config, ROOT / "workflow/schemas/config.schema.yaml")
except ConfigError as error:
    raise WorkflowError(f"config {RUN}: {error}") from None

if config["xla_flags"]:
    os.environ.update(XLA_FLAGS=config["xla_flags"])

RESULTS = f"results/{RUN}"
EXPERIMENTS = settings.experiments(config)


wildcard_constraints:
    experiment="|".join(EXPERIMENTS),
    learner=r"[a-z0-9_]+",
    variant=r"[a-z_]+(=[^/]+)?",
    seeds=r"\d+-\d+",
    figure="|".join(config["figures"]),


def stage(name):
    """The shell command of a stage; one XLA thread per Snakemake thread."""
    return f"NPROC={{threads}} OMP_NUM_THREADS={{threads}} python -m icgd.stages.{name}"


def modules(package, specs):
    """The modules that the kinds of some specs live in."""
    return sorted({f"icgd.{package}.{spec['kind'].split('.')[0]}" for spec in specs})


def code_of(stage, *packages_and_specs):
    """Files that a stage depends on, with the modules of the kinds that it will build."""
    found = [modules(package, specs) for package, specs in packages_and_specs]
    return code.closure(f"icgd.stages.{stage}", *itertools.chain(*found))


def as_json(spec):
    return json.dumps(spec, sort_keys=True)


def base_spec(wildcards):
    return {
        "experiment": wildcards.experiment,
        "variant": wildcards.variant,
        "seed": config["seed"],
        "task": settings.task_spec(
            EXPERIMENTS[wildcards.experiment], wildcards.variant
        ),
    }


def experiment_tasks(wildcards):
    return "tasks", [EXPERIMENTS[wildcards.experiment]["task"]]


onerror:
    # What went wrong is in the failing rule's own log: show it last.
    text = "".join(Path(path).read_text() for path in log)
    for path in dict.fromkeys(re.findall(r"log: (\S+) \(check log", text)):
        if Path(path).exists():
            print(f"\n{path}:\n{Path(path).read_text()[-3000:]}", file=sys.stderr)
