"""Figures of the pairs of tokens."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from icgd.analysis.columns import Column, Record
from icgd.plotting.looks import Look, Looks
from icgd.studies.pairs import (
    measure_example_weights,
    measure_pair_circuit,
    measure_pair_construction,
    measure_pair_formation,
    plot_pair_circuit,
    plot_pair_formation,
)
from tests.studies.handmade import drawn, figure_table

LOOKS = Looks(
    pairs=Look("trained", "#110000", "o"),
    induction_head=Look("constructed", "#220000", "v"),
    gd=Look("GD", "#330000", "s"),
)


class _Columns:
    """The columns of all measurements that the figure of the circuit reads."""

    COLUMNS: dict[str, Column] = (
        measure_pair_construction.COLUMNS | measure_pair_circuit.COLUMNS | measure_example_weights.COLUMNS
    )


def test_figure_of_the_circuit() -> None:
    records: list[Record] = [
        {"learner": "induction_head", "metric": "relative_distance", "sharpness": at, "value": value}
        for at, value in ((10.0, 1e-3), (1.0, 0.5))
    ]
    records.append({"learner": "pairs", "metric": "relative_distance", "reference": "gd", "value": 7.0})
    records += [
        {"learner": "pairs", "seed": seed, "metric": "attention", "head": 1, "value": value + seed}
        | {"row": row, "column": column}
        for seed in (0, 1)
        for row, column, value in ((0, 0, 0.1), (0, 1, 0.2), (1, 0, 0.3), (1, 1, 0.4))
    ]
    losses = dict(zip(plot_pair_circuit.CHANGES, (0.2, 0.3, 0.5, 0.21, 0.19), strict=True))
    losses["no_pairs"] = 0.9  # is not shown
    records += [{"learner": "pairs", "metric": "loss", "map": m, "value": v} for m, v in losses.items()]
    records.append({"learner": "pairs", "metric": "loss", "value": 8.0})  # on the law, map as trained
    records += [
        {"learner": learner, "metric": "relative_example_weight", "squared_norm": at, "value": value}
        for learner, slope in (("pairs", -1.0), ("gd", 0.0))
        for at, value in ((0.3, 1.0), (0.5, 1.0 + slope))
    ]
    shown = figure_table(plot_pair_circuit, records, _Columns)  # type: ignore[arg-type]
    figure = plot_pair_circuit.draw(shown, LOOKS, learners=["pairs"], algorithms=["gd"])
    errors, seen, bars, weights = figure.axes[:4]
    np.testing.assert_allclose(drawn(errors.lines[0]), [[1, 0.5], [10, 1e-3]])
    assert len(errors.lines) == 1
    assert errors.lines[0].get_color() == "#220000"
    np.testing.assert_allclose(np.asarray(seen.images[0].get_array()), [[0.6, 0.7], [0.8, 0.9]])
    np.testing.assert_allclose(drawn(bars.lines[0])[:, 1], [0.2, 0.3, 0.5, 0.21, 0.19])
    names = [label.get_text() for label in bars.get_xticklabels()]
    assert names == list(plot_pair_circuit.CHANGES.values())
    trained, plain = weights.lines
    np.testing.assert_allclose(drawn(trained), [[0.3, 1], [0.5, 0]])
    np.testing.assert_allclose(drawn(plain)[:, 1], [1, 1])
    assert [(line.get_label(), line.get_color()) for line in weights.lines] == [
        ("trained", "#110000"),
        ("GD", "#330000"),
    ]
    plt.close(figure)


def test_figure_of_the_formation() -> None:
    records: list[Record] = [
        {"learner": "pairs", "seed": seed, "step": at, "metric": "level", "curve": "loss", "value": value}
        for at, *both in ((0, 0.5, 0.5), (10, 0.2, 0.4))
        for seed, value in enumerate(both)
    ]
    records.append({"learner": "pairs", "step": 0, "metric": "level", "curve": "own", "value": 9.0})
    for place, curve in enumerate(plot_pair_formation.CURVES):
        records += [
            {"learner": "pairs", "metric": "share", "curve": curve, "offset": at, "value": at / 10 + place}
            for at in (5.0, -5.0)
        ]
        leads = {"lead": 10.0 * place, "lead_low": 10.0 * place - 1, "lead_high": 10.0 * place + 2}
        records += [
            {"learner": "pairs", "metric": metric, "curve": curve, "fraction": 0.5, "value": value}
            for metric, value in leads.items()
            if curve != "loss"
        ]
    shown = figure_table(plot_pair_formation, records, measure_pair_formation)
    figure = plot_pair_formation.draw(shown, LOOKS, learner="pairs")
    losses, shares, leads_of = figure.axes
    (loss,) = losses.lines
    np.testing.assert_allclose(drawn(loss), [[0, 0.5], [10, 0.3]])
    assert loss.get_color() == "#110000"
    band = np.asarray(losses.collections[0].get_paths()[0].vertices)
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((0.2, 0.5))
    shares_of = [drawn(line).tolist() for line in shares.lines]
    assert shares_of == [[[-5, place - 0.5], [5, place + 0.5]] for place in range(5)]
    assert [line.get_label() for line in shares.lines] == [c[0] for c in plot_pair_formation.CURVES.values()]
    for place, bars in enumerate(leads_of.containers, start=1):
        data, _, (spread,) = bars
        assert drawn(data)[0] == pytest.approx([0.5 + 0.02 * (place - 2.5), 10 * place])
        assert spread.get_segments()[0][:, 1] == pytest.approx([10 * place - 1, 10 * place + 2])
    assert len(leads_of.containers) == 4
    plt.close(figure)
