"""Causal stacks against loops over tokens, and that no prediction depends on what comes later."""

import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.models.attention_stack import Transformer
from icgd.models.causal_stack import CausalTransformer, causal_stack
from icgd.prompt import Prompt
from icgd.tasks.regression_sequences import RegressionSequences
from tests.prompts import random_prompt

KEY = jax.random.key(0)
VARIANTS: list[dict[str, Any]] = [
    {},
    {"layers": 2},
    {"layers": 2, "strict": True},
    {"repeats": 2, "heads": 2},
    {"kernel": "softmax", "heads": 2, "layers": 2},
    {"kernel": "softmax", "layers": 2, "strict": True},
]


def stack(prompt: Prompt, **options: Any) -> CausalTransformer:
    task = RegressionSequences(
        dimension=prompt.x.shape[1], context_length=len(prompt.x), outputs=prompt.y.shape[1]
    )
    return causal_stack(task, KEY, initial_scale=0.5, **options)


def token_by_token(model: CausalTransformer, prompt: Prompt) -> np.ndarray:
    """Every token of its own: context tokens read i ≤ j (i < j if strict), query tokens i < j."""
    x, y = np.asarray(prompt.x), np.asarray(prompt.y)
    positions = len(x) + 1
    context = [np.concatenate(pair) for pair in zip(x, y, strict=True)]
    inputs = [*x, np.asarray(prompt.query)]
    query = [np.concatenate([each, np.zeros(y.shape[1])]) for each in inputs]
    for layer in model.layers * model.repeats:
        matrices = (layer.key, layer.query, layer.value, layer.projection)
        heads = list(zip(*map(np.asarray, matrices), strict=True))

        def read(token: np.ndarray, seen: list[np.ndarray]) -> np.ndarray:
            total = np.zeros_like(token)
            for k, q, v, p in heads if seen else []:  # noqa: B023
                scores = np.array([(k @ other) @ (q @ token) for other in seen])
                if layer.kernel == "softmax":  # noqa: B023
                    scores = np.exp(scores) / np.exp(scores).sum()
                total += p @ v @ (scores @ np.stack(seen))
            return token + total

        query = [read(query[j], context[:j]) for j in range(positions)]
        own = 0 if model.strict else 1
        context = [read(context[j], context[: j + own]) for j in range(positions - 1)]
    return np.stack([-token[x.shape[1] :] for token in query[1:]])  # the first has nothing to read


@pytest.mark.parametrize("options", VARIANTS)
def test_it_is_attention_token_by_token(double: None, options: dict[str, Any]) -> None:
    prompt = random_prompt(0, 4, 3, 2)
    model = stack(prompt, **options)
    model = jax.tree.map(lambda a: a.astype(float), model)
    np.testing.assert_allclose(model(prompt), token_by_token(model, prompt), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("options", VARIANTS)
def test_no_prediction_depends_on_what_comes_later(double: None, options: dict[str, Any]) -> None:
    prompt = random_prompt(1, 5, 2, 1)
    model = stack(prompt, **options)
    before = model(prompt)
    changed = dataclasses.replace(  # the label of example 3, the inputs of what comes after it
        prompt, x=prompt.x.at[3:].add(1.0), y=prompt.y.at[2:].add(1.0), query=prompt.query + 1
    )
    after = model(changed)
    np.testing.assert_array_equal(before[:2], after[:2])
    assert jnp.all(jnp.abs(before[2:] - after[2:]) > 1e-6)


def test_one_layer_is_one_layer_on_every_prefix(double: None) -> None:
    prompt = random_prompt(2, 5, 3, 1)
    model = stack(prompt)
    plain = Transformer(tuple(dataclasses.replace(layer, causal=False) for layer in model.layers))
    inputs = jnp.concatenate([prompt.x, prompt.query[None]])
    for n in range(1, 6):
        alone = plain(Prompt(prompt.x[:n], prompt.y[:n], inputs[n]))
        np.testing.assert_allclose(model(prompt)[n - 1], alone, rtol=1e-6)


def test_layers_of_the_trajectory_are_those_of_shorter_stacks(double: None) -> None:
    prompt = random_prompt(3, 4, 2, 1)
    model = stack(prompt, layers=2)
    first = CausalTransformer(model.layers[:1])
    np.testing.assert_allclose(model.trajectory(prompt)[0], first(prompt), rtol=1e-6)
