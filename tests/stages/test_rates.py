"""Trials of learning rates."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from icgd.results.job import Job
from icgd.stages import rates
from tests.training.jobs import training_spec


def test_trials_of_rates_tell_good_from_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "RATES", (1e-6, 0.02, 1e30))
    rates.main(Job("rates", "one_step/transformer", training_spec(), {"output": tmp_path / "rates.csv"}))
    table = pd.read_csv(tmp_path / "rates.csv")
    assert list(table["learning_rate"]) == [1e-6, 0.02, 1e30]
    assert set(table["learner"]) == {"transformer"}
    idle, good, bad = table["error"]
    assert good < 0.75 < idle
    assert not np.isfinite(bad)
