"""Numbers and rows of tables as LaTeX."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from icgd.analysis.intervals import final, seed_intervals
from icgd.objectives.dial import OBJECTIVES
from icgd.studies.retargeting.plot_retargeting import CHANGES, TARGETS
from icgd.plotting.style import MODELS, label
from icgd.writeup.text import escape

COMPARISONS = {
    "below": "$<$ {0}",
    "above": "$>$ {0}",
    "between": "{0}--{1}",
    "equals": r"{0}\,$\pm$\,{1}",
}
OVER = {"mean": "mean", "max": "max", "min": "min", "max_abs": r"max$|\cdot|$"}
PERCENT = (
    "relative_excess",
    "loss_relative",
    "bounded_relative",
    "stable_relative",
    "diverged_",
    "unstable_",
)
COUNTS = ("parameters", "degree", "_lead", "_lead_low", "_lead_high", "_plateau", "phase_change_step")
EXACT = ("lad", "least_squares", "chebyshev")
PROMPTED = {
    "lsa": ("linear attention", OBJECTIVES),
    "softmax": ("softmax attention", OBJECTIVES),
    "prompted": ("blocks", OBJECTIVES),
    "prompted_exact": ("blocks, exact targets", EXACT),
    "prompted_natural": ("blocks, natural noise", EXACT),
}
"""Models that are told their objective, and the algorithms that they are compared with."""
KNOBS = {
    "lsa": "linear attention",
    "softmax": "softmax attention",
    "prompted": "blocks",
    "prompted_exact": "blocks, exact targets",
    "prompted_natural": "blocks, natural noise",
    "circuit": "constructed circuit",
    "dial": "constructed circuit, dial",
}
"""Learners with a knob that no training turns: their prompt, or a few parameters."""
DISTANCE, ERROR = "relative_distance_to_", "_standard_error"


def number(value: float, digits: int = 4) -> str:
    """A value for math or text mode: plain near one, otherwise with a power of ten."""
    if not np.isfinite(value):
        return r"\ensuremath{\infty}" if value == np.inf else "undefined"
    if value == 0:
        return "0"
    exponent = int(np.floor(np.log10(abs(value))))
    if -4 < exponent < 5:
        return rf"\ensuremath{{{value:.{max(digits - 1 - exponent, 0)}f}}}"
    return rf"\ensuremath{{{value / 10**exponent:.1f}\times10^{{{exponent}}}}}"


def shown(metric: str, value: float) -> str:
    """A metric's value as the paper prints it: relative losses in percent, counts as whole numbers."""
    if metric.endswith(COUNTS) and np.isfinite(value):
        return rf"\ensuremath{{{value:.0f}}}"
    if not metric.startswith(PERCENT) or not 1e-4 <= abs(value) < 100:
        return number(value)
    return rf"\ensuremath{{{100 * value:.2f}\,\%}}"


def claims_table(claims: pd.DataFrame) -> str:
    """Rows of the claims table; a maximum or minimum is printed without an interval."""
    return "".join(_claim(row) for row in claims.to_dict("records"))


def _claim(row: Mapping[Any, Any]) -> str:
    metric = str(row["metric"])
    value = shown(metric, row["value"])
    if row["over"] == "mean":
        value += rf" [{shown(metric, row['interval_low'])}, {shown(metric, row['interval_high'])}]"
    bounds = [shown(metric, float(number)) if float(number) else "0" for number in str(row["threshold"]).split()]
    bound = COMPARISONS[row["comparison"]].format(*bounds)
    verdict = rf"\textbf{{{row['verdict']}}}" if row["verdict"] == FAILS else row["verdict"]
    cells = [row["id"], escape(row["statement"]), escape(row["origin"]), OVER[row["over"]], value, bound, verdict]
    return " & ".join(cells) + r" \\" + "\n"


def times_table(record: Mapping[str, Any]) -> str:
    """Rows of the run-time table: rule, jobs, CPU seconds, peak memory."""
    return "".join(
        f"{escape(rule)} & {row['jobs']} & {row['seconds']:.0f} & {row['peak_mb']:.0f} \\\\\n"
        for rule, row in record["durations"].items()
    )


