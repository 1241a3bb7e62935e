"""The figure of induction heads beside what they may compute, drawn from a few rows."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from icgd.plotting.looks import Looks
from icgd.studies.induction import plot_one_step_reading
from tests.studies.drawn_tables import means

LOOKS = Looks.of(
    {
        "two_layers": {"label": "two layers", "colour": "#0072b2", "marker": "o"},
        "linear_second": {"label": "second linear", "colour": "#e69f00", "marker": "D"},
    }
    | {
        name: {"label": f"the {name}", "colour": f"#00000{i}", "marker": "s"}
        for i, name in enumerate(plot_one_step_reading.RIVALS)
    }
)


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def reading_table() -> pd.DataFrame:
    rows = [
        {"experiment": e, "learner": learner, "metric": metric, "reference": rival, "mean": base + place / 10}
        for e, learner, base in (("language", "two_layers", 0.0), ("markov", "linear_second", 0.3))
        for metric in plot_one_step_reading.PANELS
        for place, rival in enumerate(plot_one_step_reading.RIVALS)
    ]
    growth = [
        {
            "experiment": e,
            "learner": learner,
            "metric": plot_one_step_reading.GROWTH,
            "matches": m,
            "mean": slope * m,
        }
        for e, learner, slope in (("language", "two_layers", 1.0), ("markov", "linear_second", 0.5))
        for m in (3, 1, 2)
    ]
    return means(*rows, *growth)


def test_one_step_reading_shows_every_rival_of_every_model_and_the_growth() -> None:
    models = [{"language": "two_layers"}, {"markov": "linear_second"}]
    figure = plot_one_step_reading.draw(reading_table(), LOOKS, models=models)
    panels: list[Any] = figure.axes
    agreement, _, growth = panels
    assert len(agreement.containers) == 6
    for place, (rival, bar) in enumerate(
        zip(plot_one_step_reading.RIVALS, agreement.containers, strict=True)
    ):
        assert bar.get_label() == f"the {rival}" and to_hex(bar.lines[0].get_color()) == f"#00000{place}"
        x = 0.1 * place - 0.25
        np.testing.assert_allclose(bar.lines[0].get_xydata(), [[x, place / 10], [1 + x, 0.3 + place / 10]])
    ticks = [tick.get_text() for tick in agreement.get_xticklabels()]
    assert ticks == ["segments,\ntwo layers", "Markov chains,\nsecond linear"]
    softmax, linear, step, frequencies = growth.lines
    np.testing.assert_allclose(softmax.get_xydata(), [[1, 1], [2, 2], [3, 3]])
    np.testing.assert_allclose(linear.get_ydata(), [0.5, 1, 1.5])
    assert (softmax.get_linestyle(), linear.get_linestyle(), linear.get_color()) == ("-", "--", "#e69f00")
    assert step.get_xydata().tolist() == [[1, 1], [3, 3]] and step.get_label() == "the step"
    assert frequencies.get_xydata().tolist() == [[1, 1], [3, 1]] and frequencies.get_color() == "#000002"


def test_one_step_reading_leaves_out_what_is_constructed() -> None:
    table = reading_table()
    constructed = table.assign(learner="construction", step=None)
    loss = means({"metric": "loss", "mean": 0.0})
    kept = plot_one_step_reading.select(pd.concat([table, constructed, loss]))
    assert len(kept) == len(table) and set(kept["learner"]) == {"two_layers", "linear_second"}
