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
    plot_changes,
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


def test_the_nearest_rival_is_framed_and_dashed_or_dotted_by_how_far_seeds_are() -> None:
    found: list[Record] = []
    for learner, (thompson, greedy, ratio) in {"model": (0.01, 0.3, 0.9), "other": (0.2, 0.1, 3.0)}.items():
        at = {"behaviour": "own"}
        found += seeds(learner, "total_variation", [thompson] * 2, reference="thompson", **at)
        found += seeds(learner, "total_variation", [greedy] * 2, reference="greedy", **at)
        found += seeds(learner, "nearest_over_seeds_apart", [ratio] * 2, **at)
        found += seeds(learner, "seeds_apart", [0.11] * 2, **at)
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
    # greedy is nearest to the other, but Thompson is further by less than seeds are from each other
    assert frames == [(-0.46, -0.46, "-"), (0.54, 0.54, "--"), (-0.46, 0.54, ":")]
    assert [text.get_text() for text in panel.texts] == [".010", ".30", ".20", ".10"]


def test_matrices_of_utilities_of_a_learner_and_of_three_algorithms() -> None:
    found: list[Record] = []
    objectives = ("max", "min", "target")
    for i, asked in enumerate(objectives):
        for j, objective in enumerate(objectives):
            utility = 0.8 if i == j else 0.4
            found += seeds("model", "utility", [utility] * 2, asked=asked, objective=objective)
            found += [row(f"exact_{asked}", "utility", 0.5, asked=asked, objective=objective)]
    panels = {"told": ["model"], "explicit": [f"exact_{each}" for each in objectives]}
    figure = drawn(plot_purposes, found, measure_told.COLUMNS, LOOKS, panels=panels)
    matrix, explicit = figure.axes
    assert matrix.images[0].get_array().diagonal().tolist() == [1, 1, 1]
    assert matrix.images[0].get_array()[0].tolist() == pytest.approx([1, 0.5, 0.5])
    assert [axes.get_title() for axes in (matrix, explicit)] == ["told", "explicit"]
    again = [row("exact_max", "utility", 0.7, asked="max", objective="max") | {"experiment": "other"}]
    with pytest.raises(AssertionError):  # two experiments are not averaged
        drawn(plot_purposes, found + again, measure_told.COLUMNS, LOOKS, panels=panels)


def test_costs_of_changes_have_a_colour_by_network_and_a_mark_by_part() -> None:
    found: list[Record] = []
    for objective, error in (("min", 0.1), ("target", 0.4)):
        for network, part in (("base", "all"), ("random", "all"), ("base", "rank_4")):
            change = {"objective": objective, "part": part, "network": network}
            name = f"{network}_{part}_{objective}"
            found += seeds(name, "change_error", [error] * 2, **change)
            found += seeds(name, "change_parameters", [100 * len(part)] * 2, **change)
        found += seeds("base", "temperature_error", [0.9] * 2, objective=objective)
    figure = drawn(plot_changes, found, measure_changes.COLUMNS, LOOKS)
    least, target = figure.axes
    bars = [bar.lines[0] for bar in target.containers]
    assert [float(bar.get_ydata()[0]) for bar in bars] == pytest.approx([0.4] * 3)
    trained, random = (colour for _, colour in plot_changes.NETWORKS.values())
    looks = {(bar.get_color(), bar.get_marker()) for bar in bars}
    assert looks == {(trained, "P"), (random, "P"), (trained, "D")}
    assert lines(least)["best temperature"][1] == pytest.approx([0.9, 0.9])
    shown = [text.get_text() for text in figure.legends[0].get_texts()]
    assert {"rank 4", "all", "of a random network"} < set(shown)
    assert "biases" not in shown


def test_trust_in_the_cue_and_what_it_costs() -> None:
    found: list[Record] = seeds("model", "effective_reliability", [0.8, 0.9])
    for cue, share in (("best", 0.9), ("other", 0.3), ("worst", 0.2)):
        for pulls in ("first", "last"):
            found += seeds("model", "followed", [share if pulls == "last" else 1.0] * 2, cue=cue, pulls=pulls)
    for cue, regret in (("best", 1.0), ("other", 3.0), ("worst", 4.0), ("none", 2.0)):
        found += seeds("model", "cued_regret", [regret] * 2, cue=cue)
    figure = drawn(plot_cues, found, measure_cue.COLUMNS, LOOKS, reliabilities={"model": 0.9})
    trust, follow, regret_panel = figure.axes
    assert lines(trust)["effective"] == ([0.0], pytest.approx([0.15]))
    assert lines(trust)["in training"] == ([0.0], pytest.approx([0.1]))
    assert [lines(follow)[f"cue: {cue}"][1][0] for cue in ("best", "other", "worst")] == pytest.approx(
        [0.9, 0.3, 0.2]
    )
    assert lines(regret_panel)["cue: none"][1] == pytest.approx([2.0])


def test_a_cue_that_is_never_wrong_is_drawn_at_the_edge() -> None:
    found: list[Record] = seeds("model", "effective_reliability", [1.0, 1.0])
    for cue in ("best", "other", "worst", "none"):
        found += seeds("model", "cued_regret", [1.0] * 2, cue=cue)
        found += seeds("model", "followed", [1.0] * 2, cue=cue, pulls="last")
    trust = drawn(plot_cues, found, measure_cue.COLUMNS, LOOKS, reliabilities={"model": 1.0}).axes[0]
    assert lines(trust)["effective"] == lines(trust)["in training"] == ([0.0], [plot_cues.LEAST])
