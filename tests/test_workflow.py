"""The whole paper at smoke size: results, reruns, determinism, errors; its report in a headless browser."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from icgd.results.store import load_arrays
from tests.conftest import ROOT, checkout, snakemake

RESULTS = "results/smoke"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --window-size=1400,1000 "
    "--disable-background-networking --disable-component-update --disable-sync --disable-dev-shm-usage"
)


def planned(folder: Path, *targets: str) -> dict[str, int]:
    """Rules that snakemake would run, with the number of jobs."""
    done = snakemake(folder, *targets, "--dry-run", "--quiet", "host")
    stats = re.search(r"Job stats:\njob +count\n[- ]+\n(.*?)\ntotal", done.stdout, re.DOTALL)
    if not stats:
        assert "Nothing to be done" in done.stdout + done.stderr
        return {}
    rows = (line.split() for line in stats[1].splitlines())
    return {rule: int(count) for rule, count in rows if rule != "all"}


def edit(folder: Path, file: str, old: str, new: str) -> None:
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the whole smoke paper built once."""
    folder = checkout(tmp_path_factory.mktemp("smoke") / "icgd")
    snakemake(folder, "all", "verify")
    return folder


@pytest.fixture
def edited(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkout that a test may change."""
    folder = tmp_path / "icgd"
    shutil.copytree(finished, folder, symlinks=True)
    return folder


def test_paper_and_tables_are_complete(finished: Path) -> None:
    results = finished / RESULTS
    metrics = pd.read_parquet(results / "metrics.parquet")
    assert list(metrics.columns) == ["experiment", "learner", "seed", "step", "condition", "metric", "value"]
    assert set(metrics["learner"]) >= {"transformer", "construction", "interpolation", "gd", "ridge", "ols"}
    assert {"loss", "prediction_l2", "sensitivity_cosine", "sensitivity_l2"} <= set(metrics["metric"])
    assert len(pd.read_csv(results / "metrics.csv")) == len(metrics)
    claims = pd.read_csv(results / "claims.csv")
    assert {"id", "statement", "source", "metric", "value", "threshold", "verdict"} <= set(claims.columns)
    assert set(claims["verdict"]) <= {"replicated", "not replicated", "extended"}
    for name in yaml.safe_load((finished / "config/figures.yaml").read_text()):
        assert (results / f"figures/{name}.pdf").stat().st_size > 1000
        assert (results / f"figures/{name}.png").stat().st_size > 1000
    assert (results / "paper.pdf").read_bytes()[:5] == b"%PDF-"
    record = json.loads((results / "provenance.json").read_text())
    assert record["packages"]["jax"]
    assert record["durations"]["train"]["jobs"] == 53


def test_second_run_has_nothing_to_do(finished: Path) -> None:
    assert planned(finished, "all", "verify") == {}


def test_editing_a_plot_rebuilds_its_figure_and_the_paper(edited: Path) -> None:
    edit(edited, "src/icgd/plots/rivals.py", "COLUMN, 1.5", "COLUMN, 1.6")
    assert planned(edited, "all") == {"figure": 1, "provenance": 1, "numbers": 1, "paper": 1}


def test_editing_the_model_retrains_but_a_comment_does_not(edited: Path) -> None:
    edit(edited, "src/icgd/training.py", "import equinox", "# A remark.\nimport equinox")
    edit(edited, "src/icgd/training.py", '"""Prompts whose activations fit', '"""Prompts that fit')
    assert planned(edited, "all") == {}
    edit(edited, "src/icgd/training.py", "return jnp.mean(jax", "return 0.5 * 2 * jnp.mean(jax")
    rerun = planned(edited, "all")
    assert rerun["train"] == 53
    assert rerun["compare"] == 39
    assert rerun["figure"] == 27
    assert not {"prompts", "baselines"} & rerun.keys()


def test_editing_the_task_redraws_the_prompts(edited: Path) -> None:
    edit(edited, "src/icgd/tasks/linear.py", "std = self.input_scale /", "std = 1.0 * self.input_scale /")
    assert planned(edited, "all").items() >= {"prompts": 7, "baselines": 11, "train": 53}.items()


def test_one_figure_builds_only_what_it_needs(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    rerun = planned(folder, "figure_one_step_weights")
    assert rerun == {
        "prompts": 1,
        "baselines": 1,
        "train": 1,
        "compare": 1,
        "figure": 1,
        "figure_one_step_weights": 1,
    }


def test_changing_one_option_reruns_what_it_affects(edited: Path) -> None:
    edit(edited, "config/smoke.yaml", "dimensions: [1, 3, 10]", "dimensions: [1, 3]")
    rerun = planned(edited, "all")
    assert rerun["compare"] == 1
    assert "train" not in rerun


def test_two_clean_runs_are_bit_identical(finished: Path, tmp_path: Path) -> None:
    """One table of each kind of model: linear attention, language models, blocks trained from a base."""
    folder = checkout(tmp_path)
    parts = ("one_step/test/alignment", "language/test/formation", "objectives_retargeted/test/retargeting")
    tables = [f"{RESULTS}/comparisons/{part}.parquet" for part in parts]
    snakemake(folder, *tables)
    for table in tables:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / table), pd.read_parquet(finished / table), check_exact=True
        )


def test_failing_rule_shows_its_own_log_last(edited: Path) -> None:
    learner = next((edited / RESULTS / "learners/one_step/test").glob("*.npz"))
    learner.write_bytes(learner.read_bytes()[:5000])
    table = f"{RESULTS}/comparisons/one_step/test/weights.parquet"
    done = snakemake(edited, table, "--force", check=False)
    assert done.returncode != 0
    assert f"error: {learner.relative_to(edited)} cannot be read" in done.stdout + done.stderr
    assert "Rebuild it with: snakemake --cores all --force" in done.stdout + done.stderr
    snakemake(edited, str(learner.relative_to(edited)), "--force")
    load_arrays(learner, "learner")


def test_verify_fails_on_a_changed_value(edited: Path) -> None:
    reference = edited / "workflow/reference/smoke.csv"
    table = pd.read_csv(reference)
    keys = ["experiment", "learner", "condition", "metric"]
    row = table.index[(table[keys] == ["one_step", "gd", "test", "bounded_loss"]).all(axis=1)][0]
    table.loc[row, "mean"] += 1
    table.to_csv(reference, index=False)
    done = snakemake(edited, "verify", check=False)
    assert done.returncode != 0
    assert "FAIL one_step/gd/test/bounded_loss" in done.stdout + done.stderr


def test_missing_number_stops_the_paper(edited: Path) -> None:
    edit(edited, "paper/sections/abstract.tex", "test/sensitivity_cosine}", "test/sensitivity_cosign}")
    done = snakemake(edited, "all", check=False)
    assert done.returncode != 0
    assert (
        "The run has no number called one_step/transformer/test/sensitivity_cosign"
        in done.stdout + done.stderr
    )


def test_conda_environment_matches_the_lock_file() -> None:
    environment = yaml.safe_load((ROOT / "envs/icgd.yaml").read_text())
    lock = (ROOT / "requirements.lock").read_text()
    for package, version in (pin.split("=") for pin in environment["dependencies"] if "python=" not in pin):
        assert re.search(rf"^{package}=={re.escape(version)}\s", lock, re.MULTILINE), package


@pytest.fixture
def browser() -> Iterator[webdriver.Chrome]:
    if not (CHROMIUM and DRIVER):
        assert not os.environ.get("CI"), "a CI needs chromium and chromedriver (make test installs them)"
        pytest.skip("chromium and chromedriver are not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS.split():
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    yield driver
    driver.quit()


def requested(browser: webdriver.Chrome) -> set[str]:
    """Schemes of everything that the page asked for."""
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    urls = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    return {url.split(":")[0] for url in urls}


def test_report_shows_figures_without_network(finished: Path, browser: webdriver.Chrome) -> None:
    snakemake(finished, "--report", "report.html")
    browser.get((finished / "report.html").as_uri())
    wait = WebDriverWait(browser, 20)

    def click(text: str) -> None:
        found = wait.until(lambda b: b.find_elements(By.XPATH, f"//*[normalize-space(text())='{text}']"))
        browser.execute_script("arguments[0].click()", found[-1])

    click("Figures")
    page = wait.until(lambda b: "Damped roll-out" in b.page_source and b.page_source)
    for title in ("Alignment over training", "Loss out of distribution", "Trained and constructed weights"):
        assert title in page
    button = "//tr[contains(., 'Damped roll-out')]//a[.//*[local-name()='svg']]"
    browser.execute_script("arguments[0].click()", wait.until(lambda b: b.find_elements(By.XPATH, button))[0])
    sizes = "return [...document.images].map(i => i.naturalWidth)"
    wait.until(lambda b: any(width > 300 for width in b.execute_script(sizes)))
    assert requested(browser) <= {"file", "data", "blob"}
