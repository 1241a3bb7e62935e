"""The finite-horizon Gittins index: the known mean at which one would as soon leave an arm."""

import functools

import numpy as np
from jaxtyping import Float

KNOWN = 2001
"""Known means between which the index is interpolated; the advantage is piecewise linear in them."""


@functools.cache
def gittins_table(pulls: int) -> Float[np.ndarray, "n w l"]:
    """Indices with n pulls left, n = 0 … pulls, after w rewards and l failures, w + l ≤ pulls − n.

    An unknown arm beside one of known mean λ: once one leaves, one never returns, so that with n pulls left
    V_n = max(λ n, p (1 + V_{n−1}(w + 1, l)) + (1 − p) V_{n−1}(w, l + 1)) (Gittins 1979). Zero elsewhere.
    """
    known = np.linspace(0.0, 1.0, KNOWN)
    table = np.zeros((pulls + 1, pulls + 1, pulls + 1))
    after = np.zeros((pulls + 1, pulls + 1, KNOWN))
    for left in range(1, pulls + 1):
        size = pulls - left + 1
        wins, losses = np.arange(size)[:, None, None], np.arange(size)[None, :, None]
        mean = (1 + wins) / (2 + wins + losses)
        stay = mean * (1 + after[1 : size + 1, :size]) + (1 - mean) * after[:size, 1 : size + 1]
        table[left, :size, :size] = _root(stay - known * left, known)
        after = np.zeros_like(after)
        after[:size, :size] = np.maximum(known * left, stay)
    return table


def _root(advantage: Float[np.ndarray, "w l k"], known: Float[np.ndarray, " k"]) -> Float[np.ndarray, "w l"]:
    """Where the advantage of staying, which falls, crosses zero."""
    last = np.sum(advantage > 0, axis=-1).clip(1, len(known) - 1)
    above, below = (
        np.take_along_axis(advantage, (last + shift)[..., None], axis=-1)[..., 0] for shift in (-1, 0)
    )
    share = np.clip(above / np.maximum(above - below, 1e-300), 0, 1)
    found: Float[np.ndarray, "w l"] = known[last - 1] + share * (known[1] - known[0])
    return found
