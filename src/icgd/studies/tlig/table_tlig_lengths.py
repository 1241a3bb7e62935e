"""Rates and shrinkages of a looped layer and of GD++ by context length (TLIG, appendix A.10), as LaTeX."""

import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks
from icgd.writeup.latex import estimate, number

LAYER, DESCENT = ("transformer_recurrent_2", "tlig_looped_2"), ("gdpp_2", "tlig_gdpp_2")
"""Of the shortest context and of longer ones."""
GAMMA, RATE = "shrinkage_per_example", "rate_per_example"
PUBLISHED = {10: "0.179", 25: "0.099", 50: "0.056", 100: "0.029"}
"""The source's γ."""
LAWS = {"tlig": "10", "tlig_lengths": "25"}
"""Context lengths of the experiments' laws, whose rows name no setting."""


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """A row for each N: γ of the source, of the trained layer and of GD++, their η, extreme eigenvalues."""
    table = seed_intervals(
        final(rows(metrics, metric=[GAMMA, RATE, "smallest_eigenvalue", "largest_eigenvalue"])), confidence
    )
    laws = table["experiment"].map(LAWS)
    lengths = (table["setting"].fillna(laws) if "setting" in table else laws).astype(int)
    return "".join(_row(n, mine) for n, mine in table.groupby(lengths))


def _row(n: int, mine: pd.DataFrame) -> str:
    cells = [str(n), PUBLISHED.get(n, "--")]
    for metric in (GAMMA, RATE):
        cells += [estimate(rows(mine, learner=[*names], metric=metric)) for names in (LAYER, DESCENT)]
    for metric in ("smallest_eigenvalue", "largest_eigenvalue"):
        cells.append(number(rows(mine, metric=metric)["mean"].iloc[0], 3))
    return " & ".join(cells) + " \\\\\n"
