"""The atlas's figures from a few rows."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from icgd.plotting.looks import Looks
from icgd.studies.atlas import plot_atlas, plot_real

LOOKS = Looks.of(
    {
        "near": {"label": "trained", "colour": "#111111", "marker": "o", "model": "one layer"},
        "far": {"label": "two heads", "colour": "#222222", "marker": "D"},
        "gd": {"label": "GD", "colour": "#333333", "marker": "s"},
        "ols": {"label": "least squares", "colour": "#444444", "marker": "X"},
    }
)
DISTANCES = {("near", "gd"): 0.05, ("near", "ols"): 0.5, ("far", "gd"): 12.0, ("far", "ols"): 0.25}


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    plt.close("all")


def means(found: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(found)
    return frame.assign(low=frame["mean"] * 0.9, high=frame["mean"] * 1.2)


def atlas_rows() -> list[dict[str, Any]]:
    """On the law near is gd; shifts double its distance, and under one of them it is no longer gd."""
    law: dict[str, Any] = {"option": None, "setting": None}
    shifts = [({"option": "input_scale", "setting": s}, factor) for s, factor in (("0.5", 1.0), ("1.5", 3.0))]
    found = []
    for where, factor in [(law, 1.0), *shifts]:
        for (learner, reference), distance in DISTANCES.items():
            key = {"experiment": "atlas", "learner": learner, "reference": reference} | where
            sure = float((learner, reference) == ("near", "gd") and factor == 1)
            found.append(key | {"metric": "relative_distance", "mean": factor * distance})
            found.append(key | {"metric": "is_algorithm", "mean": sure})
    return found


def test_the_atlas_has_a_number_for_each_pair_and_frames_the_nearest() -> None:
    other = {"experiment": "atlas", "learner": "near", "option": None, "metric": "loss", "mean": 1.0}
    table = plot_atlas.select(means([*atlas_rows(), other]))
    assert set(table["metric"]) == {"relative_distance", "is_algorithm"}
    families = {"least squares": {"ols": ""}, "descent": {"gd": "1"}}
    figure = plot_atlas.draw(table, LOOKS, models=["near", "far"], families=families)
    panels: list[Any] = figure.axes
    law, shifted = panels[:2]
    assert [text.get_text() for text in law.texts] == [".50", ".050", "1", ".25", ">9", "1"]
    assert [text.get_text() for text in shifted.texts] == ["1.00", ".10", "1", ".50", ">9", "1"]
    weights = ["normal", "bold", "bold", "normal", "normal", "normal"]
    assert [text.get_fontweight() for text in law.texts] == weights
    assert {text.get_fontweight() for text in shifted.texts} == {"normal"}
    np.testing.assert_allclose(law.images[0].get_array(), [[0.5, 0.05], [0.25, 12.0]])
    assert frames(law) == [(0.5, -0.5, "-", 2.0), (-0.5, 0.5, "--", 0.8)]
    assert frames(shifted) == [(0.5, -0.5, "--", 0.8), (-0.5, 0.5, "--", 0.8)]
    assert ticks(law.get_yticklabels()) == ["one layer", "two heads"]
    assert ticks(shifted.get_xticklabels()) == ["least squares", "descent"]


def test_a_family_stands_for_its_nearest_algorithm() -> None:
    table = plot_atlas.select(means(atlas_rows()))
    figure = plot_atlas.draw(
        table, LOOKS, models=["near", "far"], families={"all": {"gd": "1", "ols": "exact"}}
    )
    law: Any = figure.axes[0]
    assert [text.get_text() for text in law.texts] == [".050", "1", ".25", "exact"]
    np.testing.assert_allclose(law.images[0].get_array(), [[0.05], [0.25]])


def frames(panel: Any) -> list[tuple[float, float, str, float]]:
    return [(p.get_x(), p.get_y(), p.get_linestyle(), p.get_linewidth()) for p in panel.patches]


def ticks(labels: Any) -> list[str]:
    return [label.get_text() for label in labels]


def test_real_data_beside_synthetic() -> None:
    found = [
        {
            "experiment": e,
            "learner": "near",
            "reference": r,
            "metric": "relative_distance",
            "mean": m,
            "option": None,
        }
        for e, r, m in (("atlas", "gd", 0.01), ("table", "gd", 0.02), ("table", "ols", 9.0))
    ]
    losses = {"near": 1.0, "gd": 2.0, "ols": 3.0, "far": 4.0}
    found += [
        {"experiment": e, "learner": name, "metric": "bounded_loss", "mean": factor * m, "option": None}
        for e, factor in (("atlas", 7.0), ("table", 1.0))
        for name, m in losses.items()
    ]
    shifted = {
        "experiment": "table",
        "learner": "near",
        "metric": "bounded_loss",
        "mean": 8.0,
        "option": "length",
    }
    table = plot_real.select(means([*found, shifted]))
    assert len(table) == len(found)
    prompts = {
        "atlas": {"label": "synthetic", "colour": "#aaaaaa", "marker": "o"},
        "table": {"label": "diabetes", "colour": "#bbbbbb", "marker": "s"},
    }
    figure = plot_real.draw(
        table,
        LOOKS,
        pairs=[["near", "gd"]],
        prompts=prompts,
        losses="table",
        rivals=["ols", "gd"],
        zero="far",
    )
    panels: list[Any] = figure.axes
    above, below = panels
    points = [bar.lines[0] for bar in above.containers]
    assert [point.get_xydata().tolist() for point in points] == [[[0.01, 0]], [[0.02, 0]]]
    assert [point.get_color() for point in points] == ["#aaaaaa", "#bbbbbb"]
    assert ticks(above.get_legend().get_texts()) == ["synthetic", "diabetes"]
    assert ticks(above.get_yticklabels()) == ["one layer to GD"]
    shown = [bar.lines[0].get_xydata().tolist() for bar in below.containers]
    assert shown == [[[1.0, 0]], [[2.0, 1]], [[3.0, 2]]]
    assert ticks(below.get_yticklabels()) == ["one layer", "GD", "least squares"]
    assert below.lines[-1].get_xdata() == [4.0, 4.0] and below.lines[-1].get_linestyle() == ":"
    assert below.get_xlabel() == "loss on diabetes prompts (bounded)"
