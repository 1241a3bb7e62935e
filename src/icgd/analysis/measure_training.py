"""Loss and alignment of the trained learners at every snapshot of training."""

import pandas as pd

from icgd.analysis.distances import distances, divergence_bound, outputs, performance
from icgd.analysis.study import Study
from icgd.ranges import PositiveInt


def measure(study: Study, *, prompts: PositiveInt = 8192) -> pd.DataFrame:
    """The first `prompts` stored prompts serve; the last step is left to the alignment table.

    Each learner is compared with its references: the first without suffix, all as `…_to_<name>`.
    """
    condition = study.spec["variant"]
    stored, targets = study.prompts(condition, prompts)
    bound = divergence_bound(targets)
    names = {reference for name in study.history for reference in study.references[name]}
    found = {name: outputs(study.learners[name].learner, stored, prompts) for name in sorted(names)}
    tables = []
    for name, populations in study.history.items():
        references = study.references[name]
        for population in populations:
            ours = outputs(population.learner, stored, prompts)
            metrics = performance(ours.prediction, found[references[0]].prediction, targets)
            metrics |= distances(ours, found[references[0]], bound)
            for reference in references:
                apart = distances(ours, found[reference], bound)
                metrics |= {f"{metric}_to_{reference}": value for metric, value in apart.items()}
            tables.append(study.rows(name, population, condition, metrics))
    return pd.concat(tables)
