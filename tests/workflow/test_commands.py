"""Every command that README and CONTRIBUTING give is tried: as a dry run, and the Python as it stands."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, checkout, snakemake

pytestmark = pytest.mark.workflow
TEXTS = [(ROOT / name).read_text("utf-8") for name in ("README.md", "CONTRIBUTING.md", "config/README.md")]
COMMAND = re.compile(
    r"(?:^|`)((?:\.venv/bin/)?snakemake [^`#\n]*?|make [\w-]+(?: \w+=\S+)*)\s*(?:`|#|$)", re.MULTILINE
)
WALKED = {"figure_bias", "study_offset"}
OWN = "seeds: 3\n"
"""What config/mine.yaml and config/try.yaml may hold for a dry run."""


def commands() -> list[str]:
    """Commands in blocks, tables and sentences of the texts, each once."""
    return list(dict.fromkeys(found for text in TEXTS for found in COMMAND.findall(text)))


def test_commands_are_found_where_the_texts_have_them() -> None:
    text = (
        "`make env` sets up\n```sh\nmake paper   # all\n```\n| a | `snakemake --cores all -n` |\nmake it so\n"
    )
    assert COMMAND.findall(text) == ["make env", "make paper", "snakemake --cores all -n"]
    assert {"make paper", "make test", "snakemake --cores all study_one_step"} <= set(commands())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with the configs that the texts tell a reader to write."""
    made = checkout(tmp_path_factory.mktemp("commands") / "icgd")
    for name in ("mine", "try"):
        (made / f"config/{name}.yaml").write_text(OWN)
    return made


@pytest.mark.parametrize("command", [found for found in commands() if found.startswith("make ")])
def test_make_knows_its_targets(command: str) -> None:
    done = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [found for found in commands() if "snakemake " in found])
def test_snakemake_plans_what_the_texts_ask_for(folder: Path, command: str) -> None:
    arguments = shlex.split(command)[1:]
    if WALKED & set(arguments):
        pytest.skip("what the walk-throughs add is built by the test that follows them")
    if "--configfile" not in arguments:
        arguments += ["--configfile", "config/paper.yaml"]
    snakemake(folder, *arguments, "--dry-run", "--quiet", "all")
