"""How a stage is run: `python workflow/scripts/stage.py <stage> <spec file>` ends here."""

import importlib
import os
import sys
from pathlib import Path

from icgd.results.costs import Meter, save_cost
from icgd.results.devices import choose
from icgd.results.environment import clean
from icgd.results.flags import known
from icgd.results.job import Job, read_job
from icgd.results.paths import Paths
from icgd.results.store import ArtefactError
from icgd.stages.errors import StageError


def run(stage: str, file: Path) -> int:
    """Run `icgd.stages.<stage>.main` on the job in a file; the exit code.

    The environment is set before JAX is imported, so that results depend on the job alone. Errors that a user
    can mend end in one message.
    """
    meter, job = Meter(), read_job(file)
    prepare(job)
    try:
        module = importlib.import_module(f"icgd.stages.{stage}")
        meter.started()
        module.main(job)
    except (ArtefactError, StageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if root := job.settings.get("root"):
        save_cost(Path(Paths(root).costs(job.rule, job.name)), meter.cost(job.rule, job.name))
    job_done(job, file)
    return 0


def prepare(job: Job) -> None:
    """Drop what the user's environment would change, and set what the run asks for."""
    environment = clean(os.environ, known(job.settings.get("xla_flags", "")))
    choose(environment)
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)
    sys.path.extend(job.settings.get("paths", []))


def job_done(job: Job, file: Path) -> None:
    """Forget other specs of the same job: only that of the artefact may be older than it
    (`icgd.spec.specs`).
    """
    place = file.name.removesuffix(f"{job.digest}.json")
    for other in file.parent.iterdir():
        if other != file and other.name.startswith(place) and other.name.count(".") == file.name.count("."):
            other.unlink(missing_ok=True)
