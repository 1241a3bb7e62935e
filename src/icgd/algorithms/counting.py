"""Next-token predictors that count: what an induction head may be.

One gradient step from W = 0 on pairs (previous token → token), with tokens as one-hot vectors, has the
logits η Σ_j v_j (k_j·k_q): the number of times that each token has followed the current one, for the
squared and, up to a constant, the cross-entropy loss. Softmax attention averages instead of summing.
"""

from collections.abc import Callable
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import scipy
from jaxtyping import Array, Bool, Float, Int, Key

from icgd.learner import Learner
from icgd.prompt import TokenPrompt
from icgd.tasks.token_sequences import MarkovChains, TiledSegments

Rule = Literal["step", "mean_step", "frequencies", "dirichlet", "last_follower", "unigram"]
FITTED_ON = 4096


def matches(tokens: Int[Array, " n"]) -> Bool[Array, "n n"]:
    """Whether token j ≤ i follows an occurrence of token i: t_{j−1} = t_i."""
    follows = (tokens[:, None] == jnp.roll(tokens, 1)).at[:, 0].set(False)
    return jnp.tril(follows)


def followers(tokens: Int[Array, " n"], vocabulary: int) -> Float[Array, "n v"]:
    """How often each token of the vocabulary has followed the current one so far."""
    return matches(tokens) @ jax.nn.one_hot(tokens, vocabulary)


def _seen(tokens: Int[Array, " n"]) -> Float[Array, "n 1"]:
    return jnp.arange(1.0, len(tokens) + 1)[:, None]


def _frequencies(tokens: Int[Array, " n"], vocabulary: int) -> Float[Array, "n v"]:
    counts = followers(tokens, vocabulary)
    return counts / jnp.maximum(counts.sum(axis=1, keepdims=True), 1)


def _last_follower(tokens: Int[Array, " n"], vocabulary: int) -> Float[Array, "n v"]:
    found = matches(tokens)
    last = found & (jnp.arange(len(tokens)) == len(tokens) - 1 - jnp.argmax(found[:, ::-1], axis=1)[:, None])
    return last @ jax.nn.one_hot(tokens, vocabulary)


def _unigram(tokens: Int[Array, " n"], vocabulary: int) -> Float[Array, "n v"]:
    return jnp.cumsum(jax.nn.one_hot(tokens, vocabulary), axis=0) / _seen(tokens)


EVIDENCE: dict[str, Callable[[Int[Array, " n"], int], Float[Array, "n v"]]] = {
    "step": followers,
    "mean_step": lambda tokens, vocabulary: followers(tokens, vocabulary) / _seen(tokens),
    "frequencies": _frequencies,
    "dirichlet": followers,
    "last_follower": _last_follower,
    "unigram": _unigram,
}


class Counting(Learner):
    """Logits rate · evidence, or log(counts + rate) for the posterior mean under a Dirichlet prior.

    The rate is the learning rate η of the steps, the prior count of `dirichlet`.
    """

    rate: Float[Array, ""]
    rule: Rule = eqx.field(static=True)
    vocabulary: int = eqx.field(static=True)

    def trajectory(self, prompt: TokenPrompt) -> Float[Array, "1 n v"]:
        """The logits at every position."""
        return self.logits(EVIDENCE[self.rule](prompt.tokens, self.vocabulary))[None]

    def logits(self, evidence: Float[Array, "*p n v"]) -> Float[Array, "*p n v"]:
        """What the rate makes of the evidence."""
        return jnp.log(evidence + self.rate) if self.rule == "dirichlet" else self.rate * evidence

    def fitted(self, prompts: TokenPrompt, targets: Int[Array, "p n"]) -> "Counting":
        """With the rate of least cross-entropy, by a bounded search on the first prompts."""
        count = jax.jit(jax.vmap(lambda tokens: EVIDENCE[self.rule](tokens, self.vocabulary)))
        evidence, targets = count(prompts.tokens[:FITTED_ON]), targets[:FITTED_ON]

        @jax.jit
        def loss(exponent: Float[Array, ""], evidence: Float[Array, "p n v"]) -> Float[Array, ""]:
            logits = Counting(10.0**exponent, self.rule, self.vocabulary).logits(evidence)
            return optax.softmax_cross_entropy_with_integer_labels(logits, targets).mean()

        found = scipy.optimize.minimize_scalar(
            lambda e: float(loss(np.float64(e), evidence)), bounds=(-3, 3), method="bounded"
        )
        return Counting(jnp.asarray(10.0**found.x), self.rule, self.vocabulary)


def counting(task: TiledSegments | MarkovChains, key: Key[Array, ""], *, rule: Rule) -> Counting:
    """The predictor of a rule, its rate still to be fitted."""
    return Counting(jnp.ones(()), rule, task.vocabulary)
