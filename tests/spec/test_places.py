"""Messages about the config say in which file and line they are to be mended."""

from pathlib import Path

import pytest

from icgd.spec.config import config_files
from icgd.spec.places import located

STUDY = """\
experiments:
  one:
    task: {kind: linear}
    trained:
      a: &a
        steps: 3
      b:
        <<: *a
        rate: 1
claims:
  E1.2:
    below: 3
"""
RUN = """\
experiments:
  one:
    trained: {a: {steps: many}}
"""


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("experiments.one.trained.a.steps is 'many'", "run.yaml, line 3"),
        ("experiments.one.trained.b.rate is 1", "study.yaml, line 9"),
        ("experiments.one.trained.b.steps is 3", "study.yaml, line 6"),
        ("claims.E1.2.below is 3", "study.yaml, line 12"),
        ("claims.E1.2: the metric is wrong", "study.yaml, line 11"),
        ("experiments.one: unknown key", "run.yaml, line 2"),
    ],
)
def test_a_place_is_found_where_it_was_written_last(tmp_path: Path, message: str, expected: str) -> None:
    (tmp_path / "study.yaml").write_text(STUDY)
    (tmp_path / "run.yaml").write_text(RUN)
    files = [tmp_path / "study.yaml", tmp_path / "run.yaml"]
    assert located(message, files) == f"{tmp_path}/{expected}: {message}"


def test_lines_of_no_place_and_files_that_are_none_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "run.yaml").write_text("seeds: [")
    message = "run.yaml, line 1: did not find the end\nnothing.to is found"
    assert located(message, [tmp_path / "run.yaml", tmp_path / "absent.yaml"]) == message


def test_files_of_a_config_are_in_the_order_of_their_merging(tmp_path: Path) -> None:
    run = tmp_path / "run.yaml"
    run.write_text("studies: {bandits: null}")
    names = [file.name for file in config_files([run])]
    assert (names[0], names[-1]) == ("paper.yaml", "run.yaml")
    assert "one_step.yaml" in names
    assert "bandits.yaml" not in names
