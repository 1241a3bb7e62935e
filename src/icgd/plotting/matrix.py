"""A small matrix as a picture with its numbers written in it."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes


def written_matrix(
    panel: Axes,
    numbers: Float[np.ndarray, "n n"],
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    ends: tuple[float, float],
    pale: float,
) -> None:
    """Colours by `numbers` between `ends`, dark text above `pale`; rows and columns have the same names."""
    panel.imshow(numbers, cmap="cividis", vmin=ends[0], vmax=ends[1])
    for (row, column), number in np.ndenumerate(numbers):
        colour = "black" if number > pale else "white"
        panel.text(column, row, texts[row][column], ha="center", va="center", color=colour)
    for ticks in (panel.set_xticks, panel.set_yticks):
        ticks(range(len(names)), names)
    panel.spines[:].set_visible(False)
    panel.tick_params(length=0)
