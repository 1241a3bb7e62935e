# What all rules share: the run that the command line asks for, and how its jobs are started.
import os

from icgd.results.devices import assignment, gpus
from icgd.results.digest import ROOT, SourceError
from icgd.spec.reading import ConfigError
from icgd.workflow.run import start

try:
    RUN = start(
        workflow.config_settings.configfiles,
        workflow.config_settings.config,
        workflow.global_resources.get("mem_mb").value,
    )
except (ConfigError, SourceError) as error:
    sys.exit(f"Error: the config asks for what cannot be run:\n{error}")

# GPUs of this machine, each for one training at a time; --resources gpu=0 leaves them alone. A cluster's are asked
# for by --set-resources train:gpu=1.
if workflow.is_main_process and workflow.local_exec:
    if "gpu" not in workflow.global_resources:
        workflow.register_resource("gpu", len(gpus(os.environ)))
    GPUS = workflow.global_resources["gpu"].value
else:
    GPUS = 0

PATHS, PRODUCTS, PAGES = RUN.paths, RUN.products, RUN.pages
conduct.record = PATHS.whole("conduct.json")


wildcard_constraints:
    experiment="|".join(RUN.config.experiments),
    learner=r"[a-z0-9_]+",
    variant=r"[^/]+",
    measurement=r"[a-z0-9_]+",
    seeds=r"\d+-\d+",
    figure="|".join(RUN.config.figures) or "none",
    study=r"[a-z0-9_]+",
    table=r"[a-z0-9_]+",


def stage(name, device=assignment(0)):
    """The shell command of a job: one XLA thread per Snakemake thread, its spec, and where it logs."""
    command = stage_command(workflow, name)
    return f"{device}NPROC={{threads}} OMP_NUM_THREADS={{threads}} {command} {{input.spec:q}} > {{log:q}} 2>&1"
