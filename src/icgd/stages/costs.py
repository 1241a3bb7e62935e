"""Stage: what every job has cost, as a table, and when it ran, as a picture of the cores."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from icgd.plotting.axes import STYLE
from icgd.plotting.schedule import draw, in_one_go, lanes
from icgd.results.costs import load_costs
from icgd.results.job import Job
from icgd.results.store import replacing
from icgd.results.tables import save_table


def main(job: Job) -> None:
    """Write costs.csv, a row per job in the order in which they began, and costs.png."""
    mpl.use("agg")
    records = [
        {"study": place["study"], **vars(cost)}
        for place in job.spec["costs"]
        for cost in load_costs([place["file"]])
    ]
    table = pd.DataFrame(records).sort_values("began", ignore_index=True)
    table["lane"] = lanes(table["began"], table["ended"])
    save_table(job.outputs["csv"], table)
    with mpl.rc_context():
        mpl.rcdefaults()
        plt.style.use(STYLE)
        with replacing(job.outputs["png"]) as temporary:
            draw(in_one_go(table)).savefig(temporary, dpi=200)
