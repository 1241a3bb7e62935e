"""What the plots of this study draw, from tables of a few rows."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.container import ErrorbarContainer

from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting import (
    plot_confounded,
    plot_dial,
    plot_paths,
    plot_retargeting,
)
from tests.studies.retargeting.common import drawn

mpl.use("agg")
LOOKS = Looks(
    l1=Look("descent on $L_1$", "#D55E00", "s"),
    l2=Look("on $L_2$", "#0072B2", "o"),
    linf=Look("on $L_\\infty$", "#009E73", "^"),
    low_rank=Look("rank 1", "#0072B2", "*"),
    scratch=Look("from scratch", "#009E73"),
    linear=Look("linear attention", "#CC79A7"),
)
OBJECTIVES = ("l1", "l2", "linf")


def line(axes: Axes, label: str) -> dict[str, Any]:
    """The points, colour and style of the line of a label."""
    (found,) = (each for each in axes.lines if each.get_label() == label)
    x, y = (np.asarray(data, float).tolist() for data in found.get_data())
    return {
        "x": x,
        "y": y,
        "colour": found.get_color(),
        "style": found.get_linestyle(),
        "marker": found.get_marker(),
    }


def test_the_dial() -> None:
    """Errors are drawn at the floor at least; the setting where both sweeps meet is in both panels."""
    settings = {(9.0, 0.0): 0.3, (0.2, 0.0): 0.2, (0.2, 5.0): 1e-9}
    records = [
        {"metric": "dial_error", "temperature": tau, "sharpness": beta, "reference": name, "mean": mean}
        for (tau, beta), mean in settings.items()
        for name in OBJECTIVES
    ]
    figure = plot_dial.draw(plot_dial.select(drawn(records)), LOOKS)
    left, right = figure.axes
    found = line(left, "descent on $L_1$")
    assert (found["x"], found["y"]) == ([0.2, 9.0], [0.2, 0.3])
    assert (found["colour"], found["marker"]) == ("#D55E00", "s")
    found = line(right, "on $L_\\infty$")
    assert (found["x"], found["y"]) == ([0.0, 5.0], [0.2, plot_dial.FLOOR])
    assert left.xaxis_inverted()
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        LOOKS[name].label for name in OBJECTIVES
    ]


def test_paths() -> None:
    records = [
        {"metric": "path_error", "change": "low_rank", "objective": target, "share": share, "reference": name}
        | {"mean": mean}
        for target in ("l1", "linf")
        for share, means in ((1.0, (0.4, 0.1)), (0.0, (0.2, 0.9)))
        for name, mean in zip(("l2", target), means, strict=True)
    ]
    figure = plot_paths.draw(plot_paths.select(drawn(records)), LOOKS, changes=["low_rank"])
    assert [axes.get_title() for axes in figure.axes] == ["rank 1, to $L_1$", "rank 1, to $L_\\infty$"]
    home, aimed = (line(figure.axes[1], name) for name in ("error to $L_2$", "error to $L_\\infty$"))
    assert (home["x"], home["y"], home["colour"]) == ([0.0, 1.0], [0.2, 0.4], "#0072B2")
    assert (aimed["x"], aimed["y"], aimed["colour"]) == ([0.0, 1.0], [0.9, 0.1], "#009E73")
    assert len(figure.legends[0].get_texts()) == 3


def test_confounds() -> None:
    means = {"error_to_asked": 0.1, "error_to_property": 0.5, "error_where_tied": 0.3}
    records = [
        {"metric": metric, "confound": confound, "untied": untied, "mean": mean + untied / 1000}
        for metric, mean in means.items()
        for confound in ("noise", "scale")
        for untied in (100.0, 3.0)
    ]
    figure = plot_confounded.draw(plot_confounded.select(drawn(records)), Looks())
    for axes, title in zip(figure.axes, ("family of the noise", "scale of the labels"), strict=True):
        assert axes.get_title() == title
        assert [label.get_text() for label in axes.get_xticklabels()] == ["3", "100"]
        found = line(axes, "what the property stood for")
        assert found["x"] == [0, 1]
        assert found["y"] == pytest.approx([0.503, 0.6])
    assert line(figure.axes[0], "where both agree")["style"] == "--"


def changes() -> pd.DataFrame:
    """Errors and sizes of a change, of its control, and of two networks from scratch, for both objectives."""
    places = [("low_rank", "base", 4, 0.2), ("low_rank", "random", 4, 0.7), ("scratch", "nothing", 90, 0.1)]
    places.append(("linear", "nothing", 30, 0.6))
    records: list[dict[str, Any]] = []
    for target in ("l1", "linf"):
        for change, start, size, error in places:
            name = {"learner": f"{start}_{change}_{target}", "objective": target}
            place = {"change": change, "start": start}
            records.append(name | place | {"metric": "trained_parameters", "mean": size})
            records.append(name | {"metric": "error", "reference": target, "mean": error})
            records.append(name | {"metric": "error", "reference": "l2", "mean": 5.0})
        base = {"learner": "base", "objective": "l2", "reference": target}
        records += [base | {"metric": "error", "mean": 0.9}, base | {"metric": "rescaled_error", "mean": 0.8}]
    return drawn(records)


def test_the_retargeting_curve() -> None:
    figure = plot_retargeting.draw(plot_retargeting.select(changes()), LOOKS)
    for axes in figure.axes:
        bars = [each for each in axes.containers if isinstance(each, ErrorbarContainer)]
        points = {
            to_hex(bar.lines[0].get_color()): [float(np.asarray(data)[0]) for data in bar.lines[0].get_data()]
            for bar in bars
        }
        assert points == {"#0072b2": [4.0, 0.2], "#d55e00": [4.0, 0.7]}
        assert {bar.lines[0].get_marker() for bar in bars} == {"*"}
        levels = {"unchanged": 0.9, "best scale": 0.8, "from scratch": 0.1, "linear attention": 0.6}
        assert {name: line(axes, name)["y"][0] for name in levels} == levels
        assert [line(axes, name)["style"] for name in levels] == [":", "--", "-", "-."]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert set(names) == {"rank 1", "same, random network", *levels}
