"""The whole paper at smoke size: results, reruns, determinism, errors; its report in a headless browser."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pandas as pd
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By

import icgd
from icgd.analysis.claims import FAILS, HOLDS
from icgd.results.job import Artefact
from icgd.results.store import load_arrays
from icgd.workflow.run import Run, start
from tests.browser import complaints, requested, until
from tests.conftest import ROOT, checkout, snakemake
from tests.pages import (
    ANSWERS,
    HISTORY_ANSWERS,
    PROMPTS,
    answers_differ,
    histories_like,
    logits_differ,
    prompts_like,
)

pytestmark = pytest.mark.workflow
RESULTS = "results/smoke"
MAIN_TEXT = 12
"""Pages that the main text may have."""
SMOKE = ROOT / "config/smoke.yaml"


def planned(folder: Path, *targets: str, **options: bool) -> dict[str, int]:
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
    assert old in path.read_text("utf-8")
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


@pytest.fixture(scope="module")
def run() -> Run:
    """The run as the config plans it."""
    return start([SMOKE], {})


@pytest.fixture(scope="module")
def counts(run: Run) -> dict[str, int]:
    """How many jobs each rule has by the config, as far as anything asks for what they make."""
    asked = {str(path) for job in run.jobs.values() for path in job.inputs}
    wanted = (job for job in run.jobs.values() if job.rule not in ("prompts", "baselines", "train"))
    made = [job for job in run.jobs.values() if asked & {str(path) for path in job.outputs.values()}]
    return Counter(job.rule for job in {id(job): job for job in [*made, *wanted]}.values())


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the whole smoke paper built once."""
    folder = checkout(tmp_path_factory.mktemp("smoke") / "icgd")
    snakemake(folder, "all", "verify")
    return folder


@pytest.fixture
def edited(finished: Path, tmp_path: Path) -> Path:
    """A copy of the finished checkout that a test may change, without Snakemake's own records."""
    folder = tmp_path / "icgd"
    shutil.copytree(finished, folder, symlinks=True, ignore=shutil.ignore_patterns(".snakemake"))
    return folder


def test_paper_and_tables_are_complete(finished: Path, run: Run, counts: dict[str, int]) -> None:
    results = finished / RESULTS
    metrics = icgd.metrics(results)
    assert list(metrics.columns)[:6] == ["experiment", "learner", "seed", "step", "option", "setting"]
    assert list(metrics.columns)[-2:] == ["metric", "value"]
    assert set(metrics["experiment"]) == set(run.config.experiments)
    assert len(pd.read_csv(results / "metrics.csv", low_memory=False)) == len(metrics)
    claims = pd.read_csv(results / "claims.csv", dtype={"id": str})
    assert set(claims["id"]) == set(run.config.claims)
    assert set(claims["verdict"]) <= {HOLDS, FAILS}
    for name in run.config.figures:
        for suffix in ("pdf", "png", "csv"):
            assert (results / f"figures/{name}.{suffix}").stat().st_size > 300
    assert (results / "paper.pdf").read_bytes()[:5] == b"%PDF-"
    record = json.loads((results / "provenance.json").read_text())
    assert record["packages"]["jax"]
    assert record["durations"]["train"]["jobs"] == counts["train"]
    costs = pd.read_csv(results / "costs.csv", keep_default_na=False)
    spent = costs.groupby("rule").size().to_dict()
    assert spent == {rule: count for rule, count in counts.items() if rule in spent}
    others = {"companion", "costs", "report", "verify", "verify_exact"}
    assert counts.keys() - spent.keys() == others
    assert set(run.config.studies) <= set(costs["study"])
    assert (results / "costs.png").stat().st_size > 300


def test_learners_of_a_run_answer_in_a_notebook(finished: Path) -> None:
    import jax

    for name, seeds in (("transformer", [0, 1]), ("gd", [None])):
        learner = icgd.load(finished / RESULTS, "one_step", name)
        prompts, _ = learner.prompts(jax.random.key(0), 5)
        one = jax.tree.map(lambda array: array[2], prompts)
        assert learner.seeds == seeds
        assert learner(prompts).shape == (len(seeds), 5, 1)
        assert learner(one)[:, 0].tolist() == pytest.approx(learner(prompts)[:, 2, 0].tolist(), abs=1e-5)
    with pytest.raises(LookupError, match="'transformer'"):
        icgd.load(finished / RESULTS, "one_step", "transfomer")


