"""What the plots of this study draw, from tables of a few rows."""

import itertools
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.axes import Axes

from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting import (
    plot_answers,
    plot_attainment,
    plot_cost,
    plot_dial,
    plot_given_loss,
    plot_identified,
    plot_inside,
    plot_misgeneralised,
)
from tests.studies.retargeting.common import drawn

mpl.use("agg")
LOOKS = Looks(
    l1=Look("descent on $L_1$", "#D55E00", "s"),
    l2=Look("on $L_2$", "#0072B2", "o"),
    linf=Look("on $L_\\infty$", "#009E73", "^"),
    told=Look("blocks"),
    reader=Look("reader", "#0072B2", "o"),
    all=Look("everything", marker="d"),
)
OBJECTIVES = ("l1", "l2", "linf")


def line(axes: Axes, label: str) -> tuple[list[float], list[float]]:
    """The points of the line of a label."""
    (found,) = (each for each in axes.lines if each.get_label() == label)
    x, y = (np.asarray(data, float).tolist() for data in found.get_data())
    return x, y


def test_the_dial() -> None:
    """Attainments are drawn at −1 at least; the setting where both sweeps meet is in both panels."""
    settings = {(9.0, 0.0): 0.3, (0.2, 0.0): 0.2, (0.4, 5.0): -7.0}
    records = [
        {"metric": "dial_attainment", "temperature": tau, "sharpness": beta, "attained": name, "mean": mean}
        for (tau, beta), mean in settings.items()
        for name in OBJECTIVES
    ]
    left, right = plot_dial.draw(plot_dial.select(drawn(records)), LOOKS).axes
    assert line(left, "$L_1$") == ([0.2, 9.0], [0.2, 0.3])
    assert line(right, "$L_1$") == ([0.0, 5.0], [0.2, -1.0])


def cells(learner: str, shift: float) -> list[dict[str, Any]]:
    return [
        {"metric": "attainment", "learner": learner, "objective": asked, "attained": attained,
         "mean": (0.5 if asked == attained else -0.2) + shift}
        for asked, attained in itertools.product(OBJECTIVES, OBJECTIVES)
    ]  # fmt: skip


def test_matrices_and_answers_among_algorithms() -> None:
    mixed = [
        {"metric": "mixed_attainment", "learner": "told", "objective": "l1", "other_objective": "linf",
         "share": share, "attained": attained, "mean": share if attained == "linf" else 0.1}
        for share, attained in itertools.product((0.0, 1.0), OBJECTIVES)
    ]  # fmt: skip
    table = drawn([*cells("explicit", 0.0), *cells("told", 0.1), *mixed])
    shown = {"learners": ["explicit", "told"]}
    first, second = plot_attainment.draw(plot_attainment.select(table), LOOKS, **shown).axes
    _, right = plot_answers.draw(plot_answers.select(table), LOOKS, **shown).axes
    np.testing.assert_allclose(np.diag(np.asarray(first.images[0].get_array())), 0.5)
    np.testing.assert_allclose(np.asarray(second.images[0].get_array())[0], [0.6, -0.1, -0.1])
    np.testing.assert_allclose(line(right, "asked for $L_1$"), [[0.6], [-0.1]])
    assert line(right, "descent on $L_1$") == ([0.5], [-0.2])
    assert line(right, "least squares") == ([0], [0])
    lines: list[Any] = [each for each in right.lines if each.get_linestyle() == "-"]
    (path,) = (each for each in lines if len(each.get_xdata()) == 2)
    np.testing.assert_allclose(path.get_ydata(), [0, 1])


def test_the_cost_of_changes() -> None:
    records = []
    for objective, (start, size, share) in itertools.product(
        ("l1", "linf"), (("base", 10.0, 0.7), ("random", 10.0, -3.0))
    ):
        place = {"learner": f"{start}_{objective}", "change": "all", "objective": objective, "start": start}
        records.append({**place, "metric": "share_of_whole", "mean": share})
        records.append({**place, "metric": "trained_parameters", "mean": size})
    left: Any = plot_cost.draw(plot_cost.select(drawn(records)), LOOKS).axes[0]
    points = {
        container.lines[0].get_color(): container.lines[0].get_xydata().tolist()
        for container in left.containers
    }
    assert points == {"#0072B2": [[10.0, 0.7]], "#D55E00": [[13.0, -0.5]]}, "beside each other"


