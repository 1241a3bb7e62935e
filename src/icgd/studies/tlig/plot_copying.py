"""Functions of the sine models, and loss and copying of separate tokens (TLIG, figures 4 right and 5)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, each_run
from icgd.plotting.looks import Look, Looks
from icgd.ranges import LearnerName

TOKENS = {
    "own": ("own token", "#0072B2"),
    "next": ("next token", "#D55E00"),
    "other": ("all others", "#999999"),
}
FUNCTIONS = {"before_layer": ":", "after_layer": "-"}


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Functions with their examples; losses and sensitivities, seed by seed; on the training law."""
    functions = rows(metrics, option=None, metric=[*FUNCTIONS, "example_x", "example_y"])
    trained = rows(metrics, option=None, metric=["sensitivity_norm", "loss"])
    return pd.concat([functions, trained.assign(run=trained["seed"])])


def draw(
    table: pd.DataFrame, looks: Looks, *, waves: list[LearnerName], tokens: LearnerName, level: LearnerName
) -> Figure:
    """Left functions of `waves` before and after their layer, middle losses, right sensitivities."""
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(PAGE, 2.1))
    _functions(left, table, looks, waves)
    loss = rows(table, learner=tokens, metric="loss")
    each_run(middle, loss, looks[tokens])
    step = rows(table, learner=level, metric="loss")["mean"].iloc[0]
    middle.axhline(step, color=looks[level].colour, linestyle="--", label=looks[level].label, zorder=0)
    middle.set(xlabel="training step", ylabel="test loss", ylim=(0.2, 0.55))
    middle.legend()
    for token, (label, colour) in TOKENS.items():
        mine = rows(table, learner=tokens, metric="sensitivity_norm", token=token)
        each_run(right, mine, Look(label, colour))
    right.set(xlabel="training step", ylabel="norm of sensitivity", ylim=(0, 3.6))
    right.legend()
    return figure


def _functions(panel: Axes, table: pd.DataFrame, looks: Looks, waves: list[str]) -> None:
    x, y = (rows(table, metric=f"example_{axis}", prompt=0).sort_values("example")["mean"] for axis in "xy")
    panel.plot(x, y, "ko", fillstyle="none", label="examples", zorder=3)
    for learner in waves:
        for metric, line in FUNCTIONS.items():
            mine = rows(table, learner=learner, metric=metric, prompt=0).sort_values("query")
            label = looks[learner].label if metric == "after_layer" else None
            at = mine["query"].astype(float)
            panel.plot(at, mine["mean"], line, color=looks[learner].colour, label=label)
    panel.set(xlabel="$x$", ylabel="$y$", ylim=(-0.55, 0.75))
    panel.legend(fontsize=7)
