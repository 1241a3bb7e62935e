"""The best that one layer of linear attention, and one gradient step, can do on sine waves.

With any features, a layer whose weights read inputs alone predicts m(x_q) + Σ_j k(x_j, x_q) r_j with
r_j = y_j − m(x_j) and m the mean wave. With C(x, x') = E[r r'], D = diag C(x, x), B = D + (N − 1) C as
operators on L²(x), its loss is ½ tr[C − 2N Kᵀ C + N Kᵀ B K]: quadratic in K, smallest at K = B⁻¹ C. A
gradient step on features ψ has k = ψ(x)·ψ(x_q), so K is symmetric, and the best one solves BK + KB = 2C,
which makes it positive too.
Kernels are expanded in F(x) = (1, sin x, cos x, sin 2x, …): k(x, x') = F(x)ᵀ P F(x').
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
import scipy
from jaxtyping import Array, Float

from icgd.tasks.sine_waves import REACH, SineWaves

NODES = 200
HARMONICS = 12  # of 1/D(x), the slowest to converge; the losses change by less than 1e-9 beyond


class Waves(NamedTuple):
    """The law of one task at quadrature nodes: everything that the losses depend on."""

    nodes: Float[np.ndarray, " g"]
    weights: Float[np.ndarray, " g"]
    mean: Float[np.ndarray, " two"]
    """Of the weights of sin x and cos x."""
    covariance: Float[np.ndarray, "two two"]
    context_length: int


def law(task: SineWaves) -> Waves:
    """The moments of (A cos φ, A sin φ), and where the inputs are."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    uniform, mass = (nodes + 1) / 2, weights / 2
    first, second = np.meshgrid(uniform, uniform, indexing="ij")
    amplitude, phase = map(np.asarray, task.wave(jnp.asarray(first), jnp.asarray(second)))
    w = np.stack([amplitude * np.cos(phase), amplitude * np.sin(phase)])
    joint = np.outer(mass, mass)
    mean = np.einsum("iab,ab->i", w, joint)
    covariance = np.einsum("iab,jab,ab->ij", w, w, joint) - np.outer(mean, mean)
    return Waves(task.input_scale * REACH * nodes, mass, mean, covariance, task.context_length)


def harmonics(x: Float[Array, "*any"]) -> Float[Array, "*any f"]:
    """F(x) = (1, sin x, cos x, sin 2x, cos 2x, …)."""
    angles = x[..., None] * jnp.arange(1, HARMONICS + 1)
    pairs = jnp.stack([jnp.sin(angles), jnp.cos(angles)], axis=-1).reshape(*x.shape, -1)
    return jnp.concatenate([jnp.ones((*x.shape, 1)), pairs], axis=-1)


class Operators(NamedTuple):
    """C and B in a basis that is orthonormal in L²(x), and the map from F's coefficients to it."""

    residual: Float[np.ndarray, "f f"]
    curvature: Float[np.ndarray, "f f"]
    basis: Float[np.ndarray, "f f"]
    context_length: int

    def loss(self, kernel: Float[np.ndarray, "f f"]) -> float:
        """The population loss of a kernel F(x)ᵀ P F(x_q) around the training law's mean wave."""
        k, n = self.basis @ kernel @ self.basis.T, self.context_length
        gain = 2 * n * np.sum(k * self.residual) - n * np.sum(k * (self.curvature @ k))
        return 0.5 * float(np.trace(self.residual) - gain)


def operators(waves: Waves, mean: Float[np.ndarray, " two"]) -> Operators:
    """For residuals around the wave with weights `mean`, which need not be the mean of the law."""
    functions = np.asarray(harmonics(jnp.asarray(waves.nodes)))
    root = np.sqrt(waves.weights)[:, None]
    orthonormal, basis = np.linalg.qr(root * functions)
    apart = waves.mean - mean
    moment = waves.covariance + np.outer(apart, apart)
    first = functions[:, 1:3]
    mixed = orthonormal.T @ (root * first)
    residual = mixed @ moment @ mixed.T
    diagonal = np.einsum("gi,ij,gj->g", first, moment, first)
    n = waves.context_length
    curvature = orthonormal.T @ (diagonal[:, None] * orthonormal) + (n - 1) * residual
    return Operators(residual, curvature, basis, n)


def layer_kernel(found: Operators) -> Float[np.ndarray, "f f"]:
    """P of the best layer: K = B⁻¹ C."""
    return _in_harmonics(np.linalg.solve(found.curvature, found.residual), found.basis)


def step_kernel(found: Operators) -> Float[np.ndarray, "f f"]:
    """P of the best gradient step: BK + KB = 2C."""
    b = found.curvature
    return _in_harmonics(scipy.linalg.solve_continuous_lyapunov(b, 2 * found.residual), found.basis)


def _in_harmonics(k: Float[np.ndarray, "f f"], basis: Float[np.ndarray, "f f"]) -> Float[np.ndarray, "f f"]:
    inverse = np.linalg.inv(basis)
    return np.asarray(inverse @ k @ inverse.T)
