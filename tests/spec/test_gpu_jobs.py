"""Which trainings are for a GPU, with times that can be followed by hand, and the config for one."""

from collections.abc import Callable

import pytest

from icgd.spec.config import load
from icgd.spec.expansion import seed_blocks
from icgd.spec.gpu_jobs import GPU_START, GPU_STEP, gains
from icgd.spec.order import expected, measured
from tests.conftest import ROOT

PAPER = load([])
NAME = "one_step/test/transformer.0-4"
TRAINING = PAPER.experiments["one_step"].trained["transformer"].training
ON_GPU = GPU_START + GPU_STEP * TRAINING["steps"]


def taking(seconds: float) -> Callable[[str, str], float]:
    """Every training takes so long on a core."""
    return lambda _rule, _name: seconds


@pytest.mark.parametrize(("seconds", "sooner"), [(ON_GPU + 1, True), (ON_GPU - 1, False)])
def test_a_training_goes_where_it_ends_sooner(seconds: float, sooner: bool) -> None:
    assert gains(PAPER, PAPER, NAME, taking(seconds)) is sooner


def test_one_of_fewer_prompts_takes_less_of_a_core() -> None:
    """With a tenth of the batch an hour is six minutes: that still gains; a thousandth of it does not."""
    for share, sooner in ((10, True), (TRAINING["batch"], False)):
        batch = {"training": {"batch": TRAINING["batch"] // share}}
        config = load([], {"experiments": {"one_step": {"trained": {"transformer": batch}}}})
        assert gains(config, PAPER, NAME, taking(10 * ON_GPU * 1.5)) is sooner


def test_smoke_trainings_stay_on_the_processor() -> None:
    smoke = load([ROOT / "config/smoke.yaml"])
    assert not gains(smoke, PAPER, "one_step/test/transformer.0-1", expected(measured()))


def test_learner_that_is_not_published_counts_like_a_usual_one() -> None:
    own = {"kind": "attention_stack.attention_stack", "training": TRAINING}
    config = load([], {"experiments": {"one_step": {"trained": {"own": own}}}})
    name = "one_step/test/own.0-4"
    assert gains(config, PAPER, name, taking(ON_GPU + 1))
    assert not gains(config, PAPER, name, taking(ON_GPU - 1))


def test_the_config_for_a_gpu_has_one_job_a_learner() -> None:
    config = load([ROOT / "config/gpu.yaml"])
    for name, experiment in config.experiments.items():
        for trained in experiment.trained.values():
            assert len(seed_blocks(config.seeds_of(name), trained.training["seeds_per_job"])) == 1
            assert (trained.training.get("seeds_at_once") or 1000) >= config.seeds_of(name)
    assert {n: list(e.trained) for n, e in config.experiments.items()} == {
        n: list(e.trained) for n, e in PAPER.experiments.items()
    }
