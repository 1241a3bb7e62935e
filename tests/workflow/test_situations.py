"""Situations of users that once stopped a run late, silently or with a traceback."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from icgd.spec.reading import ConfigError
from icgd.workflow.run import start
from tests.conftest import ROOT, checkout, snakemake

pytestmark = pytest.mark.workflow
STUDIES = yaml.safe_load((ROOT / "config/paper.yaml").read_text("utf-8"))["studies"]
FEW: dict[str, Any] = {
    "studies": dict.fromkeys(study for study in STUDIES if study != "one_step"),
    "seeds": 2,
    "fitting_prompts": 16,
    "xla_flags": "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false",
    "experiments": {
        "one_step": {
            "evaluation_prompts": 16,
            "trained": {
                "transformer": {"training": {"steps": 8, "batch": 8, "snapshots": 2, "seeds_per_job": 2}}
            },
            "conditions": {
                "input_scale": [0.5],
                "weight_scale": [2.0],
                "inputs": ["normal"],
                "context_length": [5],
                "corrupted_labels": [1],
            },
            "variants": {"size": {"values": [5]}},
            "measurements": {
                "alignment": {"sensitivity_prompts": 16},
                "training": {"prompts": 16},
                "rollout": {"steps": 2, "prompts": 16},
                "penalty": {"prompts": 16},
            },
        }
    },
}


def write(file: Path, **changes: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(FEW | changes, allow_unicode=True), "utf-8")
    return file


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in a folder with signs in its name."""
    return checkout(tmp_path_factory.mktemp("with a space") / "a:b 'c'")


def planned(project: Path, file: Path | str, *arguments: str, **environ: str) -> tuple[int, str]:
    done = snakemake(
        project, "--dry-run", *arguments, "--configfile", str(file), check=False, environ=environ
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["size{5}", "depth^2", "a b", "größe"])
def test_name_that_cannot_be_is_refused(project: Path, tmp_path: Path, name: str) -> None:
    status, output = planned(project, write(tmp_path / f"{name}.yaml"))
    assert status != 0
    assert f"the config is named {name!r}; expected letters, digits and _ - . + alone" in output


def test_folder_with_braces_is_refused_by_name(tmp_path: Path) -> None:
    """Snakemake itself takes them for wildcards, in the paths of environments."""
    status, output = planned(checkout(tmp_path / "a{b}"), write(tmp_path / "few.yaml"))
    assert status != 0
    assert "Snakemake cannot work in a folder with braces in its name" in output


def test_long_name_is_no_matter(project: Path, tmp_path: Path) -> None:
    name = "rebuttal_reviewer_2_larger_batch_and_three_seeds_2026_11_27"
    assert planned(project, write(tmp_path / f"{name}.yaml"))[0] == 0


def test_two_configs_of_one_name_keep_their_results_apart(project: Path, tmp_path: Path) -> None:
    first, second = (write(tmp_path / folder / "tries.yaml") for folder in "ab")
    assert planned(project, first)[0] == 0
    status, output = planned(project, second)
    assert status != 0
    assert f"results/tries holds the results of {first}, not of {second}" in output
    first.unlink()
    assert planned(project, second)[0] == 0, "a file that was moved is the same run"


def test_results_of_the_paper_are_those_of_the_published_config_alone(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither another file of that name nor single values without a file go there; see config/README.md."""
    monkeypatch.chdir(project)
    with pytest.raises(ConfigError, match=r"would write to results/paper.*; rename the file"):
        start([write(tmp_path / "paper.yaml")], {})
    with pytest.raises(ConfigError, match=r"--config changes seeds of the published run.*config/mine.yaml"):
        start([], {"seeds": 2})
    with pytest.raises(ConfigError, match="--config changes seeds"):
        start([ROOT / "config/paper.yaml"], {"seeds": 2})


def test_jobs_leave_gpus_alone_that_they_were_not_given(project: Path, tmp_path: Path) -> None:
    """With --resources gpu=0, where JAX has its plugin (here a stand-in)."""
    about = tmp_path / "packages/jax_cuda12_plugin-1.0.dist-info/METADATA"
    about.parent.mkdir(parents=True)
    about.write_text("Metadata-Version: 2.1\nName: jax-cuda12-plugin\nVersion: 1.0\n")
    status, output = planned(
        project,
        write(tmp_path / "alone.yaml"),
        *("results/alone/comparisons/one_step/test/weights.parquet", "--printshellcmds"),
        *("--resources", "gpu=0"),
        PYTHONPATH=str(about.parents[1]),
    )
    assert status == 0, output
    commands = [line for line in output.splitlines() if "stage.py" in line]
    assert len(commands) > 2
    assert all(": ICGD_GPU=0 NPROC=" in line for line in commands), commands


def test_mistake_in_a_file_is_named_without_a_traceback(project: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "twice.yaml")
    file.write_text(file.read_text("utf-8") + "seeds: 9\n", "utf-8")
    status, output = planned(project, file)
    assert status != 0
    assert "the key 'seeds' stands twice" in output
    assert str(file) in output


def test_names_that_yaml_reads_as_truth_are_names(project: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "truth.yaml")
    more = "    baselines:\n      on: {kind: smoothers.trivial}\n"
    text = file.read_text("utf-8").replace("  one_step:\n", f"  one_step:\n{more}", 1)
    file.write_text(text, "utf-8")
    status, output = planned(project, file)
    assert status == 0, output


def test_open_bracket_in_a_plot_is_named_with_file_and_line(project: Path, tmp_path: Path) -> None:
    folder = tmp_path / "icgd"
    shutil.copytree(project, folder)
    plot = folder / "src/icgd/plotting/plot_weights.py"
    text = plot.read_text("utf-8").replace("def draw(", "def draw((", 1)
    plot.write_text(text, "utf-8")
    line = next(i for i, row in enumerate(text.splitlines(), 1) if "def draw((" in row)
    status, output = planned(folder, write(tmp_path / "open.yaml"), "figure_one_step_weights")
    assert status != 0
    assert f"plot_weights.py, line {line}" in output


def test_results_elsewhere_and_an_old_locale(project: Path, tmp_path: Path) -> None:
    """With --directory, from a locale that is not UTF-8, a job runs whose text has signs beyond ASCII."""
    file, elsewhere = write(tmp_path / "elsewhere.yaml"), tmp_path / "other place"
    arguments = ("results/elsewhere/prompts/one_step/test", "--directory", str(elsewhere))
    done = snakemake(
        project, *arguments, "--configfile", str(file), environ={"LC_ALL": "C", "PYTHONUTF8": "0"}
    )
    assert done.returncode == 0
    assert (elsewhere / "results/elsewhere/prompts/one_step/test/law.npz").exists()
    assert not (project / "results/elsewhere").exists()
