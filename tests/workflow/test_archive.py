"""A run of one study; its results in one file, moved to a clean checkout and used there without training."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from icgd.results.archive import FORMAT, Content, pack, unpack
from icgd.workflow import from_archive
from icgd.workflow import run as workflow_run
from tests.conftest import checkout, snakemake
from tests.workflow.test_situations import write

pytestmark = pytest.mark.workflow
RESULTS = Path("results/few")
ARCHIVE = RESULTS / "icgd-few.tar.gz"
TEXTS = ("LICENSE", "CITATION.cff")
HOSTILE = {"JAX_ENABLE_X64": "1", "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
"""What a user's shell may hold; it changes nothing."""


def fresh(folder: Path) -> Path:
    """A checkout with all that the archive takes along."""
    checkout(folder)
    for name in TEXTS:
        shutil.copy(Path(__file__).parents[2] / name, folder)
    return folder


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout, in a folder with signs in its name, with a tiny run of one study and its archive."""
    folder = fresh(tmp_path_factory.mktemp("with a space") / "a:b 'c'")
    config = write(folder.parent / "few.yaml")
    snakemake(folder, "all", "archive", "--configfile", str(config), environ=HOSTILE)
    return folder


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean checkout, elsewhere; it has neither the config file nor any results."""
    return fresh(tmp_path_factory.mktemp("clone") / "another name")


def figures(folder: Path, archive: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    """What `make figures` calls."""
    return subprocess.run(
        [sys.executable, "workflow/scripts/figures.py", str(archive), *names],
        cwd=folder,
        env={k: v for k, v in os.environ.items() if k not in ("NPROC", "PYTHONPATH")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_archive_says_what_it_holds(made: Path, tmp_path: Path) -> None:
    unpack(made / ARCHIVE, tmp_path / "out")
    for name in (
        "paper.pdf",
        "figures/one_step_sizes.csv",
        "requirements.lock",
        "prompts.json",
        "config.json",
    ):
        assert (tmp_path / "out" / name).stat().st_size > 100
    for name in (
        "metrics.parquet",
        "claims.csv",
        "provenance.json",
        "learners/one_step/test/transformer.0-1.npz",
    ):
        kept = tmp_path / "out" / RESULTS / name
        assert kept.read_bytes() == (made / RESULTS / name).read_bytes()
    text = (made / RESULTS / "icgd-few.txt").read_text()
    assert f"icgd-few.tar.gz: {(made / ARCHIVE).stat().st_size / 1e6:.2f} MB, sha256" in text
    assert (
        subprocess.run(
            ["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=tmp_path / "out", check=False
        ).returncode
        == 0
    )


def test_one_study_without_claims_goes_to_the_paper(made: Path, tmp_path: Path) -> None:
    """Numbers of what is left out are printed as such."""
    folder = tmp_path / "icgd"
    shutil.copytree(made, folder)
    (folder / RESULTS / "config_file.txt").unlink()
    snakemake(
        folder, str(RESULTS / "paper.pdf"), "--configfile", str(write(tmp_path / "few.yaml", claims=None))
    )
    numbers = (folder / RESULTS / "numbers/numbers.tex").read_text("utf-8")
    assert r"\defineresult{claim/E1.5/verdict}{\notinrun}" in numbers
    absent = "multi_step/transformer_recurrent_2/sensitivity_cosine?reference=gdpp_2"
    assert rf"\defineresult{{{absent}}}{{\notinrun}}" in numbers
    before = (made / RESULTS / "paper.pdf").read_bytes()
    assert (folder / RESULTS / "paper.pdf").read_bytes() != before


def test_figures_and_pdf_come_from_it_without_training(made: Path, clone: Path) -> None:
    done = figures(clone, made / ARCHIVE, "one_step_sizes", "paper")
    assert done.returncode == 0, done.stdout + done.stderr
    found = clone / "results/archives/icgd-few" / RESULTS
    for name in ("figures/one_step_sizes.pdf", "figures/one_step_sizes.csv", "paper.pdf"):
        assert (found / name).read_bytes() == (made / RESULTS / name).read_bytes(), name
    ran = {path.relative_to(found / "costs").parts[0] for path in (found / "costs").rglob("*.json")}
    assert ran == {"figure", "claims", "verdicts", "numbers", "paper"}


def test_changed_plot_draws_and_changed_measurement_is_refused(
    made: Path, clone: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "edited"
    shutil.copytree(clone, folder, ignore=shutil.ignore_patterns(".snakemake"))
    shutil.rmtree(folder / "results")
    plot = folder / "src/icgd/studies/one_step/plot_sizes.py"
    plot.write_text(plot.read_text("utf-8") + "\nEDITED = True\n", "utf-8")
    assert figures(folder, made / ARCHIVE, "one_step_sizes").returncode == 0
    measure = folder / "src/icgd/analysis/measure_rollout.py"
    measure.write_text(measure.read_text("utf-8") + "\nEDITED = True\n", "utf-8")
    done = figures(folder, made / ARCHIVE, "one_step_sizes")
    assert done.returncode == 1
    assert (
        "icgd-few.tar.gz was made by other code or packages: results/few/comparisons/one_step/" in done.stderr
    )


def test_misspelt_figure_and_missing_archive_are_named(made: Path, clone: Path) -> None:
    done = figures(clone, made / ARCHIVE, "one_step_size")
    assert done.returncode == 1
    assert "Nearest: 'one_step_sizes'" in done.stderr
    done = figures(clone, Path("nowhere.tar.gz"))
    assert done.returncode == 1
    assert "nowhere.tar.gz does not exist" in done.stderr
    assert "Traceback" not in done.stderr


FEW = {"format": FORMAT, "run": "few", "overrides": {}, "revision": "unknown"}


@pytest.mark.parametrize(
    ("about", "match"),
    [
        (FEW | {"format": "other"}, "its format is 'other'"),
        (FEW | {"run": "../few"}, "its run is called '../few'"),
        (FEW | {"overrides": {"studies": {"own": "own"}}}, "the study own is not in the repository"),
        ([], "holds the results of no run that this checkout knows"),
    ],
)
def test_archive_that_asks_for_more_than_data_is_refused(
    clone: Path, tmp_path: Path, about: object, match: str
) -> None:
    members: dict[str, Content] = {"archive.json": json.dumps(about).encode(), "own/own.yaml": b"{}"}
    pack(tmp_path / "few.tar.gz", "icgd-few", members)
    done = figures(clone, tmp_path / "few.tar.gz")
    assert done.returncode == 1
    assert match in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("name", "overrides"), [("paper", {}), ("three", {"seeds": 3})])
def test_the_paper_is_planned_by_the_published_config_another_run_by_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, overrides: dict[str, int]
) -> None:
    """So that Snakemake, which is called with the same config, does not take it for another paper.yaml."""
    about = {"run": name, "overrides": overrides, "format": FORMAT, "revision": "r"}
    (tmp_path / "archive.json").write_text(json.dumps(about))
    file = tmp_path / "config" / f"{name}.yaml"
    monkeypatch.setattr(workflow_run, "checked", lambda _: {})
    planned, _ = from_archive._planned(tmp_path)
    assert (planned.name, planned.file) == (name, str(file) if overrides else "")
    called: list[list[str]] = []

    class Ended:
        def __init__(self, command: list[str]) -> None:
            called.append(command)

        def wait(self) -> int:
            return 0

    monkeypatch.setattr(subprocess, "Popen", Ended)
    assert from_archive.make(tmp_path, planned, ["a.pdf"]) == 0
    assert (str(file) in called[0]) == ("--configfile" in called[0]) == bool(overrides)
