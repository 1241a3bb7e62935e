"""Figures of the bandit study, from tables made by hand."""

import pytest

from icgd.analysis.columns import Record
from icgd.plotting.looks import Looks
from icgd.studies.bandits import (
    measure_agreement,
    measure_changes,
    measure_cue,
    measure_regret,
    measure_told,
    plot_cues,
    plot_policies,
    plot_purposes,
    plot_regrets,
)
from tests.by_hand import drawn, lines, row, seeds

LOOKS = Looks.of(
    {
        "model": {"label": "trained", "colour": "#0072B2", "marker": "o"},
        "other": {"label": "other", "colour": "#009E73", "marker": "^"},
        "thompson": {"label": "Thompson", "colour": "#D55E00", "marker": "s"},
        "greedy": {"label": "greedy", "colour": "#888888", "marker": "X"},
    }
)


def test_regrets_of_learners_are_points_and_of_algorithms_lines() -> None:
    found: list[Record] = []
    for pull in (1, 2, 3, 4):
        found += seeds("model", "regret_so_far", [0.1 * pull, 0.3 * pull], pull=pull)
        found += [row("thompson", "regret_so_far", 0.5 * pull, pull=pull)]
    panel = drawn(
        plot_regrets, found, measure_regret.COLUMNS, LOOKS, panels={"one": ["model", "thompson"]}
    ).axes[0]
    assert lines(panel)["trained"] == ([1, 2, 3, 4], pytest.approx([0.2, 0.4, 0.6, 0.8]))
    assert lines(panel)["Thompson"] == ([1, 2, 3, 4], pytest.approx([0.5, 1.0, 1.5, 2.0]))
    styles = {line.get_label(): line.get_linestyle() for line in panel.lines}
    assert styles["trained"] == "None"
    assert styles["Thompson"] == "-"


def test_the_nearest_rival_is_framed_and_dashed_if_seeds_are_nearer() -> None:
    found: list[Record] = []
    for learner, (thompson, greedy, ratio) in {"model": (0.01, 0.3, 0.9), "other": (0.2, 0.1, 3.0)}.items():
        at = {"behaviour": "own"}
        found += seeds(learner, "total_variation", [thompson] * 2, reference="thompson", **at)
        found += seeds(learner, "total_variation", [greedy] * 2, reference="greedy", **at)
        found += seeds(learner, "nearest_over_seeds_apart", [ratio] * 2, **at)
    panel = drawn(
        plot_policies,
        found,
        measure_agreement.COLUMNS,
        LOOKS,
        learners=["model", "other"],
        rivals=["thompson", "greedy"],
        behaviours={"own": "own histories"},
    ).axes[0]
    assert panel.images[0].get_array().tolist() == [
        pytest.approx([0.01, 0.3]),
        pytest.approx([0.2, 0.1]),
    ]
    frames = [(patch.get_x(), patch.get_y(), patch.get_linestyle()) for patch in panel.patches]
    assert frames == [(-0.5, -0.5, "-"), (0.5, 0.5, "--")]
    assert [text.get_text() for text in panel.texts] == [".010", ".30", ".20", ".10"]


def test_matrices_of_utilities_and_costs_of_changes() -> None:
    found: list[Record] = []
    objectives = ("max", "min", "target")
    for i, asked in enumerate(objectives):
        for j, objective in enumerate(objectives):
            utility = 0.8 if i == j else 0.4
            found += seeds("model", "utility", [utility] * 2, asked=asked, objective=objective)
        name = ("max", "min", "target")[i]
        for objective in objectives:
            found += [row(f"exact_{name}", "utility", 0.5, asked=asked, objective=objective)]
    for objective, error in (("min", 0.1), ("target", 0.4)):
        for network in ("base", "random"):
            change = {"objective": objective, "part": "all", "network": network}
            found += seeds(f"{network}_{objective}", "change_error", [error] * 2, **change)
            found += seeds(f"{network}_{objective}", "change_parameters", [100] * 2, **change)
        found += seeds("base", "temperature_error", [0.9] * 2, objective=objective)
    columns = {**measure_told.COLUMNS, **measure_changes.COLUMNS}
    figure = drawn(
        plot_purposes,
        found,
        columns,
        LOOKS,
        told=["model"],
        explicit=["exact_max", "exact_min", "exact_target"],
    )
    matrix, explicit, least, target = figure.axes
    assert matrix.images[0].get_array().diagonal().tolist() == [1, 1, 1]
    assert matrix.images[0].get_array()[0].tolist() == pytest.approx([1, 0.5, 0.5])
    assert explicit.get_title() == "posterior sampling"
    bars = [bar.lines[0] for bar in target.containers]
    assert [float(bar.get_ydata()[0]) for bar in bars] == pytest.approx([0.4, 0.4])
    assert [bar.get_color() for bar in bars] == [plot_purposes.TRAINED, plot_purposes.RANDOM]
    assert lines(least)["temperature"][1] == pytest.approx([0.9, 0.9])


def test_trust_in_the_cue_and_what_it_costs() -> None:
    found: list[Record] = seeds("model", "effective_reliability", [0.8, 0.9])
    for cue, share in (("best", 0.9), ("other", 0.3), ("worst", 0.2)):
        for pulls in ("first", "last"):
            found += seeds("model", "followed", [share if pulls == "last" else 1.0] * 2, cue=cue, pulls=pulls)
    for cue, regret in (("best", 1.0), ("other", 3.0), ("worst", 4.0), ("none", 2.0)):
        found += seeds("model", "cued_regret", [regret] * 2, cue=cue)
    figure = drawn(plot_cues, found, measure_cue.COLUMNS, LOOKS, reliabilities={"model": 0.9})
    trust, follow, regret_panel = figure.axes
    assert lines(trust)["effective"] == ([0.0], pytest.approx([0.85]))
    assert lines(trust)["in training"] == ([0.0], [0.9])
    assert [lines(follow)[f"cue: {cue}"][1][0] for cue in ("best", "other", "worst")] == pytest.approx(
        [0.9, 0.3, 0.2]
    )
    assert lines(regret_panel)["none"][1] == pytest.approx([2.0])
