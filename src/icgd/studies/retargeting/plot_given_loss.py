"""Models that read their loss from the prompt: errors on losses of families trained and never trained."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above, numbers, spread
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName

TRAINED = {"huber": "Huber", "smooth_sign": "smooth sign", "monotone": "monotone"}
HELD_OUT = {
    "l1.2": "$L_{1.2}$", "l1.5": "$L_{1.5}$", "l2.5": "$L_{2.5}$", "l3": "$L_3$", "welsch": "Welsch",
    "quantile_half": r"quantile $\frac{1}{2}$", "sum": "sum", "quantile_high": "quantile 0.8",
}  # fmt: skip
SWEPT = ("monotone", "l1.5", "welsch", "sum")
COLOURS = ("#000000", "#0072B2", "#D55E00", "#009E73")


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Errors by family and by number of pairs, and how far a loss is from those of training."""
    return rows(metrics, metric=["loss_error", "by_pairs", "novelty"])


def draw(table: pd.DataFrame, looks: Looks, *, learners: list[LearnerName]) -> Figure:
    """Left errors by family, on what was trained and what was not; right by the number of pairs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5), width_ratios=[2.2, 1], sharey=True)
    families = TRAINED | HELD_OUT
    for learner in learners:
        mine = rows(table, metric="loss_error", learner=learner).set_index("family").loc[list(families)]
        look, x = looks[learner], np.arange(len(families))
        left.errorbar(
            x,
            mine["mean"],
            spread(mine),
            fmt=look.marker,
            color=look.colour,
            fillstyle="none",
            label=look.label,
        )
    novelty = rows(table, metric="novelty").set_index("family")["mean"]
    names = [f"{name}\n({novelty[family]:.2f})" for family, name in families.items()]
    left.set_xticks(range(len(families)), names, rotation=35, ha="right")
    left.axvline(len(TRAINED) - 0.5, color="#888888", linewidth=0.7)
    left.set(yscale="log", ylabel="error to descent\non the loss in the prompt")
    for family, colour in zip(SWEPT, COLOURS, strict=True):
        mine = rows(table, metric="by_pairs", family=family)
        look = looks[learners[0]]._replace(colour=colour, label=families[family])
        curve(right, numbers(mine["pairs"]), mine, look)
    counts = sorted(numbers(rows(table, metric="by_pairs")["pairs"]).unique())
    right.set(xscale="log", xlabel="pairs in the prompt")
    right.set_xticks(counts, [f"{count:.0f}" for count in counts])
    right.minorticks_off()
    legend_above(figure, left, right)
    return figure