def test_lines_of_python_in_the_readme_run(finished: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    load, score = re.findall(r"```python\n(import icgd, jax\n.*?)```", text, re.DOTALL)
    found: dict[str, Any] = {}
    exec(load.replace("results/paper", str(finished / RESULTS)), found)
    assert 0 < float(found["difference"]) < 1
    assert found["errors"].shape == (2, 1000, 1)
    exec(score.replace("results/paper", str(finished / RESULTS)), found)
    assert found["found"].score.shape == (2,)


def test_paper_typeset_again_is_the_same_file(edited: Path) -> None:
    """Although jobs take another time; and the main text is not longer than it is meant to be."""
    before = (edited / RESULTS / "paper.pdf").read_bytes()
    snakemake(edited, f"{RESULTS}/paper.pdf", "--forcerun", "provenance", "paper")
    assert (edited / RESULTS / "paper.pdf").read_bytes() == before
    (log,) = (edited / RESULTS / "logs").rglob("paper/all.log")
    pages = re.search(r"pages of the main text: (\d+)", log.read_text("utf-8"))
    assert pages and int(pages[1]) <= MAIN_TEXT


def test_second_run_has_nothing_to_do(finished: Path) -> None:
    assert planned(finished, "all", "verify") == {}


def test_editing_a_plot_rebuilds_its_figure_and_the_paper(edited: Path) -> None:
    edit(edited, "src/icgd/studies/one_step/plot_rivals.py", "COLUMN, 1.5", "COLUMN, 1.6")
    assert planned(edited, "all") == {
        "figure": 1,
        "provenance": 1,
        "numbers": 1,
        "paper": 1,
        "costs": 1,
        "report": 1,
    }


def test_editing_the_model_retrains_but_a_comment_does_not(edited: Path, counts: dict[str, int]) -> None:
    """In a clone into which results were copied, too: nothing but them tells what they were made from."""
    loop = "src/icgd/training/loop.py"
    edit(edited, loop, "import equinox", "# A remark.\nimport equinox")
    edit(edited, loop, '"""Prompts whose activations fit', '"""Prompts that fit')
    assert planned(edited, "all") == {}
    edit(edited, loop, "return jnp.mean(jax", "return 0.5 * 2 * jnp.mean(jax")
    rerun = planned(edited, "all")
    assert rerun["train"] == counts["train"]
    assert not {"prompts", "baselines"} & rerun.keys()
    edit(edited, loop, "return 0.5 * 2 * jnp.mean(jax", "return jnp.mean(jax")
    assert planned(edited, "all") == {}, "an edit that is taken back runs nothing"


def test_editing_a_task_redraws_its_prompts_and_no_others(edited: Path, run: Run) -> None:
    task = "src/icgd/tasks/sine_waves.py"
    edit(edited, task, "REACH = 5.0", "REACH = 5.5")
    ours = [name for name, found in run.config.experiments.items() if "SineWaves" in found.task.kind]
    trained = sum(len(run.config.experiments[name].trained) for name in ours)
    fitted = sum(bool(run.config.experiments[name].baselines) for name in ours)
    rerun = planned(edited, "all")
    assert (rerun["prompts"], rerun["baselines"], rerun["train"]) == (len(ours), fitted, trained)


def test_one_figure_builds_only_what_it_needs(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    rerun = planned(folder, "figure_one_step_weights")
    every = ("prompts", "baselines", "train", "compare", "figure", "figure_one_step_weights")
    assert rerun == dict.fromkeys(every, 1)


def test_changing_one_option_reruns_what_it_affects(edited: Path) -> None:
    edit(edited, "config/studies/one_step.yaml", "dimensions: [1, 3, 10]", "dimensions: [1, 3]")
    rerun = planned(edited, "all")
    assert rerun["compare"] == 1
    assert not {"train", "prompts", "baselines"} & rerun.keys()


def test_two_clean_runs_are_bit_identical(finished: Path, tmp_path: Path) -> None:
    """Linear attention, language models, and blocks trained from a base."""
    folder = checkout(tmp_path)
    tables = [
        f"{RESULTS}/comparisons/{part}.parquet"
        for part in ("one_step/test/alignment", "language/test/formation")
    ]
    change = f"{RESULTS}/learners/retargeted/test/biases_to_l1.0-1.npz"
    snakemake(folder, *tables, change)
    for table in tables:
        pd.testing.assert_frame_equal(
            pd.read_parquet(folder / table), pd.read_parquet(finished / table), check_exact=True
        )
    here, there = (load_arrays(Artefact(where / change), "learner")[0] for where in (folder, finished))
    assert here.keys() == there.keys()
    for name in here:
        np.testing.assert_array_equal(here[name], there[name])


def test_artefact_that_is_cut_off_is_named_last(edited: Path) -> None:
    learner = next((edited / RESULTS / "learners/one_step/test").glob("*.npz"))
    learner.write_bytes(learner.read_bytes()[:5000])
    table = f"{RESULTS}/comparisons/one_step/test/weights.parquet"
    done = snakemake(edited, table, "--force", "--quiet", "all", check=False)
    assert done.returncode != 0
    last = "\n".join(done.stderr.splitlines()[-6:])
    assert f"error: {learner.relative_to(edited)} cannot be read" in last
    assert f"Delete {learner.relative_to(edited)} and repeat" in last
    learner.unlink()
    snakemake(edited, table)
    load_arrays(Artefact(learner), "learner")


def test_artefact_of_other_code_is_refused_by_name(edited: Path) -> None:
    blocks = edited / RESULTS / "learners/one_step"
    (blocks / "size=5/transformer.0-1.npz").replace(blocks / "test/transformer.0-1.npz")
    table = f"{RESULTS}/comparisons/one_step/test/weights.parquet"
    done = snakemake(edited, table, "--force", "--rerun-triggers", "params", check=False)
    assert done.returncode != 0
    assert "test/transformer.0-1.npz was made by other code or for another config" in done.stderr


def test_verify_fails_on_a_changed_value_and_on_another_verdict(edited: Path) -> None:
    reference = edited / "workflow/reference/smoke.csv"
    table = pd.read_csv(reference, dtype=str, keep_default_na=False)
    keys = {"experiment": "one_step", "learner": "gd", "option": "", "metric": "bounded_loss"}
    row = table.index[(table[list(keys)] == list(keys.values())).all(axis=1)][0]
    table.loc[row, "untrained"] = repr(float(table.loc[row, "untrained"]) + 1)
    table.to_csv(reference, index=False)
    claims = edited / "workflow/reference/smoke_claims.csv"
    verdicts = pd.read_csv(claims, dtype=str)
    verdicts.loc[0, "verdict"] = FAILS if verdicts.loc[0, "verdict"] == HOLDS else HOLDS
    verdicts.to_csv(claims, index=False)
    done = snakemake(edited, "verify", check=False)
    assert done.returncode != 0
    assert "one_step/gd/bounded_loss" in done.stderr
    assert f"claim {verdicts['id'].iloc[0]!s}:" in done.stderr


def test_number_that_no_measurement_yields_stops_before_the_first_job(edited: Path) -> None:
    edit(
        edited,
        "paper/sections/abstract.tex",
        "transformer/relative_excess_loss?",
        "transformer/relative_excess_lost?",
    )
    done = snakemake(edited, "all", "--dry-run", check=False)
    assert done.returncode != 0
    assert "abstract.tex, line" in done.stderr
    assert "'relative_excess_lost'" in done.stderr
    assert "Nearest: 'relative_excess_loss'" in done.stderr
    assert "Traceback" not in done.stderr


def test_report_shows_every_figure_and_claim(finished: Path, run: Run, browser: webdriver.Chrome) -> None:
    browser.get((finished / RESULTS / "report.html").as_uri())
    sizes = "return [...document.images].map(image => image.naturalWidth)"
    until(lambda: min(browser.execute_script(sizes)) > 300)
    assert len(browser.execute_script(sizes)) == len(run.config.figures) + 1
    rows = browser.find_elements(By.CSS_SELECTOR, "#claims tbody tr")
    assert len(rows) == len(run.config.claims)
    links = "return [...document.links].filter(link => link.protocol === 'file:').map(link => link.href)"
    files = {unquote(urlsplit(link).path) for link in browser.execute_script(links)}
    assert [file for file in files if not Path(file).exists()] == []
    assert not complaints(browser)
    assert requested(browser) <= {"file", "data", "blob"}


def test_companion_answers_as_the_learners_of_the_run(
    finished: Path, run: Run, browser: webdriver.Chrome, double: None
) -> None:
    """On random prompts of the shape of each learner's own, the first seed's weights rounded as there."""
    import jax

    from icgd.models.policy_ensemble import PolicyEnsemble

    browser.get((finished / RESULTS / "companion/index.html").as_uri())
    read = [
        (p, e, name) for p, panel in run.config.panels.items() for e in panel.reads for name in panel.reads[e]
    ]
    for panel, experiment, name in read:
        held = icgd.load(finished / RESULTS, experiment, name)
        learner = jax.tree.map(lambda a: a[0], held.population.learner)
        if isinstance(learner, PolicyEnsemble):
            task: Any = held.task
            policy = learner.names[0]
            tokens = histories_like(np.random.default_rng(0), PROMPTS, task.arms, task.pulls)
            there = browser.execute_script(HISTORY_ANSWERS, panel, name, policy, tokens.tolist())
            assert logits_differ(learner.member(policy), tokens, there) < 1e-4, name
            continue
        one, _ = held.prompts(jax.random.key(0), 1)
        told = 0 if one.objective is None else one.objective.shape[-1]
        _, n, width = one.x.shape
        prompts = prompts_like(np.random.default_rng(0), PROMPTS, n, width, told)
        there = browser.execute_script(ANSWERS, panel, name, 0, *prompts)
        assert answers_differ(learner, prompts, there) < 1e-4, name
    assert not complaints(browser)
    assert requested(browser) <= {"file", "data"}
