"""Losses when inputs or weights are scaled, on the source's axes (TLIG, figures 2, 3 and 6, right)."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from typing_extensions import TypedDict

from icgd.analysis.intervals import final
from icgd.analysis.tidy import rows
from icgd.plotting.axes import PAGE, curve, legend_above
from icgd.plotting.looks import Looks
from icgd.ranges import LearnerName
from icgd.studies.tlig.plot_source_training import at_any_depth

LOSS = "loss"
NAMES = {"input_scale": r"input scale $\alpha$", "weight_scale": "weight scale $s$"}


class Panel(TypedDict):
    """Learners of an experiment under one option, the training law being at 1."""

    experiment: str
    option: str
    learners: list[LearnerName]
    bound: float | None
    title: str


def select(metrics: pd.DataFrame) -> pd.DataFrame:
    """Losses at the end of training, on the law and where a scale is changed."""
    found = final(rows(metrics, metric=LOSS))
    return pd.concat([rows(found, option=None), rows(found, option=list(NAMES))])


def draw(table: pd.DataFrame, looks: Looks, *, panels: list[Panel]) -> Figure:
    """A panel each, logarithmic in the loss."""
    figure, axes = plt.subplots(1, len(panels), figsize=(PAGE, 1.9), squeeze=False)
    for axis, panel in zip(axes[0], panels, strict=True):
        mine = rows(table, experiment=panel["experiment"], bound=panel["bound"])
        for learner in panel["learners"]:
            law = rows(mine, learner=learner, option=None).assign(setting="1.0")
            found = pd.concat([law, rows(mine, learner=learner, option=panel["option"])])
            curve(axis, found["setting"].astype(float), found, at_any_depth(looks[learner]))
        axis.set(yscale="log", xlabel=NAMES[panel["option"]], title=panel["title"])
        axis.yaxis.set_minor_formatter(NullFormatter())
    axes[0, 0].set(ylabel="test loss")
    legend_above(figure, *axes[0])
    return figure
