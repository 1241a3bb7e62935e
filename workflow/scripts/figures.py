"""Figures from an archive: figures.py ARCHIVE [FIGURE …], with `paper` for the PDF; without names all.

They go to results/archives/<name of the archive>/.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from icgd.results.archive import ArchiveError
from icgd.results.digest import ROOT
from icgd.spec.reading import ConfigError
from icgd.workflow.from_archive import make, open_archive, targets


def main(archive: Path, names: list[str]) -> int:
    """Unpack, check, and make what is asked for; the exit code."""
    folder = ROOT / "results" / "archives" / archive.name.removesuffix(".gz").removesuffix(".tar")
    try:
        run = open_archive(archive, folder)
        files = targets(run, names)
    except (ArchiveError, ConfigError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    status = make(folder, run, files)
    if not status:
        print(*(folder / file for file in files), sep="\n")
    return status


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[1]:
        sys.exit("Name the archive: make figures ARCHIVE=icgd-paper.tar.gz [ONLY='one_step_sizes paper']")
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
