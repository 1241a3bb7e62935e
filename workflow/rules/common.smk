# What all rules share: the run that the command line asks for, and how its jobs are started.
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

ROOT = Path(workflow.basedir)
ROOT = ROOT if (ROOT / "src" / "icgd").is_dir() else ROOT.parent
sys.path.insert(0, str(ROOT / "src"))

from icgd.results.digest import SourceError
from icgd.spec.reading import ConfigError
from icgd.workflow.run import start

try:
    RUN = start(workflow.config_settings.configfiles, workflow.config_settings.config)
except (ConfigError, SourceError) as error:
    raise WorkflowError(f"config: {error}") from None

PATHS, PRODUCTS = RUN.paths, RUN.products
# One XLA thread per Snakemake thread; the Python of the snakemake that was called.
STAGE = f"NPROC={{threads}} OMP_NUM_THREADS={{threads}} {sys.executable!r} {str(ROOT / 'workflow/scripts/stage.py')!r}"


wildcard_constraints:
    experiment="|".join(RUN.config.experiments),
    learner=r"[a-z0-9_]+",
    variant=r"[^/]+",
    measurement=r"[a-z0-9_]+",
    seeds=r"\d+-\d+",
    figure="|".join(RUN.config.figures) or "none",
    study=r"[a-z0-9_]+",


def stage(name):
    """The shell command of a job: its stage, its spec, and where it logs."""
    return f"{STAGE} {name} {{input.spec:q}} > {{log:q}} 2>&1"


localrules:
    all,


rule all:
    default_target: True
    input:
        RUN.outputs(
            [PRODUCTS.metrics, PRODUCTS.verdicts, PRODUCTS.provenance, PRODUCTS.paper]
        ),
