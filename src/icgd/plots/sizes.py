"""Loss against problem size N = D (TLIG, figure 2 centre right)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from icgd.plots.style import COLUMN, curve, numbers

LEARNERS = ["closed_form", "gd", "transformer", "interpolation"]


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses of all sizes, and the excess of the trained ones."""
    size = metrics["condition"].str.startswith("size=")
    kept = metrics["metric"].isin(["loss", "relative_excess_loss"])
    return metrics[size & kept & metrics["learner"].isin(LEARNERS)]


def draw(table: pd.DataFrame) -> Figure:
    """Above the losses, below the excess over one step in percent."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(COLUMN, 2.9), sharex=True, height_ratios=(3, 2))
    for learner in LEARNERS:
        rows = table[(table["learner"] == learner) & (table["metric"] == "loss")]
        curve(above, numbers(rows["condition"]), rows, learner)
    for learner in LEARNERS[2:]:
        rows = table[(table["learner"] == learner) & (table["metric"] == "relative_excess_loss")]
        percent = rows.assign(**{c: 100 * rows[c] for c in ("mean", "low", "high")})
        curve(below, numbers(rows["condition"]), percent, learner)
    below.axhline(0, color="black", linewidth=0.6)
    above.set(ylabel="test loss")
    above.legend()
    below.set(xlabel="$N = D$", ylabel="excess (%)")
    below.set_yscale("symlog", linthresh=1)
    return figure
