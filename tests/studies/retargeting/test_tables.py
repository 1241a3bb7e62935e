"""Rows of the tables, from metrics of a few rows."""

from typing import Any

import pandas as pd

from icgd.plotting.looks import Look, Looks
from icgd.studies.retargeting import table_prompted, table_scores

LOOKS = Looks(
    lsa=Look("linear attention"),
    prompted_exact=Look("blocks, exact targets"),
    dial=Look("constructed circuit, dial"),
    low_rank_1=Look("rank 1"),
    scratch=Look("from scratch", model="whole"),
)
FITS = ("lad", "least_squares", "chebyshev")


def metrics(records: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(records)
    empty = {name: None for name in ("option", "setting", "step") if name not in frame}
    return frame.assign(experiment="hand", **empty)


def seeds(value: float, **columns: Any) -> list[dict[str, Any]]:
    """Two seeds 0.002 apart: the half-width of the 95 % interval is 0.001 × 12.71."""
    ends = enumerate((value - 0.001, value + 0.001))
    return [columns | {"seed": seed, "step": 10, "value": end} for seed, end in ends]


def test_models_that_are_told_their_objective() -> None:
    records: list[dict[str, Any]] = []
    for learner, names in (("prompted_exact", FITS), ("lsa", ("l1", "l2", "linf"))):
        for row, asked in enumerate(("l1", "l2", "linf")):
            for column, name in enumerate((*names, "another")):
                error = 0.1 if row == column else 0.2 + 0.1 * column if column < 3 else 0.0
                where = {"learner": learner, "metric": "error", "objective": asked, "reference": name}
                records += seeds(error, **where)
                records += seeds(9.0, **where, option="noise", setting="arcsine")
    baseline = {"learner": "l2", "metric": "error", "objective": "l1", "reference": "l1", "value": 0.5}
    rows = table_prompted.latex(metrics([*records, baseline]), LOOKS, 0.95).splitlines()
    cells = r"$0.900\pm0.013$ & 0.700 & $0.900\pm0.013$ & 0.800 & $0.900\pm0.013$ & 0.800 \\"
    assert rows == [f"linear attention & {cells}", f"blocks, exact targets & {cells}"]


def test_scores_of_every_knob() -> None:
    records: list[dict[str, Any]] = []
    for objective, score in (("l1", 0.4), ("linf", 0.8)):
        records += seeds(score, learner="lsa", metric="score", objective=objective)
        dial = {"learner": "dial", "metric": "score", "objective": objective, "value": 1.0}
        records.append(dial)
        places = [("low_rank_1", "base", 20, 0.7), ("low_rank_1", "random", 20, -0.3)]
        for change, start, size, known in [*places, ("scratch", "nothing", 900, score)]:
            name = {"learner": f"{start}_{change}_{objective}", "objective": objective}
            records += seeds(known, **name, metric="score")
            records += [
                row | {"value": size}
                for row in seeds(0, **name, metric="trained_parameters", change=change, start=start)
            ]
    records += [row | {"value": 0.0} for row in seeds(0, learner="lsa", metric="parameters")]
    records.append({"learner": "dial", "metric": "parameters", "value": 9.0})
    assert table_scores.latex(metrics(records), LOOKS, 0.95).splitlines() == [
        r"linear attention & prompt & $0.400\pm0.013$ &  & $0.800\pm0.013$ &  \\",
        r"constructed circuit, dial & 9 & $1.000$ &  & $1.000$ &  \\",
        r"\midrule",
        r"rank 1 & 20 & $0.700\pm0.013$ & $-0.300\pm0.013$ & $0.700\pm0.013$ & $-0.300\pm0.013$ \\",
        r"whole & 900 & $0.400\pm0.013$ &  & $0.800\pm0.013$ &  \\",
    ]
