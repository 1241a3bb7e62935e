"""What the tests of algorithms share."""

import jax
import pytest

from icgd.prompt import Prompt
from icgd.tasks.linear_regression import LinearRegression
from tests.prompts import drawn_from

KEY = jax.random.key(3)
TASK = LinearRegression(dimension=4, context_length=6)


@pytest.fixture
def prompts(double: None) -> tuple[Prompt, jax.Array]:
    drawn, targets = drawn_from(TASK, KEY, 20_000)
    return jax.tree.map(lambda a: a.astype(float), drawn), targets.astype(float)
