"""How cost grows with seeds, context, dimension, prompts and jobs: growth.py FOLDER, run by `make bench`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from icgd.bench.growth import measured
from icgd.plotting.axes import STYLE
from icgd.plotting.growth import draw
from icgd.results.store import replacing
from icgd.results.tables import save_table

LEARNERS = {"linear attention": "one_step/transformer", "softmax attention": "softmax/softmax_1"}
"""Whose cost is measured."""


def main(folder: Path) -> None:
    """Print and write growth.csv and the page growth.png."""
    mpl.use("agg")
    rows = []
    for row in measured(LEARNERS):
        rows.append(row)
        print(*row.values(), flush=True)
    table = pd.DataFrame(rows)
    save_table(folder / "growth.csv", table)
    with plt.style.context(STYLE), replacing(folder / "growth.png") as temporary:
        draw(table).savefig(temporary, dpi=200)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