def atlas_table(metrics: pd.DataFrame, confidence: float) -> str:
    """Rows of the atlas: model, nearest algorithm and runner-up with their distances, and the verdicts.

    Intervals combine that over seeds with two standard errors over prompts. Verdicts count the seeds
    on which the model is the nearest algorithm: on the training law, and under all shifts at once.
    """
    rows = final(metrics[metrics["experiment"] == "atlas"])
    lines = []
    for model in [name for name in MODELS if name in set(rows["learner"])]:
        mine = rows[rows["learner"] == model]
        test = seed_intervals(mine[mine["condition"] == "test"], confidence).set_index("metric")
        apart = test[test.index.str.startswith(DISTANCE) & ~test.index.str.endswith(ERROR)]
        nearest, following = apart["mean"].sort_values().index[:2]
        name = nearest.removeprefix(DISTANCE)
        cells = [MODELS[model]]
        for metric in (nearest, following):
            seeds = test.loc[metric, "high"] - test.loc[metric, "mean"]
            half = np.hypot(seeds, 2 * test.loc[metric + ERROR, "mean"])
            algorithm = label(metric.removeprefix(DISTANCE))
            cells += [algorithm, rf"${test.loc[metric, 'mean']:.3f}\pm{half:.3f}$"]
        cells.append(f"{test.loc['sensitivity_cosine_to_' + name, 'mean']:.3f}")
        verdict = mine[mine["metric"] == f"is_{name}"]
        law = verdict[verdict["condition"] == "test"]["value"]
        shifted = verdict[verdict["condition"] != "test"].groupby("seed")["value"].min()
        cells += [f"{int(found.sum())}/{len(found)}" for found in (law, shifted)]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines) + "\n"


def _estimate(table: pd.DataFrame, learner: str, metric: str, one_minus: bool = False) -> str:
    """Mean and half-width of a metric of a learner, or of one minus it; a dash where it is not known."""
    rows = table[(table["learner"] == learner) & (table["metric"] == metric)]
    if rows.empty:
        return "--"
    mean, half = rows["mean"].iloc[0], rows["high"].iloc[0] - rows["mean"].iloc[0]
    spread = rf"\pm{half:.3f}" if rows["count"].iloc[0] > 1 else ""
    return f"${1 - mean if one_minus else mean:.3f}{spread}$"


def prompted_table(metrics: pd.DataFrame, confidence: float) -> str:
    """Rows for models that are told their objective: R² to descent on it, then the largest to another."""
    rows = final(metrics[(metrics["experiment"] == "objectives") & (metrics["condition"] == "test")])
    table = seed_intervals(rows, confidence)
    lines = []
    for learner, (name, algorithms) in PROMPTED.items():
        cells = [name]
        for asked, own in zip(OBJECTIVES, algorithms, strict=True):
            others = [f"error_{asked}_to_{other}" for other in algorithms if other != own]
            mine = table[(table["learner"] == learner) & table["metric"].isin(others)]
            cells += [_estimate(table, learner, f"error_{asked}_to_{own}", one_minus=True)]
            cells += [f"{1 - mine['mean'].min():.3f}"]
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines) + "\n"


def scores_table(metrics: pd.DataFrame, confidence: float) -> str:
    """Rows for every knob: parameters turned, and for L1 and L∞ its score and that on a random network."""
    rows = final(
        metrics[(metrics["experiment"] == "objectives_retargeted") & (metrics["condition"] == "test")]
    )
    table = seed_intervals(rows, confidence)
    size = table[table["metric"] == "parameters"].set_index("learner")["mean"]
    lines = []
    for learner, name in KNOBS.items():
        scores = [_estimate(table, learner, f"score_to_{target}") for target in TARGETS]
        turned = f"{size[learner]:.0f}" if size[learner] else "prompt"
        lines.append(" & ".join([name, turned, scores[0], "", scores[1], ""]) + r" \\")
    lines.append(r"\midrule")
    names = {change: name for change, (name, _) in CHANGES.items()}
    for change, name in (names | {"scratch": "from scratch", "linear": "linear, from scratch"}).items():
        if f"{change}_to_l1" not in size.index:
            continue
        cells = [name, f"{size[f'{change}_to_l1']:.0f}"]
        for target in TARGETS:
            for prefix in ("", "random_"):
                found = _estimate(table, f"{prefix}{change}_to_{target}", f"score_to_{target}")
                cells.append("" if prefix and found == "--" else found)
        lines.append(" & ".join(cells) + r" \\")
    return "\n".join(lines) + "\n"
