"""Stage: draw one figure from the metrics, as PDF and PNG, with the table behind it."""

import importlib
from pathlib import Path
from typing import Any

import matplotlib
import pandas as pd

from icgd.results.store import replacing
from icgd.analysis.intervals import seed_intervals
from icgd.plotting.style import STYLE
from icgd.stages.arguments import run_stage
from icgd.results.tables import load_table, save_table


def main(spec: dict[str, Any], tables: list[Path], pdf: Path, png: Path, csv: Path) -> None:
    """Call `icgd.plots.<plot>.draw(table, **options)` with intervals over seeds of what it selects."""
    matplotlib.use("agg")
    module = importlib.import_module(f"icgd.plots.{spec['plot']}")
    metrics = pd.concat([load_table(path) for path in tables], ignore_index=True)
    table = seed_intervals(module.select(metrics), spec["confidence"])
    with matplotlib.rc_context(STYLE):  # type: ignore[arg-type]
        figure = module.draw(table, **spec["options"])
        for path, options in ((pdf, {"metadata": {"CreationDate": None}}), (png, {"dpi": 200})):
            with replacing(path) as temporary:
                figure.savefig(temporary, **options)
    save_table(csv, table)


if __name__ == "__main__":
    run_stage(main, tables="paths", pdf="figure", png="figure", csv="table behind the figure")
