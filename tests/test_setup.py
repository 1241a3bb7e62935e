"""The set-up by make: whatever the user's settings, in any folder, in any clone. apt-get is a stub."""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

TOOLS = "bash sh env cat ls mkdir rm sed dirname uname touch make sleep chmod ln flock".split()
STUBS = {
    "id": "echo ${STUB_USER:-0}",
    # Like the true one, it refuses to run twice at once.
    "apt-get": """
exec 8> "$STUB/lock"
flock -n 8 || { echo "E: Could not get lock" >&2; exit 100; }
sleep 0.3
case "$*" in
  *python3-venv*) touch "$STUB/venv_ok";;
  *latexmk*) for tool in latexmk pdflatex; do ln -sf "$(command -v cat)" "$STUB/bin/$tool"; done;;
esac""",
    "kpsewhich": "echo there",
    # Debian's python3, whose venv module is a package of its own; it makes an environment with a stub.
    "python3": """
case "$*" in
  *"import ensurepip, venv"*) [ -e "$STUB/venv_ok" ]; exit;;
  *"-m venv"*)
    rm -rf .venv; mkdir -p .venv/bin
    printf '#!/bin/sh\\ncase "$*" in *print*) echo "Python 3.%s";; *install*) echo INSTALLED;; esac' \
      "${MINOR:-12}" > .venv/bin/python
    chmod +x .venv/bin/python; exit;;
  *print*) echo "Python 3.${MINOR:-12}";;
esac
exit 0""",
}


def make(folder: Path, *arguments: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "-C", str(folder), *arguments], env=environ, capture_output=True, text=True, check=False
    )


def clone(folder: Path) -> Path:
    """What the set-up consists of."""
    shutil.copytree(ROOT / "workflow/scripts", folder / "workflow/scripts")
    shutil.copy(ROOT / "Makefile", folder)
    (folder / "requirements.lock").write_text("one==1\n")
    return folder


@pytest.fixture
def stubs(tmp_path: Path) -> dict[str, str]:
    """An environment in which apt-get, python3 and id are stubs, and nothing is installed."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"the stubs need {missing}")
    folder = tmp_path / "stub/bin"
    folder.mkdir(parents=True)
    for tool in TOOLS:
        (folder / tool).symlink_to(str(shutil.which(tool)))
    for name, script in STUBS.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder), "STUB": str(folder.parent)}


def test_steps_that_install_take_turns(tmp_path: Path, stubs: dict[str, str]) -> None:
    folder = clone(tmp_path / "fresh clone")
    done = make(folder, "-j3", "env", "latex", "browser", **stubs)
    assert "Could not get lock" not in done.stderr
    assert done.returncode == 0, done.stderr
    assert (folder / ".venv/installed").read_text() == "one==1\n"


def test_without_root_a_message_says_what_to_install(tmp_path: Path, stubs: dict[str, str]) -> None:
    folder = clone(tmp_path / "icgd")
    done = make(folder, "latex", **stubs, STUB_USER="1000")
    assert done.returncode != 0
    assert "sudo apt-get install --no-install-recommends latexmk" in done.stderr
    done = make(folder, "env", **stubs, STUB_USER="1000")
    assert done.returncode != 0
    assert "sudo apt-get install python3-venv" in done.stderr


def test_environment_is_made_anew_when_it_must_be(tmp_path: Path, stubs: dict[str, str]) -> None:
    (tmp_path / "stub/venv_ok").touch()
    folder = clone(tmp_path / "old")
    first = make(folder, "env", **stubs)
    assert "Creating" in first.stdout
    assert "INSTALLED" in first.stdout
    assert "made anew" not in first.stdout
    assert make(folder, "env", **stubs).stdout.count("\n") <= 2  # make's own lines

    (folder / "requirements.lock").write_text("one==2\n")
    changed = make(folder, "env", **stubs)
    assert "INSTALLED" in changed.stdout
    assert "Creating" not in changed.stdout

    folder = folder.rename(tmp_path / "new")
    assert "made anew" in make(folder, "env", **stubs).stdout

    # The Python that it was made with is gone.
    (folder / ".venv/bin/python").unlink()
    (folder / ".venv/bin/python").symlink_to("/nowhere/python3")
    assert "made anew" in make(folder, "env", **stubs).stdout

    # Another one is asked for; the default, later, is no reason.
    named = make(folder, "env", "PYTHON=python3", **stubs, MINOR="13")
    assert "made anew" in named.stdout
    assert "Creating" not in make(folder, "env", **stubs).stdout


def wheel(folder: Path) -> str:
    """An empty package called `one`, and the lines of a lock file for it."""
    folder.mkdir()
    path = folder / "one-1-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("one.py", "")
        archive.writestr("one-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: one\nVersion: 1\n")
        archive.writestr(
            "one-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("one-1.dist-info/RECORD", "")
    return f"one==1 --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def test_set_up_uses_pips_network_settings_alone(tmp_path: Path) -> None:
    """In a folder with a space: a true environment and a package that only pip.conf says how to find."""
    folder = clone(tmp_path / "my icgd")
    (folder / "requirements.lock").write_text(wheel(tmp_path / "wheels"))
    (tmp_path / "constraints.txt").write_text("one==2\n")
    (tmp_path / "pip.conf").write_text(
        f"[global]\nno-index = true\nfind-links = {tmp_path / 'wheels'}\n"
        f"[install]\nuser = true\ntarget = {tmp_path / 'target'}\nno-deps = true\n"
    )
    hostile = {
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_USER": "1",
        "PIP_PREFIX": str(tmp_path / "prefix"),
        "PIP_TARGET": str(tmp_path / "target"),
        "PIP_CONSTRAINT": str(tmp_path / "constraints.txt"),
        "PIP_DRY_RUN": "1",
        "PIP_NO_BINARY": ":all:",
        "PYTHONPATH": str(tmp_path / "elsewhere"),
        "PYTHONHOME": str(tmp_path / "elsewhere"),
    }
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHON": sys.executable}
    done = make(folder, "env", **environ, **hostile)
    assert done.returncode == 0, done.stdout + done.stderr
    subprocess.run([folder / ".venv/bin/python", "-c", "import one"], check=True)
    assert not (tmp_path / "target").exists()
    assert not (tmp_path / "prefix").exists()


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_clone_with_other_line_ends_has_ours(tmp_path: Path) -> None:
    source = clone(tmp_path / "source")
    shutil.copy(ROOT / ".gitattributes", source)
    for name in ("Snakefile", "pyproject.toml", "paper/main.tex", "paper/preview.png", "config/smoke.yaml"):
        (source / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    git = ["git", "-c", "user.name=n", "-c", "user.email=n@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "All"]):
        subprocess.run([*git, *command], cwd=source, check=True)
    subprocess.run([*git, "clone", "-q", "-c", "core.autocrlf=true", source, tmp_path / "clone"], check=True)
    tracked = [path for path in source.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert len(tracked) > 10
    for path in tracked:
        assert (tmp_path / "clone" / path.relative_to(source)).read_bytes() == path.read_bytes(), path
