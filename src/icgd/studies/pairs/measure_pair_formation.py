"""Which comes first, copying within pairs or the fall of the loss (von Oswald et al. 2023, figure 5).

The first layer writes e_t + B Σ_s w_ts e_s with w = softmax(e_sᵀA e_t), so its sensitivity to another
token is ∂/∂e_s = w_ts B [I + (e_s − Σ_s' w_ts' e_s')(A e_t)ᵀ]. Of inputs, `own` is the sensitivity to
themselves, `partner` to their label, `other` to the tokens beyond the pair, `specific` partner minus other.

A curve's time at a fraction f is the first step at which it has covered f of its way from its start to
its extreme, the loss of its way from that of predicting zero, which is the plateau; the lead of a curve
is the loss's time minus its own.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float

from icgd.analysis.distances import in_double, predict
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.fast_linear import predictions
from icgd.models.pair_stack import PairTransformer
from icgd.prompt import Prompt
from icgd.randomness import named_key
from icgd.ranges import PositiveFloat, PositiveInt

CURVES = ("loss", "own", "partner", "other", "specific", "attention")


def sensitivities(model: PairTransformer, prompt: Prompt) -> Float[Array, "t t"]:
    """‖∂e'_t/∂e_s‖ (Frobenius) of the token t after the first layer."""
    tokens = model.tokens(prompt)
    (bilinear,), (write,) = model.copying.products()
    weights = model.copying.maps(tokens, tokens)[0]
    asked = tokens @ bilinear.T
    centred = tokens - (weights @ tokens)[:, None]  # [t, s, e]
    written = centred @ write.T
    squared = (
        jnp.sum(write**2)
        + 2 * jnp.einsum("tsa,ab,tb->ts", written, write, asked)
        + jnp.sum(written**2, axis=-1) * jnp.sum(asked**2, axis=-1)[:, None]
    )
    other = weights * jnp.sqrt(jnp.maximum(squared, 0.0))
    own = jax.vmap(lambda t: _own(tokens, weights[t], bilinear, write, t))(jnp.arange(len(tokens)))
    return jnp.where(jnp.eye(len(tokens), dtype=bool), own[:, None], other)


def _own(tokens: Array, weights: Array, bilinear: Array, write: Array, t: Array) -> Float[Array, ""]:
    """‖∂e'_t/∂e_t‖, whose token is asking, read, and there before the layer."""
    width = tokens.shape[1]
    apart = tokens - weights @ tokens
    asking = (weights[:, None] * apart).T @ tokens @ bilinear
    read = weights[t] * (jnp.eye(width) + jnp.outer(apart[t], bilinear @ tokens[t]))
    return jnp.linalg.norm(jnp.eye(width) + write @ (asking + read))


def pair_parts(values: Float[Array, "t t"]) -> tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]]:
    """Mean of a map over inputs, at themselves, at their label and at the tokens beyond the pair."""
    inputs = jnp.arange(0, len(values) - 1, 2)
    partner, own = values[inputs, inputs + 1], values[inputs, inputs]
    other = values[inputs].sum(axis=1) - partner - own
    return own.mean(), partner.mean(), other.mean() / (len(values) - 2)


@eqx.filter_jit
def _curves(
    models: Learner, prompts: Prompt, targets: Array, few: Prompt
) -> dict[str, Float[Array, " seeds"]]:
    def each_seed(model: Learner) -> dict[str, Array]:
        assert isinstance(model, PairTransformer)
        errors = predictions(model, in_double(prompts)) - targets
        seen = in_double(few)
        own, partner, other = pair_parts(jax.vmap(lambda p: sensitivities(model, p))(seen).mean(axis=0))
        _, attention, _ = pair_parts(jax.vmap(lambda p: model.maps(p)[0])(seen).mean(axis=0))
        loss = 0.5 * jnp.mean(jnp.sum(errors**2, axis=-1))
        parts = (loss, own, partner, other, partner - other, attention)
        return dict(zip(CURVES, parts, strict=True))

    return eqx.filter_vmap(each_seed)(models)


def _reference(study: Study, name: str, prompts: Prompt) -> Float[Array, "p m"]:
    """Predictions of the learner's first reference."""
    return predict(study.learners[study.references[name][0]].learner, prompts)[0]