def test_errors_on_losses() -> None:
    families = [*plot_given_loss.TRAINED, *plot_given_loss.HELD_OUT]
    records: list[dict[str, Any]] = []
    for place, family in enumerate(families):
        records.append({"metric": "loss_error", "learner": "reader", "family": family, "mean": 0.1 + place})
        records.append({"metric": "novelty", "learner": "rescaled", "family": family, "mean": 0.01 * place})
        for pairs in (4, 8):
            at = {"metric": "by_pairs", "learner": "reader", "family": family, "pairs": pairs}
            records.append({**at, "mean": 1 / pairs})
    figure = plot_given_loss.draw(plot_given_loss.select(drawn(records)), LOOKS, learners=["reader"])
    left: Any = figure.axes[0]
    (container,) = left.containers
    assert container.lines[0].get_ydata().tolist() == [0.1 + place for place in range(len(families))]
    assert left.get_xticklabels()[4].get_text() == "$L_{1.5}$\n(0.04)"
    assert line(figure.axes[1], "Welsch") == ([4, 8], [0.25, 0.125])


def test_kinds_of_pairs_add_up() -> None:
    shares = {"does_as_told": 0.5, "misgeneralised": 0.3, "incapable": 0.2}
    records = [
        {
            "metric": kind,
            "learner": f"{confound}_{untied}",
            "confound": confound,
            "untied": untied,
            "mean": share,
        }
        for kind, share in shares.items()
        for confound, untied in itertools.product(("noise", "scale"), (0.0, 30.0))
    ]
    panels: list[Any] = plot_misgeneralised.draw(plot_misgeneralised.select(drawn(records)), Looks()).axes
    for panel in panels:
        heights = [bar.get_height() for bar in panel.patches]
        assert heights == pytest.approx([0.5, 0.5, 0.3, 0.3, 0.2, 0.2])
        assert [bar.get_y() for bar in panel.patches] == pytest.approx([0, 0, 0.5, 0.5, 0.8, 0.8])


def test_inside() -> None:
    records: list[dict[str, Any]] = []
    for objective in ("l1", "linf"):
        at = {"learner": f"all_to_{objective}", "change": "all", "objective": objective}
        for size in (0.1, 0.2):
            records.append({**at, "metric": "psi_slope", "start": "base", "size": size, "mean": size})
        for share, attained in itertools.product((0.0, 1.0), OBJECTIVES):
            place = {"share": share, "attained": attained}
            records.append({**at, "metric": "path_attainment", **place, "mean": -9 * share})
    figure = plot_inside.draw(plot_inside.select(drawn(records)), LOOKS, slopes="all", line="all")
    assert line(figure.axes[0], "to $L_1$") == ([0.1, 0.2], [0.1, 0.2])
    assert line(figure.axes[1], "$L_1$") == ([0.0, 1.0], [0.0, -1.5])
    assert figure.axes[1].get_title() == "everything, to $L_1$"


def test_distances_to_algorithms() -> None:
    records: list[dict[str, Any]] = []
    for objective in OBJECTIVES:
        at = {"learner": "told", "objective": objective}
        for algorithm, steps in itertools.product([*OBJECTIVES, "irls"], (1, 2)):
            place = {"algorithm": algorithm, "steps": steps}
            records.append({**at, "metric": "distance", **place, "mean": 0.1 * steps})
        for algorithm in plot_identified.EXACT:
            records.append({**at, "metric": "distance", "algorithm": algorithm, "steps": 0, "mean": 0.7})
        for layer in (0, 1):
            records.append({**at, "metric": "layer_attainment", "layer": layer, "mean": 0.3 * layer})
    axes = plot_identified.draw(plot_identified.select(drawn(records)), LOOKS).axes
    assert line(axes[0], "descent on $L_1$") == ([1, 2], [0.1, 0.2])
    assert line(axes[2], "Chebyshev")[1] == [0.7, 0.7]
    assert line(axes[3], "$L_2$") == ([0, 1], [0, 0.3])
