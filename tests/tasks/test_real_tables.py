"""Prompts of rows of a real table."""

import jax
import numpy as np

from icgd.tasks.real_tables import TableRegression, standardised

KEY = jax.random.key(1)


def test_table_prompts_are_distinct_standardised_rows() -> None:
    inputs, labels = standardised("diabetes")
    assert inputs.shape == (442, 10)
    np.testing.assert_allclose(np.column_stack([inputs, labels]).std(axis=0), 1, rtol=1e-4)
    prompt, target = TableRegression("diabetes", label_scale=2.0).sample(KEY)
    rows = np.vstack([prompt.x, prompt.query]) * 12**0.5
    found = [int(np.argmin(((inputs - row) ** 2).sum(axis=1))) for row in rows]
    assert len(set(found)) == 11
    np.testing.assert_allclose(rows, inputs[found], atol=1e-5)
    np.testing.assert_allclose(
        np.append(prompt.y, target), 2 * (10 / 12) ** 0.5 * labels[found, 0], rtol=1e-4, atol=1e-5
    )
