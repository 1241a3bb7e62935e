"""The page of learners: what its models answer in a browser is what they answer here."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from selenium import webdriver

from icgd.algorithms.descent import Fit, GradientDescent, GradientDescentPlusPlus
from icgd.algorithms.least_squares import Ridge
from icgd.learner import Learner
from icgd.models.attention_stack import Transformer, attention_stack
from icgd.models.blocks import prompted_transformer
from icgd.models.feature_models import Affine, Constant, OnFeatures, feature_transformer
from icgd.models.layers import initial_attention
from icgd.results.job import Job
from icgd.stages import companion as stage
from icgd.stages.errors import StageError
from icgd.tasks.linear_regression import LinearRegression
from icgd.tasks.sine_waves import SineWaves
from icgd.writeup.companion import exported, rounded
from icgd.writeup.report import PAGES
from tests.models_at_hand import built, moved
from tests.pages import ANSWERS, PROMPTS, answers_differ, prompts_like

LINEAR = LinearRegression(dimension=2, context_length=6)
KEY = jax.random.key(3)
RATES = jnp.asarray([0.7, 0.4])
WEIGHTS = jnp.asarray([[0.3, -0.6]])


def softmax_stack() -> Transformer:
    layers = [
        initial_attention(key, 3, 1.0, 2, kernel="softmax", norm=norm)
        for key, norm in zip(jax.random.split(KEY, 3), ("none", "layer", "rms"), strict=True)
    ]
    return Transformer(tuple(layers), WEIGHTS, damping=0.75)


def told(*, weighs: bool = False, paired: bool = False) -> Learner:
    """A model that is told its objective, with no weight at zero."""
    model: Learner = prompted_transformer(
        LINEAR, KEY, layers=2, width=16, heads=2, hidden=24, weighs=weighs, paired=paired
    )
    return moved(model)


LEARNERS: dict[str, tuple[Callable[[], Learner], int, int]] = {
    "stack": (lambda: attention_stack(LINEAR, KEY, layers=2, heads=2, initial_scale=0.3), 2, 0),
    "looped": (lambda: attention_stack(LINEAR, KEY, repeats=3, initial_scale=0.3), 2, 0),
    "normalised": (lambda: attention_stack(LINEAR, KEY, layers=3, normalised=True, initial_scale=0.3), 2, 0),
    "softmax": (softmax_stack, 2, 0),
    "descent": (lambda: GradientDescent(RATES, 6, WEIGHTS), 2, 0),
    "per_context": (lambda: GradientDescent(RATES), 2, 0),
    "gdpp": (lambda: GradientDescentPlusPlus(RATES, 0.2 * RATES, 6, Fit(True, True, 1.25)), 2, 0),
    "least_squares": (lambda: Ridge(jnp.zeros(())), 2, 0),
    "ridge": (lambda: Ridge(jnp.asarray(0.5)), 2, 0),
    "constant": (lambda: Constant(WEIGHTS), 2, 0),
    "waves": (lambda: feature_transformer(SineWaves(), KEY, layers=2), 1, 0),
    "told": (lambda: told(weighs=True), 2, 3),
    "told_answers": (told, 2, 3),
    "given_pairs": (lambda: told(weighs=True, paired=True), 2, 16),
    "affine": (lambda: OnFeatures(Affine(), GradientDescent(RATES, 6)), 1, 0),
}


@functools.cache
def learner_of(name: str) -> Learner:
    return built(LEARNERS[name][0])


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The models' script alone, with all learners as if they had one snapshot and one seed."""
    held = {name: exported(_with_axes(learner_of(name))) for name in LEARNERS}
    script = (PAGES / "models.js").read_text("utf-8")
    learners = {name: {"steps": [0], "model": model} for name, model in held.items()}
    data = json.dumps([{"name": "all", "learners": learners}])
    path = tmp_path / "page.html"
    script = f"'use strict';{script}; const data = {data};"
    path.write_text(f"<!doctype html><meta charset=utf-8><script>{script}</script>", "utf-8")
    return path


def _with_axes(learner: Any) -> Any:
    return jax.tree.map(lambda a: a[None, None] if eqx.is_array(a) else a, learner)


@pytest.mark.parametrize("name", LEARNERS)
def test_a_browser_answers_as_jax(
    name: str, page: Path, shared_browser: webdriver.Chrome, double: None
) -> None:
    learner, (_, width, objective) = learner_of(name), LEARNERS[name]
    shared_browser.get(page.as_uri())
    prompts = prompts_like(np.random.default_rng(0), PROMPTS, 6, width, objective)
    there = shared_browser.execute_script(ANSWERS, "all", name, 0, *prompts)
    assert answers_differ(learner, prompts, there) < 1e-4
    assert answers_differ(learner, prompts, [2 * answer + 1 for answer in there]) > 0.1


def test_weights_are_rounded_once(double: None) -> None:
    array = jnp.asarray([0.1, 65504.0, 6e-8, 0.0])
    once = rounded(array)
    assert once.tolist() == [0.0999755859375, 65504.0, 2.0**-24, 0.0]
    assert rounded(once).tolist() == once.tolist()
    assert exported(array) == {"shape": [4], "half": "Zi7/ewEAAAA="}


def test_modules_are_held_by_class_and_field() -> None:
    held = exported(Ridge(jnp.asarray(1.0), free=True))
    assert held == {"kind": "Ridge", "penalty": {"shape": [], "half": "ADw="}, "free": True}


def test_a_page_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "companion", lambda _: "x" * 4_000_001)
    with pytest.raises(StageError, match="4000001 bytes"):
        stage.main(Job("companion", "all", {}, {"output": tmp_path / "index.html"}))
