"""How induction heads form: losses and scores over training, the phase change, and what comes first.

The phase change is the step of the steepest fall of the loss on the second window. What forms first
depends on what counts as formed, so the order is given for several criteria: the share of the way from
its least to its largest value that a curve must have come.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import equinox as eqx
import jax
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from icgd.analysis import attention_scores as scores
from icgd.analysis.study import Study
from icgd.learner import Learner
from icgd.models.language_model import LanguageModel
from icgd.prompt import TokenPrompt
from icgd.ranges import PositiveFloat, PositiveInt
from icgd.studies.induction.phase_change import formation_step, steepest_fall

Curves = Mapping[tuple[str, str], Float[np.ndarray, "steps seeds"]]
"""By condition and metric."""


@dataclass(frozen=True)
class Windows:
    """Positions [from, to) over which losses are averaged."""

    first: Sequence[int]
    second: Sequence[int]
    early: Sequence[int]
    late: Sequence[int]


def measure(
    study: Study,
    *,
    condition: str,
    first: list[int],
    second: list[int],
    early: list[int],
    late: list[int],
    criteria: list[PositiveFloat],
    prompts: PositiveInt = 256,
) -> pd.DataFrame:
    """Losses and scores of the trained models at every snapshot; phase change and order at the end.

    `first` and `second` are the windows of the loss under `condition`, `early` and `late` those of the
    in-context score, which is the loss at late minus that at early positions of the training law.
    """
    windows = Windows(first, second, early, late)
    tables = []
    for name, history in study.history.items():
        populations = [*history, study.learners[name]]
        found = [_at(study, p.learner, condition, windows, prompts) for p in populations]
        for population, metrics in zip(populations, found, strict=True):
            tables += [study.rows(name, population, at, {m: v}) for (at, m), v in metrics.items()]
        steps = np.array([population.step for population in populations], float)
        curves = {key: np.stack([metrics[key] for metrics in found]) for key in found[0]}
        changes = {
            (condition, m): v for m, v in phase_change(steps, curves[condition, "second_loss"]).items()
        }
        for share in criteria:
            order = formation(steps, curves, condition, share)
            changes |= {(f"criterion={share}", metric): values for metric, values in order.items()}
        tables += [study.rows(name, populations[-1], at, {m: v}) for (at, m), v in changes.items()]
    return pd.concat(tables)


def _at(
    study: Study, models: Learner, condition: str, windows: Windows, count: int
) -> dict[tuple[str, str], np.ndarray]:
    """Losses by window and scores by layer, each over seeds."""
    assert isinstance(models, LanguageModel)
    prompts, targets = study.prompts(condition, count)
    losses = position_losses(models, prompts, targets)
    usual = position_losses(models, *study.prompts(study.spec["variant"], count))
    score = window(usual, windows.late) - window(usual, windows.early)
    found = {
        (condition, "first_loss"): window(losses, windows.first),
        (condition, "second_loss"): window(losses, windows.second),
        (study.spec["variant"], "in_context_score"): score,
    }
    for metric, values in head_scores(models, prompts).items():
        found |= {(f"layer={layer + 1}", metric): column for layer, column in enumerate(np.asarray(values).T)}
    return found


@eqx.filter_jit
def position_losses(
    models: LanguageModel, prompts: TokenPrompt, targets: Int[Array, "p n"]
) -> Float[Array, "seeds n"]:
    """Each seed's mean loss at every position."""

    def each_seed(model: LanguageModel) -> Array:
        return jax.vmap(scores.token_losses)(jax.vmap(model)(prompts), targets).mean(axis=0)

    return eqx.filter_vmap(each_seed)(models)


@eqx.filter_jit
def head_scores(models: LanguageModel, prompts: TokenPrompt) -> dict[str, Float[Array, "seeds layers"]]:
    """Each head's scores, averaged over prompts."""

    def one_head(weights: Array, contribution: Array, tokens: Array) -> dict[str, Array]:
        return {
            "previous_token": scores.previous_token(weights),
            "previous_token_largest": scores.previous_token_largest(weights),
            "prefix_matching": scores.prefix_matching(weights, tokens),
            "copying": scores.copying(weights, contribution, tokens),
        }

    def one(model: LanguageModel, prompt: TokenPrompt) -> dict[str, Array]:
        trace = model.trace(prompt)
        return jax.vmap(one_head, in_axes=(0, 0, None))(trace.maps, trace.contributions, prompt.tokens)

    def each_seed(model: LanguageModel) -> dict[str, Array]:
        every = jax.vmap(lambda prompt: one(model, prompt))(prompts)
        return jax.tree.map(lambda a: a.mean(axis=0), every)

    return eqx.filter_vmap(each_seed)(models)


def window(losses: Float[Array, "seeds n"], bounds: Sequence[int]) -> Float[np.ndarray, " seeds"]:
    """The mean over positions [from, to); `ValueError` if the sequence has no such positions."""
    start, stop = bounds
    if not 0 <= start < stop <= losses.shape[1]:
        raise ValueError(
            f"the window {list(bounds)} is not within the {losses.shape[1]} positions of a sequence; "
            "expected [from, to] with 0 ≤ from < to ≤ the number of positions"
        )
    return np.asarray(losses[:, start:stop].mean(axis=1))


def phase_change(
    steps: Float[np.ndarray, " steps"], losses: Float[np.ndarray, "steps seeds"]
) -> dict[str, np.ndarray]:
    """For each seed the step of the steepest fall, and the relative steepness of the next one."""
    found = np.array([steepest_fall(steps, curve) for curve in losses.T])
    return {"phase_change_step": found[:, 0], "phase_change_rival": found[:, 1]}


def formation(
    steps: Float[np.ndarray, " steps"], curves: Curves, condition: str, share: float
) -> dict[str, np.ndarray]:
    """When each part has formed, and by how many steps previous-token attention precedes prefix matching."""
    last = max(where for where, _ in curves if where.startswith("layer="))
    parts = {
        "previous_token": curves["layer=1", "previous_token"],
        "previous_token_largest": curves["layer=1", "previous_token_largest"],
        "prefix_matching": curves[last, "prefix_matching"],
        "copying": curves[last, "copying"],
        "second_loss": -curves[condition, "second_loss"],
    }
    found = {
        f"{part}_step": np.array([formation_step(steps, seed, share) for seed in curve.T])
        for part, curve in parts.items()
    }
    for part in ("previous_token", "previous_token_largest"):
        found[f"{part}_lead"] = found["prefix_matching_step"] - found[f"{part}_step"]
    return found
