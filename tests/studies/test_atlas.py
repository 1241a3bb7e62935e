"""The atlas's figures and table from a few rows, and its config."""

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from icgd.plotting.looks import Looks
from icgd.spec.config import load
from icgd.studies.atlas import plot_atlas, plot_real, table_atlas

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
    law = {"option": None, "setting": None}
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
    figure = plot_atlas.draw(table, LOOKS, models=["near", "far"], algorithms=["ols", "gd"])
    law, shifted = figure.axes[:2]
    assert [text.get_text() for text in law.texts] == [".50", ".05", ".25", ">9"]
    assert [text.get_text() for text in shifted.texts] == ["1.00", ".10", ".50", ">9"]
    assert [text.get_fontweight() for text in law.texts] == ["normal", "bold", "normal", "normal"]
    assert {text.get_fontweight() for text in shifted.texts} == {"normal"}
    np.testing.assert_allclose(law.images[0].get_array(), [[0.5, 0.05], [0.25, 12.0]])
    assert frames(law) == [(0.5, -0.5, "-", 2.0), (-0.5, 0.5, "--", 0.8)]
    assert frames(shifted) == [(0.5, -0.5, "--", 0.8), (-0.5, 0.5, "--", 0.8)]
    assert ticks(law.get_yticklabels()) == ["one layer", "two heads"]
    assert ticks(shifted.get_xticklabels()) == ["least squares", "GD"]


def frames(panel: Axes) -> list[tuple[float, float, str, float]]:
    return [(p.get_x(), p.get_y(), p.get_linestyle(), p.get_linewidth()) for p in panel.patches]  # type: ignore[attr-defined]


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
    above, below = figure.axes
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


def test_the_table_counts_the_seeds_on_which_a_model_is_the_nearest_algorithm() -> None:
    found = []
    for seed, distance, law, shifts in ((0, 0.04, 1.0, (1.0, 1.0)), (1, 0.06, 1.0, (1.0, 0.0))):
        key = {
            "experiment": "atlas",
            "learner": "near",
            "seed": seed,
            "step": 5,
            "option": None,
            "setting": None,
        }
        for reference, apart, cosine in (("gd", distance, 0.99), ("ols", 0.5, 0.2)):
            values = {"relative_distance": apart, "relative_distance_standard_error": 0.01}
            values |= {"sensitivity_cosine": cosine, "is_algorithm": law if reference == "gd" else 0.0}
            found += [key | {"reference": reference, "metric": m, "value": v} for m, v in values.items()]
        for setting, holds in zip(("0.5", "1.5"), shifts, strict=True):
            where = {"option": "input_scale", "setting": setting, "reference": "gd", "metric": "is_algorithm"}
            found.append(key | where | {"value": holds})
    found.append(key | {"learner": "gd", "seed": None, "step": None, "metric": "loss", "value": 1.0})
    metrics = pd.DataFrame(found).astype(
        {"seed": "Int64", "step": "Int64", "option": "string", "setting": "string"}
    )
    # Half the 95 % interval of 0.04 and 0.06 is 12.706·0.01; added in squares to 2·0.01 it is 0.1286.
    expected = (
        r"one layer & GD & $0.050\pm0.129$ & least squares & $0.500\pm0.020$ & 0.990 & 2/2 & 1/2 \\" + "\n"
    )
    assert table_atlas.latex(metrics, LOOKS, 0.95) == expected


def test_every_model_is_compared_with_every_algorithm_of_the_figure() -> None:
    config = load([])
    shown = config.figures["atlas"].options
    references = config.experiments["atlas"].references
    assert set(shown["models"]) == set(references)
    for comparison in references.values():
        assert sorted(comparison.all) == sorted(shown["algorithms"])
