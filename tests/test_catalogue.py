"""What Snakemake's workflow catalogue looks for, as far as files say it. `make check` lints and formats."""

import re

import yaml

from tests.conftest import ROOT

DEPLOYMENTS = {"conda", "apptainer", "apptainer+conda"}


def test_the_entry_has_the_keys_that_the_catalogue_reads() -> None:
    entry = yaml.safe_load((ROOT / ".snakemake-workflow-catalog.yml").read_text("utf-8"))
    usage = entry.pop("usage")
    assert entry == {}
    assert usage.keys() == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"].keys() == {"desc", "flags"}
    deployments = usage["software-stack-deployment"]
    assert deployments.keys() == DEPLOYMENTS
    assert any(deployments.values())
    assert all(isinstance(value, bool) for value in [usage["report"], *deployments.values()])


def test_files_are_where_it_looks_for_them() -> None:
    for name in (
        "workflow/Snakefile",
        "workflow/rules",
        "README.md",
        "LICENSE",
        "config/README.md",
    ):
        assert (ROOT / name).exists(), name


def test_every_rule_that_computes_can_be_deployed_by_conda_and_logs() -> None:
    for file in (ROOT / "workflow/rules").glob("*.smk"):
        for rule in re.split(r"^\s*(?:rule \w+:|rule:)$", file.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            if "shell:" in rule:
                assert "log:" in rule, file.name
                [environment] = re.findall(r'conda:\s+"(.+)"', rule)
                assert (file.parent / environment).is_file(), file.name


def test_the_readme_says_how_to_run_and_cite_it() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for word in ("snakemake --cores all", "config/README.md", "CITATION.cff", "licence"):
        assert word in text
