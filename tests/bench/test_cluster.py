"""How long jobs take on so many cores, for a handful that can be followed by hand."""

from pathlib import Path

import pytest

from icgd.bench.cluster import START, Task, tails, tasks, wall
from icgd.results.job import Job

A, B, C, D = (("train", name, 0) for name in "abcd")
DIAMOND = {A: Task(4.0), B: Task(3.0), C: Task(1.0, (A, B)), D: Task(2.0, (B,))}


def test_critical_path_is_the_longest_chain() -> None:
    assert tails(DIAMOND) == {A: 5.0, B: 5.0, C: 1.0, D: 2.0}


@pytest.mark.parametrize(("cores", "seconds"), [(1, 10.0), (2, 5.0), (3, 5.0)])
def test_jobs_start_when_a_core_and_their_inputs_are_there(cores: int, seconds: float) -> None:
    """On two cores: a 0–4, b 0–3, d 3–5, c 4–5."""
    assert wall(DIAMOND, cores) == seconds


def test_what_most_hangs_from_goes_first() -> None:
    """b, from which 10 s hang, before a; else it would take 13."""
    assert wall({A: Task(3.0), B: Task(1.0), C: Task(9.0, (B,))}, 1) == 13.0
    assert wall({A: Task(3.0), B: Task(1.0), C: Task(9.0, (B,)), D: Task(3.0)}, 2) == 10.0


def test_more_seeds_are_more_trainings_and_longer_comparisons() -> None:
    """The training that was never measured counts 40 s, the mean of the others."""
    base = Job("train", "e/test/base.0-4", {}, {"output": Path("base")})
    tuned = Job("train", "e/test/tuned.0-4", {"start": base.made()}, {"output": Path("tuned")})
    compare = Job("compare", "e/test/m", {"learners": [base.made(), tuned.made()]}, {"output": Path("m")})
    jobs = {(job.rule, job.name): job for job in (base, tuned, compare)}
    seconds = {
        ("train", "e/test/base"): 60.0,
        ("train", "e/test/other"): 20.0,
        ("compare", "e/test/m"): START + 7.0,
    }
    found = tasks(jobs, seconds, 2, 10.0)
    assert len(found) == 5
    assert found["train", base.name, 1] == Task(70.0)
    assert found["train", tuned.name, 1] == Task(50.0, (("train", base.name, 1),))
    assert found["compare", compare.name, 0].seconds == pytest.approx(10.0 + START + 14.0)
    assert len(found["compare", compare.name, 0].after) == 4
