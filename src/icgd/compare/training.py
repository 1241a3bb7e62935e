"""Loss and alignment of the trained learners at every snapshot of training."""

import pandas as pd

from icgd.compare.metrics import distances, loss_metrics, losses, outputs
from icgd.compare.study import Study
from icgd.constrained import PositiveInt


def measure(study: Study, *, prompts: PositiveInt = 8192) -> pd.DataFrame:
    """The first `prompts` stored prompts serve; the last step is left to the alignment table."""
    condition = study.spec["variant"]
    stored, targets = study.prompts(condition, prompts)
    reference = outputs(study.learners[study.spec["reference"]].learner, stored)
    base = losses(reference, targets)
    tables = []
    for name, populations in study.history.items():
        for population in populations:
            ours = outputs(population.learner, stored)
            metrics = loss_metrics(losses(ours, targets), base) | distances(ours, reference)
            tables.append(study.rows(name, population, condition, metrics))
    return pd.concat(tables)
