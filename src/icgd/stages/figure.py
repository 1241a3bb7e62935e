"""Stage: draw one figure from the metrics, as PDF and PNG, with the table behind it."""

import importlib
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from icgd.analysis.intervals import seed_intervals
from icgd.analysis.tidy import merged
from icgd.plotting.axes import STYLE
from icgd.plotting.looks import Looks
from icgd.results.job import Job
from icgd.results.store import replacing
from icgd.results.tables import load_table, save_table


def over_seeds(metrics: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """Means and what is drawn about them: intervals, or of two seeds their range.

    A Student interval of two is thirteen times as wide as its standard error, and hides the figure.
    """
    table = seed_intervals(metrics, confidence)
    two = table["count"] == 2
    return table.assign(low=table["low"].mask(two, table["min"]), high=table["high"].mask(two, table["max"]))


def main(job: Job) -> None:
    """Call the plot's `draw(table, looks, **options)` with what its `select` keeps, over seeds."""
    mpl.use("agg")
    spec = job.spec
    module = importlib.import_module(spec["module"])
    metrics = merged(load_table(table) for table in spec["tables"])
    table = over_seeds(module.select(metrics), spec["confidence"])
    formats: dict[str, dict[str, Any]] = {"pdf": {"metadata": {"CreationDate": None}}, "png": {"dpi": 200}}
    with mpl.rc_context():
        mpl.rcdefaults()  # whatever a user's matplotlibrc says
        plt.style.use(STYLE)
        figure = module.draw(table, Looks.of(spec["looks"]), **spec["options"])
        for suffix, options in formats.items():
            with replacing(job.outputs[suffix]) as temporary:
                figure.savefig(temporary, **options)
            figure.set_layout_engine("none")  # the first one has laid it out
    save_table(job.outputs["csv"], table)
