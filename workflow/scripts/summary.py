"""What `make paper` prints at its end: the PDF, the time it took and the verdicts."""

import json
import sys
import time
from pathlib import Path

import pandas as pd


def summary(results: Path, started: float) -> str:
    """A few lines about a finished run."""
    claims = pd.read_csv(results / "claims.csv")
    record = json.loads((results / "provenance.json").read_text("utf-8"))
    lines = [f"{row.id:6} {row.verdict:6} {row.statement}" for row in claims.itertuples()]
    spent = ", ".join(f"{k} {v['seconds']:.0f} s" for k, v in record["durations"].items())
    lines += [f"Time of jobs by rule: {spent}"]
    lines += [f"Paper: {results / 'paper.pdf'} ({time.time() - started:.0f} s)"]
    return "\n".join(lines)


if __name__ == "__main__":
    print(summary(Path(sys.argv[1]), float(sys.argv[2])))
