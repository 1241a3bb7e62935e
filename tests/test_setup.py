"""The set-up by make: whatever the user's settings, in any folder, in any clone. apt-get is a stub."""

import os
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

TOOLS = (
    "bash",
    "sh",
    "env",
    "cat",
    "mkdir",
    "rm",
    "dirname",
    "touch",
    "make",
    "sleep",
    "chmod",
    "ln",
    "flock",
)
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
    rm -rf .venv; mkdir -p .venv/bin .venv/lib/python3.12/site-packages
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
    paths = folder / ".venv/lib/python3.12/site-packages/icgd.pth"
    assert paths.read_text() == f"{folder}/src\n"


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


HOSTILE = {
    "PIP_USER": "1",
    "PIP_PREFIX": "/elsewhere",
    "PIP_TARGET": "/elsewhere",
    "PIP_ROOT": "/elsewhere",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_CONSTRAINT": "constraints.txt",
    "PIP_DRY_RUN": "1",
    "PIP_NO_BINARY": ":all:",
    "PIP_NO_DEPS": "1",
    "PYTHONPATH": "/elsewhere",
}


def test_of_pips_settings_those_of_the_network_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From pip.conf and variables, which are stronger, as pip itself reads them."""
    (tmp_path / "pip.conf").write_text(
        "[global]\nindex-url = https://mirror.example.org/simple\nproxy = http://weak:1\ncert = /c a.pem\n"
        "user = true\n[install]\ntarget = /elsewhere\nproxy = http://strong:2\n"
    )
    network = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_TIMEOUT": "60", "PIP_CERT": "/own.pem"}
    for name, value in (HOSTILE | network).items():
        monkeypatch.setenv(name, value)
    installs: list[dict[str, str]] = []
    run = subprocess.run

    def caught(command: list[str], env: dict[str, str], **options: Any) -> Any:
        if "install" not in command:
            return run(command, env=env, **options)
        assert command[1:4] == ["-I", "-m", "pip"]
        installs.append({name: value for name, value in env.items() if name.startswith("PIP_")})
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", caught)
    script = runpy.run_path(str(ROOT / "workflow/scripts/install_packages.py"))
    assert script["main"]("requirements.lock") == 0
    expected = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": "https://mirror.example.org/simple",
        "PIP_PROXY": "http://strong:2",
        "PIP_CERT": "/own.pem",
        "PIP_TIMEOUT": "60",
    }
    [found] = installs  # with what this machine's own pip.conf says of the network
    assert found.items() >= expected.items()
    assert not HOSTILE.keys() & found.keys()


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
