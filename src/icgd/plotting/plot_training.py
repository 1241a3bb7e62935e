"""Loss and alignment with the algorithm over training (TLIG, figure 2 centre left)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, each_run, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

PANELS = {
    "loss": "test loss",
    "prediction_l2": "prediction difference",
    "sensitivity_cosine": "sensitivity cosine",
    "sensitivity_l2": "sensitivity difference",
}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """The trained learners and the exact loss of one step, on the training law; then each seed by itself."""
    law = rows(metrics, option=None, metric=list(PANELS))
    kept = law[law["step"].notna() | (law["learner"] == "closed_form")]
    return pd.concat([kept, kept[kept["seed"].notna()].assign(run=kept["seed"])])


def draw(
    table: pd.DataFrame,
    looks: Looks,
    *,
    learners: dict[LearnerName, LearnerName],
    by_seed: list[LearnerName] | None = None,
) -> Figure:
    """Four panels over training steps; `learners` says with which algorithm each is compared.

    by_seed: those with a line for each seed, as seeds that end in several places have no interval.
    """
    table, runs = rows(table, run=None), rows(table, run=...)
    figure, axes = plt.subplots(1, 4, figsize=(PAGE, 1.9))
    for panel, (metric, title) in zip(axes, PANELS.items(), strict=True):
        highest = 0.0
        for learner, algorithm in learners.items():
            reference = None if metric == "loss" else algorithm
            mine = rows(table, metric=metric, learner=learner, reference=reference)
            if learner in (by_seed or []):
                seeds = rows(runs, metric=metric, learner=learner, reference=reference)
                each_run(panel, seeds, looks[learner])
            else:
                curve(panel, mine["step"], mine, looks[learner], marker="")
            highest = max(highest, mine["mean"].max())
        panel.set(xlabel="training step", ylabel=title)
        panel.set_ylim(0, 1.08 * highest)
    exact = rows(table, learner="closed_form", metric="loss")["mean"].iloc[0]
    axes[0].axhline(exact, color="black", linestyle="--", label="one step, exact", zorder=0)
    legend_above(figure, axes[0])
    axes[2].axhline(1, color="black", linestyle=":", linewidth=0.8, zorder=0)
    return figure
