"""How the house stands: the library knows no names of the config, and a study has its rooms."""

import ast
from collections import Counter
from typing import get_args

from icgd.algorithms.counting import Rule
from icgd.bandits.behaviours import Source
from icgd.objectives.dial import OBJECTIVES
from icgd.spec.config import load
from tests.conftest import ROOT

SOURCE = ROOT / "src/icgd"
CONFIG = load([])
OPTIONS = {*OBJECTIVES, *get_args(Rule), *get_args(Source), "softmax", "step", "base"}
"""Words of the library itself (values of options, a column, an attribute) that learners are called, too."""


def test_library_names_no_experiment_learner_or_study() -> None:
    names = {*CONFIG.experiments, *CONFIG.studies}
    names |= {learner for experiment in CONFIG.experiments.values() for learner in experiment.learners}
    found = {
        (node.value, path.name)
        for path in SOURCE.rglob("*.py")
        if "studies" not in path.parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (names - OPTIONS) & set(node.value.split("/"))  # also as experiment/learner
    }
    assert found == set()


def test_a_module_has_a_name_of_its_own() -> None:
    """Names in the config lead to modules; a few pairs are of packages that no name leads to."""
    stems = Counter(path.stem for path in SOURCE.rglob("*.py") if path.stem != "__init__")
    named = Counter(
        path.stem
        for folder in ("tasks", "algorithms", "models", "constructions", "analysis", "plotting", "studies")
        for path in (SOURCE / folder).rglob("*.py")
        if path.stem != "__init__"
    )
    assert [stem for stem, count in named.items() if count > 1] == []
    assert [
        stem for stem in named if stems[stem] > 1 and stem.startswith(("measure_", "plot_", "table_"))
    ] == []


def test_every_study_has_its_rooms() -> None:
    tests = {path.stem for path in (ROOT / "tests/studies").iterdir()}
    for study in CONFIG.studies:
        assert (ROOT / f"config/studies/{study}.yaml").is_file()
        assert (SOURCE / f"studies/{study}/__init__.py").is_file()
        assert (ROOT / f"paper/sections/{study}.tex").is_file()
        assert tests & {study, f"test_{study}"}


def test_every_learner_that_a_figure_may_name_has_a_look() -> None:
    """Names in options of figures are shown with the looks of the studies."""
    for name, figure in CONFIG.figures.items():
        shown = set(words(figure.options)) & {
            learner
            for source in figure.reads
            for learner in CONFIG.experiments[source.partition("/")[0]].learners
        }
        assert shown <= CONFIG.looks.keys(), name


def words(tree: object) -> list[str]:
    if isinstance(tree, dict):
        return [word for pair in tree.items() for part in pair for word in words(part)]
    if isinstance(tree, list):
        return [word for part in tree for word in words(part)]
    return [tree] if isinstance(tree, str) else []
