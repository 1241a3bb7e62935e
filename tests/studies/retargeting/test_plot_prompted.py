"""What the figure of a model that is told its objective draws."""

import itertools
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.container import ErrorbarContainer

from icgd.studies.retargeting import plot_prompted
from tests.studies.retargeting.common import drawn
from tests.studies.retargeting.test_plots import LOOKS, OBJECTIVES, line

mpl.use("agg")


def prompted() -> pd.DataFrame:
    records: list[dict[str, Any]] = []
    for (row, asked), (column, name) in itertools.product(enumerate(OBJECTIVES), repeat=2):
        pair = {"learner": "told", "objective": asked, "reference": name}
        for option, setting in (
            (None, None),
            ("noise_scale", "2.0"),
            ("noise_scale", "0.5"),
            ("noise", "arcsine"),
        ):
            mean = 0.01 * row + 0.1 * column + (float(setting or 0) if option == "noise_scale" else 0)
            law = {"option": option, "setting": setting}
            records.append(pair | law | {"metric": "error", "mean": mean})
        records.append(pair | {"metric": "cosine", "mean": 0.9 if row == column else 0.6})
        for other, share in itertools.product(OBJECTIVES[row + 1 :], (1.0, 0.0)):
            mixed = {"other_objective": other, "share": share, "mean": 0.1 + share}
            records.append(pair | mixed | {"metric": "mixed_error"})
    return drawn([*records, *(record | {"learner": "other", "mean": 7.0} for record in records)])


def test_a_model_that_is_told_its_objective() -> None:
    figure = plot_prompted.draw(plot_prompted.select(prompted()), LOOKS, learner="told")
    squared, cosines, first, _, last, below = figure.axes
    texts = [text.get_text() for text in squared.texts]
    assert texts[:4] == ["1.000", "0.900", "0.800", "0.990"]
    np.testing.assert_allclose(np.asarray(squared.images[0].get_array()), 1 - prompted_cells())
    assert [text.get_text() for text in cosines.texts] == ["0.900", *(["0.600"] * 3 + ["0.900"]) * 2]
    found = line(first, "descent on $L_1$")
    assert (found["x"], found["y"], found["colour"]) == ([0.0, 1.0], [0.1, 1.1], "#D55E00")
    assert [label.get_text() for label in last.get_xticklabels()] == ["$L_2$", "half", "$L_\\infty$"]
    laws = ["training law", "arcsine noise", "noise scale = 0.5", "noise scale = 2.0"]
    assert [label.get_text() for label in below.get_xticklabels()] == laws
    bar = below.containers[2]
    assert isinstance(bar, ErrorbarContainer)
    np.testing.assert_allclose(np.asarray(bar.lines[0].get_ydata(), float), [0.22, 0.22, 0.72, 2.22])
    np.testing.assert_allclose(np.asarray(bar.lines[0].get_xdata(), float), [0.2, 1.2, 2.2, 3.2])


def prompted_cells() -> np.ndarray:
    return np.add.outer(0.01 * np.arange(3), 0.1 * np.arange(3))
