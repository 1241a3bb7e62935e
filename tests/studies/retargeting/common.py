"""A study by hand: learners whose predictions are known, and prompts whose queries are unit vectors."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.study import Population, Study
from icgd.analysis.tidy import rows, table
from icgd.learner import Learner
from icgd.prompt import Prompt
from icgd.spec.laws import Condition
from icgd.stages.compare import declared

QUERIES = np.array([[1.0, 0.0], [0.0, 1.0]])
"""With these, mean squares of w·q are |w|²/2, so errors are |w − a|²/|a|², and cosines those of w and a."""
LAW: list[Any] = [None, None, {}]


class Told(Learner):
    """ŷ = w·q with a w [d] for each objective."""

    weights: Float[Array, "*s o d"]

    def trajectory(self, prompt: Prompt) -> Float[Array, "1 1"]:
        assert prompt.objective is not None
        return (prompt.objective @ self.weights @ prompt.query)[None, None]


@dataclass(frozen=True)
class Hand(Study):
    """A study whose prompts are given."""

    stored: Mapping[str, Prompt]

    def prompts(self, condition: Condition | None = None, count: int | None = None) -> tuple[Prompt, Array]:
        found = self.stored[(condition or self.law).file]
        cut = (getattr(found, name)[:count] for name in ("x", "y", "query", "objective"))
        return Prompt(*cut), jnp.ones((len(found.y[:count]), 1))


def asked(queries: np.ndarray = QUERIES) -> Prompt:
    """Prompts of two examples."""
    count = len(queries)
    x = np.random.default_rng(0).normal(size=(count, 2, 2))
    y = np.random.default_rng(1).normal(size=(count, 2, 1))
    objective = jnp.tile(jnp.array([1.0, 0.0, 0.0]), (count, 1))
    return Prompt(jnp.asarray(x), jnp.asarray(y), jnp.asarray(queries), objective)


def regression(count: int = 6, n: int = 7) -> Prompt:
    """Prompts of more examples than inputs, so that fits differ; the objective is there to be replaced."""
    generator = np.random.default_rng(2)
    x, query = generator.normal(size=(count, n, 2)), generator.normal(size=(count, 2))
    y = x @ np.array([[1.0], [-0.5]]) + generator.normal(size=(count, n, 1))
    objective = jnp.tile(jnp.array([1.0, 0.0, 0.0]), (count, 1))
    return Prompt(jnp.asarray(x), jnp.asarray(y), jnp.asarray(query), objective)


def always(*weight: float) -> Population:
    """An untrained learner with one w whatever it is asked for."""
    return Population(Told(jnp.tile(jnp.array(weight), (1, 3, 1))))


def seeds(*weights: Sequence[Sequence[float]]) -> Population:
    """A trained learner with w by seed and objective."""
    return Population(Told(jnp.asarray(weights, float)), list(range(len(weights))), 10)


def study(learners: Mapping[str, Population], **parts: Any) -> Hand:
    """A study of the objectives' task; `parts` are labels, conditions, stored prompts and task options."""
    task = {"module": "icgd.tasks.objective_regression", "name": "ObjectiveRegression"}
    spec = {
        "name": "hand",
        "experiment": "hand",
        "seed": 1,
        "task": task | {"options": parts.get("options", {"dimension": 2, "context_length": 2})},
        "references": {},
        "labels": parts.get("labels", {}),
        "conditions": parts.get("conditions", [LAW]),
    }
    return Hand(spec, learners, parts.get("history", {}), parts.get("stored", {"law": asked()}))


def measured(module: ModuleType, hand: Study, **options: Any) -> pd.DataFrame:
    """The tidy table of a measurement, whose rows are as it declares."""
    return table(declared(module.measure(hand, **options), module.METRICS), module.COLUMNS)


def values(found: pd.DataFrame, **wanted: Any) -> list[float]:
    """The values of the rows with these columns and no others filled."""
    free = set(found.columns) - {"experiment", "seed", "step", "value", *wanted}
    return rows(found, **dict.fromkeys(free), **wanted)["value"].tolist()


def drawn(records: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> pd.DataFrame:
    """A table with intervals as plots get it; low and high are the mean −0.1 and +0.1."""
    frame = pd.DataFrame(list(records))
    for name in ("option", "setting"):
        frame[name] = frame.get(name)
    return frame.assign(low=frame["mean"] - 0.1, high=frame["mean"] + 0.1)
