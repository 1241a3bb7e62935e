r"""Stage: every number of the paper as LaTeX definitions, and its tables.

`\result{experiment/learner/condition/metric}` prints a value; an undefined one stops LaTeX. For a
swept condition, `name=max` and `name=min` stand for the extremes over its values and seeds.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from icgd.artefacts import load_table, write_text
from icgd.intervals import GROUP, final, seed_intervals
from icgd.stages.arguments import run_stage

SKIP = ("entry=",)
SUFFIXES = {"": "mean", "/low": "low", "/high": "high", "/max": "max", "/min": "min"}
OVER = {"mean": "mean", "max": "max", "min": "min", "max_abs": r"max$|\cdot|$"}
PERCENT = ("relative_", "loss_relative_", "stable_relative_", "diverged_", "unstable_")


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
    """A metric's value as the paper prints it: relative losses in percent."""
    if metric.startswith(PERCENT):
        return rf"\ensuremath{{{100 * value:.2f}\,\%}}" if np.isfinite(value) else number(value)
    return number(value)


def results(metrics: pd.DataFrame, confidence: float) -> Iterator[tuple[str, str]]:
    """Definitions of all final values: the mean, /low and /high, /worst (max) and /best (min)."""
    rows = final(metrics[~metrics["condition"].str.startswith(SKIP)])
    table = seed_intervals(rows, confidence)
    for key, row in zip(table[GROUP].agg("/".join, axis=1), table.itertuples(), strict=True):
        metric = str(row.metric)
        for suffix, column in SUFFIXES.items():
            yield f"{key}{suffix}", shown(metric, float(getattr(row, column)))
    swept = table[table["condition"].str.contains("=")]
    option = swept["condition"].str.split("=").str[0]
    for names, group in swept.groupby(["experiment", "learner", "metric", option]):
        experiment, learner, metric, name = cast(tuple[str, str, str, str], names)
        for extreme, value in (("max", group["max"].max()), ("min", group["min"].min())):
            yield f"{experiment}/{learner}/{name}={extreme}/{metric}", shown(metric, value)


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Definitions of a nested record's scalar leaves, by path."""
    items = tree.items() if isinstance(tree, Mapping) else enumerate(tree)
    for key, value in items:
        path = f"{prefix}/{key}"
        if isinstance(value, Mapping | list):
            if value:
                yield from flatten(value, path)
                yield f"{path}/count", str(len(value))
        else:
            yield path, f"{value:,}".replace(",", r"\,") if _big(value) else escape(str(value))


def _big(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 10_000


def escape(text: str) -> str:
    """Text with LaTeX's special characters made harmless."""
    for character in "&%#_$":
        text = text.replace(character, rf"\{character}")
    return text


def claims_table(claims: pd.DataFrame) -> str:
    """Rows of the claims table; a maximum or minimum is printed without an interval."""
    lines = []
    for row in claims.to_dict("records"):
        relation = "<" if row["relation"] == "below" else ">"
        metric = str(row["metric"])
        value = shown(metric, row["value"])
        if row["over"] == "mean":
            value += rf" [{shown(metric, row['interval_low'])}, {shown(metric, row['interval_high'])}]"
        bound = shown(metric, row["threshold"]) if row["threshold"] else "0"
        verdict = rf"\textbf{{{row['verdict']}}}" if "not" in row["verdict"] else row["verdict"]
        cells = [row["id"], escape(row["statement"]), escape(row["source"]), OVER[row["over"]], value]
        lines.append(" & ".join([*cells, rf"${relation}$ {bound}", verdict]) + r" \\")
    return "\n".join(lines) + "\n"


def times_table(record: Mapping[str, Any]) -> str:
    """Rows of the run-time table: rule, jobs, CPU seconds, peak memory."""
    return "".join(
        f"{escape(rule)} & {row['jobs']} & {row['cpu_s']:.0f} & {row['peak_mb']:.0f} \\\\\n"
        for rule, row in record["durations"].items()
    )


def source_root(record: Mapping[str, Any]) -> str:
    """Where links to sources start: the repository's page at the run's revision, or the checkout."""
    if record["repository"]:
        return f"{record['repository']}/blob/{record['revision']}/"
    return "../../"


def main(spec: dict[str, Any], metrics: Path, claims: Path, provenance: Path, output: Path) -> None:
    """Write numbers.tex, claims.tex and times.tex into the folder `output`."""
    record, verdicts = json.loads(provenance.read_text()), pd.read_csv(claims)
    definitions = dict(results(load_table(metrics), spec["confidence"]))
    definitions |= {f"config{key}": value for key, value in flatten(spec["config"])}
    definitions |= {f"run{key}": value for key, value in flatten(record)}
    definitions["run/cpu_minutes"] = f"{sum(r['cpu_s'] for r in record['durations'].values()) / 60:.0f}"
    for verdict in ("replicated", "extended", "not replicated"):
        definitions[f"claims/{verdict}"] = str(int((verdicts["verdict"] == verdict).sum()))
    definitions["confidence"] = rf"\ensuremath{{{100 * spec['confidence']:.0f}\,\%}}"
    definitions["run/source_root"] = source_root(record)
    definitions["claims/all"] = str(len(verdicts))
    for row in verdicts.to_dict("records"):
        definitions[f"claim/{row['id']}/verdict"] = row["verdict"]
        definitions[f"claim/{row['id']}/value"] = shown(str(row["metric"]), row["value"])
        definitions[f"claim/{row['id']}/threshold"] = shown(str(row["metric"]), row["threshold"])
    lines = (rf"\defineresult{{{key}}}{{{value}}}" for key, value in definitions.items())
    write_text(output / "numbers.tex", "\n".join(lines) + "\n")
    write_text(output / "claims.tex", claims_table(verdicts))
    write_text(output / "times.tex", times_table(record))


if __name__ == "__main__":
    run_stage(
        main,
        metrics="merged table",
        claims="claims table",
        provenance="record",
        output="folder of definitions",
    )
