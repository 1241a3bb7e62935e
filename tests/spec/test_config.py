"""A run is the published config under what it changes; every mistake ends in one message that names it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from icgd.analysis import measure_rollout
from icgd.checks.building import refusal
from icgd.checks.everything import check
from icgd.checks.experiments import Checker
from icgd.results.paths import Paths
from icgd.spec.config import load
from icgd.spec.expansion import variants
from icgd.spec.model import Config, Grid
from icgd.spec.plan import Plan
from icgd.spec.reading import ConfigError
from icgd.tasks.sine_waves import SineWaves
from tests.conftest import ROOT

PAPER = ROOT / "config/paper.yaml"
STUDIES = yaml.safe_load(PAPER.read_text())["studies"]
TRAINED = "experiments/one_step/trained/transformer"
TRAINING = f"{TRAINED}/training"
MEASURED = "experiments/one_step/measurements"


def tree(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(path.split("/")):
        value = {key: value}
    return dict(value)


def only(*studies: str) -> dict[str, Any]:
    """An override that leaves out all other studies."""
    return {"studies": dict.fromkeys(study for study in STUDIES if study not in studies)}


ONE_STEP = only("one_step")


def configured(folder: Path, *overrides: dict[str, Any]) -> Config:
    files = []
    for number, override in enumerate(overrides):
        files.append(folder / f"override_{number}.yaml")
        files[-1].write_text(yaml.safe_dump(override, allow_unicode=True), "utf-8")
    return load(files)


MISTAKES: list[tuple[dict[str, Any], list[str]]] = [
    (tree("sead", 1), ["sead is an unknown key", "Did you mean 'seed'"]),
    (tree("seeds", 0), ["seeds is 0", "at least 1"]),
    (tree("seeds", "five"), ["seeds is 'five'", "whole number"]),
    (tree("seed", 20261127000000000001), ["seed is 20261127000000000001", "at most 2147483647"]),
    (tree("confidence", 1.5), ["confidence is 1.5", "less than 1"]),
    (tree("xla_flags", 0), ["xla_flags is 0", "text"]),
    (tree("studies/nonsense", "included"), ["'nonsense'", "one_step"]),
    (
        tree("experiments/one_step/task", "linaer"),
        ["experiments.one_step.task is 'linaer'", "Nearest: 'linear'"],
    ),
    (tree("tasks/linear/dimenson", 4), ["'dimenson' (value 4)", "experiments.one_step.task", "'dimension'"]),
    (tree("tasks/linear/dimension", -3), ["task.dimension is -3", "at least 1"]),
    (tree("tasks/linear/dimension", "five"), ["task.dimension is 'five'", "whole number"]),
    (tree("tasks/linear/inputs", "unifrom"), ["inputs is 'unifrom'", "Nearest: 'uniform'"]),
    (
        tree("tasks/linear/kind", "linear_regression.LinearRegresion"),
        ["no 'LinearRegresion'", "'LinearRegression'"],
    ),
    (
        tree("tasks/linear/kind", "linear_regresion.LinearRegression"),
        ["'linear_regresion'", "'linear_regression'"],
    ),
    (tree("tasks/linear/kind", "LinearRegression"), ["kind is 'LinearRegression'", "module.name"]),
    (tree(f"{TRAINED}/layrs", 1), ["'layrs'", "'layers'"]),
    (tree(f"{TRAINED}/heads", 0), ["heads is 0", "at least 1"]),
    (tree(f"{TRAINED}/start", "base"), ["start is 'base'"]),
    (tree(f"{TRAINED}/task", {"objective": "l1"}), ["trained.transformer.task is 'objective'"]),
    (tree(f"{TRAINED}/task", {"dimension": 0}), ["trained.transformer.task.dimension is 0"]),
    (tree(f"{TRAINING}/step", 1), ["'step'", "'steps'"]),
    (tree(f"{TRAINING}/learning_rate", 0), ["learning_rate is 0", "greater than 0"]),
    (tree(f"{TRAINING}/warmup", 5), ["warmup is 5", "at most 1"]),
    (
        tree("experiments/one_step/trained/Transformer", {"kind": "a.b", "training": {}}),
        ["trained.Transformer"],
    ),
    (tree("experiments/one_step/baselines/gd/per_contxt", True), ["'per_contxt'", "'per_context'"]),
    (tree("experiments/one_step/references/transformer/algorithm", "gdd"), ["'gdd'", "'gd'"]),
    (tree("experiments/one_step/references/transformer", None), ["references", "transformer"]),
    (tree("experiments/one_step/borrowed/one_step", ["gd"]), ["borrowed is 'one_step'"]),
    (
        tree("experiments/one_step/interpolations/interpolation", ["transformer"]),
        ["interpolation", "at least 2"],
    ),
    (tree("experiments/one_step/conditions/input_scal", [1.0]), ["'input_scal'", "'input_scale'"]),
    (tree("experiments/one_step/conditions/input_scale", [-1.0]), ["input_scale is -1.0", "greater than 0"]),
    (
        tree("experiments/one_step/variants/size/values", ["five"]),
        ["variants.size.values", "'five'", "whole number"],
    ),
    (tree("experiments/one_step/variants/size/values", [-3]), ["variants.size.values", "-3"]),
    (tree(f"{MEASURED}/rolout", {}), ["'rolout'", "'rollout'"]),
    (tree(f"{MEASURED}/rollout/damping", "x"), ["damping is 'x'", "number"]),
    (tree(f"{MEASURED}/rollout/learners", ["transfomer"]), ["'transfomer'", "'transformer'"]),
    (tree("figures/one_step_sizes/plot", "size"), ["'size'", "'sizes'"]),
    (tree("figures/one_step_sizes/reads", {"one_step/siz": ["alignment"]}), ["'siz'", "'size'"]),
    (tree("figures/one_step_sizes/reads", {"one_stp/size": ["alignment"]}), ["'one_stp'", "'one_step'"]),
    (
        tree("figures/one_step_sizes/reads", {"one_step/size": ["weights"]}),
        ["figures.one_step_sizes", "'weights'"],
    ),
    (tree("figures/one_step_training/options", {"learnrs": {}}), ["'learnrs'", "'learners'"]),
    (
        tree("figures/one_step_training/options/learners", {"transfomer": "gd"}),
        ["'transfomer'", "'transformer'"],
    ),
    (tree("claims/E1.2/learner", "transfomer"), ["claims.E1.2", "'transfomer'", "'transformer'"]),
    (tree("claims/E1.2/metric", "relative_exces_loss"), ["claims.E1.2", "'relative_excess_loss'"]),
    (tree("claims/E1.2/where/reference", None), ["claims.E1.2", "reference"]),
    (tree("claims/E1.2/where", {"reference": "gdd"}), ["claims.E1.2", "'gdd'", "'gd'"]),
    (tree("claims/E1.5/where/option", "siz"), ["claims.E1.5", "'siz'", "'size'"]),
    (tree("claims/E1.6a/where/setting", 0.6), ["claims.E1.6a", "'0.6'"]),
    (tree("claims/E1.2/above", 0.1), ["claims.E1.2", "below and above"]),
    (tree("claims/E1.2/below", None), ["claims.E1.2", "no comparison"]),
    (tree("claims/E1.2/group", "E1.33"), ["claims.E1.2.group", "'E1.33'", "Nearest: 'E1.3'"]),
    (tree("claims/E1.2/group", "E1.1"), ["claims.E1.2.group", "facts have no groups"]),
    (tree("claims/E1.2/group", "E1.3"), ["claims.E1.2.group", "in the group of 'E1.2'"]),
    (tree("claims/E1.2/kind", "find"), ["claims.E1.2.kind", "'find'", "'finding'"]),
    (
        tree(f"{MEASURED}/penalty/penalties", [0.1]),
        ["methods_more.tex", "the penalty is 1.0", "Nearest: '0.1'"],
    ),
    (tree("looks/gd/colour", "red"), ["colour is 'red'", "#0072B2"]),
    (tree("experiments/one_step/unverified", ["gdd"]), ["'gdd'", "Nearest: 'gd'"]),
]


ELSEWHERE: list[tuple[str, str, dict[str, Any], list[str]]] = [
    (
        "atlas",
        "real_data",
        {"task": {"table": None}, "borrowed": None, "references": None, "unverified": None},
        ["experiments.real_data.task lacks the key 'table'"],
    ),
    (
        "retargeting",
        "attained",
        {"trained": {"prompted": {"width": 64, "heads": 3}}},
        ["experiments.attained.trained.prompted cannot be built", "heads is 3", "the width 64"],
    ),
    (
        "retargeting",
        "attained",
        {"measurements": {"attainment": {"learners": ["promtped"]}}},
        ["attained.measurements.attainment is 'promtped'", "'prompted'"],
    ),
    (
        "depth",
        "multi_step",
        {
            "baselines": {"gd": {"kind": "descent.gradient_step"}},
            "borrowed": {"one_step": ["gd", "transformer"]},
        },
        ["experiments.multi_step has two learners called 'gd'", "borrow or name one of them otherwise"],
    ),
]


@pytest.mark.parametrize(("study", "name", "override", "words"), ELSEWHERE, ids=[m[3][0] for m in ELSEWHERE])
def test_mistake_of_another_study_is_named(
    tmp_path: Path, study: str, name: str, override: dict[str, Any], words: list[str]
) -> None:
    """What tasks, models and options are like there, in one experiment of it beside the study of one step."""
    config = configured(tmp_path, only("one_step", study), {"experiments": {name: override}})
    few = {key: config.experiments[key] for key in ("one_step", name)}
    with pytest.raises(ConfigError) as error:
        check(config.model_copy(update={"experiments": few}))
    for word in words:
        assert word in str(error.value)


def test_a_claim_of_two_studies_is_named_with_both(tmp_path: Path) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    claim = load([]).claims["E1.2"].model_dump(exclude_none=True)
    (own / "mine.yaml").write_text(yaml.safe_dump({"claims": {"E1.2": claim}}), "utf-8")
    with pytest.raises(
        ConfigError, match=r"claims\.E1\.2 stands in one_step\.yaml and in mine\.yaml; rename"
    ):
        configured(tmp_path, ONE_STEP, tree("studies/mine", str(own)))


def test_a_variant_may_have_digits_in_its_name(tmp_path: Path) -> None:
    size = {"options": ["dimension"], "values": [5, 7], "measurements": ["alignment"]}
    config = configured(tmp_path, ONE_STEP, tree("experiments/one_step/variants/size_2d", size))
    reads = Checker(config).reads("one_step")
    assert "size_2d=5" in variants(config.experiments["one_step"])
    jobs = Plan(config, Paths("results/few"), reads).jobs
    assert ("compare", "one_step/size_2d=7/alignment") in jobs
    name = tree("experiments/one_step/variants/2d", size)
    with pytest.raises(ConfigError, match="variants.2d is no possible name; .* begins with a letter"):
        configured(tmp_path, ONE_STEP, name)


@pytest.mark.parametrize(("override", "words"), MISTAKES, ids=[str(m[0])[:60] for m in MISTAKES])
def test_mistake_is_named(tmp_path: Path, override: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(ConfigError) as error:
        check(configured(tmp_path, ONE_STEP, override))
    for word in words:
        assert word in str(error.value)


def test_all_mistakes_are_named_at_once(tmp_path: Path) -> None:
    wrong = tree("figures/one_step_training/options", {"learnrs": {}})
    wrong |= tree("claims/E1.2/learner", "transfomer") | tree("experiments/one_step/unverified", ["gd"])
    with pytest.raises(ConfigError) as error:
        check(configured(tmp_path, ONE_STEP, wrong))
    assert [line.split()[0].rstrip(":") for line in str(error.value).splitlines()] == [
        "figures.one_step_training.options",
        "claims.E1.2",
    ]
    with pytest.raises(ConfigError) as error:
        configured(tmp_path, tree("experiments/one_step/key", 1), tree("experiments/softmax/seeds", "many"))
    assert [line.split()[0].rstrip(":") for line in str(error.value).splitlines()] == [
        "experiments.one_step.key",
        "experiments.softmax.seeds",
    ]


def test_the_published_study_is_accepted_and_says_what_it_reads(tmp_path: Path) -> None:
    reads = check(configured(tmp_path, ONE_STEP))
    assert reads["one_step/construction"] == []
    assert set(reads["one_step/rollout"]) == {"transformer", "interpolation", "gd"}


def test_an_override_holds_only_what_differs(tmp_path: Path) -> None:
    paper, ours = load([]), configured(tmp_path, {"seeds": 9, "claims": {"E1.2": None}})
    assert ours.seeds == 9
    assert "E1.2" not in ours.claims
    assert ours.experiments == paper.experiments
    assert ours.figures == paper.figures


def test_later_files_and_the_command_line_win(tmp_path: Path) -> None:
    config = configured(tmp_path, {"seeds": 9, "fitting_prompts": 3}, {"seeds": 8})
    assert (config.seeds, config.fitting_prompts) == (8, 3)
    assert load([], {"seeds": 7}).seeds == 7


def test_a_named_task_changes_wherever_it_is_used(tmp_path: Path) -> None:
    config = configured(tmp_path, tree("tasks/linear/dimension", 3))
    assert config.experiments["one_step"].task.options["dimension"] == 3
    assert config.experiments["pairs"].task.options["dimension"] == 3


def test_studies_that_are_left_out_take_their_overrides_along(tmp_path: Path) -> None:
    smoke = yaml.safe_load((ROOT / "config/smoke.yaml").read_text())
    config = configured(tmp_path, smoke, ONE_STEP)
    assert list(config.experiments) == ["one_step"]
    assert set(config.homes.values()) == {"one_step"}


def test_smoke_is_an_override_of_few_lines() -> None:
    text = (ROOT / "config/smoke.yaml").read_text()
    assert len(text.splitlines()) < 150
    config = load([ROOT / "config/smoke.yaml"])
    assert config.seeds == 2
    assert config.experiments["multi_step"].trained["transformer_12_norm"].training["steps"] == 20
    assert config.experiments["multi_step"].trained["transformer_5"].training["steps"] == 40


def test_a_grid_is_every_combination_with_its_exceptions() -> None:
    trained = load([]).experiments["retargeted"].trained
    assert trained["biases_to_l1"].training["learning_rate"] == 0.1
    assert trained["rank_4_mlp_to_linf"].options.items() >= {"part": "low_rank_mlp", "rank": 4}.items()
    assert trained["rank_4_mlp_to_linf"].labels == {
        "change": "rank_4_mlp",
        "objective": "linf",
        "start": "base",
    }
    assert trained["rank_4_mlp_to_linf"].task == {"target": "objective", "objective": "linf"}
    axes = {"a": {"x": {"kind": "k"}, "y": {"kind": "l"}}}
    found = Grid(name="of_{a}", common={"o": 1}, axes=axes, exceptions={"of_y": {"o": 2}}).learners("here")
    assert found["of_x"] == {"o": 1, "kind": "k", "labels": {"a": "x"}}
    assert found["of_y"]["o"] == 2


def test_variants_change_all_their_options() -> None:
    found = variants(load([]).experiments["one_step"])
    assert found["test"] == {}
    assert found["size=20"] == {"dimension": 20, "context_length": 20}


def test_what_a_measurement_has_to_declare_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(measure_rollout, "OTHERS")
    with pytest.raises(ConfigError, match=r"measurements\.rollout: .*measure_rollout has no 'OTHERS'"):
        check(configured(tmp_path, ONE_STEP))


def test_a_kind_that_wants_more_of_its_task_says_what() -> None:
    with pytest.raises(AttributeError) as error:
        SineWaves().label_noise  # type: ignore[attr-defined]  # noqa: B018
    assert "it reads 'label_noise' of its task, which SineWaves does not have" in refusal(error.value)
    assert refusal(AttributeError("other")) == "AttributeError: other"
