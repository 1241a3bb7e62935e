"""The picture of when jobs ran."""

import matplotlib.pyplot as plt
import pandas as pd

from icgd.plotting.schedule import busy_share, draw, in_one_go, lanes


def jobs() -> pd.DataFrame:
    """Two lanes: 0-10 and 0-4, then 4-6; after a pause of 1000 s, one job of 10 s."""
    table = pd.DataFrame(
        {
            "rule": ["train", "train", "figure", "train"],
            "began": [100.0, 100.0, 104.0, 1110.0],
            "ended": [110.0, 104.0, 106.0, 1120.0],
            "cpu": [9.0, 4.0, 2.0, 10.0],
        }
    )
    return table.assign(lane=lanes(table["began"], table["ended"]))


def test_a_job_takes_the_first_lane_that_is_free() -> None:
    assert list(jobs()["lane"]) == [0, 1, 1, 0]


def test_pauses_between_runs_are_left_out() -> None:
    table = in_one_go(jobs())
    assert list(table["began"]) == [0, 0, 4, 10]
    assert list(table["ended"]) == [10, 4, 6, 20]
    assert busy_share(table) == 26 / 40


def test_the_schedule_shows_every_job() -> None:
    figure = draw(in_one_go(jobs()))
    axes = figure.axes[0]
    found = [(bars.get_label(), len(list(bars))) for bars in axes.containers]
    assert found == [("train (23 s)", 3), ("figure (2 s)", 1)]
    assert axes.get_title() == "4 jobs; cores busy 65.0% of the time"
    plt.close(figure)
