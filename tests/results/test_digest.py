"""What a job's digest covers: the meaning of all code that it imports, and nothing else."""

import shutil
import subprocess
from pathlib import Path

import pytest

from icgd.results import digest
from icgd.results.digest import Source, SourceError, closure, code_digest, hash_of, versions
from tests.conftest import ROOT


def meaning(folder: Path, text: str) -> str:
    file = folder / f"{abs(hash(text))}.py"
    file.write_text(text, "utf-8")
    return Source.of(file).meaning


BASE = '''"""About."""
import os
X = 1.0
"""About X."""


def f(a: int = 2) -> int:
    """About f."""
    return a + 1
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [("About f", "About it"), ("About X", "More"), ("import os", "import os  # why"), ("\n\n\n", "\n\n")],
)
def test_remarks_do_not_count(tmp_path: Path, old: str, new: str) -> None:
    assert meaning(tmp_path, BASE) == meaning(tmp_path, BASE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new"),
    [("1.0", "1"), ("a + 1", "a - 1"), ("= 2", "= 3"), ("f(", "g("), ("import os", "import re")],
)
def test_code_counts(tmp_path: Path, old: str, new: str) -> None:
    assert meaning(tmp_path, BASE) != meaning(tmp_path, BASE.replace(old, new))


@pytest.mark.parametrize("python", ["python3.12", "python3.13", "python3.14"])
def test_another_python_finds_the_same_meaning(python: str) -> None:
    if shutil.which(python) is None or subprocess.run([python, "--version"], check=False).returncode:
        pytest.skip(f"{python} is not installed")
    files = [
        ROOT / "src/icgd" / name for name in ("training/loop.py", "analysis/study.py", "results/digest.py")
    ]
    code = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path\n"
    code += "from icgd.results.digest import Source\n"
    code += "print(*(Source.of(Path(file)).meaning for file in sys.argv[2:]))"
    command = [python, "-c", code, str(ROOT / "src"), *map(str, files)]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert found == [Source.of(file).meaning for file in files]


def test_what_a_stage_imports_counts_however_far() -> None:
    train = closure(("icgd.stages.train",))
    assert {"icgd.training.loop", "icgd.models.fast_linear", "icgd.models.layers"} <= train.keys()
    assert not {
        name for name in train if name.startswith(("icgd.studies", "icgd.plotting", "icgd.spec.plan"))
    }
    assert "icgd.models.layers" not in closure(("icgd.stages.figure", "icgd.plotting.plot_weights"))


def test_digest_changes_with_packages_and_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_digest(("icgd.prompt",), ("numpy",))
    assert before != code_digest(("icgd.prompt",), ("numpy", "scipy"))
    assert before != code_digest(("icgd.learner",), ("numpy",))
    monkeypatch.setattr(digest, "versions", lambda _: {"numpy": "0.0"})
    assert before != code_digest.__wrapped__(("icgd.prompt",), ("numpy",))
    assert versions(("numpy",))["numpy"] != "0.0"


def test_order_of_a_spec_counts() -> None:
    assert hash_of({"a": 1, "b": 2}) != hash_of({"b": 2, "a": 1})


def test_source_that_is_no_python_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("x = 1\ndef f((:\n    pass\n", "utf-8")
    with pytest.raises(SourceError, match=r"broken\.py, line 2: .*\n.*def f\(\(:"):
        Source.of(file)
