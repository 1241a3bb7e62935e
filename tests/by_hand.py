"""Experiments and tables that are small enough to be checked by hand."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.columns import Column, Record
from icgd.analysis.intervals import seed_intervals
from icgd.analysis.study import Population, Study, alone
from icgd.analysis.tidy import table
from icgd.learner import Learner
from icgd.plotting.looks import Looks
from icgd.prompt import Prompt
from icgd.results.job import Artefact
from icgd.results.store import save_arrays
from icgd.stages.compare import declared

mpl.use("agg")


class Fixed(Learner):
    """ŷ = W x_q, whatever the examples say."""

    weights: Float[Array, "m d"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 m"]:
        return (self.weights @ prompt.query)[None]


def fixed(*weights: Sequence[float]) -> Population:
    """A learner with one label, for several rows trained seeds 0, 1, … at step 10."""
    stacked = jnp.array(weights, float)[:, None]
    if len(weights) == 1:
        return alone(Fixed(stacked[0]))
    return Population(Fixed(stacked), list(range(len(weights))), 10)


def save_prompts(folder: Path, name: str, prompts: Prompt, target: Any) -> None:
    """What the prompts' stage leaves for a condition."""
    arrays = {key: np.asarray(getattr(prompts, key), np.float32) for key in ("x", "y", "query")}
    save_arrays(folder / f"{name}.npz", arrays | {"target": target}, format="prompts", prompt="Prompt")


def hand_made(
    folder: Path, learners: Mapping[str, Population], prompts: Prompt, target: Any, **spec: Any
) -> Study:
    """An experiment with these learners and prompts of the law; `spec` replaces parts of its spec."""
    target = np.asarray(target, np.float32)
    save_prompts(folder, "law", prompts, target)
    shape = {
        "dimension": prompts.x.shape[2],
        "context_length": prompts.x.shape[1],
        "outputs": target.shape[1],
    }
    task = {"module": "icgd.tasks.linear_regression", "name": "LinearRegression", "options": shape}
    base = {"name": "e", "experiment": "e", "variant": "test", "seed": 1, "task": task, "labels": {}}
    base |= {"conditions": [[None, None, {}]], "references": {}, "prompts": Artefact(folder)}
    history = spec.pop("history", {})
    return Study(base | spec, learners, history)


def experiment(**parts: Any) -> Any:
    """What a measurement may know of its experiment before anything is computed."""
    return SimpleNamespace(**({"trained": {}, "baselines": {}, "references": {}, "learners": []} | parts))


def measured(module: ModuleType, study: Study, **options: Any) -> pd.DataFrame:
    """The table of a measurement, its rows checked as the stage does."""
    return table(declared(module.measure(study, **options), module.METRICS), module.COLUMNS)


def value(rows: pd.DataFrame) -> float:
    """The value of what must be one row."""
    assert len(rows) == 1, rows
    return float(rows["value"].iloc[0])


def row(learner: str, metric: str, value: float, **columns: Any) -> Record:
    """A row of a table of experiment e."""
    return {"experiment": "e", "learner": learner, "metric": metric, "value": value} | columns


def seeds(learner: str, metric: str, values: Iterable[float], **columns: Any) -> list[Record]:
    """Rows of several seeds, at step 10 unless `columns` say another."""
    return [row(learner, metric, v, **({"seed": i, "step": 10} | columns)) for i, v in enumerate(values)]


LOOKS = Looks.of(
    {
        "model": {"label": "trained", "colour": "#0072B2", "marker": "o", "model": "one layer"},
        "gd": {"label": "GD", "colour": "#D55E00", "marker": "s"},
        "ols": {"label": "least squares", "colour": "#888888", "marker": "X"},
    }
)


def drawn(
    plot: ModuleType, records: Iterable[Record], columns: Mapping[str, Column], looks: Looks, **options: Any
) -> Any:
    """The figure of a plot, from a table of rows as the stage makes it."""
    intervals = seed_intervals(plot.select(table(records, columns)), 0.95)
    return plot.draw(intervals, looks, **options)


def lines(axes: Any) -> dict[str, Any]:
    """Points of the labelled lines of a panel, and of its error bars, by label."""
    found = {str(line.get_label()): line for line in axes.lines if not str(line.get_label()).startswith("_")}
    found |= {str(bars.get_label()): bars.lines[0] for bars in axes.containers}
    return {
        name: ([*map(float, line.get_xdata())], [*map(float, line.get_ydata())])
        for name, line in found.items()
    }
