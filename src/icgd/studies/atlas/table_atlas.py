"""The atlas as a table: for each model the two nearest algorithms, whether prompts and seeds tell them apart,
and whether it is the nearest one.
"""

import numpy as np
import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.analysis.tidy import rows
from icgd.plotting.looks import Looks

DISTANCE, COSINE, VERDICT = "relative_distance", "sensitivity_cosine", "is_algorithm"
BEYOND = "beyond_nearest"


def latex(metrics: pd.DataFrame, looks: Looks, confidence: float) -> str:
    """A row per model, in the order of `looks`: its name, then its two nearest algorithms with distances.

    Then by how much the second is further away on the same prompts, and whether that differs from zero. The
    row ends with the cosine with the nearest, and on how many seeds the model is the nearest algorithm: on
    the training law, and under all shifts at once. Where seeds differ in what is nearest, the number of those
    that it is so for follows its name, and distances are ranges over seeds.
    """
    table = final(metrics)
    models = [name for name in looks if len(rows(table, learner=name, metric=VERDICT))]
    return "".join(_row(rows(table, learner=name), looks[name].name, looks, confidence) for name in models)


def _row(mine: pd.DataFrame, name: str, looks: Looks, confidence: float) -> str:
    law = seed_intervals(rows(mine, option=None), confidence)
    by_metric = {metric: group.set_index("reference") for metric, group in law.groupby("metric")}
    apart = by_metric[DISTANCE].sort_values("mean")
    nearest, following = apart.index[:2]
    cells, (agreeing, seeds) = [name], _agreement(rows(mine, option=None), nearest)
    for algorithm in (nearest, following):
        found, error = apart.loc[algorithm], by_metric[f"{DISTANCE}_standard_error"].loc[algorithm, "mean"]
        ranged = rf"{found['min']:.3f}--{found['max']:.3f}"
        cells += [
            looks[algorithm].label,
            ranged if agreeing < seeds else _interval(*_with_error(found, error)),
        ]
    cells[1] += f" ({agreeing}/{seeds})" if agreeing < seeds else ""
    gap, half = _gap(rows(mine, option=None), nearest, following, confidence)
    cells += [_interval(gap, half), "yes" if abs(gap) > half else "no"]
    cells.append(f"{by_metric[COSINE].loc[nearest, 'mean']:.3f}")
    verdicts = rows(mine, metric=VERDICT, reference=nearest)
    on_law = rows(verdicts, option=None)["value"]
    shifted = rows(verdicts, option=...).groupby("seed")["value"].min()
    cells += [f"{int(found.sum())}/{len(found)}" for found in (on_law, shifted)]
    return " & ".join(cells) + " \\\\\n"


def _agreement(law: pd.DataFrame, nearest: str) -> tuple[int, int]:
    """For how many seeds an algorithm is the nearest, and the number of seeds."""
    apart = rows(law, metric=DISTANCE).pivot_table(index="seed", columns="reference", values="value")
    return int((apart.idxmin(axis=1) == nearest).sum()), len(apart)


def _gap(law: pd.DataFrame, nearest: str, following: str, confidence: float) -> tuple[float, float]:
    """By how much the second algorithm is further away than the first, and the half-width of its interval."""
    first, differences = (
        rows(law, metric=BEYOND, reference=name).sort_values("seed") for name in (nearest, following)
    )
    gaps = differences["value"].to_numpy(float) - first["value"].to_numpy(float)
    error = rows(law, metric=f"{BEYOND}_standard_error", reference=following)["value"].mean()
    return _with_error(seed_intervals(differences.assign(value=gaps), confidence).iloc[0], float(error))


def _with_error(row: pd.Series, error: float) -> tuple[float, float]:
    """Mean and half-width, which combines the interval over seeds with two standard errors over prompts."""
    return float(row["mean"]), float(np.hypot(row["high"] - row["mean"], 2 * error))


def _interval(mean: float, half: float) -> str:
    return rf"${mean:.3f}\pm{half:.3f}$"
