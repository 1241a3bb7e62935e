r"""Stage: every number of the paper as LaTeX definitions, and its tables.

`\result{experiment/learner/condition/metric}` prints a value; an undefined one stops LaTeX. For a
swept condition, `name=max` and `name=min` stand for the extremes over its values and seeds. Only what
the sources use is written, as LaTeX could not hold all metrics.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import pandas as pd

from icgd.results.store import write_text
from icgd.analysis.intervals import GROUP, final, seed_intervals
from icgd.writeup.latex import (
    atlas_table,
    claims_table,
    escape,
    prompted_table,
    scores_table,
    shown,
    times_table,
)
from icgd.stages.arguments import run_stage
from icgd.results.tables import load_table

SKIP = ("entry=",)
SUFFIXES = {"": "mean", "/low": "low", "/high": "high", "/max": "max", "/min": "min"}


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
            yield from flatten(value, path)
            yield f"{path}/count", str(len(value))
        else:
            yield path, f"{value:,}".replace(",", r"\,") if _big(value) else escape(str(value))


def _big(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 10_000


def source_root(record: Mapping[str, Any]) -> str:
    """Where links to sources start: the repository's page at the run's revision, or the checkout."""
    if record["repository"]:
        return f"{record['repository']}/blob/{record['revision']}/"
    return "../../"


def used_keys(sources: list[Path]) -> set[str]:
    """The keys of all numbers that LaTeX sources ask for."""
    return {key for path in sources for key in re.findall(r"\\result\{([^}]*)\}", path.read_text())}


def main(
    spec: dict[str, Any],
    metrics: Path,
    claims: Path,
    provenance: Path,
    sources: list[Path],
    output: Path,
) -> None:
    """Write numbers.tex and the rows of every table into the folder `output`."""
    record, verdicts, table = json.loads(provenance.read_text()), pd.read_csv(claims), load_table(metrics)
    definitions = dict(results(table, spec["confidence"]))
    definitions |= {f"config{key}": value for key, value in flatten(spec["config"])}
    definitions |= {f"run{key}": value for key, value in flatten(record)}
    definitions["run/job_minutes"] = f"{sum(r['seconds'] for r in record['durations'].values()) / 60:.0f}"
    for verdict in ("replicated", "extended", "not replicated"):
        definitions[f"claims/{verdict}"] = str(int((verdicts["verdict"] == verdict).sum()))
    definitions["confidence"] = rf"\ensuremath{{{100 * spec['confidence']:.0f}\,\%}}"
    definitions["run/source_root"] = source_root(record)
    definitions["claims/all"] = str(len(verdicts))
    for row in verdicts.to_dict("records"):
        definitions[f"claim/{row['id']}/verdict"] = row["verdict"]
        definitions[f"claim/{row['id']}/value"] = shown(str(row["metric"]), row["value"])
        definitions[f"claim/{row['id']}/threshold"] = shown(str(row["metric"]), row["threshold"])
    wanted = used_keys(sources) | {"run/revision", "run/source_root"}
    lines = (rf"\defineresult{{{k}}}{{{v}}}" for k, v in definitions.items() if k in wanted)
    write_text(output / "numbers.tex", "\n".join(lines) + "\n")
    write_text(output / "claims.tex", claims_table(verdicts))
    write_text(output / "times.tex", times_table(record))
    tables = {"atlas": atlas_table, "prompted": prompted_table, "scores": scores_table}
    for name, make in tables.items():
        write_text(output / f"{name}.tex", make(table, spec["confidence"]))


if __name__ == "__main__":
    run_stage(
        main,
        metrics="merged table",
        claims="claims table",
        provenance="record",
        sources="paths",
        output="folder of definitions",
    )
