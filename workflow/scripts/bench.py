"""Benchmark of the published config: bench.py FOLDER, run by `make bench`.

families.csv: for the main learners operations, compile time, speed and time to a stated loss; each is
measured in a process of its own. by_study.csv: what the last full run has cost by study and kind of job, if
there is one. Not a test: times are the machine's.
"""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd

from icgd.bench.growth import apart
from icgd.plotting.axes import STYLE
from icgd.results.paths import Paths
from icgd.results.store import replacing
from icgd.results.tables import save_table
from icgd.spec.config import load
from icgd.spec.expansion import variants
from icgd.spec.plan import Plan

TARGETS = {
    "one_step/transformer": 1.01 * 0.2062,  # the optimal gradient step
    "multi_step/transformer_recurrent_2": 1.03 * 0.1105,  # GD++, one rate
    "multi_step/transformer_2": 1.03 * 0.0923,  # GD++, rates per step
    "multi_step/transformer_recurrent_5": 1.1 * 0.0518,  # GD++, one rate
    "multi_step/transformer_5": 0.052,
    "multi_step/transformer_12": 0.02,
    "multi_step/transformer_12_norm": 0.12,
    "softmax/softmax_1": 0.30,
    "softmax/softmax_2": 0.225,
    "softmax/softmax_2x2": 0.145,
    "sine/wave_transformer": 0.001423,  # the best gradient step on any features
    "sine/wave_transformer_2": 0.0001,
    "sine/meta": 1.05 * 0.001423,
    "pairs/pairs": 0.2062,  # the optimal gradient step
    "language/two_layers": 1.5,  # nats per token
    "markov/linear_second": 1.8,
    "attained/prompted": 0.02,  # descent on three objectives, an error of about 0.06
}
"""Held-out losses, predictions of labels bounded, whose time is measured."""
WHOLE_RUN = Path("results/paper/costs.csv")
PLAN = Plan(load([]), Paths("results/bench"), {})


def matmul_rate() -> float:
    """Operations per second in a large product."""
    from icgd.bench import speed

    return speed.matmul_rate()


def family(name: str) -> dict[str, Any]:
    """One row: operations, compile time and speed at the job's own settings."""
    from icgd.bench.speed import Case, speed

    experiment, learner = name.split("/")
    training = PLAN.config.experiments[experiment].trained[learner].training
    case = Case.of(PLAN, experiment, learner, training.get("seeds_at_once") or training["seeds_per_job"])
    found = speed(case)
    per_step = case.flops() / case.training.steps
    return {"family": name, "flops_per_step": per_step, "seeds": case.seeds, **found}


def time_to(name: str) -> float:
    """Seconds of one seed to its target."""
    from icgd.bench.speed import Case, time_to

    return time_to(Case.of(PLAN, *name.split("/")), TARGETS[name])


def operations() -> dict[str, float]:
    """Operations of every training of the paper, for one seed."""
    from icgd.bench.speed import Case

    return {
        f"{name}/{variant}/{learner}": Case.of(PLAN, name, learner, variant=variant).flops()
        for name, experiment in PLAN.config.experiments.items()
        for variant in variants(experiment)
        for learner in experiment.trained
    }


def families(rate: float) -> pd.DataFrame:
    """A row per main learner."""
    rows = []
    for name in TARGETS:
        row = apart(family, name)
        row["matmul_share"] = row["flops_per_step"] * row["seeds"] * row["steps_per_s"] / rate
        row |= {"target": TARGETS[name], "target_s": apart(time_to, name)}
        rows.append(row)
        print(pd.DataFrame([row]).to_string(index=False, float_format="{:.3g}".format), flush=True)
    return pd.DataFrame(rows)


def draw(table: pd.DataFrame, path: Path) -> None:
    """Left the share of the rate of a large product, right the time to the target."""
    with plt.style.context(STYLE):
        figure, axes = plt.subplots(1, 2, figsize=(7, 3.2), sharey=True)
        axes[0].plot(table["matmul_share"], table["family"], "o", color="#0072B2")
        axes[1].plot(table["target_s"], table["family"], "s", color="#D55E00")
        axes[0].set(xlabel="share of the rate of a large product", xscale="log")
        axes[1].set(xlabel="processor time to target (s)", xscale="log")
        for panel in axes:
            panel.grid(axis="x", linewidth=0.3)
        axes[0].invert_yaxis()
        with replacing(path) as temporary:
            figure.savefig(temporary, dpi=200)


def main(folder: Path) -> None:
    """Print and write the tables and the picture."""
    mpl.use("agg")
    rate = apart(matmul_rate)
    print(f"large product: {rate / 1e9:.1f} Gflop/s", flush=True)
    if WHOLE_RUN.is_file():
        from icgd.bench.by_study import by_study

        table = by_study(pd.read_csv(WHOLE_RUN, keep_default_na=False), apart(operations), rate)
        print(table.to_string(index=False, float_format="{:.3g}".format), flush=True)
        save_table(folder / "by_study.csv", table)
    table = families(rate)
    save_table(folder / "families.csv", table)
    draw(table, folder / "families.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
