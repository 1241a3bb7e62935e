"""Policies of bandits in a browser: trained ones as in JAX, explicit ones as those of the library."""

import functools
import json
from collections.abc import Callable
from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from selenium import webdriver

from icgd.bandits.counting import Thompson
from icgd.bandits.optimal import values
from icgd.bandits.policy import Policy
from icgd.bandits.posterior import exact_nodes
from icgd.models.history_model import history_model
from icgd.models.policy_ensemble import PolicyEnsemble
from icgd.models.recurrent_policy import recurrent_policy
from icgd.prompt import TokenPrompt
from icgd.tasks.bandits import BernoulliBandit
from icgd.writeup.companion import exported
from icgd.writeup.report import PAGES
from tests.models_at_hand import built, moved
from tests.pages import histories_like, logits_differ

ARMS, PULLS, HISTORIES = 3, 12, 1000
TASK = BernoulliBandit(arms=ARMS, pulls=PULLS)
KEY = jax.random.key(2)
ANSWERS = """
const model = member(decoded(data[arguments[0]], 0, 0), "second");
return arguments[1].map(tokens => POLICIES[model.kind](model, tokens).at(-1));
"""


MAKERS: dict[str, Callable[[], Policy]] = {
    "history": lambda: history_model(TASK, KEY, width=16, hidden=24),
    "recurrent": lambda: recurrent_policy(TASK, KEY, width=12),
}


@functools.cache
def second(name: str) -> Policy:
    """The policy that is looked at, with no weight at zero."""
    return moved(built(MAKERS[name]))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The scripts, and both policies as the second of two that were trained side by side."""
    data = {}
    for name in MAKERS:
        stacked = jax.tree.map(lambda a: jnp.stack([0 * a, a]) if eqx.is_array(a) else a, second(name))
        ensemble = PolicyEnsemble(stacked, ("first", "second"))
        data[name] = exported(jax.tree.map(lambda a: a[None, None] if eqx.is_array(a) else a, ensemble))
    scripts = "".join((PAGES / f"{name}.js").read_text("utf-8") for name in ("models", "plot", "policies"))
    path = tmp_path / "page.html"
    script = f"'use strict';{scripts}; const data = {json.dumps(data)};"
    path.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", "utf-8")
    return path


@pytest.mark.parametrize("name", MAKERS)
def test_a_browser_answers_histories_as_jax(
    name: str, page: Path, shared_browser: webdriver.Chrome, double: None
) -> None:
    generator = np.random.default_rng(1)
    tokens = histories_like(generator, HISTORIES, ARMS, PULLS)
    shared_browser.get(page.as_uri())
    there = shared_browser.execute_script(ANSWERS, name, tokens.tolist())
    assert float(np.std(np.asarray(there, float))) > 0.1
    assert logits_differ(second(name), tokens, there) < 1e-4


def test_the_optimal_policy_is_that_of_dynamic_programming(
    page: Path, shared_browser: webdriver.Chrome
) -> None:
    shared_browser.get(page.as_uri())
    script = """
    const done = arguments[arguments.length - 1];
    Optimal.soon(12, found => done([[0, 0, 0, 0, 0, 0], [1, 0, 2, 3, 0, 1]].map(counts => {
      const seen = counts.reduce((a, b) => a + b, 0);
      return [0, 1, 2].map(arm => found.worth(counts, seen, arm));
    })));
    """
    there = shared_browser.execute_async_script(script)
    from icgd.bandits.optimal import index

    table = values(ARMS, PULLS)
    for counts, found in zip(([0, 0, 0, 0, 0, 0], [1, 0, 2, 3, 0, 1]), there, strict=True):
        assert found == pytest.approx(table[int(index(jnp.asarray(counts), PULLS))].tolist(), abs=1e-9)


def test_thompson_sampling_is_that_of_quadrature(
    page: Path, shared_browser: webdriver.Chrome, double: None
) -> None:
    shared_browser.get(page.as_uri())
    there = shared_browser.execute_script("return thompson([[3, 1], [1, 2], [0, 4]])")
    rule = Thompson(ARMS, PULLS, jnp.ones(()), "max", exact_nodes(ARMS, PULLS))
    tokens = [6, 1, 1, 1, 0, 3, 2, 2, 4, 4, 4, 4]
    here = jax.nn.softmax(rule(TokenPrompt(jnp.asarray(tokens)))[-1])
    assert there == pytest.approx(here.tolist(), abs=1e-4)
