"""Jobs from which the longest chain of work hangs go first."""

from pathlib import Path

from icgd.results.job import Artefact, Job
from icgd.spec.config import load
from icgd.spec.expansion import LAW
from icgd.spec.order import MEASURED, measured, remaining


def job(rule: str, name: str, output: str, *inputs: str) -> Job:
    return Job(rule, name, {"reads": [Artefact(Path(path)) for path in inputs]}, {"output": Path(output)})


JOBS = [
    job("train", "e/v/long.0-4", "long"),
    job("train", "e/v/short.0-4", "short"),
    job("train", "e/v/new.0-4", "new"),
    job("compare", "e/v/m", "table", "long", "short"),
    job("compare", "e/v/heavy", "other", "short"),
    job("paper", "all", "pdf", "table", "other"),
]
SECONDS = {
    ("train", "e/v/long"): 10.0,
    ("train", "e/v/short"): 2.0,
    ("compare", "e/v/m"): 1.0,
    ("compare", "e/v/heavy"): 20.0,
}


def test_priority_is_the_longest_chain_that_begins_with_a_job() -> None:
    mean = (10 + 2 + 1 + 20) / 4
    assert remaining(JOBS, SECONDS) == {
        ("train", "e/v/long.0-4"): 10 + 1 + mean,
        ("train", "e/v/short.0-4"): 2 + 20 + mean,
        ("train", "e/v/new.0-4"): (10 + 2) / 2,
        ("compare", "e/v/m"): 1 + mean,
        ("compare", "e/v/heavy"): 20 + mean,
        ("paper", "all"): mean,
    }


def test_without_times_the_longest_chain_of_jobs_goes_first() -> None:
    assert remaining(JOBS, {})["train", "e/v/short.0-4"] == 3


def test_the_measured_times_are_those_of_learners_and_figures_of_the_paper() -> None:
    config = load([])
    trained = {f"{name}/{LAW}/{learner}" for name, e in config.experiments.items() for learner in e.trained}
    known = {name for rule, name in measured(MEASURED) if rule == "train"}
    assert len(trained & known) > 0.8 * len(trained)
    assert {name for rule, name in measured(MEASURED) if rule == "figure"} >= set(config.figures)
