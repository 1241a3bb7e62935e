"""Every mistake in a config ends in one message that names it."""

import copy
from pathlib import Path
from typing import Any

import pytest

from icgd.spec import config as settings
from icgd.spec.schema import ConfigError
from tests.conftest import ROOT, checkout, snakemake

SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"


@pytest.fixture
def smoke() -> dict[str, Any]:
    return load("smoke")


def load(run: str) -> dict[str, Any]:
    parts = {part: settings.read(ROOT / f"config/{part}.yaml") for part in ("figures", "claims")}
    return parts | settings.read(ROOT / f"config/{run}.yaml")


def put(config: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    config = copy.deepcopy(config)
    *parents, last = path.split("/")
    place = config
    for parent in parents:
        place = place[parent]
    place[last] = value
    return config


def keys(tree: Any, prefix: str = "") -> set[str]:
    if not isinstance(tree, dict):
        return set()
    return {f"{prefix}/{k}" for k in tree} | {p for k, v in tree.items() for p in keys(v, f"{prefix}/{k}")}


TASK = "experiments/one_step/task"
TRAINING = "experiments/one_step/trained/transformer/training"
MISTAKES = [
    ("sead", 1, ["'sead'", "Did you mean 'seed'"]),
    ("seeds", 0, ["seeds is 0", "at least 1"]),
    ("seeds", "five", ["seeds is 'five'", "integer"]),
    ("confidence", 1.5, ["confidence is 1.5", "less than 1"]),
    (f"{TASK}/dimenson", 4, ["'dimenson' (value 4)", "experiments.one_step.task", "'dimension'"]),
    (f"{TASK}/dimension", -3, ["dimension is -3", "at least 1"]),
    (f"{TASK}/inputs", "unifrom", ["inputs is 'unifrom'", "Nearest: 'uniform'"]),
    (f"{TASK}/kind", "linear.LinearRegresion", ["names nothing", "linear.LinearRegression"]),
    ("experiments/one_step/trained/transformer/layrs", 1, ["'layrs'", "'layers'"]),
    (f"{TRAINING}/step", 1, ["'step'", "'steps'"]),
    (f"{TRAINING}/learning_rate", 0, ["learning_rate is 0", "greater than 0"]),
    (f"{TRAINING}/warmpu", 0.1, ["'warmpu'", "'warmup'"]),
    ("experiments/one_step/references/transformer", ["gdd"], ["'gdd'", "'gd'"]),
    ("experiments/multi_step/references", {}, ["multi_step.references lacks 'transformer_recurrent_2'"]),
    ("experiments/atlas/borrowed/one_stp", ["gd"], ["'one_stp'", "'one_step'"]),
    ("experiments/atlas/borrowed/one_step", ["g"], ["'g'", "'gd'"]),
    ("experiments/real_data/task/table", "diabetis", ["'diabetis'", "'diabetes'"]),
    ("experiments/one_step/conditions/input_scal", [1.0], ["'input_scal'", "'input_scale'"]),
    ("experiments/one_step/conditions/input_scale", [-1.0], ["input_scale.0 is -1.0", "greater than 0"]),
    ("experiments/one_step/measurements/rolout", {}, ["'rolout'", "'rollout'"]),
    ("experiments/one_step/measurements/rollout/damping", "x", ["damping is 'x'", "number"]),
    ("experiments/objectives_retargeted/trained/all_to_l1/start", "bse", ["start is 'bse'", "'base'"]),
    ("experiments/objectives_retargeted/trained/all_to_l1/start", "all_to_linf", ["'all_to_linf'"]),
    ("experiments/objectives_retargeted/trained/base/task", {"objectiv": "l2"}, ["'objectiv'"]),
    ("experiments/objectives_retargeted/trained/base/task", {"objective": "l3"}, ["'l3'", "Nearest"]),
    ("experiments/objectives_retargeted/trained/all_to_l1/part", "everything", ["'everything'"]),
    ("xla_flags", 0, ["xla_flags is 0", "string"]),
    ("unverified", ["one_step/gdd"], ["unverified is 'one_step/gdd'", "Nearest: 'one_step/gd'"]),
    ("figures/one_step_sizes/plot", "size", ["'size'", "'sizes'"]),
    ("figures/one_step_sizes/sources", {"one_step/siz": ["alignment"]}, ["'siz'", "'size'"]),
    ("figures/one_step_sizes/sources", {"one_stp/size": ["alignment"]}, ["'one_stp'", "'one_step'"]),
    ("figures/one_step_training/options", {"learnrs": ["transformer"]}, ["'learnrs'", "'learners'"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "words"), MISTAKES)
def test_mistake_is_named(smoke: dict[str, Any], path: str, value: object, words: list[str]) -> None:
    settings.validate(smoke, SCHEMA)
    with pytest.raises(ConfigError) as error:
        settings.validate(put(smoke, path, value), SCHEMA)
    for word in words:
        assert word in str(error.value)


def test_claim_about_an_unknown_learner_is_named(smoke: dict[str, Any]) -> None:
    smoke["claims"][0]["learner"] = "transfomer"
    with pytest.raises(ConfigError, match="claims.E1.1.learner is 'transfomer'.*'transformer'"):
        settings.validate(smoke, SCHEMA)


def test_both_configs_have_the_same_keys(smoke: dict[str, Any]) -> None:
    """Except that the smoke run trains some of the changes and confounds only."""
    paper = load("paper")
    settings.validate(paper, SCHEMA)
    assert keys(smoke) <= keys(paper)
    swept = ("/experiments/objectives_retargeted/trained/", "/experiments/confounded/trained/")
    assert all(key.startswith(swept) for key in keys(paper) - keys(smoke))


def test_snakemake_stops_with_the_message_and_no_traceback(tmp_path: Path) -> None:
    folder = checkout(tmp_path)
    path = folder / "config/smoke.yaml"
    path.write_text(path.read_text().replace("fitting_prompts:", "fitting_promts:"))
    done = snakemake(folder, "--dry-run", check=False)
    assert done.returncode != 0
    output = done.stdout + done.stderr
    assert "'fitting_promts' (value 1024)" in output
    assert "Did you mean 'fitting_prompts'?" in output
    assert "Traceback" not in output


def test_blocks_of_seeds() -> None:
    assert settings.seed_blocks(5, 2) == ["0-1", "2-3", "4-4"]
    assert settings.block_seeds("2-4") == [2, 3, 4]
