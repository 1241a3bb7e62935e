"""What `make paper` prints at its end: the verdicts, where time went, and the PDF: summary.py RESULTS."""

import json
import sys
from pathlib import Path

import pandas as pd


def summary(results: Path) -> str:
    """A few lines about a finished run."""
    claims = pd.read_csv(results / "claims.csv")
    record = json.loads((results / "provenance.json").read_text("utf-8"))
    lines = [f"{row.id:6} {row.verdict:6} {row.statement}" for row in claims.itertuples()]
    spent = ", ".join(f"{k} {v['seconds']:.0f} s" for k, v in record["durations"].items())
    lines += [f"Time of jobs by rule: {spent}"]
    if (file := results / "conduct.json").is_file():
        lines += [conduct(**json.loads(file.read_text("utf-8")))]
    return "\n".join([*lines, f"Paper: {results / 'paper.pdf'}"])


def conduct(wall: float, cpu: float) -> str:
    """What the last call that ran jobs took, and how much of that Snakemake itself used."""
    return f"Last run: {wall:.0f} s, in which Snakemake itself used {cpu:.0f} s of a core ({cpu / wall:.1%})"


if __name__ == "__main__":
    print(summary(Path(sys.argv[1])))
