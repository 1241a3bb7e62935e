"""What a run has cost, by study and kind of job."""

from collections.abc import Mapping

import pandas as pd


def by_study(costs: pd.DataFrame, flops: Mapping[str, float], rate: float) -> pd.DataFrame:
    """Rows of study and rule, then sums over studies and over all.

    `costs` has a row per job (see `icgd.results.costs`), `flops` the operations of one seed's training by
    <experiment>/<variant>/<learner>, `rate` the machine's operations per second in a large product.
    Shares are of the processor time; `matmul_share` is the rate of the computing part in units of `rate`.
    """
    jobs = costs.assign(
        study=costs["study"].fillna("").replace("", "whole"),
        computing=costs["cpu"] - costs["start"] - costs["compiling"],
        flops=[_training(name, flops) if rule == "train" else float("nan") for rule, name in _names(costs)],
    )
    parts = [
        jobs.groupby(["study", "rule"], sort=False),
        jobs.assign(study="all").groupby(["study", "rule"], sort=False),
        jobs.assign(study="all", rule="all").groupby(["study", "rule"]),
    ]
    return pd.concat([_summed(part, rate) for part in parts], ignore_index=True)


def _names(costs: pd.DataFrame) -> "zip[tuple[str, str]]":
    return zip(costs["rule"], costs["name"], strict=True)


def _training(name: str, flops: Mapping[str, float]) -> float:
    """Operations of a training <experiment>/<variant>/<learner>.<first seed>-<last seed>."""
    learner, _, seeds = name.rpartition(".")
    first, last = map(int, seeds.split("-"))
    return (last - first + 1) * flops.get(learner, float("nan"))


def _summed(groups: "pd.api.typing.DataFrameGroupBy", rate: float) -> pd.DataFrame:
    table = groups.agg(
        jobs=("cpu", "size"),
        cpu=("cpu", "sum"),
        start=("start", "sum"),
        compiling=("compiling", "sum"),
        computing=("computing", "sum"),
        compiled=("compiled", "sum"),
        cached=("cached", "sum"),
        flops=("flops", lambda values: values.sum(min_count=1)),
    ).reset_index()
    counted = table["rule"] == "train"
    table["flops"] = table["flops"].where(counted)
    table["matmul_share"] = table["flops"] / table["computing"] / rate
    for part in ("start", "compiling", "computing"):
        table[part] /= table["cpu"]
    return table.rename(columns={part: f"{part}_share" for part in ("start", "compiling", "computing")})
