"""Rows of the table of learners that are told their objective: what they attain, and their score."""

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.studies.retargeting.display import NAMES
from icgd.writeup.latex import estimate

EXPLICIT = "explicit"


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """A learner per row, by experiment: for each objective its attainment and the gain; the score."""
    wanted = rows(metrics, metric=["attainment", "own_gain", "score"], option=None)
    table = seed_intervals(final(wanted), confidence)
    lines = []
    for experiment, found in table.groupby("experiment", sort=False):
        learners = [EXPLICIT, *(name for name in looks if name in set(found["learner"]))]
        for learner in dict.fromkeys(learners):
            mine = rows(found, learner=learner)
            label = "explicit descent" if learner == EXPLICIT else looks[learner].label
            cells = [label + (" ($D=5$)" if learner == EXPLICIT and str(experiment).endswith("wide") else "")]
            for objective in NAMES:
                own = rows(mine, metric="attainment", objective=objective, attained=objective)
                gain = rows(mine, metric="own_gain", objective=objective)
                cells += [estimate(own), estimate(gain)]
            lines.append(" & ".join([*cells, estimate(rows(mine, metric="score"))]) + r" \\")
    return "\n".join(lines) + "\n"
