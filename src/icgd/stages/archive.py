"""Stage: the whole run in one file, from which its figures and its text can be made without training."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from icgd.results.archive import FORMAT, Content, pack
from icgd.results.digest import ROOT
from icgd.results.job import Artefact, Job
from icgd.results.store import write_text
from icgd.spec.config import own_studies
from icgd.stages.errors import StageError

ABOUT = """\
# The run `{run}`

- `paper.pdf`, `figures/` (each as PDF and PNG, with the table behind it)
- `{root}/`: `metrics.parquet` and `.csv`, `claims.csv`, `costs.csv`, `provenance.json`; `comparisons/` (what
  the metrics were merged from), `learners/` (weights by training step and seed), `baselines/` (algorithms)
- `config.json`: every setting; `archive.json`: what the run changes in the published config, and the revision
- `prompts.json`: the tasks, seeds and conditions that all evaluation prompts are drawn from
- `requirements.lock`: the packages; `SHA256SUMS`: checksums, for `sha256sum -c SHA256SUMS`

To draw the figures and to typeset the text again, in a clone of the repository at that revision:
`make figures ARCHIVE=<this file>`. To ask a learner: `icgd.load("{root}", "<experiment>", "<learner>")`.
"""


def main(job: Job) -> None:
    """Write the archive, and a text that says what it holds, its size and its checksum."""
    spec, run = job.spec, job.spec["run"]
    if own := own_studies(spec["overrides"]):
        raise StageError(
            f"the study {own[0]} is not in the repository; an archive holds no code, so not its own"
        )
    record = json.loads(_one(spec["data"], "provenance.json").read_text("utf-8"))
    about = {"format": FORMAT, "run": run, "overrides": spec["overrides"], "revision": record["revision"]}
    root = Path(job.settings["root"])
    members: dict[str, Content] = {
        "archive.json": _json(about),
        "README.md": ABOUT.format(run=run, root=root.as_posix()).encode(),
        "config.json": _json(spec["config"]),
        "prompts.json": _json(spec["prompts"]),
        **{name: ROOT / name for name in spec["texts"]},
        **{path.relative_to(root).as_posix(): path for path in _files(spec["shown"])},
        **{path.as_posix(): path for path in _files(spec["data"])},
    }
    pack(job.outputs["tar.gz"], f"icgd-{run}", members)
    text = contents(members, root, job.outputs["tar.gz"])
    print(text)
    write_text(job.outputs["txt"], text)


def contents(members: dict[str, Content], root: Path, archive: Path) -> str:
    """Numbers and sizes of files by kind, and of the archive, with its checksum."""
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for place, content in members.items():
        kind = place.removeprefix(f"{root.as_posix()}/").partition("/")[0]
        count[kind] += 1
        size[kind] += content.stat().st_size if isinstance(content, Path) else len(content)
    with archive.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    lines = [f"{kind:20} {count[kind]:5} files {size[kind] / 1e6:9.2f} MB" for kind in count]
    whole = f"{'in all':20} {len(members):5} files {sum(size.values()) / 1e6:9.2f} MB"
    packed = f"{archive.name}: {archive.stat().st_size / 1e6:.2f} MB, sha256 {checksum}"
    return "\n".join([*lines, whole, packed]) + "\n"


def _files(artefacts: list[Artefact]) -> Iterator[Path]:
    """The files of artefacts, of which some are folders."""
    for artefact in artefacts:
        path = artefact.path
        yield from sorted(path.iterdir()) if path.is_dir() else [path]


def _one(artefacts: list[Artefact], name: str) -> Path:
    return next(artefact.path for artefact in artefacts if artefact.path.name == name)


def _json(tree: object) -> bytes:
    return (json.dumps(tree, indent=1, ensure_ascii=False) + "\n").encode()
