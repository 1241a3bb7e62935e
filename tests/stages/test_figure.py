"""What figures draw about the mean over seeds."""

import pandas as pd
import pytest

from icgd.analysis.intervals import seed_intervals
from icgd.stages.figure import over_seeds


@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_two_seeds_the_range_is_drawn_of_more_an_interval(count: int) -> None:
    values = [1.0, 3.0, 5.0][:count]
    rows = [
        {"experiment": "e", "learner": "l", "metric": "m", "seed": seed, "step": 1, "value": value}
        for seed, value in enumerate(values)
    ]
    drawn = over_seeds(pd.DataFrame(rows), 0.95).iloc[0]
    student = seed_intervals(pd.DataFrame(rows), 0.95).iloc[0]
    assert drawn["mean"] == student["mean"] == sum(values) / count
    if count == 2:
        assert (drawn["low"], drawn["high"]) == (1, 3)
        assert student["low"] < -10
    else:
        assert (drawn["low"], drawn["high"]) == (student["low"], student["high"])
