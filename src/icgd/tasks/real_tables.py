"""Prompts from real tables: random rows as the context, another row as the query.

Columns are standardised and brought to the scale of the synthetic task (inputs of variance 1/12,
labels of variance d/12), so that a model trained there can be applied as it is.
"""

import functools
import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key
from sklearn import datasets

from icgd.prompt import Prompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.task import RegressionTask

Table = Literal["diabetes"]


class TableRegression(RegressionTask):
    """scikit-learn's diabetes data: 442 patients, 10 measurements, disease progression."""

    table: Table = eqx.field(static=True)
    context_length: PositiveInt = eqx.field(static=True, default=10)
    input_scale: PositiveFloat = 1.0
    label_scale: PositiveFloat = 1.0

    def sample(self, key: Key[Array, ""]) -> tuple[Prompt, Float[Array, " m"]]:
        """A prompt of distinct rows in float32, and the label [1] of one more."""
        inputs, labels = standardised(self.table)
        n = self.context_length
        rows = jax.random.choice(key, len(inputs), (n + 1,), replace=False)
        d = inputs.shape[1]
        x = self.input_scale / math.sqrt(12) * jnp.asarray(inputs)[rows]
        y = self.label_scale * math.sqrt(d / 12) * jnp.asarray(labels)[rows]
        return Prompt(x[:n], y[:n], x[n]), y[n]


@functools.cache
def standardised(table: str) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [rows d] and labels [rows 1], every column with mean zero and variance one, in float32."""
    assert table == "diabetes"
    inputs, labels = datasets.load_diabetes(return_X_y=True, scaled=False)
    columns = np.column_stack([inputs, labels])
    columns = ((columns - columns.mean(axis=0)) / columns.std(axis=0)).astype(np.float32)
    return columns[:, :-1], columns[:, -1:]
