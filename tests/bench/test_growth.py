"""How cost grows: the measurements' plan, Snakemake's own cost on a few jobs, and the page."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from icgd.bench import growth
from icgd.bench.growth import (
    CONTEXTS,
    DIMENSIONS,
    JOBS,
    PROMPTS,
    SEEDS,
    apart,
    measured,
    snakemake_seconds,
    stored,
)
from icgd.plotting.growth import draw, exponent
from icgd.tasks.linear_regression import LinearRegression

LEARNERS = {"linear attention": "a/one", "softmax attention": "b/two"}


def table(cost: Callable[[float], float], monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """The table of a machine on which everything costs what a function says of its size."""
    monkeypatch.setattr(growth, "apart", lambda call, *arguments: cost(_size(call, arguments)))
    return pd.DataFrame(list(measured(LEARNERS)))


def _size(call: Any, arguments: tuple[Any, ...]) -> float:
    options = getattr(call, "keywords", {})
    return float(next(iter(options.values()), arguments[-1] if arguments else 1))


def test_every_size_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = table(lambda size: size, monkeypatch)
    assert len(found) == len(SEEDS) + len(LEARNERS) * (len(CONTEXTS) + len(DIMENSIONS)) + len(PROMPTS) + len(
        JOBS
    )
    assert not found.duplicated(["grows", "series", "size"]).any()
    milliseconds = found["unit"] == "step (ms)"
    assert (found["cost"] == found["size"] * (1 + 999 * milliseconds)).all()


def test_page_has_a_panel_for_each_and_names_exponents(monkeypatch: pytest.MonkeyPatch) -> None:
    figure = draw(table(lambda size: size**2, monkeypatch))
    labels = [axes.get_xlabel() for axes in figure.axes]
    assert labels == ["seeds", "context length", "dimension", "evaluation prompts", "jobs"]
    for axes in figure.axes:
        legend = axes.get_legend()
        assert legend is not None
        assert all(text.get_text().endswith(": 2.0") for text in legend.get_texts())


def test_prompts_are_drawn_into_their_place() -> None:
    """More than a block of them, no two alike."""
    found = stored(LinearRegression(dimension=2, context_length=3), growth.BLOCK + 7)
    assert found.x.shape == (growth.BLOCK + 7, 3, 2)
    assert len(np.unique(found.query, axis=0)) == growth.BLOCK + 7


def test_exponent_of_a_straight_line_is_one() -> None:
    assert exponent(pd.Series([10, 100, 1000]), pd.Series([3.0, 30.0, 300.0])) == pytest.approx(1.0)


@pytest.mark.workflow
def test_snakemake_itself_costs_something() -> None:
    assert 0.2 < apart(snakemake_seconds, 3) < 60