def progress(moved: Float[np.ndarray, "steps seeds"]) -> Float[np.ndarray, "steps seeds"]:
    """The share of its way to its extreme that a curve, minus where it starts, has covered."""
    return moved / np.maximum(moved.max(axis=0), np.finfo(float).tiny)


def times(
    share: Float[np.ndarray, "steps seeds"], steps: np.ndarray, fraction: float
) -> Float[np.ndarray, " seeds"]:
    """The first step at which each seed's curve has covered the fraction."""
    return steps[np.argmax(share >= fraction, axis=0)].astype(float)


def measure(
    study: Study,
    *,
    learners: list[str],
    fractions: list[PositiveFloat],
    reach: PositiveInt = 500,
    prompts: PositiveInt = 2048,
    sensitivity_prompts: PositiveInt = 256,
    resamples: PositiveInt = 10_000,
) -> pd.DataFrame:
    """Curves at all snapshots, curves about the middle of the fall, and leads at each fraction.

    reach: steps before and after the loss's time at ½, condition offset=<steps>. A lead's mean over
    seeds comes with the bootstrapped 95 % interval over them, `…_low` and `…_high`. `seeds_on_plateau` are
    those whose loss ends above the middle between that of zero and that of the first reference.
    """
    stored, targets = study.prompts(study.spec["variant"], prompts)
    few = jax.tree.map(lambda a: a[:sensitivity_prompts], stored)
    plateau = 0.5 * float(jnp.mean(jnp.sum(targets**2, axis=-1)))
    tables = []
    for name in learners:
        populations = [*study.history[name], study.learners[name]]
        found = [_curves(p.learner, stored, targets, few) for p in populations]
        tables += [study.rows(name, p, "formation", row) for p, row in zip(populations, found, strict=True)]
        steps = np.array([population.step for population in populations])
        curves = {key: np.stack([row[key] for row in found]) for key in CURVES}
        moved = {key: curve - curve[0] for key, curve in curves.items()} | {"loss": plateau - curves["loss"]}
        shares = {key: progress(curve) for key, curve in moved.items()}
        step = 0.5 * jnp.mean(jnp.sum((_reference(study, name, stored) - targets) ** 2, axis=-1))
        stuck = curves["loss"][-1] > (plateau + float(step)) / 2
        tables += [study.rows(name, None, "formation", {"seeds_on_plateau": np.array([stuck.sum()])})]
        tables += [_aligned(study, name, shares, steps, reach)]
        tables += [_leads(study, name, shares, steps, fraction, resamples) for fraction in fractions]
    return pd.concat(tables)


def _aligned(
    study: Study, name: str, shares: dict[str, np.ndarray], steps: np.ndarray, reach: int
) -> pd.DataFrame:
    """Shares as functions of the steps since the middle of each seed's fall."""
    middle = times(shares["loss"], steps, 0.5)
    tables = []
    for offset in np.linspace(-reach, reach, 41):
        values = {
            f"{key}_share": np.array(
                [
                    np.interp(start + offset, steps, column, left=np.nan)
                    for start, column in zip(middle, share.T, strict=True)
                ]
            )
            for key, share in shares.items()
        }
        tables.append(study.rows(name, study.learners[name], f"offset={offset:g}", values))
    return pd.concat(tables)


def _leads(
    study: Study, name: str, shares: dict[str, np.ndarray], steps: np.ndarray, fraction: float, resamples: int
) -> pd.DataFrame:
    fall = times(shares["loss"], steps, fraction)
    leads = {f"{key}_lead": fall - times(shares[key], steps, fraction) for key in CURVES[1:]}
    key = named_key(study.spec["seed"], study.spec["experiment"], "bootstrap")
    generator = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    drawn = generator.integers(len(fall), size=(resamples, len(fall)))
    bounds: dict[str, np.ndarray] = {}
    for curve, lead in leads.items():
        low, high = np.quantile(lead[drawn].mean(axis=1), [0.025, 0.975])
        bounds |= {f"{curve}_low": np.array([low]), f"{curve}_high": np.array([high])}
    condition = f"fraction={fraction:g}"
    population = study.learners[name]
    found = study.rows(name, population, condition, leads | {"fall_time": fall})
    return pd.concat([found, study.rows(name, None, condition, bounds)])
