"""A campaign of faults: faults.py FOLDER [--target …] [--configfile …] [--damages N] [--kills N] [--disks N].

Run by hand or weekly, in a scratch folder. First the target is made undisturbed, twice: the second run, whose
programs are compiled already, says how long one takes. Then a learner, prompts, a baseline and a table of the
finished run are cut, swapped, replaced by those of another version, or pickled. After that, each time from
nothing, a run is killed with SIGKILL at a random time (Snakemake, a job, or both; a time at which there is
nothing to kill is drawn again) or runs out of disk, and is started again. In the end everything has to be bit
for bit that of the undisturbed run, and bad files must have been refused by their names. Writes faults.csv
there, and fails if anything else happened.
"""

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

import pandas as pd

from icgd.bench.faults import Campaign


def faults(
    campaign: Campaign, dice: random.Random, damages: int, kills: int, disks: int
) -> Iterator[dict[str, Any]]:
    """One after another, with what came out."""
    for what, kind in campaign.damages[:damages]:
        yield campaign.damaged(what, kind)
    for number in range(kills):
        yield campaign.killed(("run", "job", "both")[number % 3], dice)
    for number in range(disks):
        yield campaign.full((number + 0.5) / disks)


def main() -> int:
    """Carry out the campaign and print its table; the exit code says whether all went as it should."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--target", default="all")
    parser.add_argument("--configfile", type=Path, default=Path("config/smoke.yaml"))
    parser.add_argument("--damages", type=int, default=100, help="of the 16 kinds, the first so many")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--disks", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    campaign = Campaign.start(given.folder, given.target, given.configfile)
    rows = []
    for row in faults(campaign, random.Random(given.seed), given.damages, given.kills, given.disks):
        rows.append(row)
        print(row, flush=True)
        pd.DataFrame(rows).to_csv(given.folder / "faults.csv", index=False)
    table = pd.DataFrame(rows)
    print(table.to_string(index=False))
    return int(not table["as_it_should"].all())


if __name__ == "__main__":
    sys.exit(main())
