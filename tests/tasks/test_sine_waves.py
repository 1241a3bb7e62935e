"""Laws of the sine waves."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from icgd.tasks.sine_waves import SineWaves

KEY = jax.random.key(0)


@pytest.mark.parametrize("dependent", [False, True])
def test_amplitude_and_phase_are_independent_unless_asked(double: None, dependent: bool) -> None:
    task = SineWaves(dependent=dependent)
    first, second = jax.random.uniform(KEY, (2, 20_000))
    amplitude, phase = task.wave(first, second)
    assert float(amplitude.min()) >= 0.1
    assert float(amplitude.max()) <= 0.5
    assert 0 <= float(phase.min()) < float(phase.max()) <= np.pi
    correlation = float(jnp.corrcoef(amplitude, phase)[0, 1])
    assert correlation == pytest.approx(1.0 if dependent else 0.0, abs=0.03)
