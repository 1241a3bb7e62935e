"""What figures and tables of this study share: objectives' names, matrices, and marks. No JAX here."""

import pandas as pd
from matplotlib.axes import Axes

from icgd.plotting.looks import Looks
from icgd.plotting.matrix import written_matrix

NAMES = {"l1": "$L_1$", "l2": "$L_2$", "linf": r"$L_\infty$"}
"""The objectives; descent on each is a learner of the same name."""
TARGETS = {"l1": "to $L_1$", "linf": r"to $L_\infty$"}
"""The objectives that networks are changed to."""
START_COLOURS = {"base": "#0072B2", "random": "#D55E00", "subspace": "#E69F00", "nothing": "#009E73"}
"""By what a change starts from."""
EXPLICIT = "explicit"
"""The learner that stands for the explicit algorithms."""
PALE = 0.25
"""Above this attainment figures in a matrix are dark."""


def title(learner: str, looks: Looks) -> str:
    """What a panel of a learner is called."""
    return "explicit descent" if learner == EXPLICIT else looks[learner].label


def matrix(panel: Axes, cells: pd.DataFrame) -> None:
    """What is asked for in rows, what is attained in columns; colours from −1 to 1."""
    shown = cells.pivot_table(index="objective", columns="attained", values="mean")
    numbers = shown.loc[list(NAMES), list(NAMES)].to_numpy(float)
    texts = [[f"{number:.2f}" for number in row] for row in numbers]
    written_matrix(panel, numbers, list(NAMES.values()), texts, (-1.0, 1.0), PALE)
