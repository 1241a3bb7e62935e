"""Weights written by hand: named stretches of the residual stream, gated hidden units, padded heads."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from icgd.models.layers import MLP, Attention, Kernel

CLOSED = 1e4
"""What a closed gate subtracts; residuals must be smaller."""
STEEP = 2.0**60
"""gelu(STEEP·z)/STEEP is max(z, 0) up to 1e-18."""


class Slots:
    """Names for stretches of the residual stream."""

    def __init__(self, **widths: int) -> None:
        ends = np.cumsum(list(widths.values()))
        self.width = int(ends[-1])
        self._slices = {
            name: slice(int(end) - width, int(end))
            for (name, width), end in zip(widths.items(), ends, strict=True)
        }

    def __getitem__(self, name: str) -> slice:
        return self._slices[name]

    def row(self, **values: float | int | np.ndarray) -> np.ndarray:
        """A vector [e] with the named stretches set."""
        vector = np.zeros(self.width)
        for name, entries in values.items():
            vector[self[name]] = entries
        return vector

    def rows(self, count: int, **blocks: np.ndarray) -> np.ndarray:
        """A matrix [count e] with the named stretches set."""
        matrix = np.zeros((count, self.width))
        for name, entries in blocks.items():
            matrix[:, self[name]] = entries
        return matrix


class Units:
    """Hidden units of an MLP, added one at a time: each sends max(read·s, 0) times a weight somewhere."""

    def __init__(self, slots: Slots) -> None:
        self.slots = slots
        self.read: list[np.ndarray] = []
        self.write: list[np.ndarray] = []

    def send(self, read: np.ndarray, gate: np.ndarray, to: np.ndarray) -> None:
        """Send read·s to `to` where gate·s = 0, and nothing where it is 1: two units, one for each sign."""
        for sign in (1.0, -1.0):
            self.read.append(sign * read - CLOSED * gate)
            self.write.append(sign * to)

    def clear(self, *names: str) -> None:
        """Set stretches of the stream to zero."""
        for name in names:
            stretch = self.slots[name]
            for index in range(stretch.start, stretch.stop):
                unit = np.eye(self.slots.width)[index]
                self.send(unit, np.zeros(self.slots.width), -unit)

    def mlp(self) -> MLP:
        """The layer."""
        inner, outer = STEEP * np.stack(self.read), np.stack(self.write, axis=1) / STEEP
        return MLP(*map(jnp.asarray, (inner, np.zeros(len(inner)), outer, np.zeros(len(outer)))))


def heads(slots: Slots, kernel: Kernel, *parts: tuple[np.ndarray, ...]) -> Attention:
    """Heads given as key [k e], query [k e], value [v e], projection [v e], padded to one size with zeros."""
    size = max(len(matrix) for part in parts for matrix in part)

    def stacked(index: int) -> Array:
        padded = [np.pad(part[index], ((0, size - len(part[index])), (0, 0))) for part in parts]
        return jnp.asarray(np.stack(padded))

    return Attention(stacked(0), stacked(1), stacked(2), jnp.swapaxes(stacked(3), 1, 2), kernel=kernel)
