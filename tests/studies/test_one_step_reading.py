"""An induction head held against what counting would do: the measurement and its figure."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.algorithms.counting import Counting, followers
from icgd.analysis.attention_scores import centred
from icgd.analysis.study import alone
from icgd.analysis.tidy import rows
from icgd.models.language_model import constructed_induction
from icgd.studies.induction import measure_one_step_reading
from icgd.studies.induction.head_logits import growth_exponent, matched_logits, resemblance
from icgd.tasks.token_sequences import TiledSegments
from tests.studies.token_study import measured, study_of, values


def test_the_constructed_head_reads_as_one_step(double: None, tmp_path: Path) -> None:
    task = TiledSegments(vocabulary=3, length=12, shortest=2, longest=6)
    sequences = np.array([[0, 1] * 6 + [0], [2, 0] * 6 + [2]])
    learners = {
        "construction": alone(constructed_induction(task, jax.random.key(0))),
        "step": alone(Counting(jnp.asarray(0.5), "step", 3)),
        "unigram": alone(Counting(jnp.asarray(0.5), "unigram", 3)),
    }
    references = {"construction": {"algorithm": "step", "rivals": ["unigram"]}}
    study = study_of(tmp_path, learners, references=references, law=sequences)
    found = measured(measure_one_step_reading, study, late=2, least_matches=1, most_matches=3)
    counts = np.stack([np.asarray(followers(jnp.asarray(row[:-1]), 3)) for row in sequences])
    counts -= counts.mean(axis=-1, keepdims=True)
    seen = np.stack([np.cumsum(np.eye(3)[row[:-1]], axis=0) / np.arange(1, 13)[:, None] for row in sequences])
    seen -= seen.mean(axis=-1, keepdims=True)
    kept = slice(2, None)  # where the current token has been followed
    shared = (counts * seen)[:, kept].sum() ** 2 / (counts[:, kept] ** 2).sum() / (seen[:, kept] ** 2).sum()
    one = rows(found, learner="construction")
    assert values(one, metric="agreement", reference="step") == [1.0]
    assert values(one, metric="explained_variance", reference="step") == pytest.approx([1.0])
    assert values(one, metric="explained_variance", reference="unigram") == pytest.approx([shared])
    ratio = values(one, metric="explained_variance_over_best_rival", reference="step")
    assert ratio == pytest.approx([1 / shared])
    assert values(one, metric="growth_exponent") == pytest.approx([1.0])
    for matches in (1, 2, 3):  # one of three logits is the number of matches; then they are centred
        assert values(one, metric="follower_logit", matches=matches) == pytest.approx([matches * 2 / 3])
        assert values(one, metric="relative_follower_logit", matches=matches) == pytest.approx([matches])
    matched = np.arange(12) // 2
    loss = np.log(np.exp(0.5 * matched) + 2) - 0.5 * matched
    assert values(found, learner="step", metric="loss") == pytest.approx([loss.mean()])


def test_resemblance_and_growth(double: None) -> None:
    tokens = jnp.stack([jnp.array([0, 1] * 6), jnp.array([2, 3, 4] * 4)])
    counts = jax.vmap(followers, in_axes=(0, None))(tokens, 5)
    kept = counts.sum(axis=-1) >= 1
    agreement, explained = resemblance(centred(3.0 * counts)[None], counts, kept)
    np.testing.assert_allclose([agreement[0], explained[0]], 1)
    assert float(resemblance(-counts[None], counts, kept)[0][0]) == 0
    for head, exponent in ((counts, 1.0), (jnp.sign(counts), 0.0)):
        growth = matched_logits(head[None], counts, 0, 3)
        np.testing.assert_allclose(growth_exponent(growth), exponent, atol=1e-12)
