"""A gated recurrent network as a policy, that can be given an episode to play (RL²)."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from icgd.bandits.policy import Environment, Policy, vocabulary
from icgd.bandits.policy_gradient import Episode, Outcome
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveInt
from icgd.tasks.bandits import BernoulliBandit


class RecurrentPolicy(Policy):
    """A GRU (Cho et al. 2014) from token to token; a critic that knows the arms, for training alone."""

    gates: Float[Array, "vocabulary gates"]
    """What a token adds to reset, update and candidate, biases included."""
    recurrent: Float[Array, "gates k"]
    readout: Float[Array, "a k"]
    critic: Float[Array, "c inputs"]
    critic_readout: Float[Array, " c"]
    pulls: int = eqx.field(static=True)

    def start(self, pulls: int) -> Float[Array, " k"]:
        """Zero."""
        return jnp.zeros(self.recurrent.shape[1], self.recurrent.dtype)

    def step(self, kept: Float[Array, " k"], token: Int[Array, ""]) -> tuple[Array, Float[Array, " a"]]:
        """One step of the GRU."""
        of_token, of_state = jnp.split(self.gates[token], 3), jnp.split(self.recurrent @ kept, 3)
        reset, update = (jax.nn.sigmoid(a + b) for a, b in zip(of_token[:2], of_state[:2], strict=True))
        candidate = jnp.tanh(of_token[2] + reset * of_state[2])
        kept = update * kept + (1 - update) * candidate
        return kept, self.readout @ kept

    def trajectory(self, prompt: TokenPrompt | Episode) -> Float[Array, "1 t outputs"]:
        """The logits at every position of a history; of an episode what the policy did, packed."""
        if isinstance(prompt, TokenPrompt):
            return super().trajectory(prompt)
        return self._outcome(prompt).packed()[None]

    def _outcome(self, episode: Episode) -> Outcome:
        chance: Environment = episode.chance

        def pull(carry: tuple[Array, Array], now: tuple[Array, Array]) -> tuple[tuple[Array, Array], Outcome]:
            kept, token = carry
            rewards, noise = now
            kept, logits = self.step(kept, token)
            action = jnp.argmax(logits + noise).astype(jnp.int32)
            chosen = jax.nn.one_hot(action, len(logits), dtype=logits.dtype)
            return (kept, 2 * action + rewards[action]), Outcome(logits, chosen, kept)

        begin = (self.start(self.pulls), episode.first)
        _, (logits, chosen, kept) = jax.lax.scan(pull, begin, (chance.rewards, chance.noise))
        return Outcome(logits, chosen, self._values(jax.lax.stop_gradient(kept), episode.worth))

    def _values(self, kept: Float[Array, "t k"], worth: Float[Array, " a"]) -> Float[Array, " t"]:
        """Of what is left: so many pulls, times what the critic makes of memory, arms and time."""
        left = jnp.arange(len(kept), 0, -1, dtype=kept.dtype)
        known = jnp.broadcast_to(worth, (len(kept), len(worth)))
        seen = jnp.concatenate([kept, known, left[:, None] / len(kept)], axis=1)
        return left * (jnp.max(worth) + jnp.tanh(seen @ self.critic.T) @ self.critic_readout)


def recurrent_policy(
    task: BernoulliBandit, key: Key[Array, ""], *, width: PositiveInt = 48, critic: PositiveInt = 32
) -> RecurrentPolicy:
    """Untrained network: entries N(0, 1/inputs), an almost indifferent readout, a zero critic."""
    parts = jax.random.split(key, 4)

    def matrix(key: Key[Array, ""], rows: int, inputs: int, scale: float = 1.0) -> Array:
        return scale / math.sqrt(inputs) * jax.random.normal(key, (rows, inputs), jnp.float32)

    return RecurrentPolicy(
        jax.random.normal(parts[0], (vocabulary(task.arms), 3 * width), jnp.float32),
        matrix(parts[1], 3 * width, width),
        matrix(parts[2], task.arms, width, 0.1),
        matrix(parts[3], critic, width + task.arms + 1),
        jnp.zeros(critic, jnp.float32),
        task.pulls,
    )
